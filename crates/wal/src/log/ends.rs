//! What came to its end, written behind the data.

use std::io::{self, IoSlice};

use super::Log;
use crate::end::End;
use crate::format::{Kind, encode_ends};
use crate::fs::Fs;

/// Entries that are kept. Beyond that they are forgotten one by one and said by the head of a new file.
const MAX_PENDING: usize = 4096;

/// While so many wait after a failure, each further end does not try again: the next flush, append or read does.
const PATIENT: usize = 64;

/// Ends that are entered in the state and not yet written.
#[derive(Debug, Default)]
pub(super) struct PendingEnds {
    entries: Vec<End>,
    /// There were more: only a head says everything.
    overflowed: bool,
    /// The last attempt failed.
    stuck: bool,
}

impl<F: Fs> Log<F> {
    /// Writes what has come to its end. Where it cannot be written now it is kept and written with what comes next; nothing is removed
    /// before. Ranges that came to their end before, or never were, are ignored; of records that have moved since, the old
    /// ordinals are as good as the new ones.
    pub fn end(&mut self, ends: &[End], now_ms: u64) {
        self.at(now_ms);
        for end in ends {
            if self.moves.is_empty() {
                self.end_internally(end.clone());
            } else {
                for translated in self.moves.translate(end) {
                    self.end_internally(translated);
                }
            }
        }
        if !(self.pending.stuck && self.pending.entries.len() > PATIENT) {
            self.write_ends();
        }
    }

    /// Enters an end, to be written with the next ones.
    pub(super) fn end_internally(&mut self, end: End) {
        let pending = &mut self.pending;
        self.state.end(&end, |new| pending.push(new));
    }

    /// Writes what is pending, from the reserve where the disk is full. Without success it stays pending.
    pub(super) fn write_ends(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let mut written = self.try_to_write_ends();
        if let Err(error) = &written
            && error.kind() == io::ErrorKind::StorageFull
            && self.reserve.give_up(&self.fs)
        {
            written = self.try_to_write_ends();
        }
        self.pending.stuck = written.is_err();
    }

    fn try_to_write_ends(&mut self) -> io::Result<()> {
        if self.pending.overflowed {
            self.close_tail();
        }
        let begun = self.ensure_tail();
        if self.pending.is_empty() {
            // The head of a new file has said them.
            return Ok(());
        }
        if let Err(error) = begun
            && (self.tail.is_none() || self.pending.overflowed)
        {
            return Err(error.into());
        }
        let mut payload = std::mem::take(&mut self.scratch);
        payload.clear();
        encode_ends(&self.pending.entries, &mut payload);
        let written = self.header(Kind::Ends, &payload).and_then(|header| {
            let header = header.encode(self.salt());
            self.write_frames(&mut [IoSlice::new(&header), IoSlice::new(&payload)])
        });
        self.scratch = payload;
        if written.is_ok() {
            self.pending.clear();
        }
        written
    }
}

impl PendingEnds {
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty() && !self.overflowed
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.overflowed = false;
        self.stuck = false;
    }

    fn push(&mut self, end: End) {
        if let Some(last) = self.entries.last_mut()
            && last.outcome == end.outcome
            && last.items.end == end.items.start
        {
            last.items.end = end.items.end;
            last.bytes = last.bytes.saturating_add(end.bytes);
            last.records = last.records.saturating_add(end.records);
        } else if self.entries.len() < MAX_PENDING {
            self.entries.push(end);
        } else {
            self.overflowed = true;
        }
    }
}
