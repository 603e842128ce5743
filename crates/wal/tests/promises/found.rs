//! What is found at the next start, and whether that is what must and may be there.

use std::collections::{BTreeMap, BTreeSet};

use sidelight_wal::testing::TornFs;
use sidelight_wal::{Log, LogStatus, Options, ReadLimit};

use super::entry::{Entry, bits_of, id_of, payload};

/// How the life before ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    PowerCut,
    Kill,
}

/// A record that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FoundRecord {
    pub(crate) id: u64,
    pub(crate) first: u64,
    pub(crate) items: u32,
    pub(crate) len: usize,
    pub(crate) written_ms: u64,
    pub(crate) live: u64,
    pub(crate) live_bytes: u64,
}

/// All that lives in a log, in the order in which it is given.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) records: Vec<FoundRecord>,
    pub(crate) status: LogStatus,
    may_move: bool,
}

impl Found {
    /// Opens the log and reads it to its end. Every payload must be one of [`payload`], and what is found is the same when it is opened again.
    pub(crate) fn at_next_start(fs: &TornFs, options: &Options) -> Self {
        let found = Self::by_reading(fs, options, 500);
        let again = Self::by_reading(fs, options, 4_000);
        assert_eq!(found.records, again.records, "the second opening sees the same");
        found
    }

    fn by_reading(fs: &TornFs, options: &Options, bytes: usize) -> Self {
        let mut log = Log::open(fs.clone(), options.clone(), 1).expect("opening always works");
        let mut records: Vec<FoundRecord> = Vec::new();
        loop {
            let block = log
                .read(ReadLimit { bytes, records: 7 })
                .expect("reading always works");
            if block.records.is_empty() {
                break;
            }
            for record in &block.records {
                let bytes = &block.buffer[record.payload.clone()];
                let id = id_of(bytes).expect("payloads carry their number");
                assert_eq!(bytes, payload(id, bytes.len()), "record {id} was changed");
                assert!(
                    records.last().is_none_or(|last| last.first < record.first),
                    "the order"
                );
                records.push(FoundRecord {
                    id,
                    first: record.first,
                    items: record.items,
                    len: bytes.len(),
                    written_ms: record.written_ms,
                    live: bits_of(&record.live, record.first),
                    live_bytes: record.live_bytes,
                });
            }
        }
        assert!(!log.has_unread(), "it was read to its end");
        let status = log.status();
        assert_balances(&status);
        let live: u64 = records
            .iter()
            .map(|record| u64::from(record.live.count_ones()))
            .sum();
        assert_eq!(status.live.items, live, "live is what can be read");
        let bytes: u64 = records.iter().map(|record| record.live_bytes).sum();
        assert_eq!(status.live.bytes, bytes, "so are its bytes");
        Self {
            records,
            status,
            may_move: options.target_bytes < u64::MAX,
        }
    }

    /// Records that were being moved when the life before ended, and are there under their old and their new ordinals.
    pub(crate) fn has_doubles(&self) -> bool {
        let ids: BTreeSet<u64> = self.records.iter().map(|record| record.id).collect();
        ids.len() < self.records.len()
    }

    /// Checks what was found against what was promised.
    pub(crate) fn judge(&self, entries: &BTreeMap<u64, Entry>, after: After) {
        // What is live in any copy, and in all of them.
        let mut found: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
        for record in &self.records {
            let is_double = found.contains_key(&record.id);
            assert!(self.may_move || !is_double, "record {} is there twice", record.id);
            let (any, all) = found.entry(record.id).or_insert((0, u64::MAX));
            (*any, *all) = (*any | record.live, *all & record.live);
            let entry = entries.get(&record.id);
            let entry = entry.unwrap_or_else(|| panic!("record {} was invented, or is back", record.id));
            assert_eq!(
                (record.items, record.len),
                (entry.items, entry.len),
                "record {}",
                record.id
            );
            let left = Entry {
                done: !record.live,
                ..entry.clone()
            };
            assert_eq!(
                record.live_bytes,
                left.live_bytes(),
                "bytes of record {}",
                record.id
            );
        }
        for (id, (_, live)) in &found {
            let Some(entry) = entries.get(id) else { continue };
            let ended = match after {
                After::Kill => entry.done_written,
                After::PowerCut => entry.done_durable,
            };
            assert_eq!(live & ended, 0, "ended items of record {id} are back: {entry:?}");
        }
        for (id, entry) in entries {
            let promised = entry.answered && (entry.durable || after == After::Kill);
            let live = found.get(id).map_or(0, |(any, _)| *any);
            let lost = if promised { entry.live() & !live } else { 0 };
            assert_eq!(lost, 0, "lost items of record {id}: {entry:?}");
        }
    }

    /// The entries as the next life begins with them.
    pub(crate) fn entries(&self, before: &BTreeMap<u64, Entry>, after: After) -> BTreeMap<u64, Entry> {
        let entry = |record: &FoundRecord| {
            let mut entry = Entry::new(record.items, record.len, record.first, record.written_ms);
            entry.answered = true;
            entry.durable =
                after == After::PowerCut || before.get(&record.id).is_some_and(|entry| entry.durable);
            entry.done = entry.all() & !record.live;
            entry.done_written = entry.done;
            entry.done_durable = match after {
                After::PowerCut => entry.done,
                After::Kill => before.get(&record.id).map_or(0, |before| before.done_durable),
            };
            (record.id, entry)
        };
        let mut entries: BTreeMap<u64, Entry> = self.records.iter().map(entry).collect();
        if after == After::Kill {
            // A power cut may still bring back what has ended, and what was refused.
            for (id, entry) in before
                .iter()
                .filter(|(id, _)| !self.records.iter().any(|found| found.id == **id))
            {
                let done = if entry.answered { entry.all() } else { 0 };
                entries.insert(
                    *id,
                    Entry {
                        done,
                        ..entry.clone()
                    },
                );
            }
        }
        entries
    }
}

pub(crate) fn assert_balances(status: &LogStatus) {
    let used = status
        .next
        .checked_sub(status.base)
        .expect("the base is not behind the next ordinal");
    assert_eq!(used, status.totals.sum() + status.live.items, "{status:?}");
}
