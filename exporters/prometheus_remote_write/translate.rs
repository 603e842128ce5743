//! OTLP metrics as series.
//!
//! Source: OpenTelemetry specification, "Prometheus and OpenMetrics Compatibility"; where it leaves a choice, what
//! Prometheus makes of the same data at its OTLP receiver.

use std::collections::BTreeMap;

use sidelight_exposition::names::{
    IDENTIFYING, Kind, MetricNamer, Target, TranslationStrategy, label_name, scope_label_name, unit_words,
};
use sidelight_proto::views::{
    AggregationTemporality, Attributes, DataView, MetricView, MetricsView, ResourceMetricsView, ResourceView,
    ScopeMetricsView,
};

use super::dropped::{Dropped, Reason};
use super::labels::Labels;
use super::points::Points;
use super::series::{Family, FamilyType, Sample, SeriesSet};

/// How names and labels are made.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) strategy: TranslationStrategy,
    pub(super) namer: MetricNamer,
    /// `target_info` with the namespace.
    pub(super) target_info: Option<String>,
    /// Attributes of the resource become labels of every series.
    pub(super) resource_labels: bool,
    /// But not those that are in `job` and `instance`.
    pub(super) without_service: bool,
    pub(super) scope_labels: bool,
    /// Under the names that the strategy gives them.
    pub(super) external_labels: BTreeMap<String, String>,
}

/// The series of a request.
#[derive(Debug, Default)]
pub(super) struct Translated {
    pub(super) series: SeriesSet,
    pub(super) dropped: Dropped,
    /// There would be more than `max_size`; the rest was not looked at.
    pub(super) is_too_large: bool,
}

impl Rules {
    /// Translates a request. Stops where the series take more than `max_size` bytes.
    pub(super) fn translate(&self, request: MetricsView<'_>, max_size: usize, into: &mut Translated) {
        for resource_metrics in request.resource_metrics() {
            let target = TargetLabels::new(self, resource_metrics.resource());
            let mut latest = None;
            for scope_metrics in resource_metrics.scope_metrics() {
                let scope = self.scope_labels_of(scope_metrics);
                for metric in scope_metrics.metrics() {
                    let points = Points {
                        rules: self,
                        target: &target,
                        scope: &scope,
                    };
                    self.metric(metric, &points, &mut latest, into);
                    if into.series.size() > max_size {
                        into.is_too_large = true;
                        return;
                    }
                }
            }
            if let Some(latest) = latest {
                self.target_info(resource_metrics, &target, latest, into);
            }
        }
        into.series.put_in_order();
    }

    fn metric(
        &self,
        metric: MetricView<'_>,
        points: &Points<'_>,
        latest: &mut Option<i64>,
        into: &mut Translated,
    ) {
        let data = metric.data();
        let Some(family_type) = family_type(data) else {
            return into.dropped.add(Reason::Type, metric.data_points());
        };
        if !is_cumulative(data) {
            return into.dropped.add(Reason::Delta, metric.data_points());
        }
        let Ok(name) = self.namer.name(metric.name(), metric.unit(), Kind::of(&metric)) else {
            return into.dropped.add(Reason::Name, metric.data_points());
        };
        let family = into.series.family(&name, || Family {
            name: name.clone(),
            family_type,
            help: metric.description().to_owned(),
            unit: unit_words(metric.unit(), self.strategy.escapes()),
        });
        points.add(data, &name, family, latest, into);
    }

    fn scope_labels_of(&self, scope_metrics: ScopeMetricsView<'_>) -> Labels {
        let mut labels = Labels::default();
        if !self.scope_labels {
            return labels;
        }
        let scope = scope_metrics.scope();
        for attribute in scope.attributes() {
            if let Ok(name) = scope_label_name(attribute.key(), self.strategy) {
                let value = sidelight_exposition::names::label_value(attribute.value());
                labels.set(&name, value.into_owned());
            }
        }
        labels.set("otel_scope_name", scope.name().to_owned());
        labels.set("otel_scope_version", scope.version().to_owned());
        if !scope.name().is_empty() {
            labels.set("otel_scope_schema_url", scope_metrics.schema_url().to_owned());
        }
        labels
    }

