//! What is known of the items: which have come to their end, and which were given out.

use std::ops::Range;

use smallvec::SmallVec;

use crate::end::{End, Live, Outcome, Totals, share};
use crate::format::{Checkpoint, Header, encode_checkpoint};
use crate::range_set::RangeSet;

/// Ranges of ordinals in order; one, nearly always.
pub(super) type Parts = SmallVec<[Range<u64>; 1]>;

#[derive(Debug, Default)]
pub(super) struct State {
    base: u64,
    next: u64,
    done: RangeSet,
    totals: Totals,
    /// Of what is live: what was read or handed over. Exact.
    given: Live,
    /// The rest. Its bytes and records are exact as long as nothing of it is damaged.
    unread: Live,
    /// Everything before it was read, handed over or has ended.
    expected: u64,
    /// What was handed over though it lies behind that: records that have moved.
    ahead: RangeSet,
}

impl State {
    /// Of a log of which nothing is known before this ordinal.
    pub(super) fn beginning_at(base: u64) -> Self {
        Self {
            base,
            next: base,
            expected: base,
            ..Self::default()
        }
    }

    pub(super) fn at(checkpoint: Checkpoint) -> Self {
        let Checkpoint {
            base,
            next,
            live,
            totals,
            done,
        } = checkpoint;
        Self {
            base,
            next,
            done,
            totals,
            unread: live,
            expected: base,
            ..Self::default()
        }
    }

    pub(super) fn encode(&self, into: &mut Vec<u8>) {
        encode_checkpoint(self.base, self.next, self.live(), &self.totals, &self.done, into);
    }

    pub(super) fn base(&self) -> u64 {
        self.base
    }

    pub(super) fn next(&self) -> u64 {
        self.next
    }

    pub(super) fn live(&self) -> Live {
        let mut live = self.given;
        live.add(self.unread);
        live
    }

    pub(super) fn totals(&self) -> &Totals {
        &self.totals
    }

    pub(super) fn has_unread(&self) -> bool {
        self.unread.items > 0
    }

    pub(super) fn expected(&self) -> u64 {
        self.expected
    }

    /// Gives out the next ordinals, to items that are unread. `None` where there are not so many left.
    pub(super) fn append(&mut self, items: u64, bytes: u64, records: u64) -> Option<Range<u64>> {
        let range = self.next..self.next.checked_add(items)?;
        self.next = range.end;
        self.unread.add(Live {
            items,
            bytes,
            records,
        });
        Some(range)
    }

    /// Something said that this was the next ordinal: what lies between was there and may be missing.
    pub(super) fn reach(&mut self, next: u64) {
        if let Some(items) = next.checked_sub(self.next) {
            self.append(items, 0, 0);
        }
    }

    /// Enters a record that was found. What is known of its ordinals already stays as it is.
    pub(super) fn found(&mut self, record: &Header) {
        self.reach(record.first);
        let (known, items) = (self.next - record.first, u64::from(record.items));
        if let Some(new) = items.checked_sub(known)
            && new > 0
        {
            self.append(new, share(record.payload_len.into(), items, known..items), 1);
        }
    }

    /// These were not read but are known to their owner.
    pub(super) fn hand_over(&mut self, range: Range<u64>, bytes: u64, records: u64) {
        let given = Live {
            items: range.end - range.start,
            bytes,
            records,
        };
        if self.unread.items != given.items {
            self.ahead.insert(range);
        }
        self.become_given(given);
    }

    /// Everything before this ordinal was read or has ended.
    pub(super) fn pass_to(&mut self, ordinal: u64) {
        if ordinal > self.expected {
            self.expected = ordinal;
            self.ahead.remove_below(ordinal);
        }
    }

    /// A record was read: those of its items that are live are its reader's now. Returns their share of its bytes.
    pub(super) fn give(&mut self, record: &Header, live: &Parts) -> u64 {
        let bytes = share_of(record, live);
        let items = live.iter().map(|part| part.end - part.start).sum();
        self.pass_to(record.end());
        self.become_given(Live {
            items,
            bytes,
            records: 1,
        });
        bytes
    }

