//! A family: what its series have in common.

use sidelight_exposition::names::{Kind, unit_words};
use sidelight_exposition::write::{FamilyHead, FamilyType};
use sidelight_proto::views::{AggregationTemporality, DataView, MetricView};
use sidelight_series::{SeriesTable, SharedBounds};

use super::series::Series;

/// One family and its series.
#[derive(Debug)]
pub(in super::super) struct Family {
    help: Box<str>,
    unit: Box<str>,
    family_type: FamilyType,
    pub(in super::super) series: SeriesTable<Series>,
    pub(super) bounds: SharedBounds,
    /// What was said already: each disagreement once.
    reported: Vec<Disagreement>,
}

/// In what a metric differs from the family that its name belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Disagreement {
    /// Its points are refused.
    Type,
    /// The family's is shown.
    Help,
    /// The family's is shown.
    Unit,
    /// Series with the same labels come from two resources; those of the earlier one are refused.
    Labels,
}

/// What a metric says about its family.
#[derive(Clone, Copy, Debug)]
pub(super) struct Described<'a> {
    pub(super) help: &'a str,
    pub(super) unit: &'a str,
    pub(super) family_type: FamilyType,
    /// What its name shows of its type.
    pub(super) kind: Kind,
    /// Its points are to be added up.
    pub(super) is_delta: bool,
}

impl<'a> Described<'a> {
    /// `None` for what has no points, or points of which it is not said what they are relative to.
    pub(super) fn of(metric: &MetricView<'a>) -> Option<Self> {
        let temporality = match metric.data() {
            DataView::Sum(sum) => sum.aggregation_temporality(),
            DataView::Histogram(histogram) => histogram.aggregation_temporality(),
            DataView::ExponentialHistogram(histogram) => histogram.aggregation_temporality(),
            DataView::Gauge(_) | DataView::Summary(_) => AggregationTemporality::Cumulative,
            DataView::Empty => AggregationTemporality::Unspecified,
        };
        if temporality == AggregationTemporality::Unspecified {
            return None;
        }
        let family_type = match metric.data() {
            DataView::Sum(sum) if sum.is_monotonic() => FamilyType::Counter,
            DataView::Histogram(_) | DataView::ExponentialHistogram(_) => FamilyType::Histogram,
            DataView::Summary(_) => FamilyType::Summary,
            DataView::Gauge(_) | DataView::Sum(_) | DataView::Empty => gauge_type(metric),
        };
        Some(Self {
            help: metric.description(),
            unit: metric.unit(),
            family_type,
            kind: Kind::of(metric),
            is_delta: temporality == AggregationTemporality::Delta,
        })
    }

    /// Prometheus knows exemplars of counters and histograms.
    pub(super) fn has_exemplars(&self) -> bool {
        matches!(self.family_type, FamilyType::Counter | FamilyType::Histogram)
    }
}

/// A gauge that was made of a Prometheus metric says what that was.
fn gauge_type(metric: &MetricView<'_>) -> FamilyType {
    let was = metric.metadata().get("prometheus.type");
    match was.and_then(|value| value.as_str()) {
        Some("unknown") => FamilyType::Unknown,
        Some("info") if metric.name().ends_with("_info") => FamilyType::Info,
        _ => FamilyType::Gauge,
    }
}

impl Family {
    pub(super) fn new(described: &Described<'_>, escapes: bool) -> Self {
        Self {
            help: described.help.into(),
            unit: unit_words(described.unit, escapes).into(),
            family_type: described.family_type,
            series: SeriesTable::default(),
            bounds: SharedBounds::default(),
            reported: Vec::new(),
        }
    }

    /// The head on the page.
    pub(in super::super) fn head<'a>(&'a self, name: &'a str) -> FamilyHead<'a> {
        FamilyHead {
            name,
            help: &self.help,
            unit: &self.unit,
            family_type: self.family_type,
        }
    }

    pub(super) fn is_of(&self, family_type: FamilyType) -> bool {
        self.family_type == family_type
    }

    pub(super) fn help(&self) -> &str {
        &self.help
    }

    /// True where the metric's unit is another. Both are compared in words.
    pub(super) fn has_other_unit(&self, described: &Described<'_>, escapes: bool) -> bool {
        *self.unit != *unit_words(described.unit, escapes)
    }

    /// True the first time.
    pub(super) fn is_news(&mut self, disagreement: Disagreement) -> bool {
        let is_news = !self.reported.contains(&disagreement);
        if is_news {
            self.reported.push(disagreement);
        }
        is_news
    }
}
