//! Exponential histograms as native histograms: `Histogram` of remote write, whose fields but the last are the same in
//! 1.0 and 2.0.
//!
//! Source of the field numbers: `prometheus/prometheus`, `prompb/types.proto`; of what is a valid histogram: Prometheus'
//! specification of native histograms.

use sidelight_proto::views::{BucketsView, ExpHistogramPointView};
use sidelight_proto::wire::Writer;

use super::{NO_RECORDED_VALUE, STALE, Walk, milliseconds};
use crate::prometheus_remote_write::left_out::Reason;

/// The coarsest and the finest schema that Prometheus takes.
const MIN_SCHEMA: i32 = -4;
const MAX_SCHEMA: i32 = 8;

/// A native histogram needs a zero bucket of some breadth. This is Prometheus' own where the sender gave none.
const DEFAULT_ZERO_THRESHOLD: f64 = 1e-128;

/// So many empty buckets are written between two that hold something rather than beginning another span.
const MAX_BRIDGED: i64 = 2;

impl<'a> Walk<'a> {
    pub(super) fn exponential(&mut self, point: ExpHistogramPointView<'a>) {
        let Some(time) = self.time_of(point.time_unix_nano()) else {
            return;
        };
        let histogram = match Native::of(&point) {
            Ok(histogram) => histogram,
            Err(reason) => return self.left_out.add(reason, 1),
        };
        if !self.point_labels(point.attributes(), 1) {
            return;
        }
        let (family, name) = (self.family(), self.family_name());
        let labels = self.labels.current();
        let series = self.set.series(family, labels, &[(self.metric_name, name)]);
        let start = milliseconds(point.start_time_unix_nano());
        self.set
            .push_native(series, time, start, |writer| histogram.write(writer));
        for exemplar in point.exemplars() {
            self.exemplar(series, exemplar, time);
        }
    }
}

/// A native histogram without its times.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Native {
    count: u64,
    sum: f64,
    schema: i32,
    zero_count: u64,
    zero_threshold: f64,
    positive: Buckets,
    negative: Buckets,
}

/// Runs of buckets, and counts as differences to the bucket before.
#[derive(Debug, Default, PartialEq)]
struct Buckets {
    spans: Vec<Span>,
    deltas: Vec<i64>,
    total: u64,
}

#[derive(Debug, PartialEq)]
struct Span {
    /// Buckets between the end of the run before and this one; for the first its index.
    offset: i32,
    length: u32,
}

impl Native {
    pub(super) fn of(point: &ExpHistogramPointView<'_>) -> Result<Self, Reason> {
        let scale = point.scale();
        if scale < MIN_SCHEMA {
            return Err(Reason::Scale);
        }
        let schema = scale.min(MAX_SCHEMA);
        let zero_threshold = point.zero_threshold();
        let empty = Self {
            schema,
            zero_threshold: if zero_threshold > 0.0 {
                zero_threshold
            } else {
                DEFAULT_ZERO_THRESHOLD
            },
            ..Self::default()
        };
        if point.flags() & NO_RECORDED_VALUE != 0 {
            return Ok(Self {
                count: STALE.to_bits(),
                sum: STALE,
                ..empty
            });
        }
        let coarser_by = scale.abs_diff(schema);
        let side = |buckets| Buckets::of(buckets, coarser_by).ok_or(Reason::Malformed);
        let histogram = Self {
            count: point.count(),
            sum: point.sum().unwrap_or_default(),
            zero_count: point.zero_count(),
            positive: side(point.positive())?,
            negative: side(point.negative())?,
            ..empty
        };
        histogram.is_valid().then_some(histogram).ok_or(Reason::Malformed)
    }

    /// Prometheus refuses a whole request for a histogram whose buckets do not add up to its count. Values that are no
    /// number are in no bucket; then the sum is none either.
    fn is_valid(&self) -> bool {
        let sides = self.positive.total.checked_add(self.negative.total);
        let in_buckets = sides.and_then(|sides| sides.checked_add(self.zero_count));
        in_buckets.is_some_and(|total| total == self.count || (self.sum.is_nan() && total < self.count))
    }

