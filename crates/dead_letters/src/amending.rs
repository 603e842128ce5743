//! A letter of which more has become known.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::folder::fill;
use crate::format::{Damage, Header, Why};
use crate::name::LetterId;
use crate::reading::{Opened, Unreadable, read, sync_folder};

/// Gives a letter another reason, under the same name: of its items so many were refused, the others were taken. It is there as it was or
/// as it is to be, also after a power cut.
///
/// # Errors
/// [`Unreadable`] where it is damaged, cannot be read, or cannot be written again; it is as it was then.
pub fn amend(path: &Path, why: Why, refused: u64, reason: &str) -> Result<(), Unreadable> {
    let name = path.file_name().and_then(|name| name.to_str());
    let id = name.and_then(LetterId::of_file_name).ok_or(Damage::NotALetter)?;
    let Opened { header, payload } = read(path)?;
    let amended = Header {
        why,
        refused,
        reason: reason.to_owned(),
        ..header
    };
    let unfinished = path.with_file_name(id.unfinished_name());
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)
        .and_then(|file| fill(file, &amended.encode(), &[&payload], true))
        .and_then(|()| std::fs::rename(&unfinished, path));
    if written.is_err() {
        // Where it cannot be removed now, the next start of the program does it.
        let _ = std::fs::remove_file(&unfinished);
    }
    written?;
    Ok(path.parent().map_or(Ok(()), sync_folder)?)
}

#[cfg(test)]
mod tests {
    use sidelight_proto::Signal;

    use super::*;
    use crate::{DeadLetters, Letter, list};

    #[test]
    fn a_letter_keeps_its_name_and_its_payload() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut letters = DeadLetters::open(folder.path(), "file", 1 << 20, false).expect("opened");
        let letter = Letter {
            signal: Signal::Traces,
            why: Why::Destination,
            reason: "no",
            items: 5,
            refused: 5,
            payload: &[b"abc"],
            now_ms: 7,
        };
        assert!(letters.put(letter).expect("put").kept);
        let path = list(folder.path()).expect("listed").remove(0).path;
        let before = read(&path).expect("intact");
        amend(&path, Why::Partial, 2, "two are too old").expect("amended");
        let header = Header {
            why: Why::Partial,
            refused: 2,
            reason: "two are too old".to_owned(),
            ..before.header
        };
        let payload = before.payload;
        assert_eq!(read(&path).expect("intact"), Opened { header, payload });
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }

    #[test]
    fn what_is_no_letter_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["notes.txt", "0000000000007-00000001.letter"] {
            let path = folder.path().join(name);
            std::fs::write(&path, "mine").expect("written");
            assert!(amend(&path, Why::Partial, 1, "").is_err());
            assert_eq!(std::fs::read(&path).expect("read"), b"mine");
        }
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 2);
    }
}
