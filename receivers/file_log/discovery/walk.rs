//! A walk through folders.

use std::collections::{BTreeSet, HashSet};
use std::io;
use std::path::{Path, PathBuf};

use super::pattern::{Part, PathPattern};
use super::{Found, MAX_FILES, Stat};

/// Folders below the first star that a walk goes down at most.
const MAX_DEPTH: usize = 64;

/// Folders of one walk at most.
const MAX_FOLDERS: usize = 100_000;

/// What a walk has found.
#[derive(Debug, Default)]
pub(in super::super) struct Survey {
    /// The files, in the order of the patterns and of their names.
    pub(in super::super) files: Vec<Found>,
    /// The folders in which a change may bring another result.
    pub(in super::super) folders: BTreeSet<PathBuf>,
    /// The folders of what symbolic links lead to.
    pub(in super::super) link_folders: BTreeSet<PathBuf>,
    /// Folders that cannot be read.
    pub(in super::super) closed: Vec<(PathBuf, io::ErrorKind)>,
    /// Files and folders that were left out for a bound.
    pub(in super::super) left_out: usize,
    seen: HashSet<PathBuf>,
}

impl Survey {
    /// Adds what fits a pattern and is not left out.
    pub(super) fn walk(&mut self, pattern: &PathPattern, is_excluded: &dyn Fn(&Path) -> bool) {
        let here = Path::new(".");
        let root = if pattern.root.as_os_str().is_empty() {
            here
        } else {
            &pattern.root
        };
        if !root.is_dir() {
            // What is made later is made in the nearest folder that there is.
            let there = root.ancestors().find(|folder| folder.is_dir());
            self.folders.extend(there.map(Path::to_owned));
            return;
        }
        self.enter(&pattern.root, &pattern.parts, 0, is_excluded);
    }

    fn enter(&mut self, folder: &Path, parts: &[Part], depth: usize, is_excluded: &dyn Fn(&Path) -> bool) {
        let Some((part, rest)) = parts.split_first() else {
            return;
        };
        if depth > MAX_DEPTH || self.folders.len() >= MAX_FOLDERS {
            self.left_out += 1;
            return;
        }
        self.folders.insert(readable(folder).to_owned());
        match part {
            Part::Name(name) if rest.is_empty() => self.take(folder.join(name), is_excluded),
            Part::Name(name) => {
                let next = folder.join(name);
                if next.is_dir() {
                    self.enter(&next, rest, depth + 1, is_excluded);
                }
            }
            Part::Fits(_) => self.enter_each(folder, part, rest, depth, is_excluded),
            Part::AnyDepth => {
                self.enter(folder, rest, depth, is_excluded);
                for (path, is_folder) in self.list(folder) {
                    // A link to a folder is not followed here: it could lead back.
                    if is_folder && !path.is_symlink() {
                        self.enter(&path, parts, depth + 1, is_excluded);
                    }
                }
            }
        }
    }

    fn enter_each(
        &mut self,
        folder: &Path,
        part: &Part,
        rest: &[Part],
        depth: usize,
        is_excluded: &dyn Fn(&Path) -> bool,
    ) {
        for (path, is_folder) in self.list(folder) {
            let fits = path
                .file_name()
                .is_some_and(|name| part.fits(&name.to_string_lossy()));
            if !fits {
                continue;
            }
            if rest.is_empty() {
                if !is_folder {
                    self.take(path, is_excluded);
                }
            } else if is_folder || path.is_dir() {
                self.enter(&path, rest, depth + 1, is_excluded);
            }
        }
    }

    /// What is in a folder, by name, and whether it is a folder itself.
    fn list(&mut self, folder: &Path) -> Vec<(PathBuf, bool)> {
        let entries = match std::fs::read_dir(readable(folder)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
            Err(error) => {
                self.closed.push((folder.to_owned(), error.kind()));
                return Vec::new();
            }
        };
        let mut list: Vec<_> = entries
            .filter_map(Result::ok)
            .take(MAX_FILES)
            .map(|entry| {
                let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
                (folder.join(entry.file_name()), is_folder)
            })
            .collect();
        list.sort_unstable();
        list
    }

    fn take(&mut self, path: PathBuf, is_excluded: &dyn Fn(&Path) -> bool) {
        if is_excluded(&path) || self.seen.contains(&path) {
            return;
        }
        // What is gone again, or a link to nothing, is not there.
        let Ok(stat) = Stat::of(&path) else { return };
        if self.files.len() >= MAX_FILES {
            self.left_out += 1;
            return;
        }
        self.seen.insert(path.clone());
        if path.is_symlink()
            && let Ok(target) = std::fs::canonicalize(&path)
        {
            self.link_folders.extend(target.parent().map(Path::to_owned));
        }
        self.files.push(Found { path, stat });
    }
}

/// The path by which a folder can be read: the current one has no name in relative patterns.
fn readable(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(folder: &Path, pattern: &str, exclude: &str) -> Vec<String> {
        let mut survey = Survey::default();
        for pattern in PathPattern::parse(&format!("{}/{pattern}", folder.display())).expect("a pattern") {
            survey.walk(&pattern, &|path| {
                !exclude.is_empty() && path.display().to_string().ends_with(exclude)
            });
        }
        let relative = |found: &Found| {
            found
                .path
                .strip_prefix(folder)
                .expect("below")
                .display()
                .to_string()
        };
        survey.files.iter().map(relative).collect()
    }

    #[test]
    fn a_walk_finds_what_fits_and_nothing_twice() {
        let folder = tempfile::tempdir().expect("a folder");
        for path in ["a.log", "b.log", "b.txt", "x/c.log", "x/y/d.log", "z/e.log"] {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("below")).expect("made");
            std::fs::write(path, "").expect("written");
        }
        std::os::unix::fs::symlink(folder.path(), folder.path().join("x/loop")).expect("made");
        std::os::unix::fs::symlink("nowhere", folder.path().join("dead.log")).expect("made");
        for (pattern, exclude, expected) in [
            ("*.log", "", &["a.log", "b.log"][..]),
            ("*.log", "b.log", &["a.log"]),
            ("{*.log,a.*}", "", &["a.log", "b.log"]),
            (
                "**/*.log",
                "",
                &["a.log", "b.log", "x/c.log", "x/y/d.log", "z/e.log"],
            ),
            ("*/*.log", "", &["x/c.log", "z/e.log"]),
            ("x/c.log", "", &["x/c.log"]),
            ("x", "", &["x"]),
            ("missing/*.log", "", &[]),
        ] {
            assert_eq!(found(folder.path(), pattern, exclude), expected, "{pattern}");
        }
    }

    #[test]
    fn a_folder_that_is_not_there_yet_is_waited_for_in_the_one_above() {
        let folder = tempfile::tempdir().expect("a folder");
        let pattern = format!("{}/later/still/*.log", folder.path().display());
        let mut survey = Survey::default();
        for pattern in PathPattern::parse(&pattern).expect("a pattern") {
            survey.walk(&pattern, &|_| false);
        }
        assert_eq!(survey.folders.into_iter().collect::<Vec<_>>(), [folder.path()]);
    }
}
