//! Files that were put aside: their names, and which of them are removed.
//!
//! The names are those of the Collector's rotation: the time stands before the extension,
//! `traces-2026-11-20T10-15-30.123.json`.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use tracing::warn;

/// How the time stands in a name.
const TIME_FORMAT: &str = "%Y-%m-%dT%H-%M-%S%.3f";

/// Entries of a folder that are looked at.
const MAX_ENTRIES: usize = 100_000;

/// Milliseconds that a name may lie in the future because earlier ones are taken.
const MAX_NAMES: i64 = 10_000;

/// When a file is put aside and what happens to it then.
#[derive(Clone, Debug, Default)]
pub(super) struct Keep {
    /// `None`: it is never put aside.
    pub(super) max_bytes: Option<u64>,
    /// `None`: whatever their age.
    pub(super) max_age: Option<Duration>,
    /// `None`: all.
    pub(super) max_backups: Option<usize>,
    pub(super) localtime: bool,
}

/// The parts of a name around the time.
struct Parts<'p> {
    folder: &'p Path,
    stem: &'p str,
    extension: &'p str,
    zone: TimeZone,
}

impl<'p> Parts<'p> {
    fn of(path: &'p Path, localtime: bool) -> io::Result<Self> {
        let name = path.file_name().and_then(OsStr::to_str);
        let name =
            name.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path has no file name"))?;
        let (stem, extension) = name.split_at(name.rfind('.').unwrap_or(name.len()));
        let zone = if localtime {
            TimeZone::system()
        } else {
            TimeZone::UTC
        };
        Ok(Self {
            folder: folder_of(path),
            stem,
            extension,
            zone,
        })
    }

    fn name(&self, at: Timestamp) -> String {
        let time = at.to_zoned(self.zone.clone()).strftime(TIME_FORMAT);
        format!("{}-{time}{}", self.stem, self.extension)
    }

    /// The time in the name of a file that was put aside; `None` for all other names.
    fn time(&self, name: &str) -> Option<Timestamp> {
        let time = name
            .strip_prefix(self.stem)?
            .strip_prefix('-')?
            .strip_suffix(self.extension)?;
        let time = DateTime::strptime(TIME_FORMAT, time).ok()?;
        Some(time.to_zoned(self.zone.clone()).ok()?.timestamp())
    }
}

/// The folder of a path.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Renames the file to a name with the time that no file has.
///
/// # Errors
/// What the system says; the file then has its name still.
pub(super) fn put_aside(path: &Path, keep: &Keep, unix_nanos: u64) -> io::Result<PathBuf> {
    let parts = Parts::of(path, keep.localtime)?;
    let first = Timestamp::from_nanosecond(i128::from(unix_nanos)).map_err(io::Error::other)?;
    for later in 0..MAX_NAMES {
        let at = first
            .saturating_add(Duration::from_millis(later.unsigned_abs()))
            .map_err(io::Error::other)?;
        let aside = parts.folder.join(parts.name(at));
        match std::fs::symlink_metadata(&aside) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                std::fs::rename(path, &aside)?;
                return Ok(aside);
            }
            Ok(_) => {}
            Err(e) => return Err(e),
        }
    }
    Err(io::Error::new(
        io::ErrorKind::AlreadyExists,
        "all names for a file put aside are taken",
    ))
}

/// Removes files that were put aside: those over the number, the oldest first, and those over the age. What cannot be
/// removed stays, with a warning.
pub(super) fn remove_old(path: &Path, keep: &Keep, unix_nanos: u64) {
    if keep.max_backups.is_none() && keep.max_age.is_none() {
        return;
    }
    let removed = put_aside_before(path, keep).and_then(|mut backups| {
        backups.sort_by(|(a, _), (b, _)| b.cmp(a));
        let now = i128::from(unix_nanos);
        let limit = keep
            .max_age
            .map(|age| now - i128::try_from(age.as_nanos()).unwrap_or(i128::MAX));
        for (nth, (time, path)) in backups.iter().enumerate() {
            let too_many = keep.max_backups.is_some_and(|max| nth >= max);
            let too_old = limit.is_some_and(|limit| time.as_nanosecond() < limit);
            if too_many || too_old {
                std::fs::remove_file(path)?;
            }
        }
        Ok(())
    });
    if let Err(error) = removed {
        warn!(path = %path.display(), %error, "cannot remove older files; they stay");
    }
}

