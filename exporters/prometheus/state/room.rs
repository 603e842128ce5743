//! Room for series: how many there may be, and what they take of the budget.

use sidelight_series::{Cap, SeriesId, SeriesTable};

use super::memory::Memory;
use super::overflow::Overflow;
use super::refused::Reason;
use super::series::{Owner, Series};

/// No series takes less.
const LEAST_SERIES_BYTES: usize = size_of::<Series>();

/// Both limits, while points are recorded.
pub(super) struct Room<'a> {
    pub(super) cap: &'a mut Cap,
    pub(super) overflow: &'a mut Overflow,
    pub(super) memory: &'a mut Memory,
    /// The latest source of which it was said that it has the series of another.
    pub(super) told_source: &'a mut u32,
}

impl Room<'_> {
    /// Whether nothing more can be taken in: a metric that has no series yet is not even begun.
    pub(super) fn is_full(&self) -> bool {
        self.cap.is_full() || self.memory.is_full(LEAST_SERIES_BYTES)
    }

    /// Takes room for one more series, where there is any.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        if !self.cap.take() {
            return false;
        }
        let fits = self.memory.take(bytes);
        if !fits {
            self.cap.give_back(1);
        }
        fits
    }

    /// Takes room past the limits for a series that stands for others, of which there are few.
    pub(super) fn take_for_others(&mut self, bytes: usize) -> bool {
        let has_room = self.overflow.cap.take();
        if has_room {
            self.cap.take_anyway();
            self.memory.change(0, bytes);
        }
        has_room
    }

    /// Ends a series: its sender says that it has no value any more.
    pub(super) fn end(
        &mut self,
        table: &mut SeriesTable<Series>,
        id: SeriesId,
        owner: Owner,
        time: u64,
    ) -> Result<(), Reason> {
        match table.get(id) {
            Some(series) if series.owner > owner => Err(Reason::Duplicate),
            Some(series) if series.timeline.time > time => Err(Reason::Late),
            _ => {
                self.remove(table, id);
                Ok(())
            }
        }
    }

    /// Takes a series out and gives its room back.
    pub(super) fn remove(&mut self, table: &mut SeriesTable<Series>, id: SeriesId) {
        let bytes = bytes_of(table, id);
        if let Some(series) = table.remove(id) {
            self.cap.give_back(1);
            self.overflow.cap.give_back(usize::from(series.is_for_others));
            self.memory.change(bytes, 0);
        }
    }
}

/// What a series was charged with.
pub(super) fn bytes_of(table: &SeriesTable<Series>, id: SeriesId) -> usize {
    let own = table.identity(id).map_or(0, SeriesTable::<Series>::bytes_of);
    own + table.get(id).map_or(0, Series::heap_bytes)
}
