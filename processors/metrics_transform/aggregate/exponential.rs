//! Exponential histograms as one: their sum.
//!
//! Source of the rule: OTLP data model, "ExponentialHistogram: Merge": the coarser scale counts, two buckets of one scale
//! are one of the next.

use sidelight_proto::views::{BucketsView, ExpHistogramPointView};
use sidelight_proto::wire::Writer;

use super::super::point::{Kind, Point, copy_fields};
use super::of_all;

/// Most buckets that joining makes on one side; the scale becomes coarser until they are enough. Twice what SDKs keep by
/// default, so that joining what they send rarely costs a step.
const MAX_BUCKETS: i64 = 320;

/// The points as one.
pub(super) fn joined(points: &[Point<'_>]) -> Option<Vec<u8>> {
    let views: Vec<ExpHistogramPointView<'_>> = points
        .iter()
        .map(|point| ExpHistogramPointView::new(point))
        .collect();
    let mut out = Writer::with_capacity(points.first()?.len() * 2);
    super::begin(
        &mut out,
        points,
        Kind::ExponentialHistogram,
        |number| !matches!(number, 4..=9 | 11..=13),
    );
    out.fixed64_field(4, total(views.iter().map(ExpHistogramPointView::count)));
    out.fixed64_field(7, total(views.iter().map(ExpHistogramPointView::zero_count)));
    let sums = of_all(
        points,
        |point| ExpHistogramPointView::new(point).sum(),
        |a, b| a + b,
    );
    let min = of_all(points, |point| ExpHistogramPointView::new(point).min(), f64::min);
    let max = of_all(points, |point| ExpHistogramPointView::new(point).max(), f64::max);
    for (number, value) in [(5, sums), (12, min), (13, max)] {
        if let Some(value) = value {
            out.double_field(number, value);
        }
    }
    let sides = [
        (8, side(&views, ExpHistogramPointView::positive)),
        (9, side(&views, ExpHistogramPointView::negative)),
    ];
    let scale = sides
        .iter()
        .fold(coarsest(&views), |scale, (_, side)| side.fitting(scale));
    out.sint32_field(6, scale);
    for (number, side) in sides {
        side.write(&mut out, number, scale);
    }
    for point in points {
        copy_fields(&mut out, point, |field| field.number == 11);
    }
    Some(out.into_bytes())
}

fn total(counts: impl Iterator<Item = u64>) -> u64 {
    counts.fold(0, u64::saturating_add)
}

fn coarsest(views: &[ExpHistogramPointView<'_>]) -> i32 {
    views.iter().map(ExpHistogramPointView::scale).min().unwrap_or(0)
}

/// The buckets of one side of several points: the scale of each, and its buckets.
struct Side<'a>(Vec<(i32, BucketsView<'a>)>);

fn side<'a>(
    views: &[ExpHistogramPointView<'a>],
    of: fn(&ExpHistogramPointView<'a>) -> Option<BucketsView<'a>>,
) -> Side<'a> {
    Side(
        views
            .iter()
            .filter_map(|view| Some((view.scale(), of(view)?)))
            .collect(),
    )
}

impl Side<'_> {
    /// Index at `scale` and count of every bucket that is not empty.
    fn counts(&self, scale: i32) -> impl Iterator<Item = (i64, u64)> {
        self.0.iter().flat_map(move |(own, buckets)| {
            let steps = own.abs_diff(scale).min(63);
            let first = i64::from(buckets.offset());
            buckets
                .bucket_counts()
                .zip(0_i64..)
                .filter(|(count, _)| *count > 0)
                .map(move |(count, nth)| ((first + nth) >> steps, count))
        })
    }

    /// First and last index at `scale`.
    fn range(&self, scale: i32) -> Option<(i64, i64)> {
        self.counts(scale)
            .map(|(index, _)| (index, index))
            .reduce(|range, index| (range.0.min(index.0), range.1.max(index.1)))
    }

    /// The finest scale not beyond `scale` at which there are not too many buckets.
    fn fitting(&self, mut scale: i32) -> i32 {
        let Some((mut first, mut last)) = self.range(scale) else {
            return scale;
        };
        // Each step halves the width, which is below 2^34.
        while last - first >= MAX_BUCKETS {
            (first, last) = (first >> 1, last >> 1);
            scale = scale.saturating_sub(1);
        }
        scale
    }

    fn write(&self, out: &mut Writer, number: u32, scale: i32) {
        let Some((first, last)) = self.range(scale) else {
            return;
        };
        // At most `MAX_BUCKETS`.
        let mut joined = vec![0_u64; usize::try_from(last - first + 1).unwrap_or(0)];
        for (index, count) in self.counts(scale) {
            let place = usize::try_from(index - first).unwrap_or(usize::MAX);
            if let Some(sum) = joined.get_mut(place) {
                *sum = sum.saturating_add(count);
            }
        }
        let buckets = out.begin(number, 1);
        let offset = first.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
        if offset != 0 {
            out.sint32_field(1, offset);
        }
        let counts = out.begin(2, 1);
        joined.iter().for_each(|count| out.varint(*count));
        out.end(counts);
        out.end(buckets);
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn point(scale: i32, offset: i32, counts: &[u64]) -> Point<'static> {
        let mut out = Writer::default();
        out.fixed64_field(4, counts.iter().sum::<u64>() + 1);
        out.sint32_field(6, scale);
        out.fixed64_field(7, 1);
        let buckets = out.begin(8, 1);
        out.sint32_field(1, offset);
        let run = out.begin(2, 1);
        counts.iter().for_each(|count| out.varint(*count));
        out.end(run);
        out.end(buckets);
        Cow::Owned(out.into_bytes())
    }

    fn shown(points: &[Point<'_>]) -> (i32, i32, Vec<u64>) {
        let joined = joined(points).expect("joined");
        let view = ExpHistogramPointView::new(&joined);
        let buckets = view.positive().expect("some");
        assert_eq!(view.zero_count(), points.len() as u64);
        let counted: u64 = buckets.bucket_counts().sum::<u64>() + view.zero_count();
        assert_eq!(view.count(), counted);
        (view.scale(), buckets.offset(), buckets.bucket_counts().collect())
    }

    #[test]
    fn buckets_of_one_scale_are_added_where_they_meet() {
        let points = [point(2, -1, &[1, 2]), point(2, 0, &[10, 20, 30])];
        assert_eq!(shown(&points), (2, -1, vec![1, 12, 20, 30]));
    }

    #[test]
    fn the_finer_scale_becomes_the_coarser() {
        // Two steps: four buckets become one; indexes round down, below zero too.
        let points = [point(0, 0, &[5]), point(2, -3, &[1, 1, 1, 1, 1, 0, 7])];
        assert_eq!(shown(&points), (0, -1, vec![3, 14]));
    }

    #[test]
    fn buckets_far_apart_take_a_coarser_scale_instead_of_memory() {
        let points = [point(20, i32::MIN, &[1]), point(20, i32::MAX, &[1, 1])];
        let (scale, _, counts) = shown(&points);
        assert!(counts.len() as i64 <= MAX_BUCKETS, "{}", counts.len());
        assert_eq!(scale, -4);
    }
}
