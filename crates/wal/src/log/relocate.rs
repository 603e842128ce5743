//! Moves what is live out of a file: because a sync of it failed, or because little of it is live.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::Log;
use super::append::Size;
use super::state::{Parts, share_of};
use crate::end::{End, Outcome};
use crate::format::{Header, Kind, Name};
use crate::fs::Fs;
use crate::record::NewRecord;
use crate::scan::{BLOCK_BYTES, Payload, Scan, Step, Window};

/// A file of which less than one part in so many is live is emptied.
const LITTLE: u64 = 4;

/// A record that is to move, and which of its items are live.
struct Found {
    header: Header,
    payload: Range<usize>,
    live: Parts,
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
        let mut all = true;
        for (name, synced) in poisoned {
            let moved = self.move_live(name, synced).is_ok();
            if let Some(segment) = self.segments.get_mut(name) {
                segment.to_move = !moved;
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
        loop {
            let found = self.find_live(&mut scan, ordinals_end)?;
            if found.is_empty() {
                return Ok(());
            }
            self.append_again(&scan, &found)?;
            self.write_ends();
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
            let live = self.state.live_in(header.first..header.end());
            if live.is_empty() || header.end() > ordinals_end {
                continue;
            }
            match scan.payload(&frame, window)? {
                Payload::Good(payload) => found.push(Found {
                    header,
                    payload,
                    live,
                }),
                // It stays where it is. Its reader will say that it is lost, if it is not in memory.
                Payload::Damaged => {}
                Payload::OutOfWindow => {
                    scan.back_to(&frame);
                    return Ok(found);
                }
            }
        }
    }

    fn append_again(&mut self, scan: &Scan<'_, F::File>, found: &[Found]) -> io::Result<()> {
        let payloads: Vec<_> = found.iter().map(|found| [scan.bytes(&found.payload)]).collect();
        let group: Vec<_> = payloads
            .iter()
            .zip(found)
            .map(|(payload, found)| NewRecord {
                payload,
                items: found.header.items,
            })
            .collect();
        let size = Size::of(&group)?;
        let times = |index: usize| {
            found
                .get(index)
                .map_or(self.now_ms, |found| found.header.written_ms)
        };
        let times: Vec<_> = (0..found.len()).map(times).collect();
        let written_ms = |index: usize| times.get(index).copied().unwrap_or_default();
        let mut first = self.write_group(&group, size, written_ms, Outcome::Moved)?.start;
        for found in found {
            self.has_moved(found, first);
            first += u64::from(found.header.items);
        }
        Ok(())
    }

    /// The items of a record have the ordinals from `first` on now. Those that had ended stay so.
    fn has_moved(&mut self, found: &Found, first: u64) {
        let Found { header, live, .. } = found;
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
        for (number, part) in (1..).zip(live) {
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
