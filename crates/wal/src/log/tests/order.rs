//! What comes out, in which order, and what is on the disk meanwhile.

use super::*;

#[test]
fn records_come_out_as_they_went_in_after_a_restart_too() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    let mut log = open(&options);
    let pieces: [&[u8]; 3] = [b"one ", b"", b"record"];
    let group = [
        NewRecord {
            payload: &pieces,
            items: 3,
        },
        NewRecord {
            payload: &[b"two"],
            items: 1,
        },
    ];
    assert_eq!(log.append(&group, false, 5).unwrap(), [0..3, 3..4]);
    assert_eq!(append(&mut log, b"three", false), 4..9);
    for mut log in [log, open(&options)] {
        let block = log.read(ALL).unwrap();
        assert_eq!(payloads(&block), [&b"one record"[..], b"two", b"three"]);
        assert_eq!(block.records[0].written_ms, 5);
        assert_eq!(block.records[2].live.to_vec(), [4..9]);
        assert_eq!(block.records[2].live_bytes, 5);
        assert!(!log.has_unread());
        assert!(log.read(ALL).unwrap().records.is_empty());
        assert!(balances(&log));
    }
}

#[test]
fn what_has_ended_does_not_come_again_and_the_rest_of_a_record_does() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    let mut log = open(&options);
    append(&mut log, b"aaaaaaaaaa", true);
    append(&mut log, b"bb", true);
    assert!(!log.has_unread());
    end(&mut log, 10..12);
    log.end(
        &[End {
            items: 3..6,
            outcome: Outcome::RejectedInPart,
            bytes: 3,
            records: 0,
        }],
        3,
    );
    let before = log.status();
    let mut log = open(&options);
    assert_eq!(log.status().live, before.live);
    assert_eq!(log.status().totals, before.totals);
    let block = log.read(ALL).unwrap();
    assert_eq!(block.records.len(), 1);
    assert_eq!(block.records[0].live.to_vec(), [0..3, 6..10]);
    assert_eq!(block.records[0].live_bytes, 7);
    end(&mut log, 0..10);
    assert_eq!(log.status().live, Live::default());
}

#[test]
fn reading_and_appending_go_on_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(&Options {
        segment_bytes: 100,
        ..options(folder.path())
    });
    let one = ReadLimit { bytes: 1, records: 1 };
    append(&mut log, b"1", false);
    append(&mut log, b"2", false);
    assert_eq!(payloads(&log.read(one).unwrap()), [b"1"]);
    append(&mut log, b"3", false);
    assert_eq!(payloads(&log.read(one).unwrap()), [b"2"]);
    assert_eq!(payloads(&log.read(one).unwrap()), [b"3"]);
    assert!(!log.has_unread());
    append(&mut log, b"4", true);
    append(&mut log, b"5", false);
    append(&mut log, b"6", true);
    assert_eq!(payloads(&log.read(one).unwrap()), [b"5"]);
    assert!(!log.has_unread());
}

#[test]
fn a_large_record_is_read_whatever_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(&options(folder.path()));
    let large = vec![7; 300_000];
    append(&mut log, &large, false);
    append(&mut log, b"small", false);
    let block = log
        .read(ReadLimit {
            bytes: 10,
            records: 9,
        })
        .unwrap();
    assert_eq!(payloads(&block), [large]);
    assert_eq!(block.buffer.len(), 300_044);
    assert_eq!(
        payloads(
            &log.read(ReadLimit {
                bytes: 10,
                records: 9
            })
            .unwrap()
        ),
        [b"small"]
    );
}

#[test]
fn a_group_of_many_pieces_is_one_group() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    let mut log = open(&options);
    let pieces = [&b"x"[..]; 1500];
    let group = [NewRecord {
        payload: &pieces,
        items: 1500,
    }; 3];
    assert_eq!(
        log.append(&group, false, 5).unwrap(),
        [0..1500, 1500..3000, 3000..4500]
    );
    assert_eq!(read_all(&mut open(&options)), vec![vec![b'x'; 1500]; 3]);
}

#[test]
fn a_flush_removes_what_is_done_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        segment_bytes: 1000,
        ..options(folder.path())
    };
    let mut log = open(&options);
    let ranges: Vec<_> = (0..5)
        .map(|number| append(&mut log, &[number; 1000], true))
        .collect();
    assert_eq!(log.status().segments, 5);
    assert!(flush(&mut log));
    assert!(!flush(&mut log), "nothing was written");
    for number in [0, 2, 4] {
        end(&mut log, ranges[number].clone());
    }
    assert!(flush(&mut log));
    assert_eq!(log.status().segments, 3, "1, 3, and the one with what ended last");
    let on_disk: u64 = RealFs
        .list(folder.path())
        .unwrap()
        .iter()
        .map(|(_, bytes)| bytes)
        .sum();
    assert_eq!(on_disk, log.status().disk_bytes + options.reserve_bytes);
    let mut log = open(&options);
    assert_eq!(read_all(&mut log), [vec![1; 1000], vec![3; 1000]]);
    for number in [1, 3] {
        end(&mut log, ranges[number].clone());
    }
    while flush(&mut log) {}
    assert_eq!(log.status().segments, 1);
    assert!(balances(&log));
}

#[test]
fn two_flushes_are_never_under_way() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(&options(folder.path()));
    append(&mut log, b"1", true);
    let first = log.begin_flush().unwrap();
    append(&mut log, b"2", true);
    assert!(log.begin_flush().is_none());
    log.end_flush(first.run(), 4);
    assert!(flush(&mut log));
    assert!(!flush(&mut log));
}

#[test]
fn heads_say_what_ended_in_files_that_are_gone() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        segment_bytes: 1,
        ..options(folder.path())
    };
    let mut log = open(&options);
    for number in 0..20_u8 {
        let range = append(&mut log, &[number; 10], true);
        end(&mut log, range);
        flush(&mut log);
    }
    for _ in 0..3 {
        let log = open(&options);
        assert_eq!(log.status().totals.of(Outcome::Delivered), 200);
        assert_eq!(log.status().next, 200);
        assert!(!log.has_unread());
    }
}

#[test]
fn a_file_of_which_little_is_live_is_emptied() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        segment_bytes: 5000,
        target_bytes: 6_000,
        ..options(folder.path())
    };
    let mut log = open(&options);
    let stays = append(&mut log, b"stays", true);
    for number in 0..60_u8 {
        let range = append(&mut log, &[number; 1000], true);
        end(&mut log, range);
        flush(&mut log);
    }
    assert!(log.status().disk_bytes < 12_000, "{:?}", log.status());
    assert_eq!(
        log.status().live,
        Live {
            items: 5,
            bytes: 5,
            records: 1
        }
    );
    assert!(log.status().totals.of(Outcome::Moved) >= 5);
    assert!(!log.has_unread(), "it was handed over before");
    let mut reopened = open(&options);
    assert_eq!(read_all(&mut reopened), [b"stays"]);
    end(&mut log, stays);
    assert_eq!(log.status().live, Live::default());
    assert!(balances(&log) && balances(&reopened));
}

#[test]
fn synced_appends_come_out_too() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        sync: Sync::Fsync,
        segment_bytes: 500,
        ..options(folder.path())
    };
    let mut log = open(&options);
    for number in 0..9_u8 {
        append(&mut log, &[number; 100], false);
    }
    assert_eq!(read_all(&mut open(&options)).len(), 9);
    assert_eq!(log.status().failed_syncs, 0);
}
