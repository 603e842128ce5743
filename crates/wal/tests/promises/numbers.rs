//! Ordinals and file numbers where their types end.

use std::path::{Path, PathBuf};

use sidelight_wal::testing::TornFs;
use sidelight_wal::{AppendError, End, Log, NewRecord, Outcome, ReadLimit, Sync};

use super::found::assert_balances;
use super::frames::data;
use super::world::{FOLDER, machine, options};

const LIMIT: ReadLimit = ReadLimit {
    bytes: 100_000,
    records: 100,
};

fn open(fs: &TornFs) -> Log<TornFs> {
    Log::open(fs.clone(), options(Sync::Write, 500), 1).unwrap()
}

fn named(number: u64, salt: u32) -> PathBuf {
    Path::new(FOLDER).join(format!("{number:016x}-{salt:08x}.wal"))
}

/// A log whose next ordinal is this one, with one record of one item in it.
fn log_at(next: u64) -> TornFs {
    let fs = machine(1);
    fs.put(&named(1, 7), data(7, next - 1, 1, b"the last one"));
    fs
}

fn flush(log: &mut Log<TornFs>) {
    if let Some(flush) = log.begin_flush() {
        let flushed = flush.run();
        log.end_flush(flushed, 5);
    }
}

#[test]
fn ordinals_go_on_past_32_bits() {
    let fs = log_at((1 << 32) - 2);
    let mut log = open(&fs);
    assert_eq!(log.read(LIMIT).unwrap().records.len(), 1);
    for round in 0..10 {
        let range = log
            .append(
                &[NewRecord {
                    payload: &[b"five items"],
                    items: 5,
                }],
                true,
                2,
            )
            .unwrap()
            .remove(0);
        assert_eq!(range.start, (1 << 32) - 2 + round * 5);
        let end = End {
            items: range,
            outcome: Outcome::Delivered,
            bytes: 10,
            records: 1,
        };
        log.end(&[end], 3);
        flush(&mut log);
    }
    let status = log.status();
    assert_balances(&status);
    assert_eq!((status.live.items, status.totals.of(Outcome::Delivered)), (1, 50));
    drop(log);
    let mut log = open(&fs);
    let block = log.read(LIMIT).unwrap();
    assert_eq!(
        block
            .records
            .iter()
            .map(|record| record.first)
            .collect::<Vec<_>>(),
        [(1 << 32) - 3]
    );
}

#[test]
fn the_largest_number_of_items_in_a_record_is_taken() {
    let fs = machine(1);
    let mut log = open(&fs);
    for round in 0..3 {
        let range = log
            .append(
                &[NewRecord {
                    payload: &[b"many"],
                    items: u32::MAX,
                }],
                false,
                2,
            )
            .unwrap()
            .remove(0);
        assert_eq!(
            range,
            round * u64::from(u32::MAX)..(round + 1) * u64::from(u32::MAX)
        );
    }
    let live = |log: &mut Log<TornFs>| {
        log.read(LIMIT)
            .unwrap()
            .records
            .iter()
            .map(|record| record.live.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(live(&mut log).len(), 3);
    let middle = u64::from(u32::MAX) + 10..2 * u64::from(u32::MAX);
    log.end(
        &[End {
            items: middle,
            outcome: Outcome::Delivered,
            bytes: 4,
            records: 0,
        }],
        3,
    );
    drop(log);
    let mut log = open(&fs);
    assert_eq!(log.status().live.items, 2 * u64::from(u32::MAX) + 10);
    let first = u64::from(u32::MAX);
    assert_eq!(live(&mut log)[1].to_vec(), vec![first..first + 10]);
}

#[test]
fn used_up_ordinals_are_told_and_what_is_there_is_delivered() {
    let fs = log_at(u64::MAX - 4);
    let mut log = open(&fs);
    assert_eq!(log.read(LIMIT).unwrap().records.len(), 1);
    let append = |log: &mut Log<TornFs>, items| {
        log.append(
            &[NewRecord {
                payload: &[b"more"],
                items,
            }],
            true,
            2,
        )
    };
    assert!(matches!(append(&mut log, 10), Err(AppendError::UsedUp)));
    assert!(append(&mut log, 3).is_ok(), "what fits is taken");
    assert!(matches!(append(&mut log, 10), Err(AppendError::UsedUp)));
    for _ in 0..3 {
        let _ = append(&mut log, 1);
    }
    assert_balances(&log.status());
    let everything = End {
        items: u64::MAX - 5..u64::MAX - 1,
        outcome: Outcome::Delivered,
        bytes: 16,
        records: 2,
    };
    log.end(&[everything], 3);
    flush(&mut log);
    assert_balances(&log.status());
    drop(log);
    let log = open(&fs);
    assert_balances(&log.status());
}

#[test]
fn file_numbers_go_on_past_32_bits_and_to_their_end() {
    for number in [u64::from(u32::MAX) - 1, u64::MAX - 2] {
        let fs = machine(1);
        fs.put(&named(number, 7), data(7, 0, 1, b"the first one"));
        let mut log = open(&fs);
        let mut answered = 1;
        for _ in 0..10 {
            // At the end of the numbers it may refuse, but it must not write over anything.
            answered += usize::from(
                log.append(
                    &[NewRecord {
                        payload: &[&[1; 600]],
                        items: 1,
                    }],
                    false,
                    2,
                )
                .is_ok(),
            );
        }
        assert!(number > u64::from(u32::MAX) || answered == 11);
        drop(log);
        let mut log = open(&fs);
        let mut read = 0;
        loop {
            let records = log.read(LIMIT).unwrap().records.len();
            if records == 0 {
                break;
            }
            read += records;
        }
        assert_eq!(read, answered);
        assert_balances(&log.status());
    }
}
