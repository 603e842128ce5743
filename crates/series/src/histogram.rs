//! The state of a histogram with explicit bounds.

use std::sync::Arc;

use sidelight_proto::views::{Doubles, HistogramPointView};

use crate::MalformedPoint;

/// Bounds that one series keeps; a point with more is refused.
pub const MAX_BOUNDS: usize = 1024;

/// The bounds of the series of one metric: nearly always the same, so they are kept once.
#[derive(Clone, Debug, Default)]
pub struct SharedBounds(Option<Arc<[f64]>>);

impl SharedBounds {
    /// The bounds, shared with the point before where they are the same.
    fn share(&mut self, bounds: Doubles<'_>) -> Result<Arc<[f64]>, MalformedPoint> {
        if let Some(last) = self.0.as_ref().filter(|last| last.iter().copied().eq(bounds)) {
            return Ok(last.clone());
        }
        if bounds.len() > MAX_BOUNDS {
            return Err(MalformedPoint::TooMany);
        }
        let mut bounds: Vec<f64> = bounds.collect();
        // The infinite bound is not named: it would be there twice.
        if !bounds.iter().all(|bound| *bound < f64::INFINITY) || !bounds.is_sorted_by(|a, b| a < b) {
            return Err(MalformedPoint::Bounds);
        }
        bounds.shrink_to_fit();
        let bounds: Arc<[f64]> = bounds.into();
        self.0 = Some(bounds.clone());
        Ok(bounds)
    }
}

/// Counts in buckets since the start.
#[derive(Clone, Debug, PartialEq)]
pub struct HistogramState {
    /// All values.
    pub count: u64,
    /// Their sum, where it is known of all.
    pub sum: Option<f64>,
    /// Upper bounds, rising, without the infinite one.
    pub bounds: Arc<[f64]>,
    /// Values per bucket, one more than bounds; or none.
    pub counts: Box<[u64]>,
}

impl HistogramState {
    /// Reads a point.
    ///
    /// # Errors
    /// [`MalformedPoint`] where bounds do not rise or the counts do not fit them.
    pub fn of(point: &HistogramPointView<'_>, bounds: &mut SharedBounds) -> Result<Self, MalformedPoint> {
        let bounds = bounds.share(point.explicit_bounds())?;
        let counts: Box<[u64]> = point.bucket_counts().collect();
        if counts.len() != bounds.len() + 1 && !(counts.is_empty() && bounds.is_empty()) {
            return Err(MalformedPoint::Counts);
        }
        Ok(Self {
            count: point.count(),
            sum: point.sum(),
            bounds,
            counts,
        })
    }

    /// Adds what was counted since. False where the bounds are others: then nothing was added.
    pub fn add(&mut self, delta: &Self) -> bool {
        if self.bounds != delta.bounds || self.counts.len() != delta.counts.len() {
            return false;
        }
        self.count = self.count.saturating_add(delta.count);
        self.sum = self.sum.zip(delta.sum).map(|(a, b)| a + b);
        for (count, more) in self.counts.iter_mut().zip(&delta.counts) {
            *count = count.saturating_add(*more);
        }
        true
    }

    /// Bytes outside of the value itself, without the bounds, which are shared.
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&*self.counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sidelight_proto::encode::MetricsEncoder;
    use sidelight_proto::views::{DataView, MetricsView};

    fn state(
        bounds: &[f64],
        counts: &[u64],
        sum: Option<f64>,
        shared: &mut SharedBounds,
    ) -> Result<HistogramState, MalformedPoint> {
        let mut request = MetricsEncoder::with_capacity(64);
        {
            let mut resource = request.resource_metrics();
            let mut scope = resource.scope_metrics();
            let mut metric = scope.metric();
            let mut histogram = metric.histogram();
            let mut point = histogram.data_point();
            point
                .count(counts.iter().sum())
                .explicit_bounds(bounds.iter().copied())
                .bucket_counts(counts.iter().copied());
            if let Some(sum) = sum {
                point.sum(sum);
            }
        }
        let bytes = request.finish();
        let metric = MetricsView::new(&bytes)
            .resource_metrics()
            .flat_map(|resource| resource.scope_metrics())
            .flat_map(|scope| scope.metrics())
            .next();
        match metric.expect("one").data() {
            DataView::Histogram(view) => HistogramState::of(&view.data_points().next().expect("one"), shared),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn deltas_add_up_and_bounds_are_kept_once() {
        let mut shared = SharedBounds::default();
        let mut total = state(&[1.0, 2.0], &[1, 0, 2], Some(5.0), &mut shared).expect("good");
        let more = state(&[1.0, 2.0], &[0, 3, 1], Some(7.5), &mut shared).expect("good");
        assert!(total.add(&more));
        assert_eq!(
            (total.count, total.sum, &total.counts[..]),
            (7, Some(12.5), &[1, 3, 3][..])
        );
        assert!(Arc::ptr_eq(&total.bounds, &more.bounds));
        let other = state(&[1.0], &[1, 1], Some(1.0), &mut shared).expect("good");
        assert!(!total.add(&other));
        let without_sum = state(&[1.0, 2.0], &[0, 0, 1], None, &mut shared).expect("good");
        assert!(total.add(&without_sum));
        assert_eq!((total.count, total.sum), (8, None));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let mut shared = SharedBounds::default();
        for (bounds, counts, error) in [
            (&[2.0, 1.0][..], &[0, 0, 0][..], MalformedPoint::Bounds),
            (&[1.0, 1.0], &[0, 0, 0], MalformedPoint::Bounds),
            (&[f64::NAN], &[0, 0], MalformedPoint::Bounds),
            (&[1.0, f64::INFINITY], &[0, 0, 0], MalformedPoint::Bounds),
            (&[1.0], &[0], MalformedPoint::Counts),
            (&[1.0], &[], MalformedPoint::Counts),
        ] {
            assert_eq!(state(bounds, counts, None, &mut shared), Err(error), "{bounds:?}");
        }
        let many: Vec<f64> = (0..=MAX_BOUNDS).map(|n| n as f64).collect();
        assert_eq!(state(&many, &[], None, &mut shared), Err(MalformedPoint::TooMany));
        assert!(state(&[], &[], None, &mut shared).is_ok());
        assert!(state(&[], &[3], None, &mut shared).is_ok());
    }
}
