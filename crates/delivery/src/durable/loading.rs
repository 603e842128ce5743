//! Records that were read, as batches for the dispatcher.

use std::time::Duration;

use bytes::Bytes;
use sidelight_component::{Ack, Batch, Budget, Chunk, Payload, Signal};
use sidelight_wal::{Block, End as LogEnd, Outcome, Record};

use crate::part::{Size, Stored};
use crate::queue_state::Arrival;

/// What was made of a block.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    pub(crate) arrivals: Vec<Arrival>,
    /// Records that are not what they should be although their checksum is right.
    pub(crate) unusable: Vec<LogEnd>,
}

/// Turns records into batches that nobody waits for. Their bytes are charged to the budget, past its limit too: the window bounds them.
pub(crate) fn load(
    block: Block,
    signal: Signal,
    budget: &Budget,
    now_ms: u64,
    units: impl Fn(Size) -> u64,
) -> Loaded {
    let mut loaded = Loaded::default();
    let buffer = budget.charge_anyway(block.buffer.capacity()).own(block.buffer);
    for record in &block.records {
        // Behind the door views cannot fail, and a file is outside.
        let bytes = buffer.slice(record.payload.clone());
        match sidelight_proto::admit(signal, bytes) {
            Ok(admitted) if admitted.items == record.items as usize && !admitted.recoded => {
                load_record(
                    record,
                    &admitted.bytes,
                    signal,
                    now_ms,
                    &units,
                    &mut loaded.arrivals,
                );
            }
            _ => loaded.unusable.extend(unusable(record)),
        }
    }
    loaded
}

fn load_record(
    record: &Record,
    bytes: &Bytes,
    signal: Signal,
    now_ms: u64,
    units: &impl Fn(Size) -> u64,
    arrivals: &mut Vec<Arrival>,
) {
    let age = Duration::from_millis(now_ms.saturating_sub(record.written_ms));
    for (share, range) in shares(record).zip(&record.live) {
        let from = (range.start - record.first) as usize;
        let items = (range.end - range.start) as usize;
        let chunk = Chunk {
            bytes: cut(signal, bytes, from, items, record.items as usize),
            items,
        };
        let payload = Payload::new(chunk);
        // Its own share, as it was when it was let in.
        let counted = Size {
            parts: share.records as usize,
            items,
            bytes: share.bytes as usize,
        };
        arrivals.push(Arrival {
            size: Size::of(&payload),
            batch: Batch {
                signal,
                payload,
                ack: Ack::unattended(),
                deadline: None,
            },
            units: units(counted),
            stored: Some((share, age)),
        });
    }
}

/// The items of a record from `from` on.
fn cut(signal: Signal, bytes: &Bytes, from: usize, items: usize, of: usize) -> Bytes {
    let tail = match from {
        0 => bytes.clone(),
        _ => sidelight_proto::split(signal, bytes, from).1,
    };
    if from + items == of {
        return tail;
    }
    sidelight_proto::split(signal, &tail, items).0
}

/// Where each living range of a record stands, with its share of the bytes.
fn shares(record: &Record) -> impl Iterator<Item = Stored> {
    let items: u64 = record.live.iter().map(|range| range.end - range.start).sum();
    let mut items_left = items.max(1);
    let mut bytes_left = record.live_bytes;
    record.live.iter().enumerate().map(move |(i, range)| {
        let items = range.end - range.start;
        let bytes = (u128::from(bytes_left) * u128::from(items) / u128::from(items_left.max(1))) as u64;
        items_left -= items.min(items_left);
        bytes_left -= bytes;
        Stored {
            first: range.start,
            bytes,
            records: u64::from(i == 0),
        }
    })
}

fn unusable(record: &Record) -> impl Iterator<Item = LogEnd> {
    shares(record).zip(&record.live).map(|(share, range)| LogEnd {
        items: range.clone(),
        outcome: Outcome::Lost,
        bytes: share.bytes,
        records: share.records,
    })
}
