//! Splitting a request into several complete ones, by items or by bytes.
//!
//! A cut inside a resource, scope or metric repeats what stands beside the items there (resource, scope, schema URLs, name
//! and unit, unknown fields) on both sides. A cut between two resources copies nothing.

use bytes::Bytes;

use crate::{
    Signal,
    validate::{count_items, data_points, items_of_resource, items_of_scope},
    wire::{Fields, Value, Writer, varint_len},
};

/// How much all parts together may exceed the input when [`split_by_bytes`] has to repeat a large resource.
const MAX_AMPLIFICATION: usize = 4;

/// Splits an admitted request in two: the first `at_items` items, and the rest.
///
/// Either part may be empty (no bytes). A data point counts as an item, so a metric may be cut. Order is kept.
pub fn split(signal: Signal, request: &Bytes, at_items: usize) -> (Bytes, Bytes) {
    let mut left = at_items;
    let mut fields = Fields::new(request);
    while let Some(field) = fields.next() {
        let Value::Len(resource) = field.value else {
            continue;
        };
        if field.number != 1 {
            continue;
        }
        let items = items_of_resource(signal, resource);
        if items <= left {
            left -= items;
            continue;
        }
        if left == 0 {
            return (request.slice(..field.start), request.slice(field.start..));
        }
        let end = fields.offset();
        let second = Writer::with_capacity(request.len() - field.start);
        let mut cut = Cut {
            signal,
            left,
            first: Writer::with_capacity(end),
            second,
        };
        cut.first.raw(request.get(..field.start).unwrap_or_default());
        cut.child(1, resource, Level::Resource);
        cut.second.raw(request.get(end..).unwrap_or_default());
        return (cut.first.into_bytes().into(), cut.second.into_bytes().into());
    }
    (request.clone(), Bytes::new())
}

/// Splits an admitted request into parts of at most `max_bytes` each.
///
/// A part is larger only if it is a single item, or if its resource and scope are so large that repeating them would make
/// all parts together more than four times the input. Parts are of similar size; order is kept. A request that fits is
/// returned as it is.
pub fn split_by_bytes(signal: Signal, request: &Bytes, max_bytes: usize) -> Vec<Bytes> {
    let mut parts = Vec::new();
    let mut budget = request.len().saturating_mul(MAX_AMPLIFICATION - 1);
    // Parts still to be looked at, the next one last. Each split at least halves the items: the stack stays small.
    let mut pending = vec![(request.clone(), None)];
    while let Some((part, items)) = pending.pop() {
        if part.len() <= max_bytes {
            parts.push(part);
            continue;
        }
        let items = items.unwrap_or_else(|| count_items(signal, &part));
        if items <= 1 {
            parts.push(part);
            continue;
        }
        let pieces = part.len().div_ceil(max_bytes.max(1)).clamp(2, items);
        let at = items * (pieces / 2) / pieces;
        let (first, second) = split(signal, &part, at);
        let repeated = (first.len() + second.len()).saturating_sub(part.len());
        match budget.checked_sub(repeated) {
            Some(rest) => {
                budget = rest;
                pending.push((second, Some(items - at)));
                pending.push((first, Some(at)));
            }
            None => parts.push(part),
        }
    }
    parts
}

/// What kind of message is being cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Resource,
    Scope,
    Metric,
    Data,
}

struct Cut {
    signal: Signal,
    /// Items that still go to the first part.
    left: usize,
    first: Writer,
    second: Writer,
}

impl Cut {
    /// Writes the message that is field `number` to both parts.
    fn child(&mut self, number: u32, message: &[u8], level: Level) {
        let reserved = varint_len(message.len() as u64);
        let marks = (
            self.first.begin(number, reserved),
            self.second.begin(number, reserved),
        );
        let mut fields = Fields::new(message);
        while let Some(field) = fields.next() {
            let raw = message.get(field.start..fields.offset()).unwrap_or_default();
            match field.value {
                Value::Len(content) if holds_items(level, field.number) => {
                    self.item_field(field.number, content, raw, level);
                }
                _ => {
                    self.first.raw(raw);
                    self.second.raw(raw);
                }
            }
        }
        self.first.end(marks.0);
        self.second.end(marks.1);
    }

    /// A field with items inside, or an item: goes to one part, or to both when the cut is in it.
    fn item_field(&mut self, number: u32, content: &[u8], raw: &[u8], level: Level) {
        let (items, below) = match (level, self.signal) {
            (Level::Resource, signal) => (items_of_scope(signal, content), Level::Scope),
            (Level::Scope, Signal::Metrics) => (data_points(content), Level::Metric),
            (Level::Metric, _) => (Fields::new(content).filter(is_point).count(), Level::Data),
            (Level::Scope | Level::Data, _) => (1, Level::Data),
        };
        if items <= self.left {
            self.left -= items;
            self.first.raw(raw);
        } else if self.left == 0 {
            self.second.raw(raw);
        } else {
            self.child(number, content, below);
        }
    }
}

fn is_point(field: &crate::wire::Field<'_>) -> bool {
    field.number == 1 && matches!(field.value, Value::Len(_))
}

fn holds_items(level: Level, number: u32) -> bool {
    match level {
        Level::Resource | Level::Scope => number == 2,
        Level::Metric => matches!(number, 5 | 7 | 9 | 10 | 11),
        Level::Data => number == 1,
    }
}
