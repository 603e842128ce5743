use super::{
    Attributes, ExpHistogramPointView, HistogramPointView, NumberPointView, Repeated, ResourceView,
    ScopeView, SummaryPointView, view,
};
use crate::wire::{Fields, Value};

view! {
    /// A metrics request (`ExportMetricsServiceRequest`).
    MetricsView {
        /// Metrics by resource.
        resource_metrics: repeated(1) -> Repeated<'a, ResourceMetricsView<'a>>,
    }
}

view! {
    /// Metrics of one resource.
    ResourceMetricsView {
        /// The resource; reads as empty when absent.
        resource: message(1) -> ResourceView<'a>,
        /// Metrics by scope.
        scope_metrics: repeated(2) -> Repeated<'a, ScopeMetricsView<'a>>,
        /// Schema of the resource's attributes.
        schema_url: text(3) -> &'a str,
    }
}

view! {
    /// Metrics of one scope.
    ScopeMetricsView {
        /// The scope; reads as empty when absent.
        scope: message(1) -> ScopeView<'a>,
        /// The metrics.
        metrics: repeated(2) -> Repeated<'a, MetricView<'a>>,
        /// Schema of the points' attributes.
        schema_url: text(3) -> &'a str,
    }
}

view! {
    /// One metric with its data points.
    MetricView {
        /// Its name.
        name: text(1) -> &'a str,
        /// What it measures.
        description: text(2) -> &'a str,
        /// Its unit, in UCUM.
        unit: text(3) -> &'a str,
        /// What describes the metric rather than a point.
        metadata: repeated(12) -> Attributes<'a>,
    }
}

/// The points of a metric, by type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DataView<'a> {
    /// No data, or of a type that is not known.
    #[default]
    Empty,
    /// Values as they are at a moment.
    Gauge(GaugeView<'a>),
    /// Values that add up.
    Sum(SumView<'a>),
    /// Counts in buckets with explicit bounds.
    Histogram(HistogramView<'a>),
    /// Counts in buckets with exponential bounds.
    ExponentialHistogram(ExpHistogramView<'a>),
    /// Quantiles computed by the source.
    Summary(SummaryView<'a>),
}

impl<'a> MetricView<'a> {
    /// The points. Of several types the last counts; admitted bytes hold one.
    pub fn data(&self) -> DataView<'a> {
        let mut found = DataView::Empty;
        for field in Fields::new(self.0) {
            let Value::Len(content) = field.value else {
                continue;
            };
            found = match field.number {
                5 => DataView::Gauge(GaugeView::new(content)),
                7 => DataView::Sum(SumView::new(content)),
                9 => DataView::Histogram(HistogramView::new(content)),
                10 => DataView::ExponentialHistogram(ExpHistogramView::new(content)),
                11 => DataView::Summary(SummaryView::new(content)),
                _ => found,
            };
        }
        found
    }

    /// Number of its data points.
    pub fn data_points(&self) -> usize {
        crate::validate::data_points(self.0)
    }
}

/// What a point's value is relative to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AggregationTemporality {
    /// Not said, or not known.
    #[default]
    Unspecified,
    /// To the previous point.
    Delta,
    /// To the start time.
    Cumulative,
}

impl From<i32> for AggregationTemporality {
    fn from(number: i32) -> Self {
        match number {
            1 => AggregationTemporality::Delta,
            2 => AggregationTemporality::Cumulative,
            _ => AggregationTemporality::Unspecified,
        }
    }
}

view! {
    /// Points of a gauge.
    GaugeView {
        /// The points.
        data_points: repeated(1) -> Repeated<'a, NumberPointView<'a>>,
    }
}

view! {
    /// Points of a sum.
    SumView {
        /// The points.
        data_points: repeated(1) -> Repeated<'a, NumberPointView<'a>>,
        /// `AggregationTemporality` as a number.
        aggregation_temporality_number: int32(2) -> i32,
        /// Whether it never decreases.
        is_monotonic: boolean(3) -> bool,
    }
}

view! {
    /// Points of a histogram.
    HistogramView {
        /// The points.
        data_points: repeated(1) -> Repeated<'a, HistogramPointView<'a>>,
        /// `AggregationTemporality` as a number.
        aggregation_temporality_number: int32(2) -> i32,
    }
}

view! {
    /// Points of an exponential histogram.
    ExpHistogramView {
        /// The points.
        data_points: repeated(1) -> Repeated<'a, ExpHistogramPointView<'a>>,
        /// `AggregationTemporality` as a number.
        aggregation_temporality_number: int32(2) -> i32,
    }
}

view! {
    /// Points of a summary.
    SummaryView {
        /// The points.
        data_points: repeated(1) -> Repeated<'a, SummaryPointView<'a>>,
    }
}

impl SumView<'_> {
    /// What its points are relative to.
    pub fn aggregation_temporality(&self) -> AggregationTemporality {
        self.aggregation_temporality_number().into()
    }
}

impl HistogramView<'_> {
    /// What its points are relative to.
    pub fn aggregation_temporality(&self) -> AggregationTemporality {
        self.aggregation_temporality_number().into()
    }
}

impl ExpHistogramView<'_> {
    /// What its points are relative to.
    pub fn aggregation_temporality(&self) -> AggregationTemporality {
        self.aggregation_temporality_number().into()
    }
}
