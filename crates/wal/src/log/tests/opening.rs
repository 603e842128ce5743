//! What is found at the start, whatever lies there.

use std::fs;

use super::*;
use crate::format::Name;

/// The segments, oldest first.
fn files(directory: &Path) -> Vec<std::path::PathBuf> {
    let mut names: Vec<_> = RealFs
        .list(directory)
        .unwrap()
        .into_iter()
        .filter_map(|(name, _)| Name::parse(&name))
        .collect();
    names.sort_unstable();
    names.iter().map(|name| name.path(directory)).collect()
}

/// A log that was left with records of 100 bytes, three to a file.
fn left_behind(options: &Options, records: u8) {
    let mut log = open(options);
    for number in 0..records {
        append(&mut log, &[number; 100], false);
    }
}

fn small(directory: &Path) -> Options {
    Options {
        segment_bytes: 500,
        ..options(directory)
    }
}

#[test]
fn other_files_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    fs::write(folder.path().join("notes.txt"), "mine").unwrap();
    fs::create_dir(folder.path().join("0000000000000000-00000000.wal")).unwrap();
    let mut log = open(&options);
    append(&mut log, b"1", false);
    flush(&mut log);
    assert_eq!(read_all(&mut open(&options)), [b"1"]);
    assert_eq!(fs::read(folder.path().join("notes.txt")).unwrap(), b"mine");
}

#[test]
fn garbage_and_empty_files_are_passed_counted_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let options = small(folder.path());
    left_behind(&options, 2);
    for (number, content) in [(50, vec![]), (51, vec![9; 777]), (52, b"SLW1SLW1SLW1".repeat(9))] {
        fs::write(Name { number, salt: 1 }.path(folder.path()), content).unwrap();
    }
    let mut log = open(&options);
    assert_eq!(log.status().damaged_bytes_of_unknown_items, 777 + 108);
    assert_eq!(read_all(&mut log), [[0; 100], [1; 100]]);
    assert_eq!(log.status().totals.sum(), 0);
    flush(&mut log);
    let numbers =
        |path: &std::path::PathBuf| Name::parse(path.file_name()?.to_str()?).map(|name| name.number);
    assert_eq!(
        files(folder.path())
            .iter()
            .filter_map(numbers)
            .collect::<Vec<_>>(),
        [0, 53]
    );
}

#[test]
fn a_damaged_head_costs_no_record() {
    let folder = tempfile::tempdir().unwrap();
    let options = small(folder.path());
    left_behind(&options, 9);
    let intact = files(folder.path());
    for damaged in 0..intact.len() {
        let copy = tempfile::tempdir().unwrap();
        for (index, path) in intact.iter().enumerate() {
            let mut bytes = fs::read(path).unwrap();
            if index >= damaged {
                bytes[60] ^= 1;
                bytes[30] ^= 1;
            }
            fs::write(copy.path().join(path.file_name().unwrap()), bytes).unwrap();
        }
        let mut log = open(&Options {
            directory: copy.path().to_owned(),
            ..options.clone()
        });
        assert_eq!(read_all(&mut log).len(), 9, "heads from {damaged} on");
        assert!(log.status().damaged_bytes > 0);
        assert!(balances(&log));
    }
}

#[test]
fn a_lost_file_costs_exactly_its_items() {
    let folder = tempfile::tempdir().unwrap();
    let options = small(folder.path());
    left_behind(&options, 9);
    let first = &files(folder.path())[1];
    fs::remove_file(first).unwrap();
    let mut log = open(&options);
    let read = read_all(&mut log);
    let lost = log.status().totals.of(Outcome::Lost);
    assert_eq!(read.len() as u64 * 100 + lost, 900);
    assert!(lost > 0);
    assert_eq!(
        log.status().live,
        Live {
            items: 900 - lost,
            bytes: 900 - lost,
            records: read.len() as u64
        }
    );
    assert_eq!(
        open(&options).status().totals.of(Outcome::Lost),
        lost,
        "it is remembered"
    );
}

#[test]
fn a_torn_end_is_counted_and_what_follows_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    left_behind(&options, 3);
    let newest = files(folder.path()).pop().unwrap();
    let len = fs::metadata(&newest).unwrap().len();
    for (cut, unknown, lost) in [
        (10, 134, 100),
        (100, 44, 100),
        (101, 43, 0),
        (143, 1, 0),
        (144, 0, 0),
        (150, 138, 100),
    ] {
        let copy = tempfile::tempdir().unwrap();
        let path = copy.path().join(newest.file_name().unwrap());
        fs::write(&path, &fs::read(&newest).unwrap()[..(len - cut) as usize]).unwrap();
        let mut log = open(&Options {
            directory: copy.path().to_owned(),
            ..options.clone()
        });
        append(&mut log, b"new", false);
        let read = read_all(&mut log);
        assert_eq!(read.len(), if cut <= 144 { 3 } else { 2 }, "cut {cut}");
        assert_eq!(read.last().unwrap(), b"new");
        assert_eq!(log.status().damaged_bytes_of_unknown_items, unknown, "cut {cut}");
        assert_eq!(log.status().totals.of(Outcome::Lost), lost, "cut {cut}");
        assert!(balances(&log));
    }
}