    fn write(&self, writer: &mut Writer) {
        // Of a `oneof`, hence written also where it is 0.
        writer.varint_field(1, self.count);
        writer.double_field(3, self.sum);
        writer.sint32_field(4, self.schema);
        writer.double_field(5, self.zero_threshold);
        writer.varint_field(6, self.zero_count);
        self.negative.write(writer, 8, 9);
        self.positive.write(writer, 11, 12);
    }
}

impl Buckets {
    /// Joins 2^`coarser_by` buckets to one. `None` where there are more values or higher indexes than can be said.
    fn of(buckets: Option<BucketsView<'_>>, coarser_by: u32) -> Option<Self> {
        let mut out = BucketsBuilder::default();
        let Some(buckets) = buckets else {
            return Some(out.buckets);
        };
        // Beyond 62, all indexes are 0 or -1.
        let coarser_by = coarser_by.min(62);
        let mut pending: Option<(i64, u64)> = None;
        for (nth, count) in (0_i64..).zip(buckets.bucket_counts()).filter(|(_, n)| *n > 0) {
            // Prometheus numbers buckets by their upper bound, OpenTelemetry by the lower: one more.
            let index = ((i64::from(buckets.offset()) + nth) >> coarser_by) + 1;
            pending = match pending {
                Some((before, sum)) if before == index => Some((index, sum.checked_add(count)?)),
                Some((before, sum)) => {
                    out.push(before, sum)?;
                    Some((index, count))
                }
                None => Some((index, count)),
            };
        }
        if let Some((index, count)) = pending {
            out.push(index, count)?;
        }
        Some(out.buckets)
    }

    fn write(&self, writer: &mut Writer, spans: u32, deltas: u32) {
        for span in &self.spans {
            let mark = writer.begin(spans, 1);
            writer.sint32_field(1, span.offset);
            writer.varint_field(2, u64::from(span.length));
            writer.end(mark);
        }
        if !self.deltas.is_empty() {
            let mark = writer.begin(deltas, 2);
            for delta in &self.deltas {
                // Zigzag, as `sint64` is written.
                writer.varint(((delta << 1) ^ (delta >> 63)) as u64);
            }
            writer.end(mark);
        }
    }
}

#[derive(Default)]
struct BucketsBuilder {
    buckets: Buckets,
    last_count: i64,
    /// Index behind the last bucket.
    end: Option<i64>,
}

impl BucketsBuilder {
    fn push(&mut self, index: i64, count: u64) -> Option<()> {
        let gap = self.end.map(|end| index - end);
        match (gap, self.buckets.spans.last_mut()) {
            (Some(gap), Some(span)) if gap <= MAX_BRIDGED => {
                span.length = span.length.checked_add(gap as u32 + 1)?;
                (0..gap).for_each(|_| self.push_count(0));
            }
            _ => self.buckets.spans.push(Span {
                offset: i32::try_from(gap.unwrap_or(index)).ok()?,
                length: 1,
            }),
        }
        self.push_count(i64::try_from(count).ok()?);
        self.buckets.total = self.buckets.total.checked_add(count)?;
        self.end = Some(index + 1);
        Some(())
    }

