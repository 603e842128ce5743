//! What was counted: the series of one metric.

use std::collections::BTreeSet;

use sidelight_component::Permit;
use sidelight_proto::views::NumberValue;
use sidelight_proto::wire::Writer;
use sidelight_series::{Cap, SeriesId, SeriesTable, sum_of};

use super::definition::{Kind, write_overflow};

/// The series of one metric.
pub(super) struct Counted {
    pub(super) table: SeriesTable<Series>,
    cap: Cap,
    limit: usize,
}

/// One series.
#[derive(Clone, Debug)]
pub(super) struct Series {
    /// When its first record came, in Unix nanoseconds.
    pub(super) start: u64,
    /// When its last record came, in Unix nanoseconds.
    pub(super) touched: u64,
    pub(super) state: State,
    pub(super) exemplar: Option<Exemplar>,
}

/// What a series has come to.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// A count, a sum or a last value.
    Number(NumberValue),
    /// Values in buckets.
    Histogram {
        count: u64,
        sum: f64,
        min: f64,
        max: f64,
        buckets: Box<[u64]>,
    },
}

/// A record that was counted, and its trace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exemplar {
    pub(super) time: u64,
    pub(super) value: NumberValue,
    pub(super) trace_id: [u8; 16],
    pub(super) span_id: [u8; 8],
}

impl Counted {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            table: SeriesTable::default(),
            cap: Cap::new(limit),
            limit,
        }
    }

    /// Counts a value in the series of the identity, whose first `resource` bytes are those of the resource. False where it
    /// went into the series of what is beyond the limit, or of what the memory has no room for.
    pub(super) fn add(
        &mut self,
        identity: &mut Writer,
        resource: usize,
        kind: &Kind,
        value: NumberValue,
        now: u64,
        room: &mut Permit,
    ) -> Option<(&mut Series, bool)> {
        let mut is_itself = true;
        let id = match self.table.find(identity.as_slice()) {
            Some(id) => id,
            None => {
                let bytes = SeriesTable::<Series>::bytes_of(identity.as_slice());
                is_itself = !self.cap.is_full() && room.grow(bytes).is_ok();
                if is_itself {
                    self.cap.take();
                    self.table.insert(identity.as_slice(), Series::new(kind, now))
                } else {
                    identity.truncate(resource);
                    write_overflow(identity);
                    let there = self.table.find(identity.as_slice());
                    there.unwrap_or_else(|| {
                        self.cap.take_anyway();
                        room.set(room.bytes() + SeriesTable::<Series>::bytes_of(identity.as_slice()));
                        self.table.insert(identity.as_slice(), Series::new(kind, now))
                    })
                }
            }
        };
        let series = self.table.get_mut(id)?;
        series.add(kind, value);
        series.touched = now;
        Some((series, is_itself))
    }

    /// Takes a series out.
    pub(super) fn remove(&mut self, id: SeriesId, room: &mut Permit) {
        if let Some(identity) = self.table.identity(id) {
            let bytes = SeriesTable::<Series>::bytes_of(identity);
            room.set(room.bytes().saturating_sub(bytes));
            self.table.remove(id);
            self.cap.give_back(1);
        }
    }

    /// Takes all series out.
    pub(super) fn clear(&mut self) {
        *self = Self::new(self.limit);
    }

    /// The sum of some series.
    pub(super) fn sum_of(&self, ids: &BTreeSet<SeriesId>) -> f64 {
        let numbers = ids
            .iter()
            .map(|id| match self.table.get(*id).map(|series| &series.state) {
                Some(State::Number(number)) => number.as_f64(),
                Some(State::Histogram { .. }) | None => 0.0,
            });
        numbers.sum()
    }
}

impl Series {
    fn new(kind: &Kind, now: u64) -> Self {
        let state = match kind {
            Kind::Histogram { bounds, .. } => State::Histogram {
                count: 0,
                sum: 0.0,
                min: f64::INFINITY,
                max: f64::NEG_INFINITY,
                buckets: vec![0; bounds.len() + 1].into(),
            },
            _ => State::Number(NumberValue::Int(0)),
        };
        Self {
            start: now,
            touched: now,
            state,
            exemplar: None,
        }
    }

    fn add(&mut self, kind: &Kind, value: NumberValue) {
        match (&mut self.state, kind) {
            (State::Number(number), Kind::Gauge(_)) => *number = value,
            (State::Number(number), _) => *number = sum_of(*number, value),
            (
                State::Histogram {
                    count,
                    sum,
                    min,
                    max,
                    buckets,
                },
                Kind::Histogram { bounds, .. },
            ) => {
                let value = value.as_f64();
                *count += 1;
                *sum += value;
                *min = min.min(value);
                *max = max.max(value);
                // A value on a bound belongs to the bucket below it.
                let bucket = bounds.partition_point(|bound| *bound < value);
                if let Some(bucket) = buckets.get_mut(bucket) {
                    *bucket += 1;
                }
            }
            // A series is of the kind that it was made for.
            (State::Histogram { .. }, _) => {}
        }
    }
}