#[test]
fn a_newer_format_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    left_behind(&options, 1);
    let path = &files(folder.path())[0];
    let mut bytes = fs::read(path).unwrap();
    bytes[5] = 2;
    let crc = crc32c::crc32c(&bytes[..40]);
    bytes[40..44].copy_from_slice(&crc.to_le_bytes());
    fs::write(path, bytes).unwrap();
    let Err(error) = Log::open(RealFs, options, 1) else {
        panic!("it was opened")
    };
    assert!(matches!(error, OpenError::Version { found: 2, .. }), "{error}");
    assert!(error.to_string().contains("format 2"), "{error}");
}

#[test]
fn a_folder_that_cannot_be_made_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let Err(error) = Log::open(RealFs, options(&file.join("log")), 1) else {
        panic!("it was opened")
    };
    assert!(error.to_string().starts_with("cannot make "), "{error}");
}

#[test]
fn numbers_of_files_and_items_go_on_across_2_to_the_32() {
    let folder = tempfile::tempdir().unwrap();
    let options = small(folder.path());
    let state = state::State::beginning_at((1 << 32) - 150);
    let mut payload = Vec::new();
    state.encode(&mut payload);
    let (number, salt) = ((1 << 32) - 2, 5);
    let header = crate::format::Header {
        kind: crate::format::Kind::Head,
        payload_len: payload.len() as u32,
        items: 0,
        first: state.next(),
        written_ms: 0,
        payload_crc: crc32c::crc32c(&payload),
    };
    let head = [&header.encode(salt)[..], &payload].concat();
    fs::write(Name { number, salt }.path(folder.path()), head).unwrap();
    left_behind(&options, 9);
    let mut log = open(&options);
    assert_eq!(read_all(&mut log).len(), 9);
    assert_eq!(log.status().next, (1 << 32) - 150 + 900);
    assert!(
        files(folder.path())
            .last()
            .unwrap()
            .to_str()
            .unwrap()
            .contains("/000000010000000")
    );
}

#[test]
fn the_last_number_of_a_file_is_not_given_out() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        Name {
            number: u64::MAX - 1,
            salt: 5,
        }
        .path(folder.path()),
        "x",
    )
    .unwrap();
    let mut log = open(&options(folder.path()));
    let record = NewRecord {
        payload: &[b"x"],
        items: 1,
    };
    assert!(matches!(log.append(&[record], true, 1), Err(AppendError::UsedUp)));
    assert!(matches!(log.append(&[record], true, 1), Err(AppendError::UsedUp)));
    assert_eq!(log.status().next, 0);
}

#[test]
fn records_that_lie_across_each_other_are_given_once_and_the_rest_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    let name = Name { number: 3, salt: 5 };
    let frame = |first, items| {
        let header = crate::format::Header {
            kind: crate::format::Kind::Data,
            payload_len: 1,
            items,
            first,
            written_ms: 0,
            payload_crc: crc32c::crc32c(b"x"),
        };
        [&header.encode(name.salt)[..], b"x"].concat()
    };
    fs::write(
        name.path(folder.path()),
        [frame(10, 4), frame(12, 5), frame(11, 1), frame(20, 1)].concat(),
    )
    .unwrap();
    let mut log = open(&options);
    let firsts: Vec<_> = log
        .read(ALL)
        .unwrap()
        .records
        .iter()
        .map(|record| record.first)
        .collect();
    assert_eq!(firsts, [10, 20]);
    assert!(!log.has_unread());
    assert_eq!(log.status().totals.of(Outcome::Lost), 6);
    assert!(balances(&log));
}

#[test]
fn many_records_are_opened_with_their_heads_and_without_them() {
    const RECORDS: usize = 200_000;
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        segment_bytes: 1 << 20,
        ..options(folder.path())
    };
    let mut log = open(&options);
    let group = [NewRecord {
        payload: &[b"one small item"],
        items: 1,
    }; 1000];
    for _ in 0..RECORDS / group.len() {
        log.append(&group, false, 1).unwrap();
    }
    drop(log);
    let mut log = open(&options);
    assert_eq!(log.status().live.items, RECORDS as u64);
    for path in files(folder.path()) {
        // Without any head: every frame is looked at.
        let mut bytes = fs::read(&path).unwrap();
        bytes[40] ^= 1;
        fs::write(&path, bytes).unwrap();
    }
    assert_eq!(open(&options).status().live.items, RECORDS as u64);
    let mut records = 0;
    while log.has_unread() {
        let limit = ReadLimit {
            bytes: 256 << 10,
            records: 10_000,
        };
        records += log.read(limit).unwrap().records.len();
    }
    assert_eq!(records, RECORDS);
}
