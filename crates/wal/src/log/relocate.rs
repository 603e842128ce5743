//! Moves what is live out of a file: because a sync of it failed, or because little of it is live.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::append::Size;
use super::state::{Parts, share_of};
use super::{AppendError, Log};
use crate::end::{End, Outcome};
use crate::format::{Header, Kind, Name};
use crate::fs::Fs;
use crate::record::NewRecord;
use crate::scan::{BLOCK_BYTES, Payload, Scan, Step, Window};

/// A file of which less than one part in so many is live is emptied.
const LITTLE: u64 = 4;

/// Records that are copied before their copies are made durable; that many lie in memory.
const MAX_COPIED: usize = 4096;

/// A record of which something is live.
struct Found {
    header: Header,
    payload: Range<usize>,
}

/// A record that was appended again.
struct Copied {
    header: Header,
    /// The first of its new ordinals.
    first: u64,
}

impl Copied {
    /// Of the copy.
    fn end(&self) -> End {
        End {
            items: self.first..self.first + u64::from(self.header.items),
            outcome: Outcome::Moved,
            bytes: self.header.payload_len.into(),
            records: 1,
        }
    }
}

impl<F: Fs> Log<F> {
    /// False where something stays that is to be tried again.
    pub(super) fn move_out_of_poisoned(&mut self) -> bool {
        let poisoned: Vec<_> = self
            .segments
            .iter()
            .filter(|segment| segment.to_move)
            .map(|segment| (segment.name, segment.synced))
            .collect();
        if poisoned.is_empty() {
            return true;
        }
        // Before anything is copied: where syncs fail again the copies would be worth nothing.
        let mut all = self.ensure_tail().is_ok() && self.sync_tail().is_ok();
        for (name, synced) in poisoned {
            let moved = all && self.move_live(name, synced).is_ok();
            if let Some(segment) = self.segments.get_mut(name) {
                segment.to_move = !moved;
            }
            if moved {
                self.forget_poison(name);
            }
            all &= moved;
        }
        all
    }

    /// Empties the oldest file where the log is larger than it is to be and little of that file is live.
    pub(super) fn empty_the_oldest(&mut self) {
        if self.segments.bytes() <= self.options.target_bytes || self.segments.len() < 2 {
            return;
        }
        let Some(oldest) = self.segments.first().filter(|oldest| !oldest.was_emptied) else {
            return;
        };
        let name = oldest.name;
        let items = |range: &Range<u64>| range.end - range.start;
        let all = items(&oldest.ordinals);
        let live: u64 = self
            .state
            .live_in(oldest.ordinals.clone())
            .iter()
            .map(items)
            .sum();
        if live > 0 && live < all / LITTLE && self.move_live(name, 0).is_ok() {
            // What could not be moved is damaged; looking again would not change that.
            if let Some(segment) = self.segments.get_mut(name) {
                segment.was_emptied = true;
            }
        }
    }

    /// Appends again what is live in a file from this byte on.
    ///
    /// That the old records are done must not be on the disk before the new ones are, so it is said after a sync: here, on the
    /// owner's thread, for this is rare.
    fn move_live(&mut self, name: Name, from: u64) -> io::Result<()> {
        let Some(segment) = self.segments.get_mut(name) else {
            return Ok(());
        };
        let (bytes, ordinals_end) = (from..segment.readable, segment.ordinals.end);
        let file = match &segment.file {
            Some(file) => file.clone(),
            None => Arc::new(self.fs.open(&self.path_of(name))?),
        };
        let mut scan = Scan::new(&*file, name.salt, bytes, BLOCK_BYTES);
        let mut copied = Vec::new();
        loop {
            let found = self.find_live(&mut scan, ordinals_end);
            let goes_on = found.as_ref().is_ok_and(|found| !found.is_empty());
            if !goes_on || !self.tail_continues() || copied.len() >= MAX_COPIED {
                self.settle(&mut copied)?;
            }
            if !goes_on {
                return found.map(drop);
            }
            if let Err(error) = self.copy(&scan, found?, &mut copied) {
                self.settle(&mut copied)?;
                return Err(error.into());
            }
        }
    }

