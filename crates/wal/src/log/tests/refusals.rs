//! What becomes of records and ends when calls fail.

use super::refusing_fs::{Call, EIO, ENOSPC, RefusingFs};
use super::*;

fn start(options: &Options) -> (RefusingFs, Log<RefusingFs>) {
    let fs = RefusingFs::default();
    (fs.clone(), Log::open(fs, options.clone(), 1).unwrap())
}

fn refused(log: &mut Log<RefusingFs>, payload: &[u8]) -> AppendError {
    let record = NewRecord {
        payload: &[payload],
        items: payload.len() as u32,
    };
    log.append(&[record], true, 2).unwrap_err()
}

fn reserve_is_there(options: &Options) -> bool {
    options.directory.join("reserve").exists()
}

#[test]
fn a_failed_write_costs_its_ordinals_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    // How many segments there are after two appends of which the first fails so.
    for (error, cut_fails, segments) in [(ENOSPC, false, 1), (EIO, false, 2), (ENOSPC, true, 2)] {
        let options = Options {
            directory: folder.path().join(format!("{error} {cut_fails}")),
            ..options.clone()
        };
        let (fs, mut log) = start(&options);
        append(&mut log, b"before", false);
        fs.refuse(Call::Write, error, 1);
        fs.refuse(Call::Cut, EIO, u32::from(cut_fails));
        assert!(matches!(refused(&mut log, b"xxx"), AppendError::Io { .. }));
        assert_eq!(append(&mut log, b"behind", false), 9..15);
        assert_eq!(log.status().totals.of(Outcome::Refused), 3);
        assert_eq!(log.status().segments, segments, "{error} {cut_fails}");
        assert_eq!(
            log.status().live,
            Live {
                items: 12,
                bytes: 12,
                records: 2
            }
        );
        for mut log in [log, Log::open(fs, options, 1).unwrap()] {
            assert_eq!(read_all(&mut log), [b"before", b"behind"]);
            assert_eq!(log.status().totals.of(Outcome::Refused), 3);
            assert_eq!(log.status().totals.of(Outcome::Lost), 0);
        }
    }
}

#[test]
fn after_two_failures_in_a_row_a_new_file_is_begun() {
    let folder = tempfile::tempdir().unwrap();
    let (fs, mut log) = start(&options(folder.path()));
    fs.refuse(Call::Write, ENOSPC, 1);
    refused(&mut log, b"1");
    // What was refused is to be written first, and fails too.
    fs.refuse(Call::Write, EIO, 1);
    append(&mut log, b"2", true);
    assert_eq!(log.status().segments, 2);
}

#[test]
fn a_file_that_cannot_be_begun_leaves_nothing_and_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        segment_bytes: 1,
        ..options(folder.path())
    };
    let (fs, mut log) = start(&options);
    append(&mut log, b"fills the first file so that it is at least twice as long as its head, which is the least that a file is", true);
    append(&mut log, &[1; 200], true);
    for call in [Call::Create, Call::Write] {
        fs.refuse(call, EIO, 1);
        let next = log.status().next;
        refused(&mut log, b"x");
        assert_eq!(log.status().next, next, "nothing was given out");
        append(&mut log, &[2; 200], true);
    }
    let on_disk = RealFs.list(folder.path()).unwrap().len();
    assert_eq!(on_disk, log.status().segments + 1, "and the reserve");
}

#[test]
fn a_log_that_cannot_write_at_the_start_opens_and_reads() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    append(&mut open(&options), b"1", false);
    let fs = RefusingFs::default();
    fs.refuse(Call::Create, EIO, 3);
    let mut log = Log::open(fs, options.clone(), 1).unwrap();
    refused(&mut log, b"2");
    assert_eq!(read_all(&mut log), [b"1"]);
    end(&mut log, 0..1);
    assert_eq!(append(&mut log, b"3", true), 1..2);
    assert_eq!(open(&options).status().live.items, 1);
}

#[test]
fn ends_are_written_from_the_reserve_which_comes_before_data() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    let (fs, mut log) = start(&options);
    let first = append(&mut log, b"1", true);
    assert!(reserve_is_there(&options));
    fs.refuse(Call::Write, ENOSPC, 1);
    end(&mut log, first);
    assert!(!reserve_is_there(&options));
    assert_eq!(open(&options).status().live.items, 0, "the end is written");
    std::fs::remove_file(options.directory.join("reserve")).unwrap();

    fs.refuse(Call::Allocate, ENOSPC, 1);
    let AppendError::Io { source, .. } = refused(&mut log, b"2") else {
        panic!("not used up")
    };
    assert_eq!(source.kind(), io::ErrorKind::StorageFull);
    assert!(!reserve_is_there(&options));
    append(&mut log, b"3", true);
    assert!(reserve_is_there(&options));
}

#[test]
fn ends_that_could_not_be_written_are_written_with_what_comes_next() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        segment_bytes: 500,
        ..options(folder.path())
    };
    let (fs, mut log) = start(&options);
    let first = append(&mut log, &[1; 500], true);
    fs.refuse(Call::Write, EIO, 2);
    fs.refuse(Call::Create, EIO, 2);
    end(&mut log, first);
    assert_eq!(log.status().live.items, 0);
    assert_eq!(open(&options).status().live.items, 500, "not written yet");
    fs.allow_all();
    append(&mut log, b"2", true);
    assert_eq!(open(&options).status().live.items, 1);
}