    /// What else is known of the resource, as a series of its own: only where it says more than `job` and `instance`,
    /// and where they tell which target it is.
    fn target_info(
        &self,
        resource_metrics: ResourceMetricsView<'_>,
        target: &TargetLabels,
        time: i64,
        into: &mut Translated,
    ) {
        let Some(name) = &self.target_info else { return };
        let attributes = resource_metrics.resource().attributes();
        let mut others = attributes.filter(|attribute| !IDENTIFYING.contains(&attribute.key()));
        if others.next().is_none() {
            return;
        }
        let mut labels = Labels::of_attributes(attributes, self.strategy, |key| !IDENTIFYING.contains(&key));
        target.write(self, &mut labels);
        if !labels.contains("job") && !labels.contains("instance") {
            return;
        }
        let family = into.series.family(name, || Family {
            name: name.clone(),
            family_type: FamilyType::Info,
            help: "Target metadata".to_owned(),
            unit: String::new(),
        });
        let sample = Sample {
            time,
            value: 1.0,
            start: 0,
        };
        into.series
            .add_sample(labels.of_series(name, None), family, sample, Vec::new());
    }
}

/// Labels that all series of a resource have.
#[derive(Debug)]
pub(super) struct TargetLabels {
    target: Target,
    /// Attributes of the resource, where they become labels.
    resource: Labels,
}

impl TargetLabels {
    fn new(rules: &Rules, resource: ResourceView<'_>) -> Self {
        let keep = |key: &str| !(rules.without_service && IDENTIFYING.contains(&key));
        let resource_labels =
            |attributes: Attributes<'_>| Labels::of_attributes(attributes, rules.strategy, keep);
        Self {
            target: Target::of(resource.attributes()),
            resource: if rules.resource_labels {
                resource_labels(resource.attributes())
            } else {
                Labels::default()
            },
        }
    }

    /// Adds `job` and `instance`, and the external labels where there are none of that name.
    fn write(&self, rules: &Rules, labels: &mut Labels) {
        if !self.target.job.is_empty() {
            labels.set("job", self.target.job.clone());
        }
        if !self.target.instance.is_empty() {
            labels.set("instance", self.target.instance.clone());
        }
        for (name, value) in &rules.external_labels {
            labels.add(name, value);
        }
    }

    /// The labels of a point's series, but for its name.
    pub(super) fn of_point(&self, rules: &Rules, scope: &Labels, attributes: Attributes<'_>) -> Labels {
        let mut labels = Labels::of_attributes(attributes, rules.strategy, |key| key != "__name__");
        labels.set_all(&self.resource);
        self.write(rules, &mut labels);
        labels.set_all(scope);
        labels
    }
}

/// Names of external labels.
///
/// # Errors
/// The label of which no name is left, or that is empty.
pub(super) fn external_labels(
    given: &BTreeMap<String, String>,
    strategy: TranslationStrategy,
) -> Result<BTreeMap<String, String>, String> {
    given
        .iter()
        .map(|(key, value)| match label_name(key, strategy) {
            Ok(name) if !value.is_empty() => Ok((name, value.clone())),
            _ => Err(key.clone()),
        })
        .collect()
}

fn family_type(data: DataView<'_>) -> Option<FamilyType> {
    Some(match data {
        DataView::Empty => return None,
        DataView::Gauge(_) => FamilyType::Gauge,
        DataView::Sum(sum) if sum.is_monotonic() => FamilyType::Counter,
        DataView::Sum(_) => FamilyType::Gauge,
        DataView::Histogram(_) | DataView::ExponentialHistogram(_) => FamilyType::Histogram,
        DataView::Summary(_) => FamilyType::Summary,
    })
}

fn is_cumulative(data: DataView<'_>) -> bool {
    let temporality = match data {
        DataView::Sum(sum) => sum.aggregation_temporality(),
        DataView::Histogram(histogram) => histogram.aggregation_temporality(),
        DataView::ExponentialHistogram(histogram) => histogram.aggregation_temporality(),
        DataView::Gauge(_) | DataView::Summary(_) | DataView::Empty => return true,
    };
    temporality == AggregationTemporality::Cumulative
}
