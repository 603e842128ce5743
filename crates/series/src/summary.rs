//! The state of a summary.

use sidelight_proto::views::SummaryPointView;

use crate::MalformedPoint;

/// Quantiles that one series keeps; a point with more is refused.
pub const MAX_QUANTILES: usize = 100;

/// The last point of a summary. Summaries cannot be added.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SummaryState {
    /// All values.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// Quantile and value, by rising quantile.
    pub quantiles: Box<[(f64, f64)]>,
}

impl SummaryState {
    /// Reads a point.
    ///
    /// # Errors
    /// [`MalformedPoint::TooMany`] where it has more than [`MAX_QUANTILES`].
    pub fn of(point: &SummaryPointView<'_>) -> Result<Self, MalformedPoint> {
        let quantiles = point.quantile_values();
        if { quantiles }.nth(MAX_QUANTILES).is_some() {
            return Err(MalformedPoint::TooMany);
        }
        let mut quantiles: Vec<_> = quantiles.map(|q| (q.quantile(), q.value())).collect();
        quantiles.sort_by(|a, b| a.0.total_cmp(&b.0));
        quantiles.dedup_by(|later, first| later.0.to_bits() == first.0.to_bits());
        Ok(Self {
            count: point.count(),
            sum: point.sum(),
            quantiles: quantiles.into(),
        })
    }

    /// Bytes outside of the value itself.
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&*self.quantiles)
    }
}