#[test]
fn more_ends_than_are_kept_are_said_by_a_head() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    let (fs, mut log) = start(&options);
    append(&mut log, &[1; 20_000], true);
    fs.refuse(Call::Write, ENOSPC, u32::MAX);
    for number in 0..10_000 {
        end(&mut log, 2 * number..2 * number + 1);
    }
    let segments = log.status().segments;
    fs.allow_all();
    append(&mut log, b"2", true);
    assert_eq!(log.status().segments, segments + 1);
    assert_eq!(open(&options).status().live.items, 10_001);
}

#[test]
fn a_group_whose_sync_fails_is_synced_in_a_new_file() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        sync: Sync::Fsync,
        ..options(folder.path())
    };
    for call in [Call::Sync, Call::SyncDirectory] {
        let options = Options {
            directory: folder.path().join(format!("{call:?}")),
            ..options.clone()
        };
        let (fs, mut log) = start(&options);
        fs.refuse(call, EIO, 1);
        assert_eq!(append(&mut log, b"abc", false), 3..6);
        assert_eq!(log.status().totals.of(Outcome::Moved), 3);
        assert_eq!((log.status().segments, log.status().failed_syncs), (2, 1));
        assert_eq!(read_all(&mut log), [b"abc"]);
        assert_eq!(read_all(&mut Log::open(fs, options, 1).unwrap()), [b"abc"]);
        assert!(balances(&log));
    }
}

#[test]
fn a_group_that_cannot_be_synced_at_all_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        sync: Sync::Fsync,
        ..options(folder.path())
    };
    let (fs, mut log) = start(&options);
    fs.refuse(Call::Sync, EIO, 2);
    refused(&mut log, b"abc");
    assert_eq!(log.status().totals.of(Outcome::Refused), 3);
    assert_eq!(append(&mut log, b"def", false), 6..9);
    assert_eq!(read_all(&mut log), [b"def"]);
    assert!(balances(&log));
}

#[test]
fn what_a_failed_sync_leaves_moves_and_keeps_its_old_ordinals() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    let (fs, mut log) = start(&options);
    let known = append(&mut log, b"abcdefghij", true);
    append(&mut log, b"unread", false);
    log.end(
        &[End {
            items: 0..4,
            outcome: Outcome::Delivered,
            bytes: 4,
            records: 0,
        }],
        3,
    );
    fs.refuse(Call::Sync, EIO, 1);
    assert!(flush(&mut log));
    let status = log.status();
    assert_eq!(
        status.live,
        Live {
            items: 12,
            bytes: 12,
            records: 2
        }
    );
    assert_eq!(status.failed_syncs, 1);
    assert!(flush(&mut log), "there is something to remove");
    assert_eq!(log.status().segments, 1, "the poisoned file is gone");
    assert!(
        RealFs
            .list(folder.path())
            .unwrap()
            .iter()
            .all(|(name, _)| !name.ends_with(".poisoned"))
    );

    assert_eq!(read_all(&mut log), [b"unread"], "the other was handed over");
    let found = open(&options).read(ALL).unwrap();
    assert_eq!(found.records[0].live_bytes, 6);
    log.end(
        &[End {
            items: 4..10,
            outcome: Outcome::Encode,
            bytes: 6,
            records: 1,
        }],
        3,
    );
    end(&mut log, known);
    assert_eq!(
        log.status().live,
        Live {
            items: 6,
            bytes: 6,
            records: 1
        }
    );
    assert_eq!(log.status().totals.of(Outcome::Encode), 6);
    assert!(balances(&log));
}

#[test]
fn a_disk_that_does_not_sync_is_tried_with_one_small_file() {
    let folder = tempfile::tempdir().unwrap();
    let (fs, mut log) = start(&options(folder.path()));
    append(&mut log, b"1", true);
    fs.refuse(Call::Sync, EIO, 50);
    for _ in 0..20 {
        assert!(flush(&mut log), "it is not durable");
        append(&mut log, b"2", true);
    }
    assert!(log.status().segments <= 3, "{:?}", log.status());
    assert_eq!(log.status().live.items, 21);
    fs.allow_all();
    while flush(&mut log) {}
    assert_eq!(log.status().segments, 1, "{:?}", log.status());
    assert_eq!(log.status().live.items, 21);
}

#[test]
fn what_a_failed_sync_left_moves_after_a_restart_too() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    let (fs, mut log) = start(&options);
    append(&mut log, b"1", true);
    fs.refuse(Call::Sync, EIO, 9);
    assert!(flush(&mut log));
    drop(log);
    let mut log = open(&options);
    while flush(&mut log) {}
    assert!(log.status().totals.of(Outcome::Moved) > 0, "{:?}", log.status());
    assert_eq!(read_all(&mut log), [b"1"]);
}

#[test]
fn a_place_that_cannot_be_read_waits_until_it_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let (fs, mut log) = start(&options(folder.path()));
    for number in 0..20 {
        append(&mut log, &[number; 1000], false);
    }
    fs.refuse(Call::Read, EIO, 2);
    assert!(log.read(ALL).is_err());
    assert!(log.read(ALL).is_err());
    assert_eq!(read_all(&mut log).len(), 20, "nothing was skipped");
    assert_eq!(log.status().damaged_bytes, 0);

    for number in 0..20 {
        append(&mut log, &[number; 1000], false);
    }
    fs.refuse(Call::Read, EIO, 1);
    assert!(log.read(ALL).is_err());
    log.skip_unreadable();
    let read = read_all(&mut log).len() as u64;
    let lost = log.status().totals.of(Outcome::Lost);
    assert!((1..=5).contains(&(20 - read)), "4 KiB and what is cut by them");
    assert_eq!(read * 1000 + lost, 20_000);
    assert!(log.status().damaged_bytes >= lost);
    assert!(balances(&log));
}
