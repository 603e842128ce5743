//! Histograms with explicit bounds as one: their sum.

use sidelight_proto::views::HistogramPointView;
use sidelight_proto::wire::Writer;

use super::super::point::{Kind, Point, copy_fields};
use super::of_all;

/// The points as one. Where their bounds differ, the bounds that all have stay: counts are then exact, the buckets
/// coarser. A sum, least or greatest that one of them lacks is left out.
pub(super) fn joined(points: &[Point<'_>]) -> Option<Vec<u8>> {
    let views: Vec<HistogramPointView<'_>> = points
        .iter()
        .map(|point| HistogramPointView::new(point))
        .collect();
    let mut out = Writer::with_capacity(points.first()?.len() * 2);
    super::begin(&mut out, points, Kind::Histogram, |number| {
        !matches!(number, 4..=8 | 11 | 12)
    });
    let count = views
        .iter()
        .fold(0_u64, |sum, view| sum.saturating_add(view.count()));
    out.fixed64_field(4, count);
    let sums = of_all(points, |point| HistogramPointView::new(point).sum(), |a, b| a + b);
    let min = of_all(points, |point| HistogramPointView::new(point).min(), f64::min);
    let max = of_all(points, |point| HistogramPointView::new(point).max(), f64::max);
    for (number, value) in [(5, sums), (11, min), (12, max)] {
        if let Some(value) = value {
            out.double_field(number, value);
        }
    }
    write_buckets(&mut out, &views);
    for point in points {
        copy_fields(&mut out, point, |field| field.number == 8);
    }
    Some(out.into_bytes())
}

fn write_buckets(out: &mut Writer, views: &[HistogramPointView<'_>]) {
    if views.iter().any(|view| view.bucket_counts().len() == 0) {
        return;
    }
    let bounds = common_bounds(views);
    let mut counts = vec![0_u64; bounds.len() + 1];
    for view in views {
        let uppers = view.explicit_bounds().chain([f64::INFINITY]);
        for (count, upper) in view.bucket_counts().zip(uppers) {
            let bucket = bounds.partition_point(|bound| *bound < upper);
            if let Some(sum) = counts.get_mut(bucket) {
                *sum = sum.saturating_add(count);
            }
        }
    }
    out.len_header(6, counts.len() * 8);
    counts.iter().for_each(|count| out.raw(&count.to_le_bytes()));
    if !bounds.is_empty() {
        out.len_header(7, bounds.len() * 8);
        bounds.iter().for_each(|bound| out.raw(&bound.to_le_bytes()));
    }
}

/// The bounds that all have. Bounds rise, as OTLP demands; those that do not are none that others have.
fn common_bounds(views: &[HistogramPointView<'_>]) -> Vec<f64> {
    let Some((first, others)) = views.split_first() else {
        return Vec::new();
    };
    let mut common: Vec<f64> = first.explicit_bounds().collect();
    for other in others {
        let mut theirs = other.explicit_bounds().peekable();
        common.retain(|bound| {
            while theirs.next_if(|their| their < bound).is_some() {}
            theirs.next_if(|their| their == bound).is_some()
        });
    }
    common
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn point(bounds: &[f64], counts: &[u64], sum: f64) -> Point<'static> {
        let mut out = Writer::default();
        out.fixed64_field(2, 100 - counts.len() as u64);
        out.fixed64_field(4, counts.iter().sum());
        out.double_field(5, sum);
        out.len_header(6, counts.len() * 8);
        counts.iter().for_each(|count| out.raw(&count.to_le_bytes()));
        out.len_header(7, bounds.len() * 8);
        bounds.iter().for_each(|bound| out.raw(&bound.to_le_bytes()));
        Cow::Owned(out.into_bytes())
    }

    #[test]
    fn bounds_that_differ_become_those_that_all_have() {
        let points = [
            point(&[1.0, 2.0, 5.0], &[1, 2, 3, 4], 10.0),
            point(&[2.0, 3.0, 5.0, 9.0], &[1, 1, 1, 1, 1], 5.0),
        ];
        let joined = joined(&points).expect("joined");
        let view = HistogramPointView::new(&joined);
        assert_eq!(view.explicit_bounds().collect::<Vec<_>>(), [2.0, 5.0]);
        assert_eq!(view.bucket_counts().collect::<Vec<_>>(), [4, 5, 6]);
        assert_eq!((view.count(), view.sum()), (15, Some(15.0)));
        assert_eq!((view.start_time_unix_nano(), view.min()), (95, None));
    }

    #[test]
    fn a_histogram_without_buckets_leaves_a_count_and_a_sum() {
        let mut bare = Writer::default();
        bare.fixed64_field(4, 2);
        bare.double_field(5, 1.0);
        let points = [point(&[1.0], &[1, 1], 3.0), Cow::Owned(bare.into_bytes())];
        let joined = joined(&points).expect("joined");
        let view = HistogramPointView::new(&joined);
        assert_eq!(
            (view.count(), view.sum(), view.bucket_counts().len()),
            (4, Some(4.0), 0)
        );
    }
}
