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
    live: Live,
    /// Of what is live: what was neither read nor handed over.
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
            live,
            unread: live,
            expected: base,
            ahead: RangeSet::default(),
        }
    }

    pub(super) fn encode(&self, into: &mut Vec<u8>) {
        encode_checkpoint(self.base, self.next, self.live, &self.totals, &self.done, into);
    }

    pub(super) fn base(&self) -> u64 {
        self.base
    }

    pub(super) fn next(&self) -> u64 {
        self.next
    }

    pub(super) fn live(&self) -> Live {
        self.live
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
        for live in [&mut self.live, &mut self.unread] {
            live.items += items;
            live.bytes = live.bytes.saturating_add(bytes);
            live.records = live.records.saturating_add(records);
        }
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
    pub(super) fn hand_over(&mut self, items: Range<u64>, bytes: u64, records: u64) {
        let is_all = self.unread.items == items.end - items.start;
        if !is_all {
            self.ahead.insert(items.clone());
        }
        self.no_longer_unread(items.end - items.start, bytes, records);
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
        self.pass_to(record.end());
        self.no_longer_unread(live.iter().map(|part| part.end - part.start).sum(), bytes, 1);
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
        let unread: u64 = self.unread_before(&end.items);
        self.live.items = self.live.items.saturating_sub(items);
        self.live.bytes = self.live.bytes.saturating_sub(end.bytes);
        self.live.records = self.live.records.saturating_sub(end.records);
        if unread > 0 {
            let records = if unread == items { end.records } else { 0 };
            self.no_longer_unread(unread, share(end.bytes, items, 0..unread), records);
        }
        if self.live.items == 0 {
            self.live = Live::default();
        }
    }

    /// How many of these were neither read nor handed over when they ended.
    fn unread_before(&self, ended: &Range<u64>) -> u64 {
        let behind = ended.start.max(self.expected)..ended.end;
        self.ahead.missing(behind).map(|part| part.end - part.start).sum()
    }

    fn no_longer_unread(&mut self, items: u64, bytes: u64, records: u64) {
        self.unread.items = self.unread.items.saturating_sub(items);
        self.unread.bytes = self.unread.bytes.saturating_sub(bytes);
        self.unread.records = self.unread.records.saturating_sub(records);
        if self.unread.items == 0 {
            self.nothing_is_unread();
        }
    }

    /// What is live is what was given out, of which everything is known: what damaged places made uncertain goes.
    fn nothing_is_unread(&mut self) {
        let rest = std::mem::take(&mut self.unread);
        self.live.bytes = self.live.bytes.saturating_sub(rest.bytes);
        self.live.records = self.live.records.saturating_sub(rest.records);
        self.expected = self.next;
        self.ahead.clear();
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
