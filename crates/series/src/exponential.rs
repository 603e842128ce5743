//! The state of an exponential histogram.
//!
//! Source: OpenTelemetry metrics data model, "ExponentialHistogram": a scale of one less joins two neighbouring buckets,
//! so histograms of different scales are added at the coarser one.

use sidelight_proto::views::{BucketsView, ExpHistogramPointView};

use crate::MalformedPoint;

/// Buckets on each side of zero that one series keeps, as many as SDKs use by default; a point with more is made coarser.
pub const MAX_BUCKETS: usize = 160;
/// The finest scale that is kept; Prometheus takes no finer one.
pub const MAX_SCALE: i32 = 8;
/// The coarsest scale; a point of a coarser one is refused.
pub const MIN_SCALE: i32 = -4;

/// Consecutive buckets: bucket `i` holds what is greater than `base^i`, up to `base^(i+1)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExponentialBuckets {
    /// Index of the first bucket.
    pub offset: i32,
    /// Values per bucket; neither the first nor the last is empty.
    pub counts: Vec<u64>,
}

/// Counts in exponential buckets since the start.
#[derive(Clone, Debug, PartialEq)]
pub struct ExponentialState {
    /// All values.
    pub count: u64,
    /// Their sum, where it is known of all.
    pub sum: Option<f64>,
    /// The base of the bounds is 2^(2^-scale).
    pub scale: i32,
    /// Values that count as zero.
    pub zero_count: u64,
    /// Values up to this count as zero.
    pub zero_threshold: f64,
    /// Positive values.
    pub positive: ExponentialBuckets,
    /// Negative values, by their absolute value.
    pub negative: ExponentialBuckets,
}

impl ExponentialState {
    /// Reads a point, at a scale at which it has no more than [`MAX_BUCKETS`] on each side.
    ///
    /// # Errors
    /// [`MalformedPoint::Scale`] where that is coarser than [`MIN_SCALE`].
    pub fn of(point: &ExpHistogramPointView<'_>) -> Result<Self, MalformedPoint> {
        let scale = point.scale();
        if scale < MIN_SCALE {
            return Err(MalformedPoint::Scale);
        }
        let sides = [point.positive(), point.negative()].map(Side::of);
        let by = sides
            .iter()
            .map(Side::needed_shift)
            .fold(scale.saturating_sub(MAX_SCALE).max(0), i32::max);
        let coarse = scale.saturating_sub(by);
        if coarse < MIN_SCALE {
            return Err(MalformedPoint::TooMany);
        }
        let [positive, negative] = sides.map(|side| side.buckets(by));
        Ok(Self {
            count: point.count(),
            sum: point.sum(),
            scale: coarse,
            zero_count: point.zero_count(),
            zero_threshold: point.zero_threshold().max(0.0),
            positive,
            negative,
        })
    }

    /// Adds what was counted since, at the coarser of both scales and one at which both fit. False where there is none:
    /// then nothing was added.
    pub fn add(&mut self, delta: &Self) -> bool {
        let mut scale = self.scale.min(delta.scale);
        loop {
            let (ours, theirs) = (self.scale - scale, delta.scale - scale);
            let fits = |a: &ExponentialBuckets, b: &ExponentialBuckets| {
                joined_len(a.range(ours), b.range(theirs)) <= MAX_BUCKETS as i64
            };
            if fits(&self.positive, &delta.positive) && fits(&self.negative, &delta.negative) {
                break;
            }
            if scale == MIN_SCALE {
                return false;
            }
            scale -= 1;
        }
        let (ours, theirs) = (self.scale - scale, delta.scale - scale);
        self.positive = self.positive.joined(ours, &delta.positive, theirs);
        self.negative = self.negative.joined(ours, &delta.negative, theirs);
        self.scale = scale;
        self.count = self.count.saturating_add(delta.count);
        self.sum = self.sum.zip(delta.sum).map(|(a, b)| a + b);
        self.zero_count = self.zero_count.saturating_add(delta.zero_count);
        self.zero_threshold = self.zero_threshold.max(delta.zero_threshold);
        true
    }

    /// Bytes outside of the value itself.
    pub fn heap_bytes(&self) -> usize {
        (self.positive.counts.capacity() + self.negative.counts.capacity()) * size_of::<u64>()
    }
}

/// First and last index of what is not empty.
type Range = Option<(i64, i64)>;

fn joined_len(a: Range, b: Range) -> i64 {
    match (a, b) {
        (Some(a), Some(b)) => a.1.max(b.1) - a.0.min(b.0) + 1,
        (Some(one), None) | (None, Some(one)) => one.1 - one.0 + 1,
        (None, None) => 0,
    }
}

impl ExponentialBuckets {
    /// The range it has at a scale that is coarser by so much.
    fn range(&self, by: i32) -> Range {
        let first = i64::from(self.offset);
        let last = first + self.counts.len() as i64 - 1;
        (!self.counts.is_empty()).then_some((first >> by, last >> by))
    }

    fn joined(&self, by: i32, other: &Self, other_by: i32) -> Self {
        let mut out = Self::with_range(self.range(by), other.range(other_by));
        out.take_in(self.indexed(), by);
        out.take_in(other.indexed(), other_by);
        out
    }

    fn indexed(&self) -> impl Iterator<Item = (i64, u64)> {
        (i64::from(self.offset)..).zip(self.counts.iter().copied())
    }

