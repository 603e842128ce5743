//! Exponential histograms as Prometheus' native ones.
//!
//! Source: OpenTelemetry specification, "Prometheus and OpenMetrics Compatibility", section "Exponential Histograms";
//! Prometheus, "Native histograms" specification.

use sidelight_proto::views::{BucketsView, ExpHistogramPointView};

use super::value::STALE_BITS;

/// Coarsest and finest scale of native histograms.
const MIN_SCALE: i32 = -4;
const MAX_SCALE: i32 = 8;

/// What Prometheus takes for zero where a histogram does not say.
const DEFAULT_ZERO_THRESHOLD: f64 = 1e-128;

/// So many empty buckets are written between two that hold something, rather than beginning another span.
const MAX_BRIDGED: i64 = 2;

/// A native histogram with integer counts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NativeHistogram {
    pub(super) count: u64,
    pub(super) sum: f64,
    pub(super) schema: i32,
    pub(super) zero_threshold: f64,
    pub(super) zero_count: u64,
    pub(super) negative: Side,
    pub(super) positive: Side,
}

/// Buckets of one sign.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Side {
    /// Gap to the span before (for the first: index of its first bucket), and length.
    pub(super) spans: Vec<(i32, u32)>,
    /// Counts as differences to the bucket before.
    pub(super) deltas: Vec<i64>,
}

impl NativeHistogram {
    /// `None` where the scale is coarser than native histograms know.
    pub(super) fn new(point: ExpHistogramPointView<'_>) -> Option<Self> {
        let scale = point.scale();
        if scale < MIN_SCALE {
            return None;
        }
        let steps = u32::try_from(scale - MAX_SCALE).unwrap_or(0);
        let stale = point.flags() & 1 != 0;
        Some(Self {
            count: if stale { STALE_BITS } else { point.count() },
            sum: if stale {
                f64::from_bits(STALE_BITS)
            } else {
                point.sum().unwrap_or(0.0)
            },
            schema: scale.min(MAX_SCALE),
            zero_threshold: point.zero_threshold().max(DEFAULT_ZERO_THRESHOLD),
            zero_count: point.zero_count(),
            negative: Side::new(point.negative(), steps),
            positive: Side::new(point.positive(), steps),
        })
    }

    /// Buckets that are written.
    pub(super) fn buckets(&self) -> usize {
        self.negative.deltas.len() + self.positive.deltas.len()
    }
}

impl Side {
    /// Two to the power of `steps` buckets become one.
    fn new(buckets: Option<BucketsView<'_>>, steps: u32) -> Self {
        let Some(buckets) = buckets else {
            return Self::default();
        };
        let steps = steps.min(63);
        let mut side = Self::default();
        let (mut last, mut current): (u64, Option<(i64, u64)>) = (0, None);
        let mut end: Option<i64> = None;
        let first = i64::from(buckets.offset());
        for (count, nth) in buckets
            .bucket_counts()
            .zip(0_i64..)
            .filter(|(count, _)| *count > 0)
        {
            // Prometheus numbers buckets by their upper bound, OpenTelemetry by the lower: one more.
            let index = ((first + nth) >> steps) + 1;
            match &mut current {
                Some((at, sum)) if *at == index => *sum = sum.saturating_add(count),
                _ => {
                    if let Some(done) = current.replace((index, count)) {
                        side.push(done, &mut end, &mut last);
                    }
                }
            }
        }
        if let Some(done) = current {
            side.push(done, &mut end, &mut last);
        }
        side
    }

    fn push(&mut self, (index, count): (i64, u64), end: &mut Option<i64>, last: &mut u64) {
        let gap = end.map(|end| index - end);
        match (gap, self.spans.last_mut()) {
            (Some(gap), Some((_, length))) if gap <= MAX_BRIDGED => {
                *length = length.saturating_add(1 + gap as u32);
                for _ in 0..gap {
                    self.delta(0, last);
                }
            }
            (gap, _) => {
                let offset = i32::try_from(gap.unwrap_or(index)).unwrap_or(i32::MAX);
                self.spans.push((offset, 1));
            }
        }
        self.delta(count, last);
        *end = Some(index + 1);
    }

    fn delta(&mut self, count: u64, last: &mut u64) {
        self.deltas.push(count.wrapping_sub(*last) as i64);
        *last = count;
    }
}

#[cfg(test)]
mod tests {
    use sidelight_proto::wire::Writer;

    use super::*;

    fn side(offset: i32, counts: &[u64], steps: u32) -> (Vec<(i32, u32)>, Vec<i64>) {
        let mut out = Writer::default();
        out.sint32_field(1, offset);
        let run = out.begin(2, 1);
        counts.iter().for_each(|count| out.varint(*count));
        out.end(run);
        let side = Side::new(Some(BucketsView::new(out.as_slice())), steps);
        (side.spans, side.deltas)
    }

    #[test]
    fn buckets_become_spans_and_differences() {
        type Row<'t> = (i32, &'t [u64], u32, &'t [(i32, u32)], &'t [i64]);
        let table: [Row<'_>; 8] = [
            (0, &[], 0, &[], &[]),
            (3, &[0, 0, 0], 0, &[], &[]),
            (3, &[10, 0, 0, 20, 5, 2], 0, &[(4, 6)], &[10, -10, 0, 20, -15, -3]),
            (3, &[10, 0, 0, 0, 20], 0, &[(4, 1), (3, 1)], &[10, 10]),
            (-5, &[0, 7], 0, &[(-3, 1)], &[7]),
            // Pairs: -2 and -1 are one, 0 and 1 the next.
            (-2, &[1, 2, 3, 4, 5], 1, &[(0, 3)], &[3, 4, -2]),
            (-3, &[1, 1, 1], 1, &[(-1, 2)], &[1, 1]),
            (0, &[1, 0, 0, 0, 0, 0, 0, 0, 1], 1, &[(1, 1), (3, 1)], &[1, 0]),
        ];
        for (offset, counts, steps, spans, deltas) in table {
            assert_eq!(
                side(offset, counts, steps),
                (spans.to_vec(), deltas.to_vec()),
                "{offset} {counts:?} {steps}"
            );
        }
    }

    #[test]
    fn scales_are_brought_into_the_range_of_native_histograms() {
        let schema = |scale| {
            let mut out = Writer::default();
            out.sint32_field(6, scale);
            NativeHistogram::new(ExpHistogramPointView::new(out.as_slice())).map(|histogram| histogram.schema)
        };
        for (scale, expected) in [
            (-5, None),
            (-4, Some(-4)),
            (8, Some(8)),
            (20, Some(8)),
            (i32::MIN, None),
        ] {
            assert_eq!(schema(scale), expected, "{scale}");
        }
    }
}