    fn push_count(&mut self, count: i64) {
        self.buckets.deltas.push(count - self.last_count);
        self.last_count = count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sidelight_proto::encode::MetricsEncoder;
    use sidelight_proto::views::{DataView, MetricsView};

    /// What becomes of a point with these positive buckets.
    fn native(scale: i32, offset: i32, counts: &[u64], count: u64, sum: f64) -> Result<Native, Reason> {
        let mut request = MetricsEncoder::with_capacity(64);
        {
            let mut resource = request.resource_metrics();
            let mut scope = resource.scope_metrics();
            let mut metric = scope.metric();
            let mut histogram = metric.exponential_histogram();
            let mut point = histogram.data_point();
            point.scale(scale).count(count).sum(sum);
            let mut positive = point.positive();
            positive.offset(offset).bucket_counts(counts.iter().copied());
        }
        let bytes = request.finish();
        let mut metrics = MetricsView::new(&bytes).resource_metrics();
        let mut scopes = metrics.next().expect("one").scope_metrics();
        let metric = scopes.next().expect("one").metrics().next().expect("one");
        match metric.data() {
            DataView::ExponentialHistogram(histogram) => {
                Native::of(&histogram.data_points().next().expect("one"))
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn buckets_become_spans_and_differences_at_a_scale_that_prometheus_takes() {
        let span = |&(offset, length): &(i32, u32)| Span { offset, length };
        for (scale, offset, counts, schema, spans, deltas) in [
            (0, 3, &[][..], 0, &[][..], &[][..]),
            (0, 3, &[0, 0], 0, &[], &[]),
            (
                0,
                3,
                &[10, 0, 0, 20, 5, 2],
                0,
                &[(4, 6)],
                &[10, -10, 0, 20, -15, -3],
            ),
            (0, 3, &[10, 0, 0, 0, 20], 0, &[(4, 1), (3, 1)], &[10, 10]),
            (-4, -5, &[0, 7], -4, &[(-3, 1)], &[7]),
            // Two buckets are one: -3 and -2, -1 and 0, 1 and 2 by their upper bounds -2, 0, 2 at the finer scale.
            (9, -4, &[1, 2, 3, 4, 5], 8, &[(-1, 3)], &[3, 4, -2]),
            (20, -1, &[1, 1], 8, &[(0, 2)], &[1, 0]),
        ] {
            let count = counts.iter().sum();
            let made = native(scale, offset, counts, count, 1.0).expect("valid");
            let expected: Vec<Span> = spans.iter().map(span).collect();
            assert_eq!(
                (made.schema, &made.positive.spans),
                (schema, &expected),
                "{counts:?}"
            );
            assert_eq!(made.positive.deltas, deltas, "{counts:?}");
        }
    }

    #[test]
    fn what_prometheus_would_refuse_is_left_out() {
        for (scale, offset, counts, count, sum, reason) in [
            (-5, 0, &[1][..], 1, 1.0, Reason::Scale),
            (0, 0, &[1, 2], 4, 1.0, Reason::Malformed),
            (0, 0, &[1, 2], 2, f64::NAN, Reason::Malformed),
            (0, i32::MAX, &[1], 1, 1.0, Reason::Malformed),
            (0, 0, &[u64::MAX, 1], 0, 1.0, Reason::Malformed),
            (9, 0, &[u64::MAX, 1], 0, 1.0, Reason::Malformed),
        ] {
            assert_eq!(
                native(scale, offset, counts, count, sum).err(),
                Some(reason),
                "{counts:?}"
            );
        }
        // Values that are no number are counted and in no bucket.
        assert!(native(0, 0, &[1, 2], 4, f64::NAN).is_ok());
    }

    proptest! {
        #[test]
        fn spans_and_differences_read_back_as_the_buckets_they_were(
            counts in prop::collection::vec(prop_oneof![3 => Just(0_u64), 1 => 0..1_000_u64], 0..200),
            offset in -300..300_i32,
            coarser_by in 0..4_u32,
        ) {
            let scale = MAX_SCHEMA + coarser_by as i32;
            let made = native(scale, offset, &counts, counts.iter().sum(), 0.0).expect("valid");
            let mut expected = std::collections::BTreeMap::new();
            for (nth, count) in (0..).zip(&counts).filter(|(_, count)| **count > 0) {
                *expected.entry(((offset + nth) >> coarser_by) + 1).or_insert(0_i64) += *count as i64;
            }
            let mut read = std::collections::BTreeMap::new();
            let (mut index, mut count, mut deltas) = (0, 0, made.positive.deltas.iter());
            for span in &made.positive.spans {
                index += span.offset;
                for _ in 0..span.length {
                    count += deltas.next().expect("one for each bucket");
                    if count > 0 {
                        read.insert(index, count);
                    }
                    index += 1;
                }
            }
            prop_assert_eq!(read, expected);
        }
    }
}
