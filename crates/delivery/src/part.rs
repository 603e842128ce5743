//! A part: what one sender's batch, or a piece of it, is in the queue. Each comes to its own end.

use sidelight_component::sending::Sizer;
use sidelight_component::{Ack, Outcome, Payload};
use tokio::time::Instant;

use crate::cut::Allowance;

/// What a queue takes for each part besides its data: slot, acknowledgement, the owners of its buffers.
const PART_BYTES: usize = 512;

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
}

impl Part {
    /// Makes several parts of one. Quota units are shared out by items so that they add up; the
    /// acknowledgement is branched.
    pub(crate) fn divide(self, sizes: &[Size]) -> Vec<Self> {
        let mut position = self.position;
        let mut units_left = self.units;
        let mut items_left = self.size.items;
        let mut pieces = Vec::with_capacity(sizes.len());
        for size in sizes {
            let share = u128::from(units_left) * size.items as u128 / items_left.max(1) as u128;
            let units = u64::try_from(share).unwrap_or(u64::MAX).min(units_left);
            units_left -= units;
            items_left = items_left.saturating_sub(size.items);
            pieces.push(self.piece(position, *size, units));
            position.item += size.items;
        }
        // The branch that was there before is not needed any more.
        self.ack.resolve(Outcome::Done);
        pieces
    }

    fn piece(&self, position: Position, size: Size, units: u64) -> Self {
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
        }
    }
}
