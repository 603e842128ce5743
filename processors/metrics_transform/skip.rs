//! What a transformation could not do to a metric: it is counted, said once, and the metric goes on without it.

use std::collections::BTreeSet;

use sidelight_component::BuildContext;
use sidelight_component::metrics::{Counter, Registry};
use tracing::warn;

/// Why something was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Skip {
    /// Quantiles cannot be joined.
    SummaryAggregated,
    /// Of histograms only the sum is known.
    HistogramTakesSum,
    /// The bounds of buckets cannot be turned round.
    NegativeScale,
    /// Metrics to be combined differ in type, unit, temporality, monotonicity or labels.
    Different,
    /// The request would become too large.
    TooLarge,
}

impl Skip {
    /// The label of the counter.
    fn reason(self) -> &'static str {
        match self {
            Skip::SummaryAggregated => "summary_aggregated",
            Skip::HistogramTakesSum => "histogram_takes_sum",
            Skip::NegativeScale => "negative_scale",
            Skip::Different => "different",
            Skip::TooLarge => "too_large",
        }
    }

    fn explained(self) -> &'static str {
        match self {
            Skip::SummaryAggregated => "summaries cannot be aggregated; the operation is left out for them",
            Skip::HistogramTakesSum => {
                "histograms can only be summed up: write `aggregation_type: sum`, or select other metrics"
            }
            Skip::NegativeScale => "histograms and summaries cannot be scaled by a negative factor",
            Skip::Different => {
                "metrics of different type, unit, temporality or labels cannot be combined; they stay as they are"
            }
            Skip::TooLarge => "copies would make the request too large; they are left out",
        }
    }
}

/// Counts what was not done, and says it once per reason.
pub(super) struct Skips {
    processor: String,
    registry: Registry,
    said: BTreeSet<Skip>,
}

impl Skips {
    pub(super) fn new(cx: &BuildContext) -> Self {
        Self {
            processor: cx.id.to_string(),
            registry: cx.metrics.clone(),
            said: BTreeSet::new(),
        }
    }

    pub(super) fn add(&mut self, skip: Skip, metric: &str) {
        self.counter(skip).add(1);
        if self.said.insert(skip) {
            warn!(component = %self.processor, metric, "{}", skip.explained());
        }
    }

    fn counter(&self, skip: Skip) -> Counter {
        let labels = [("processor", self.processor.as_str()), ("reason", skip.reason())];
        self.registry.counter(
            "sidelight_metrics_transform_skipped",
            "Metrics that a transformation was not done to, by reason",
            &labels,
        )
    }
}
