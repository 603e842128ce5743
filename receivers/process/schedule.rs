//! Which metrics are due when: each has an interval of its own.

use std::time::{Duration, Instant};

use super::metrics::Metric;
use crate::sampling::MetricSet;

/// The metrics that are written, with their intervals.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    /// By the metric's number; `None` where it is not written.
    intervals: Vec<Option<Duration>>,
    /// Rounds of each that are over.
    rounds: Vec<Option<u64>>,
    /// Time between two samples: half of it is how far a sample may be off.
    tick: Duration,
    first: Option<Instant>,
}

impl Schedule {
    pub(super) fn new(intervals: Vec<Option<Duration>>, tick: Duration) -> Self {
        Self {
            rounds: vec![None; intervals.len()],
            intervals,
            tick,
            first: None,
        }
    }

    /// All that are written.
    pub(super) fn enabled(&self) -> MetricSet<Metric> {
        MetricSet::of(|number, _| matches!(self.intervals.get(number), Some(Some(_))))
    }

    /// Those that are due now: all in the first sample, then each in its rhythm from there. A round that was missed is
    /// left out.
    pub(super) fn due(&mut self, now: Instant) -> MetricSet<Metric> {
        let first = *self.first.get_or_insert(now);
        let since = (now.saturating_duration_since(first) + self.tick / 2).as_nanos();
        let mut due = vec![false; self.intervals.len()];
        for ((interval, round), due) in self.intervals.iter().zip(&mut self.rounds).zip(&mut due) {
            let Some(interval) = interval else { continue };
            let reached = u64::try_from(since / interval.as_nanos().max(1)).unwrap_or(u64::MAX);
            *due = round.is_none_or(|round| round < reached);
            if *due {
                *round = Some(reached);
            }
        }
        MetricSet::of(|number, _| due.get(number).copied().unwrap_or_default())
    }
}

/// The longest time of which all intervals are multiples.
pub(super) fn common_interval(intervals: impl Iterator<Item = Duration>) -> Duration {
    let common = intervals.map(|interval| interval.as_nanos()).fold(0, divisor);
    Duration::from_nanos(u64::try_from(common).unwrap_or(u64::MAX))
}

/// The greatest common divisor, by Euclid.
fn divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampling::MetricTable;

    const SECOND: Duration = Duration::from_secs(1);

    fn schedule() -> Schedule {
        let mut intervals = vec![None; Metric::METRICS.len()];
        for (metric, seconds) in [
            (Metric::CpuTime, 5),
            (Metric::MemoryVirtual, 10),
            (Metric::Threads, 30),
        ] {
            intervals[metric.number()] = Some(seconds * SECOND);
        }
        Schedule::new(intervals, 5 * SECOND)
    }

    fn due_at(schedule: &mut Schedule, start: Instant, millis: u64) -> [bool; 3] {
        let due = schedule.due(start + Duration::from_millis(millis));
        assert!(!due.contains(Metric::Uptime), "it is not written");
        [Metric::CpuTime, Metric::MemoryVirtual, Metric::Threads].map(|metric| due.contains(metric))
    }

    #[test]
    fn each_metric_keeps_its_rhythm_whatever_the_ticks_are_off() {
        let (mut schedule, start) = (schedule(), Instant::now());
        let all_due = [true; 3];
        for (millis, expected) in [
            (0, all_due),
            (5_010, [true, false, false]),
            (9_995, [true, true, false]),
            (15_000, [true, false, false]),
            (20_003, [true, true, false]),
            (25_000, [true, false, false]),
            (29_990, all_due),
            // Late by three rounds: one sample, and then the old rhythm.
            (46_000, [true, true, false]),
            (50_000, [true, true, false]),
            (55_000, [true, false, false]),
            (60_000, all_due),
        ] {
            assert_eq!(due_at(&mut schedule, start, millis), expected, "{millis}");
        }
    }

    #[test]
    fn the_common_interval_divides_all() {
        for (seconds, expected) in [(&[5, 10, 30][..], 5), (&[10, 15], 5), (&[7], 7), (&[4, 7], 1)] {
            let intervals = seconds.iter().map(|seconds| *seconds * SECOND);
            assert_eq!(common_interval(intervals), expected * SECOND, "{seconds:?}");
        }
    }
}
