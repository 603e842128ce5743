//! How much of a log may be in memory, and is.

use sidelight_wal::End as LogEnd;

use crate::part::{PART_BYTES, Size, Stored};

/// What was handed over to the dispatcher and has not come to its end.
#[derive(Debug)]
pub(crate) struct Window {
    limit: usize,
    used: usize,
}

impl Window {
    /// Of so many bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, used: 0 }
    }

    /// Bytes that may still be handed over. Something that is larger gets in when nothing else is there.
    pub(crate) fn room(&self) -> usize {
        match self.used {
            0 => self.limit.max(1),
            used => self.limit.saturating_sub(used),
        }
    }

    /// Whether this may be handed over now.
    pub(crate) fn has_room_for(&self, size: Size) -> bool {
        self.used == 0 || self.used + size.bytes + size.parts * PART_BYTES <= self.limit
    }

    /// This was handed over.
    pub(crate) fn take(&mut self, part: Stored) {
        self.used += memory(part.bytes, part.records);
    }

    /// This has come to its end.
    pub(crate) fn give_back(&mut self, end: &LogEnd) {
        self.used = self.used.saturating_sub(memory(end.bytes, end.records));
    }
}

fn memory(bytes: u64, records: u64) -> usize {
    bytes as usize + records as usize * PART_BYTES
}
