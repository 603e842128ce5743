//! Where records are that were appended again.

use std::collections::BTreeMap;
use std::ops::Range;

use super::state::{Parts, State};
use crate::end::{End, share};

/// Old ordinals and the new ones of the same items.
///
/// Grows when records move, which is rare. Runs that stay together are one entry; [`Moves::tidy`] forgets what has come to its end.
#[derive(Debug, Default)]
pub(super) struct Moves {
    /// Old start → old end, new start.
    runs: BTreeMap<u64, (u64, u64)>,
}

impl Moves {
    pub(super) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The items of `old` have the ordinals from `new` on now.
    pub(super) fn add(&mut self, old: Range<u64>, new: u64) {
        if let Some((&start, run)) = self.runs.range_mut(..old.start).next_back()
            && run.0 == old.start
            && run.1 + (run.0 - start) == new
        {
            run.0 = old.end;
            return;
        }
        self.runs.insert(old.start, (old.end, new));
    }

    /// Where the items of a range are now; what never moved is where it was.
    pub(super) fn now(&self, items: Range<u64>) -> Parts {
        let (mut now, mut to_do) = (Parts::new(), vec![items]);
        while let Some(range) = to_do.pop() {
            if range.is_empty() {
                continue;
            }
            match self.first_moved(&range) {
                None => now.push(range),
                Some((moved, to)) => {
                    // A stack: what comes first is pushed last. New ordinals are larger than old ones, so this ends.
                    to_do.push(moved.end..range.end);
                    to_do.push(to..to + (moved.end - moved.start));
                    if range.start < moved.start {
                        now.push(range.start..moved.start);
                    }
                }
            }
        }
        now
    }

    /// The first part of a range that has moved, and where to.
    fn first_moved(&self, range: &Range<u64>) -> Option<(Range<u64>, u64)> {
        let before = self
            .runs
            .range(..=range.start)
            .next_back()
            .filter(|(_, run)| run.0 > range.start);
        let (&start, &(end, new)) = before.or_else(|| self.runs.range(range.start..range.end).next())?;
        let moved = start.max(range.start)..end.min(range.end);
        let to = new + (moved.start - start);
        Some((moved, to))
    }

    /// The same end under the ordinals of now.
    pub(super) fn translate(&self, end: &End) -> Vec<End> {
        let all = end.items.end.saturating_sub(end.items.start);
        let parts = self.now(end.items.clone());
        let (last, mut passed) = (parts.len(), 0);
        let mut translated = Vec::with_capacity(last);
        for (number, items) in (1..).zip(parts) {
            let of_all = passed..passed + (items.end - items.start);
            passed = of_all.end;
            let records = if number == last { end.records } else { 0 };
            translated.push(End {
                items,
                outcome: end.outcome,
                bytes: share(end.bytes, all, of_all),
                records,
            });
        }
        translated
    }

    /// Forgets what has ended, and the places between the first and the last of what moved several times.
    pub(super) fn tidy(&mut self, state: &State) {
        if self.is_empty() {
            return;
        }
        let mut tidied = Self::default();
        for (&start, &(end, _)) in &self.runs {
            let mut old = start;
            for new in self.now(start..end) {
                let len = new.end - new.start;
                for live in state.live_in(new.clone()) {
                    let from = old + (live.start - new.start);
                    tidied.add(from..from + (live.end - live.start), live.start);
                }
                old += len;
            }
        }
        *self = tidied;
    }
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "lists of ranges are meant")]
mod tests {
    use super::*;
    use crate::end::Outcome;

    fn moves(runs: &[(Range<u64>, u64)]) -> Moves {
        let mut moves = Moves::default();
        for (old, new) in runs {
            moves.add(old.clone(), *new);
        }
        moves
    }

    #[test]
    fn old_ordinals_lead_to_where_the_items_are() {
        let moves = moves(&[(10..20, 100), (30..40, 110), (105..110, 200)]);
        for (old, now) in [
            (0..10, vec![0..10]),
            (5..15, vec![5..10, 100..105]),
            (12..17, vec![102..105, 200..202]),
            (18..35, vec![203..205, 20..30, 110..115]),
            (40..50, vec![40..50]),
        ] {
            assert_eq!(moves.now(old.clone()).to_vec(), now, "{old:?}");
        }
    }

    #[test]
    fn runs_that_stay_together_are_one_entry() {
        assert_eq!(
            moves(&[(10..20, 100), (20..25, 110), (25..30, 115)]).runs.len(),
            1
        );
        assert_eq!(moves(&[(10..20, 100), (20..25, 111)]).runs.len(), 2);
    }

    #[test]
    fn a_translated_end_has_the_same_bytes_and_records() {
        let moves = moves(&[(10..20, 100), (30..40, 150)]);
        let end = End {
            items: 15..35,
            outcome: Outcome::Delivered,
            bytes: 101,
            records: 1,
        };
        let parts = moves.translate(&end);
        assert_eq!(
            parts.iter().map(|part| part.items.clone()).collect::<Vec<_>>(),
            [105..110, 20..30, 150..155]
        );
        assert_eq!(parts.iter().map(|part| part.bytes).sum::<u64>(), 101);
        assert_eq!(parts.iter().map(|part| part.records).sum::<u64>(), 1);
    }

    #[test]
    fn what_has_ended_is_forgotten_and_detours_are_cut_short() {
        let mut state = State::beginning_at(0);
        state.append(300, 300, 1);
        let mut moves = moves(&[(10..20, 100), (100..110, 200)]);
        let ended = End {
            items: 200..205,
            outcome: Outcome::Delivered,
            bytes: 0,
            records: 0,
        };
        state.end(
            &End {
                items: 0..200,
                ..ended.clone()
            },
            |_| {},
        );
        state.end(&ended, |_| {});
        moves.tidy(&state);
        assert_eq!(moves.now(10..20).to_vec(), [10..15, 205..210]);
        assert_eq!(moves.now(100..110).to_vec(), [100..105, 205..210]);
        state.end(
            &End {
                items: 205..210,
                ..ended
            },
            |_| {},
        );
        moves.tidy(&state);
        assert!(moves.is_empty());
    }
}
