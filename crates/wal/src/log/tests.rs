//! The log on a real file system, and on one that says no at the right moment.

use std::ops::Range;
use std::path::Path;

use super::*;
use crate::end::{End, Outcome};
use crate::fs::RealFs;
use crate::record::{Block, NewRecord, ReadLimit};

mod opening;
#[expect(clippy::single_range_in_vec_init, reason = "lists of ranges are meant")]
mod order;
mod refusals;
mod refusing_fs;

const ALL: ReadLimit = ReadLimit {
    bytes: 1 << 20,
    records: 1000,
};

fn options(directory: &Path) -> Options {
    Options {
        directory: directory.to_owned(),
        sync: Sync::Write,
        segment_bytes: 1 << 20,
        target_bytes: u64::MAX,
        reserve_bytes: 4096,
    }
}

fn open(options: &Options) -> Log<RealFs> {
    Log::open(RealFs, options.clone(), 1).unwrap()
}

/// One record of one item per byte.
fn append(log: &mut Log<impl Fs>, payload: &[u8], handed_over: bool) -> Range<u64> {
    let record = NewRecord {
        payload: &[payload],
        items: payload.len() as u32,
    };
    log.append(&[record], handed_over, 2).unwrap().remove(0)
}

fn end(log: &mut Log<impl Fs>, items: Range<u64>) {
    let bytes = items.end - items.start;
    log.end(
        &[End {
            items,
            outcome: Outcome::Delivered,
            bytes,
            records: 1,
        }],
        3,
    );
}

fn payloads(block: &Block) -> Vec<Vec<u8>> {
    block
        .records
        .iter()
        .map(|record| block.buffer[record.payload.clone()].to_vec())
        .collect()
}

/// Everything that is unread.
fn read_all(log: &mut Log<impl Fs>) -> Vec<Vec<u8>> {
    let mut read = Vec::new();
    while log.has_unread() {
        read.extend(payloads(&log.read(ALL).unwrap()));
    }
    read
}

fn flush(log: &mut Log<impl Fs>) -> bool {
    let Some(flush) = log.begin_flush() else {
        return false;
    };
    log.end_flush(flush.run(), 4);
    true
}

fn balances(log: &Log<impl Fs>) -> bool {
    let status = log.status();
    status.next - status.base == status.totals.sum() + status.live.items
}
