//! A data point: what one scrape said of it, and what the scrapes before left.

use std::ops::Range;
use std::sync::Arc;

/// What a scrape said of a point, bit by bit.
pub(super) mod has {
    /// A value, a count or a native histogram.
    pub(in super::super) const VALUE: u8 = 1;
    /// A sum.
    pub(in super::super) const SUM: u8 = 2;
    /// Nothing new: the target gave it the time that it had before.
    pub(in super::super) const UNCHANGED: u8 = 4;
    /// A time before the last one, or in the future: it is left out.
    pub(in super::super) const REFUSED: u8 = 8;
}

/// Most buckets or quantiles of one point; Prometheus' libraries have a dozen.
pub(super) const MAX_BOUNDS: usize = 4096;

/// A bucket of a histogram or a quantile of a summary.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    /// Upper bound, or quantile.
    pub(super) bound: f64,
    /// Cumulative count, or value.
    pub(super) value: f64,
    /// The scrape that gave the value.
    pub(super) seen: u32,
}

/// A data point of one metric.
#[derive(Debug)]
pub(super) struct Point {
    /// Its attributes as they stand in the message.
    pub(super) attributes: Arc<[u8]>,
    pub(super) metric: u32,
    /// The scrape that the fields up to `native` belong to.
    pub(super) begun: u32,
    /// See [`mod@has`].
    pub(super) has: u8,
    /// The target gave it its time.
    pub(super) own_time: bool,
    /// Unix nanoseconds.
    pub(super) time: u64,
    /// Start that the target gave, in Unix nanoseconds; 0 for none.
    pub(super) created: u64,
    /// The value, or the count.
    pub(super) value: f64,
    pub(super) sum: f64,
    /// The first exemplar and 1; 0 for none.
    pub(super) exemplars: u32,
    /// The fields of a native histogram, in the state's scratch.
    pub(super) native: Range<usize>,
    /// Buckets or quantiles in the order in which they came first.
    pub(super) bounds: Vec<Bound>,
    /// The bounds rise.
    pub(super) rising: bool,
    /// Start that is written, in Unix nanoseconds; 0 before the first time.
    pub(super) start: u64,
    /// What was written last.
    pub(super) last_value: f64,
    /// When that was, in Unix nanoseconds; 0 before the first time.
    pub(super) last_time: u64,
    /// A value was written last, and not the mark of its end.
    pub(super) is_live: bool,
}

impl Point {
    pub(super) fn new(metric: u32, attributes: Arc<[u8]>) -> Self {
        Self {
            attributes,
            metric,
            begun: 0,
            has: 0,
            own_time: false,
            time: 0,
            created: 0,
            value: 0.0,
            sum: 0.0,
            exemplars: 0,
            native: 0..0,
            bounds: Vec::new(),
            rising: true,
            start: 0,
            last_value: 0.0,
            last_time: 0,
            is_live: false,
        }
    }

    /// Forgets what the last scrape said.
    pub(super) fn begin(&mut self, scrape: u32, time: u64, own_time: bool) {
        self.begun = scrape;
        self.has = 0;
        self.own_time = own_time;
        self.time = time;
        self.created = 0;
        self.exemplars = 0;
        self.native = 0..0;
    }

    /// The number of the bucket or quantile with this bound, which is new where it was not there; `None` where there are
    /// [`MAX_BOUNDS`].
    pub(super) fn bound(&mut self, bound: f64) -> Option<u32> {
        let same = |other: &Bound| other.bound.total_cmp(&bound).is_eq();
        if let Some(at) = self.bounds.iter().position(same) {
            return Some(at as u32);
        }
        if self.bounds.len() >= MAX_BOUNDS {
            return None;
        }
        self.rising &= self.bounds.last().is_none_or(|last| last.bound < bound);
        self.bounds.push(Bound {
            bound,
            value: 0.0,
            seen: 0,
        });
        Some(self.bounds.len() as u32 - 1)
    }

    /// Start of what the value covers: what the target says; else when it was first seen; after a reset, the last time
    /// before it.
    pub(super) fn settle_start(&mut self) {
        if self.created != 0 {
            self.start = self.created.min(self.time);
        } else if self.start == 0 {
            self.start = self.time;
        } else if self.value < self.last_value {
            self.start = self.last_time;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: u64, value: f64, created: u64, point: &mut Point) -> u64 {
        point.begin(1, time, false);
        (point.value, point.created) = (value, created);
        point.settle_start();
        (point.last_value, point.last_time) = (point.value, point.time);
        point.start
    }

    #[test]
    fn a_counter_starts_when_first_seen_and_again_where_it_was_reset() {
        let mut point = Point::new(0, Arc::from([]));
        assert_eq!(at(10, 5.0, 0, &mut point), 10);
        assert_eq!(at(20, 7.0, 0, &mut point), 10);
        assert_eq!(at(30, 1.0, 0, &mut point), 20);
        assert_eq!(at(40, 1.0, 35, &mut point), 35);
        assert_eq!(at(50, 2.0, 99, &mut point), 50, "not after its own time");
    }

    #[test]
    fn bounds_keep_their_numbers_in_whatever_order_they_come() {
        let mut point = Point::new(0, Arc::from([]));
        assert_eq!(
            [1.0, 2.0, 1.0].map(|bound| point.bound(bound)),
            [Some(0), Some(1), Some(0)]
        );
        assert!(point.rising);
        assert_eq!(point.bound(0.5), Some(2));
        assert!(!point.rising);
        let many = (0..MAX_BOUNDS)
            .filter_map(|number| point.bound(number as f64))
            .count();
        assert_eq!(
            (point.bounds.len(), many),
            (MAX_BOUNDS, MAX_BOUNDS - 1),
            "0.5 is there besides"
        );
    }
}