    /// The items of a range that have not come to their end.
    pub(super) fn live_in(&self, range: Range<u64>) -> Parts {
        let known = range.start.max(self.base)..range.end.min(self.next);
        self.done.missing(known).collect()
    }

    /// Those of them that were neither read nor handed over.
    pub(super) fn unread_in(&self, range: Range<u64>) -> Parts {
        let live = self.live_in(range.start.max(self.expected)..range.end);
        if self.ahead.is_empty() {
            return live;
        }
        live.into_iter()
            .flat_map(|part| self.ahead.missing(part))
            .collect()
    }

    pub(super) fn is_done(&self, range: Range<u64>) -> bool {
        self.done
            .covers(range.start.max(self.base)..range.end.min(self.next))
    }

    /// Items that have come to their end. What ended before or never was is left out; `new` is told the rest.
    pub(super) fn end(&mut self, end: &End, mut new: impl FnMut(End)) {
        if end.items.is_empty() {
            return;
        }
        let all = end.items.end - end.items.start;
        let live = self.live_in(end.items.clone());
        let last = live.len();
        for (number, part) in (1..).zip(live) {
            let of_all = part.start - end.items.start..part.end - end.items.start;
            let ended = End {
                items: part,
                outcome: end.outcome,
                bytes: share(end.bytes, all, of_all),
                records: if number == last { end.records } else { 0 },
            };
            self.enter(&ended);
            new(ended);
        }
    }

    /// `end`: of items that are all live.
    fn enter(&mut self, end: &End) {
        let items = self.done.insert(end.items.clone());
        self.totals.add(end.outcome, items);
        let unread = self.unread_before(&end.items);
        let given = items - unread;
        if given > 0 {
            let bytes = share(end.bytes, items, unread..items);
            self.given.subtract(Live {
                items: given,
                bytes,
                records: end.records,
            });
        }
        if unread > 0 {
            let records = if given == 0 { end.records } else { 0 };
            let bytes = share(end.bytes, items, 0..unread);
            self.no_longer_unread(Live {
                items: unread,
                bytes,
                records,
            });
        }
    }

    /// How many of these were neither read nor handed over when they ended.
    fn unread_before(&self, ended: &Range<u64>) -> u64 {
        let behind = ended.start.max(self.expected)..ended.end;
        self.ahead.missing(behind).map(|part| part.end - part.start).sum()
    }

    fn become_given(&mut self, items: Live) {
        self.given.add(items);
        self.no_longer_unread(items);
    }

    fn no_longer_unread(&mut self, items: Live) {
        self.unread.subtract(items);
        if self.unread.items == 0 {
            self.expected = self.next;
            self.ahead.clear();
        }
    }
}

impl Live {
    fn add(&mut self, more: Self) {
        self.items = self.items.saturating_add(more.items);
        self.bytes = self.bytes.saturating_add(more.bytes);
        self.records = self.records.saturating_add(more.records);
    }

    /// Where no items are left, nothing is: that is where what damaged places made uncertain goes.
    fn subtract(&mut self, less: Self) {
        self.items = self.items.saturating_sub(less.items);
        self.bytes = self.bytes.saturating_sub(less.bytes);
        self.records = self.records.saturating_sub(less.records);
        if self.items == 0 {
            *self = Self::default();
        }
    }
}

/// The share of a record's bytes that some of its items have.
pub(super) fn share_of(record: &Header, parts: &Parts) -> u64 {
    let of = |part: &Range<u64>| {
        let part = part.start.saturating_sub(record.first)..part.end.saturating_sub(record.first);
        share(record.payload_len.into(), record.items.into(), part)
    };
    parts.iter().map(of).sum()
}

/// Ends of some items of a record, which together count as this many records.
pub(super) fn ends_of(
    record: &Header,
    parts: &Parts,
    outcome: Outcome,
    records: u64,
) -> impl Iterator<Item = End> {
    let last = parts.len();
    (1..).zip(parts).map(move |(number, part)| End {
        items: part.clone(),
        outcome,
        bytes: share_of(record, &Parts::from_iter([part.clone()])),
        records: if number == last { records } else { 0 },
    })
}

#[cfg(test)]
mod tests;
