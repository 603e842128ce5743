//! A histogram of durations with 1.6 % resolution from a nanosecond to minutes, in constant memory.

use std::time::Duration;

/// Buckets between two powers of two, as bits.
const SUB_BITS: u32 = 6;
const SUB: u64 = 1 << SUB_BITS;

pub(crate) struct Histogram {
    counts: Vec<u64>,
    total: u64,
    max: Duration,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            counts: vec![0; (64 * SUB) as usize],
            total: 0,
            max: Duration::ZERO,
        }
    }
}

impl Histogram {
    pub(crate) fn record(&mut self, value: Duration) {
        let ns = u64::try_from(value.as_nanos()).unwrap_or(u64::MAX);
        if let Some(count) = self.counts.get_mut(bucket(ns)) {
            *count += 1;
        }
        self.total += 1;
        self.max = self.max.max(value);
    }

    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// The value below which the share `q` (0 to 1) of all values lies, at most 1.6 % too high.
    pub(crate) fn quantile(&self, q: f64) -> Duration {
        let wanted = ((self.total as f64 * q).ceil() as u64).max(1);
        let mut seen = 0;
        for (i, &count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return Duration::from_nanos(upper_bound(i)).min(self.max);
            }
        }
        self.max
    }

    /// Milliseconds at the usual quantiles.
    pub(crate) fn summary(&self) -> serde_json::Value {
        let ms = |d: Duration| (d.as_secs_f64() * 1e6).round() / 1e3;
        serde_json::json!({
            "count": self.total(), "p50": ms(self.quantile(0.5)), "p90": ms(self.quantile(0.9)),
            "p99": ms(self.quantile(0.99)), "p999": ms(self.quantile(0.999)), "max": ms(self.max),
        })
    }
}

fn bucket(ns: u64) -> usize {
    let magnitude = 63 - (ns | SUB).leading_zeros();
    let shift = magnitude - SUB_BITS;
    (u64::from(shift) * SUB + (ns >> shift)) as usize
}

fn upper_bound(bucket: usize) -> u64 {
    let shift = (bucket as u64 / SUB).saturating_sub(1);
    let base = bucket as u64 - shift * SUB;
    ((base + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_the_stated_resolution() {
        let mut h = Histogram::default();
        (1..=10_000u64).for_each(|us| h.record(Duration::from_micros(us)));
        for (q, exact) in [
            (0.5, 5000.0),
            (0.9, 9000.0),
            (0.99, 9900.0),
            (0.999, 9990.0),
            (1.0, 10_000.0),
        ] {
            let us = h.quantile(q).as_secs_f64() * 1e6;
            assert!((exact..=exact * 1.016).contains(&us), "{q}: {us}");
        }
    }

    #[test]
    fn every_value_lies_in_a_bucket_that_reaches_it() {
        for ns in (0..64)
            .map(|b| 1u64 << b)
            .flat_map(|x| [x - 1, x, x + x / 3])
            .chain([u64::MAX / 2])
        {
            let b = bucket(ns);
            assert!(
                upper_bound(b) >= ns && (b == 0 || upper_bound(b - 1) < ns),
                "{ns}"
            );
            assert!(b < (64 * SUB) as usize);
        }
    }

    #[test]
    fn an_empty_histogram_has_no_latency() {
        assert_eq!(Histogram::default().quantile(0.99), Duration::ZERO);
    }
}