    /// What is live in the next window that has any of it.
    fn find_live(&self, scan: &mut Scan<'_, F::File>, ordinals_end: u64) -> io::Result<Vec<Found>> {
        let mut found = Vec::new();
        loop {
            let window = if found.is_empty() {
                Window::Move
            } else {
                Window::Keep
            };
            let frame = match scan.step(window)? {
                Step::Frame(frame) if frame.header.kind == Kind::Data => frame,
                Step::Frame(_) | Step::Damaged(_) => continue,
                Step::OutOfWindow | Step::End => return Ok(found),
            };
            let header = frame.header;
            let is_done = self.state.is_done(header.first..header.end());
            if is_done || header.end() > ordinals_end {
                continue;
            }
            match scan.payload(&frame, window)? {
                Payload::Good(payload) => found.push(Found { header, payload }),
                // It stays where it is. Its reader will say that it is lost, if it is not in memory.
                Payload::Damaged => {}
                Payload::OutOfWindow => {
                    scan.back_to(&frame);
                    return Ok(found);
                }
            }
        }
    }

    fn copy(
        &mut self,
        scan: &Scan<'_, F::File>,
        found: Vec<Found>,
        copied: &mut Vec<Copied>,
    ) -> Result<(), AppendError> {
        let payloads: Vec<_> = found.iter().map(|found| [scan.bytes(&found.payload)]).collect();
        let group: Vec<_> = payloads
            .iter()
            .zip(&found)
            .map(|(payload, found)| NewRecord {
                payload,
                items: found.header.items,
            })
            .collect();
        let size = Size::of(&group).map_err(|source| self.io_error(source))?;
        let now_ms = self.now_ms;
        let written_ms = |index: usize| found.get(index).map_or(now_ms, |found| found.header.written_ms);
        let mut first = self.write_group(&group, size, written_ms, Outcome::Moved)?.start;
        for Found { header, .. } in found {
            copied.push(Copied { header, first });
            first += u64::from(header.items);
        }
        Ok(())
    }

    /// Makes copies durable and lets them take the place of the old records; where that fails the old ones stay.
    fn settle(&mut self, copied: &mut Vec<Copied>) -> io::Result<()> {
        if copied.is_empty() {
            return Ok(());
        }
        let synced = self.sync_tail();
        for copied in copied.drain(..) {
            match synced {
                Ok(()) => self.has_moved(&copied),
                Err(_) => self.end_internally(copied.end()),
            }
        }
        self.write_ends();
        Ok(synced?)
    }

    /// The items of a record have the ordinals from `first` on now. Those that had ended stay so.
    fn has_moved(&mut self, copied: &Copied) {
        let Copied { header, first } = copied;
        // As it is now: a damaged log can have frames that lie across each other.
        let live = self.state.live_in(header.first..header.end());
        let new = |part: &Range<u64>| first + (part.start - header.first)..first + (part.end - header.first);
        let moved = |items, bytes, records| End {
            items,
            outcome: Outcome::Moved,
            bytes,
            records,
        };
        let mut ended = header.first;
        for part in live.iter().chain([&(header.end()..header.end())]) {
            let before = ended..part.start;
            let bytes = share_of(header, &Parts::from_iter([before.clone()]));
            self.end_internally(moved(new(&before), bytes, 0));
            ended = part.end;
        }
        let last = live.len();
        for (number, part) in (1..).zip(&live) {
            let bytes = share_of(header, &Parts::from_iter([part.clone()]));
            let records = u64::from(number == last);
            let is_unread = !self.state.unread_in(part.clone()).is_empty();
            if !is_unread {
                self.state.hand_over(new(part), bytes, records);
            }
            self.end_internally(moved(part.clone(), bytes, records));
            self.moves.add(part.clone(), new(part).start);
        }
    }
}
