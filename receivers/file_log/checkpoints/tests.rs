use std::os::unix::fs::PermissionsExt as _;

use proptest::prelude::*;

use super::super::identity::{FileKey, Mark};
use super::*;

fn entry(id: u64, offset: u64) -> Entry {
    Entry {
        id,
        key: FileKey {
            dev: 7,
            ino: id + 100,
        },
        offset,
        records: offset / 10,
        sealed: 0,
        head: Mark::of(b"head"),
        place: Mark::of(&offset.to_le_bytes()),
        is_departed: id.is_multiple_of(2),
    }
}

/// Opens the folder, writes what is given in two steps, and lets go of it without an orderly end.
fn write(folder: &Path, all: &[Entry], moves: &[Entry]) {
    let now = Instant::now();
    let (mut checkpoints, _) = Checkpoints::open(folder, now).expect("a folder");
    checkpoints.write(now, || all.to_vec()).expect("written");
    moves.iter().for_each(|entry| checkpoints.note(entry));
    checkpoints
        .write(now, || panic!("not made anew"))
        .expect("written");
}

fn read(folder: &Path) -> Restored {
    Checkpoints::open(folder, Instant::now()).expect("a folder").1
}

#[test]
fn what_was_written_is_there_after_a_kill_and_the_last_move_counts() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().join("file_log");
    assert!(read(&folder).is_first);
    write(
        &folder,
        &[entry(1, 10), entry(2, 20)],
        &[entry(1, 30), entry(3, 5)],
    );
    let restored = read(&folder);
    assert_eq!(restored.entries, [entry(1, 30), entry(2, 20), entry(3, 5)]);
    assert!(!restored.is_first && restored.damaged.is_none());
    for (path, mode) in [(folder.clone(), 0o700), (folder.join("checkpoints"), 0o600)] {
        let permissions = std::fs::metadata(path).expect("there").permissions();
        assert_eq!(permissions.mode() & 0o777, mode);
    }
}

#[test]
fn what_is_forgotten_does_not_come_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let now = Instant::now();
    {
        let (mut checkpoints, _) = Checkpoints::open(folder.path(), now).expect("a folder");
        checkpoints
            .write(now, || vec![entry(1, 1), entry(2, 2)])
            .expect("written");
        checkpoints.forget(1);
        checkpoints.write(now, Vec::new).expect("written");
    }
    assert_eq!(read(folder.path()).entries, [entry(2, 2)]);
}

#[test]
fn a_second_process_is_told_who_has_the_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = Checkpoints::open(folder.path(), Instant::now()).expect("a folder");
    let refused = Checkpoints::open(folder.path(), Instant::now()).expect_err("it is taken");
    assert!(refused.contains("another process"), "{refused}");
    drop(first);
    read(folder.path());
}

#[test]
fn a_torn_entry_at_the_end_costs_one_move() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &[entry(1, 10)], &[entry(1, 20)]);
    let path = folder.path().join("checkpoints");
    let bytes = std::fs::read(&path).expect("there");
    std::fs::write(&path, &bytes[..bytes.len() - 3]).expect("written");
    let restored = read(folder.path());
    assert_eq!(restored.entries, [entry(1, 10)]);
    assert!(restored.damaged.is_none());
}

#[test]
fn a_damaged_file_is_put_aside_and_nothing_begins_at_the_end() {
    for content in [&b"no checkpoints at all"[..], b"", b"SLFLOG\x002"] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("checkpoints");
        std::fs::write(&path, content).expect("written");
        let restored = read(folder.path());
        assert_eq!(restored.damaged, Some(folder.path().join("checkpoints.damaged")));
        assert!(restored.entries.is_empty() && !restored.is_first);
        assert!(!read(folder.path()).is_first, "nor after another start");
    }
}

#[test]
fn a_file_that_has_grown_is_made_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let now = Instant::now();
    let (mut checkpoints, _) = Checkpoints::open(folder.path(), now).expect("a folder");
    let path = folder.path().join("checkpoints");
    let mut largest = 0;
    for offset in 0..50_000 {
        checkpoints.note(&entry(1, offset));
        if offset % 100 == 0 {
            checkpoints
                .write(now, || vec![entry(1, offset)])
                .expect("written");
            largest = largest.max(std::fs::metadata(&path).expect("there").len());
        }
    }
    assert!(largest < 2 * GROWTH_BYTES, "{largest}");
    checkpoints
        .finish(now, || vec![entry(1, 50_000)])
        .expect("written");
    drop(checkpoints);
    assert_eq!(read(folder.path()).entries, [entry(1, 50_000)]);
}

proptest! {
    /// Whatever stands in the file, reading it ends and gives no entry that was not written.
    #[test]
    fn damage_invents_nothing(flip in 0_usize..2000, cut in 0_usize..2000, bit in 0_u8..8) {
        let mut bytes = format::header();
        let written: Vec<Entry> = (0..10).map(|id| entry(id, id * 7)).collect();
        written.iter().for_each(|entry| format::put_entry(&mut bytes, entry));
        let at = flip % bytes.len();
        bytes[at] ^= 1 << bit;
        bytes.truncate(bytes.len() - cut % bytes.len());
        for (_, read) in format::load(&bytes).entries {
            prop_assert!(written.contains(&read));
        }
    }
}
