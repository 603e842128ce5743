//! Where queues lie in a storage.

use std::io;
use std::path::{Path, PathBuf};

use sidelight_proto::Signal;

use crate::id::ComponentId;

/// The folder of one exporter and signal in a storage: `<exporter>/<signal>`, every byte of the exporter's id that is not a letter, a digit,
/// `_`, `.` or `-` as `%` and two hex digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct QueueFolder {
    /// Whose queue it is.
    pub exporter: ComponentId,
    /// Of which signal.
    pub signal: Signal,
    /// The folder.
    pub path: PathBuf,
}

impl QueueFolder {
    /// Where it is to lie; nothing is made.
    pub fn new(storage: &Path, exporter: &ComponentId, signal: Signal) -> Self {
        Self {
            exporter: exporter.clone(),
            signal,
            path: storage.join(folder_name(exporter)).join(signal.as_str()),
        }
    }

    /// All that lie in a storage, in the order of their exporters. What has other names is left out.
    ///
    /// # Errors
    /// The storage, or a folder in it, cannot be read.
    pub fn list(storage: &Path) -> io::Result<Vec<Self>> {
        let mut folders = Vec::new();
        for entry in std::fs::read_dir(storage)? {
            let entry = entry?;
            let Some(exporter) = entry.file_name().to_str().and_then(exporter_of) else {
                continue;
            };
            if entry.path().is_dir() {
                folders.extend(Self::of_exporter(&entry.path(), &exporter)?);
            }
        }
        folders.sort_unstable();
        Ok(folders)
    }

    /// Those of one exporter, whose folder this is.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn of_exporter(folder: &Path, exporter: &ComponentId) -> io::Result<Vec<Self>> {
        // So that one that may not be read is an error rather than empty.
        std::fs::read_dir(folder)?;
        let all = Signal::ALL.into_iter().map(|signal| Self {
            exporter: exporter.clone(),
            signal,
            path: folder.join(signal.as_str()),
        });
        Ok(all.filter(|folder| folder.path.is_dir()).collect())
    }

    /// What a path says by its last two parts; `None` where they are no exporter's and no signal's.
    pub fn at(path: &Path) -> Option<Self> {
        let name = |path: &Path| path.file_name()?.to_str().map(str::to_owned);
        Some(Self {
            signal: name(path)?.parse().ok()?,
            exporter: exporter_of(&name(path.parent()?)?)?,
            path: path.to_owned(),
        })
    }

    /// The folder of the log.
    pub fn log(&self) -> PathBuf {
        self.path.join(Self::LOG)
    }

    /// The folder of the dead letters.
    pub fn dead_letters(&self) -> PathBuf {
        self.path.join("dead_letters")
    }

    /// The name of the log's folder.
    pub const LOG: &str = "queue";
}

/// The exporter whose folder has this name; `None` for a name that is nobody's.
pub fn exporter_of(folder_name: &str) -> Option<ComponentId> {
    let mut bytes = folder_name.bytes();
    let mut id = Vec::new();
    while let Some(byte) = bytes.next() {
        id.push(match byte {
            b'%' => hex(bytes.next()?)? << 4 | hex(bytes.next()?)?,
            byte => byte,
        });
    }
    let exporter: ComponentId = String::from_utf8(id).ok()?.parse().ok()?;
    (self::folder_name(&exporter) == folder_name).then_some(exporter)
}

fn folder_name(exporter: &ComponentId) -> String {
    let mut name = String::new();
    for byte in exporter.as_str().bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'-' => name.push(char::from(byte)),
            _ => name.push_str(&format!("%{byte:02X}")),
        }
    }
    name
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> ComponentId {
        text.parse().expect("an id")
    }

    fn folder(exporter: &str) -> String {
        let folder = QueueFolder::new(Path::new("/s"), &id(exporter), Signal::Traces);
        folder.path.display().to_string()
    }

    #[test]
    fn no_two_exporters_share_a_folder() {
        assert_eq!(folder("otlp_grpc"), "/s/otlp_grpc/traces");
        assert_eq!(folder("otlp_grpc/a b%/.."), "/s/otlp_grpc%2Fa%20b%25%2F../traces");
        assert_ne!(folder("otlp/a_b"), folder("otlp_a/b"));
    }

    #[test]
    fn a_folder_says_whose_it_is() {
        for exporter in ["otlp_grpc", "otlp_grpc/a b%/..", "file/ü"] {
            let folder = QueueFolder::new(Path::new("/s"), &id(exporter), Signal::Logs);
            assert_eq!(QueueFolder::at(&folder.path), Some(folder));
        }
        for name in [
            "",
            "a b",
            "otlp%2fa",
            "otlp%",
            "otlp%2",
            "otlp%FF",
            "otlp%2F",
            "..",
            "lost+found",
        ] {
            assert_eq!(exporter_of(name), None, "{name}");
        }
        assert_eq!(QueueFolder::at(Path::new("/s/otlp/profiles")), None);
        assert_eq!(QueueFolder::at(Path::new("/")), None);
    }

    #[test]
    fn all_queues_of_a_storage_are_listed() {
        let storage = tempfile::tempdir().expect("a folder");
        let expected = [
            ("a/b", Signal::Logs),
            ("b", Signal::Traces),
            ("b", Signal::Metrics),
        ]
        .map(|(exporter, signal)| QueueFolder::new(storage.path(), &id(exporter), signal));
        for folder in &expected {
            std::fs::create_dir_all(folder.log()).expect("made");
        }
        std::fs::create_dir_all(storage.path().join("b/profiles")).expect("made");
        std::fs::create_dir_all(storage.path().join("lost+found/logs")).expect("made");
        std::fs::write(storage.path().join("lock"), "").expect("written");
        assert_eq!(QueueFolder::list(storage.path()).expect("a folder"), expected);
        assert!(QueueFolder::list(&storage.path().join("missing")).is_err());
    }
}