/// Every regular file beside `path` that has the name of one that was put aside, with the time in its name.
fn put_aside_before(path: &Path, keep: &Keep) -> io::Result<Vec<(Timestamp, PathBuf)>> {
    let parts = Parts::of(path, keep.localtime)?;
    let mut found = Vec::new();
    for entry in std::fs::read_dir(parts.folder)?.take(MAX_ENTRIES) {
        let entry = entry?;
        let name = entry.file_name();
        let Some(time) = name.to_str().and_then(|name| parts.time(name)) else {
            continue;
        };
        if entry.file_type()?.is_file() {
            found.push((time, entry.path()));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-20T10:15:30.123Z
    const NOW: u64 = 1_795_169_730_123_000_000;
    const DAY: u64 = 24 * 60 * 60 * 1_000_000_000;

    #[test]
    fn the_time_stands_before_the_extension() {
        for (path, expected) in [
            ("a/traces.json", "traces-2026-11-20T10-15-30.123.json"),
            ("traces", "traces-2026-11-20T10-15-30.123"),
            ("x.tar.gz", "x.tar-2026-11-20T10-15-30.123.gz"),
        ] {
            let parts = Parts::of(Path::new(path), false).unwrap();
            let at = Timestamp::from_nanosecond(i128::from(NOW)).unwrap();
            assert_eq!(parts.name(at), expected);
            assert_eq!(parts.time(expected), Some(at));
            assert_eq!(parts.time(path), None);
        }
    }

    #[test]
    fn a_name_that_is_taken_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.json");
        let mut names = Vec::new();
        for text in ["first", "second"] {
            std::fs::write(&path, text).unwrap();
            names.push(put_aside(&path, &Keep::default(), NOW).unwrap());
        }
        assert_eq!(std::fs::read_to_string(&names[0]).unwrap(), "first");
        assert_eq!(std::fs::read_to_string(&names[1]).unwrap(), "second");
        assert!(names[1].ends_with("t-2026-11-20T10-15-30.124.json"));
    }

    #[test]
    fn the_oldest_are_removed_by_number_and_by_age_and_nothing_else_is() {
        let names = |keep: Keep| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("t.json");
            for days in [0, 1, 2, 3] {
                std::fs::write(&path, "x").unwrap();
                put_aside(&path, &keep, NOW - days * DAY).unwrap();
            }
            for other in [
                "t.json",
                "t-notes.json",
                "tt-2020-01-01T00-00-00.000.json",
                "t-2020-01-01T00-00-00.000.txt",
            ] {
                std::fs::write(folder.path().join(other), "mine").unwrap();
            }
            std::fs::create_dir(folder.path().join("t-2020-01-01T00-00-00.000.json")).unwrap();
            remove_old(&path, &keep, NOW + 1);
            let mut left: Vec<String> = std::fs::read_dir(folder.path())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .filter(|name| name.starts_with("t-2026"))
                .collect();
            left.sort();
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), left.len() + 5);
            left
        };
        assert_eq!(names(Keep::default()).len(), 4);
        let by_number = names(Keep {
            max_backups: Some(1),
            ..Keep::default()
        });
        assert_eq!(by_number, ["t-2026-11-20T10-15-30.123.json"]);
        let by_age = names(Keep {
            max_age: Some(Duration::from_nanos(2 * DAY)),
            ..Keep::default()
        });
        assert_eq!(
            by_age,
            ["t-2026-11-19T10-15-30.123.json", "t-2026-11-20T10-15-30.123.json"]
        );
    }
}
