//! A set of ordinals.

use std::collections::BTreeMap;
use std::ops::Range;

/// A set of numbers, kept as ranges that neither overlap nor touch.
///
/// Adding costs O(log n) in the number of ranges, and as much again for each range that is swallowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RangeSet {
    /// Start → end.
    ranges: BTreeMap<u64, u64>,
    items: u64,
}

impl RangeSet {
    /// Adds a range; returns how many of its numbers are new.
    pub(crate) fn insert(&mut self, range: Range<u64>) -> u64 {
        if range.is_empty() {
            return 0;
        }
        let Range { mut start, mut end } = range;
        let mut known = 0;
        if let Some((&first, &last)) = self.ranges.range(..=start).next_back()
            && last >= start
        {
            if last >= end {
                return 0;
            }
            known += last - start;
            start = first;
        }
        while let Some((&first, &last)) = self.ranges.range(range.start + 1..=end).next() {
            self.ranges.remove(&first);
            known += last.min(range.end) - first;
            end = end.max(last);
        }
        self.ranges.insert(start, end);
        let new = range.end - range.start - known;
        self.items += new;
        new
    }

    /// The parts of a range that are not in the set, in order.
    pub(crate) fn missing(&self, range: Range<u64>) -> impl Iterator<Item = Range<u64>> {
        let mut at = match self.ranges.range(..=range.start).next_back() {
            Some((_, &end)) => range.start.max(end),
            None => range.start,
        };
        let behind = range.start.saturating_add(1)..range.end.max(range.start.saturating_add(1));
        let mut known = self.ranges.range(behind);
        std::iter::from_fn(move || {
            while at < range.end {
                let (gap_end, next) = match known.next() {
                    Some((&start, &end)) => (start, end),
                    None => (range.end, range.end),
                };
                let gap = at..gap_end;
                at = next.max(at);
                if !gap.is_empty() {
                    return Some(gap);
                }
            }
            None
        })
    }

    /// True where no number of the range is missing.
    pub(crate) fn covers(&self, range: Range<u64>) -> bool {
        self.missing(range).next().is_none()
    }

    /// Takes out what lies below a number.
    pub(crate) fn remove_below(&mut self, below: u64) {
        while let Some(first) = self.ranges.first_entry()
            && *first.key() < below
        {
            let (start, end) = first.remove_entry();
            self.items -= end - start;
            if end > below {
                self.items += end - below;
                self.ranges.insert(below, end);
            }
        }
    }

    pub(crate) fn clear(&mut self) {
        self.ranges.clear();
        self.items = 0;
    }

    /// How many numbers are in the set.
    pub(crate) fn items(&self) -> u64 {
        self.items
    }

    /// How many ranges they are kept as.
    pub(crate) fn len(&self) -> usize {
        self.ranges.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Range<u64>> {
        self.ranges.iter().map(|(&start, &end)| start..end)
    }
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "lists of ranges are meant")]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn set(ranges: &[Range<u64>]) -> RangeSet {
        let mut set = RangeSet::default();
        for range in ranges {
            set.insert(range.clone());
        }
        set
    }

    #[test]
    fn ranges_that_touch_or_overlap_become_one() {
        for (before, added, new, after) in [
            (vec![], 3..5, 2, vec![3..5]),
            (vec![3..5], 5..9, 4, vec![3..9]),
            (vec![3..5], 1..3, 2, vec![1..5]),
            (vec![3..5], 4..4, 0, vec![3..5]),
            (vec![3..5], 3..5, 0, vec![3..5]),
            (vec![3..5, 7..9], 5..7, 2, vec![3..9]),
            (vec![3..5, 7..9], 4..8, 2, vec![3..9]),
            (vec![3..5, 7..9, 11..12], 0..20, 15, vec![0..20]),
            (vec![3..5], 6..7, 1, vec![3..5, 6..7]),
            (
                vec![0..1],
                u64::MAX - 1..u64::MAX,
                1,
                vec![0..1, u64::MAX - 1..u64::MAX],
            ),
        ] {
            let mut of = set(&before);
            assert_eq!(of.insert(added.clone()), new, "{before:?} + {added:?}");
            assert_eq!(of.iter().collect::<Vec<_>>(), after, "{before:?} + {added:?}");
        }
    }

    #[test]
    fn what_is_done_in_order_is_one_range() {
        let mut of = RangeSet::default();
        for number in 0..10_000 {
            of.insert(number..number + 1);
        }
        assert_eq!((of.len(), of.items()), (1, 10_000));
    }

    proptest! {
        #[test]
        fn it_is_a_set(steps in prop::collection::vec((0_u64..60, 0_u64..12, any::<bool>()), 0..60)) {
            let mut of = RangeSet::default();
            let mut model = BTreeSet::new();
            for (start, len, below) in steps {
                let range = start..start + len;
                if below && len == 0 {
                    of.remove_below(start);
                    model.retain(|&number| number >= start);
                }
                let missing: Vec<u64> = of.missing(range.clone()).flatten().collect();
                let missing_in_model: Vec<u64> = range.clone().filter(|number| !model.contains(number)).collect();
                prop_assert_eq!(&missing, &missing_in_model);
                prop_assert_eq!(of.covers(range.clone()), missing.is_empty());
                prop_assert_eq!(of.insert(range.clone()), missing.len() as u64);
                model.extend(range);
                prop_assert_eq!(of.items(), model.len() as u64);
                prop_assert_eq!(of.iter().flatten().collect::<Vec<_>>(), model.iter().copied().collect::<Vec<_>>());
                let ranges: Vec<_> = of.iter().collect();
                prop_assert!(ranges.windows(2).all(|pair| pair[0].end < pair[1].start), "{:?}", ranges);
            }
        }
    }
}
