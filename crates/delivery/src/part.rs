//! A part: what one sender's batch, or a piece of it, is in the queue. Each comes to its own end.

use sidelight_component::sending::Sizer;
use sidelight_component::{Ack, Outcome, Payload};
use tokio::time::Instant;

use crate::cut::Allowance;

/// What a queue takes for each part besides its data: slot, acknowledgement, the owners of its buffers.
pub(crate) const PART_BYTES: usize = 512;

/// How much something is, in every unit that a setting can name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) parts: usize,
    pub(crate) items: usize,
    pub(crate) bytes: usize,
}

impl Size {
    pub(crate) fn of(payload: &Payload) -> Self {
        Self {
            parts: 1,
            items: payload.items(),
            bytes: payload.len(),
        }
    }

    pub(crate) fn in_units(self, sizer: Sizer) -> u64 {
        let units = match sizer {
            Sizer::Bytes => self.bytes,
            Sizer::Items => self.items,
            Sizer::Requests => self.parts,
        };
        units as u64
    }

    /// What it takes of a queue's quota.
    pub(crate) fn of_quota(self, sizer: Sizer) -> u64 {
        let besides = match sizer {
            Sizer::Bytes => self.parts * PART_BYTES,
            Sizer::Items | Sizer::Requests => 0,
        };
        self.in_units(sizer) + besides as u64
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.parts += other.parts;
        self.items += other.items;
        self.bytes += other.bytes;
    }

    pub(crate) fn subtract(&mut self, other: Self) {
        self.parts -= other.parts;
        self.items -= other.items;
        self.bytes -= other.bytes;
    }
}

/// Where a part stands in the order of arrival: the number of the batch, then the first item of the piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) batch: u64,
    pub(crate) item: usize,
}

/// Where a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the FIFO; not tried yet.
    Fresh,
    /// In an entry that is not on its way: put together just now, or waiting for another attempt.
    Entry,
    /// In a request on its way.
    InFlight,
}

/// Where a part lies in the log of a queue on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    /// The ordinal of its first item.
    pub(crate) first: u64,
    /// Its share of the record's bytes; those of all pieces add up.
    pub(crate) bytes: u64,
    /// 1, or 0 in all pieces of a record but one.
    pub(crate) records: u64,
}

/// What the queue knows of a part, besides its data.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) position: Position,
    pub(crate) size: Size,
    /// Units of the quota that are given back at its end.
    pub(crate) units: u64,
    pub(crate) ack: Ack,
    /// When its sender stops waiting.
    pub(crate) deadline: Option<Instant>,
    pub(crate) arrived: Instant,
    pub(crate) first_attempt: Option<Instant>,
    pub(crate) place: Place,
    /// An attempt ended without an answer: the destination may have it.
    pub(crate) maybe_processed: bool,
    /// What cutting may still add; `None` before the first cut.
    pub(crate) allowance: Option<Allowance>,
    /// `None` where it is in memory alone.
    pub(crate) stored: Option<Stored>,
}

/// Shares something out by items, so that the shares add up.
struct Shares {
    left: u64,
    items_left: usize,
}

impl Shares {
    fn take(&mut self, items: usize) -> u64 {
        let share = u128::from(self.left) * items as u128 / self.items_left.max(1) as u128;
        let share = u64::try_from(share).unwrap_or(u64::MAX).min(self.left);
        self.left -= share;
        self.items_left = self.items_left.saturating_sub(items);
        share
    }
}

impl Part {
    /// Makes several parts of one. Quota units and the share of the log are shared out by items so that they add up; the
    /// acknowledgement is branched.
    pub(crate) fn divide(self, sizes: &[Size]) -> Vec<Self> {
        let shares = |left| Shares {
            left,
            items_left: self.size.items,
        };
        let (mut position, mut stored) = (self.position, self.stored);
        let (mut units, mut bytes) = (shares(self.units), shares(self.stored.map_or(0, |at| at.bytes)));
        let mut pieces = Vec::with_capacity(sizes.len());
        for size in sizes {
            let at = stored.map(|at| Stored {
                bytes: bytes.take(size.items),
                ..at
            });
            pieces.push(self.piece(position, *size, units.take(size.items), at));
            position.item += size.items;
            stored = stored.map(|at| Stored {
                first: at.first + size.items as u64,
                records: 0,
                ..at
            });
        }
        // The branch that was there before is not needed any more.
        self.ack.resolve(Outcome::Done);
        pieces
    }

    fn piece(&self, position: Position, size: Size, units: u64, stored: Option<Stored>) -> Self {
        Self {
            position,
            size,
            units,
            ack: self.ack.branch(),
            deadline: self.deadline,
            arrived: self.arrived,
            first_attempt: self.first_attempt,
            place: self.place,
            maybe_processed: self.maybe_processed,
            allowance: self.allowance.clone(),
            stored,
        }
    }
}