    /// Empty buckets that both ranges have room in, which is checked to be few.
    fn with_range(a: Range, b: Range) -> Self {
        let first = [a, b]
            .into_iter()
            .flatten()
            .map(|range| range.0)
            .min()
            .unwrap_or(0);
        let length = usize::try_from(joined_len(a, b)).unwrap_or(0).min(MAX_BUCKETS);
        Self {
            offset: i32::try_from(first).unwrap_or(0),
            counts: vec![0; length],
        }
    }

    fn take_in(&mut self, buckets: impl Iterator<Item = (i64, u64)>, by: i32) {
        for (index, count) in buckets {
            let at = (index >> by) - i64::from(self.offset);
            if let Some(slot) = usize::try_from(at).ok().and_then(|at| self.counts.get_mut(at)) {
                *slot = slot.saturating_add(count);
            }
        }
    }
}

/// One side of a point as it came: any number of buckets, read without keeping them.
struct Side<'a> {
    buckets: Option<BucketsView<'a>>,
    range: Range,
}

impl<'a> Side<'a> {
    fn of(buckets: Option<BucketsView<'a>>) -> Self {
        let mut side = Self { buckets, range: None };
        for (index, _) in side.indexed() {
            side.range = Some((side.range.map_or(index, |range| range.0), index));
        }
        side
    }

    /// What is not empty.
    fn indexed(&self) -> impl Iterator<Item = (i64, u64)> + use<'a> {
        let offset = self.buckets.map_or(0, |buckets| i64::from(buckets.offset()));
        let counts = self
            .buckets
            .into_iter()
            .flat_map(|buckets| buckets.bucket_counts());
        (offset..).zip(counts).filter(|(_, count)| *count > 0)
    }

    /// How much coarser it must be to be kept.
    fn needed_shift(&self) -> i32 {
        let Some((first, last)) = self.range else {
            return 0;
        };
        (0..i64::BITS as i32)
            .find(|by| (last >> by) - (first >> by) < MAX_BUCKETS as i64)
            .unwrap_or(0)
    }

    fn buckets(&self, by: i32) -> ExponentialBuckets {
        let by = by.clamp(0, 62);
        let range = self.range.map(|(first, last)| (first >> by, last >> by));
        let mut buckets = ExponentialBuckets::with_range(range, None);
        buckets.take_in(self.indexed(), by);
        buckets
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sidelight_proto::encode::MetricsEncoder;
    use sidelight_proto::views::{DataView, MetricsView};

    fn state(scale: i32, offset: i32, counts: &[u64]) -> Result<ExponentialState, MalformedPoint> {
        let mut request = MetricsEncoder::with_capacity(64);
        {
            let mut resource = request.resource_metrics();
            let mut scope = resource.scope_metrics();
            let mut metric = scope.metric();
            let mut histogram = metric.exponential_histogram();
            let mut point = histogram.data_point();
            point.count(counts.iter().sum()).sum(1.0).scale(scale);
            point
                .positive()
                .offset(offset)
                .bucket_counts(counts.iter().copied());
        }
        let bytes = request.finish();
        let metric = MetricsView::new(&bytes)
            .resource_metrics()
            .flat_map(|resource| resource.scope_metrics())
            .flat_map(|scope| scope.metrics())
            .next();
        match metric.expect("one").data() {
            DataView::ExponentialHistogram(view) => {
                ExponentialState::of(&view.data_points().next().expect("one"))
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_coarser_scale_joins_neighbours() {
        let mut total = state(1, -1, &[1, 2, 3, 4]).expect("good");
        assert!(total.add(&state(0, 5, &[7]).expect("good")));
        // At scale 1 the buckets -1, 0, 1, 2; at scale 0 the buckets -1, 0, 0, 1.
        assert_eq!((total.scale, total.positive.offset), (0, -1));
        assert_eq!(total.positive.counts, [1, 5, 4, 0, 0, 0, 7]);
        assert_eq!((total.count, total.sum), (17, Some(2.0)));
    }

    #[test]
    fn points_are_made_as_coarse_as_they_have_to_be_and_no_coarser() {
        let wide = state(3, 0, &[1; 200]).expect("good");
        assert_eq!((wide.scale, wide.positive.counts.len()), (2, 100));
        let fine = state(20, 1 << 20, &[1, 1]).expect("good");
        assert_eq!((fine.scale, fine.positive.offset), (MAX_SCALE, 1 << 8));
        assert_eq!(fine.positive.counts, [2]);
        let padded = state(0, -3, &[0, 0, 5, 0]).expect("good");
        assert_eq!(
            (padded.positive.offset, &padded.positive.counts[..]),
            (-1, &[5][..])
        );
        assert_eq!(state(-5, 0, &[1]), Err(MalformedPoint::Scale));
        assert_eq!(state(-4, 0, &[1; 300]), Err(MalformedPoint::TooMany));
        assert!(state(i32::MAX, i32::MAX, &[1]).is_ok());
    }

    proptest! {
        #[test]
        fn adding_loses_no_value(
            points in prop::collection::vec(
                (0..9_i32, -300..300_i32, prop::collection::vec(0..9_u64, 0..200)), 1..5
            ),
        ) {
            let states: Vec<_> = points.iter().map(|(scale, offset, counts)| state(*scale, *offset, counts)).collect();
            let mut total = state(MAX_SCALE, 0, &[]).expect("good");
            let mut expected = 0;
            for state in states.into_iter().flatten() {
                if total.add(&state) {
                    expected += state.count;
                }
            }
            prop_assert_eq!(total.positive.counts.iter().sum::<u64>(), expected);
            prop_assert_eq!(total.count, expected);
            prop_assert!(total.positive.counts.len() <= MAX_BUCKETS);
        }
    }
}
