//! A target's state, fed with pages.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::metrics::v1::{Metric, ResourceMetrics, metric::Data, number_data_point};
use prost::Message as _;
use sidelight_component::{Budget, Role, Signal};
use sidelight_exposition::parse::Format;
use sidelight_testkit::component;

use super::super::{Counts, RecordError, Report, SeriesState};
use crate::prometheus::config::Config;
use crate::prometheus::job::Job;
use crate::prometheus::labels::Labels;
use crate::prometheus::target::Target;

/// The time of the first scrape; the next ones are ten seconds apart.
pub(super) const START: u64 = 1_800_000_000_000_000_000;
pub(super) const STEP: u64 = 10_000_000_000;

pub(super) struct Rig {
    pub(super) state: SeriesState,
    pub(super) budget: Budget,
    pub(super) now: u64,
}

impl Rig {
    /// A job with these settings on top, and receiver settings.
    pub(super) fn new(job: &str, receiver: &str) -> Self {
        let budget = Budget::new(64 << 20);
        let text = format!(
            "config:\n  scrape_configs:\n  - job_name: shop\n    static_configs: [{{}}]\n    {}\n{receiver}",
            job.replace('\n', "\n    ")
        );
        let config: Config =
            component::settings(Role::Receiver, "x", &text).unwrap_or_else(|e| panic!("{e}"));
        let job = Arc::new(Job::new(&config, &config.config.scrape_configs[0]));
        let labels = vec![
            ("__address__".to_owned(), "web-1:8080".to_owned()),
            ("zone".to_owned(), "a".to_owned()),
        ];
        let target = Target::discover(Labels::from_unsorted(labels).expect("unique"), &job);
        let target = Arc::new(target.expect("good").expect("kept"));
        Self {
            state: SeriesState::new(job, target, &budget),
            budget,
            now: START - STEP,
        }
    }

    pub(super) fn plain() -> Self {
        Self::new("scrape_interval: 10s", "")
    }

    pub(super) fn record(&mut self, page: &[u8], format: Format) -> Result<Counts, RecordError> {
        self.now += STEP;
        self.state.record(page, format, self.now)
    }

    /// Scrapes a text page.
    pub(super) fn scrape(&mut self, page: &str) -> Scraped {
        self.scrape_as(page.as_bytes(), Format::Text)
    }

    pub(super) fn scrape_as(&mut self, page: &[u8], format: Format) -> Scraped {
        let counts = self
            .record(page, format)
            .unwrap_or_else(|error| panic!("{error}"));
        self.write(counts, true)
    }

    /// A scrape that brought nothing.
    pub(super) fn fail(&mut self) -> Scraped {
        self.now += STEP;
        self.state.fail(self.now);
        self.write(Counts::default(), false)
    }

    pub(super) fn write(&mut self, counts: Counts, is_up: bool) -> Scraped {
        let report = Report {
            is_up,
            duration: Duration::from_millis(5),
            counts,
        };
        self.write_report(Some(report), counts)
    }

    pub(super) fn write_report(&mut self, report: Option<Report>, counts: Counts) -> Scraped {
        let written = self.state.write(report.as_ref(), &self.budget).expect("room");
        let request = written.payload.to_contiguous();
        let admitted = sidelight_proto::admit(Signal::Metrics, request.clone()).expect("valid");
        assert!(!admitted.recoded, "what is written is canonical");
        assert_eq!(admitted.items, written.payload.items());
        Scraped {
            request: ExportMetricsServiceRequest::decode(request).expect("decoded"),
            counts,
            incomplete: written.incomplete,
        }
    }
}

/// What one scrape came to.
pub(super) struct Scraped {
    pub(super) request: ExportMetricsServiceRequest,
    pub(super) counts: Counts,
    pub(super) incomplete: u64,
}

impl Scraped {
    pub(super) fn resource(&self, number: usize) -> &ResourceMetrics {
        &self.request.resource_metrics[number]
    }

    pub(super) fn metrics(&self) -> impl Iterator<Item = &Metric> {
        let resources = self.request.resource_metrics.iter();
        resources
            .flat_map(|resource| &resource.scope_metrics)
            .flat_map(|scope| &scope.metrics)
    }

    pub(super) fn metric(&self, name: &str) -> &Metric {
        self.metrics()
            .find(|metric| metric.name == name)
            .unwrap_or_else(|| panic!("no metric {name}"))
    }

    /// Every point but those about the scrape, as one line each: name, type, attributes, value.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.metrics().flat_map(lines_of).collect();
        lines.retain(|line| !line.starts_with("up ") && !line.starts_with("scrape_"));
        lines
    }
}

fn lines_of(metric: &Metric) -> Vec<String> {
    let name = &metric.name;
    let number = |kind: &str, point: &opentelemetry_proto::tonic::metrics::v1::NumberDataPoint| {
        let value = match point.value {
            Some(number_data_point::Value::AsDouble(value)) => value.to_string(),
            Some(number_data_point::Value::AsInt(value)) => format!("int {value}"),
            None => format!("none flags={}", point.flags),
        };
        format!("{name} {kind}{} {value}", attributes(&point.attributes))
    };
    match metric.data.as_ref().expect("data") {
        Data::Gauge(gauge) => gauge
            .data_points
            .iter()
            .map(|point| number("gauge", point))
            .collect(),
        Data::Sum(sum) => {
            assert_eq!(sum.aggregation_temporality, 2);
            let kind = if sum.is_monotonic { "counter" } else { "sum" };
            sum.data_points.iter().map(|point| number(kind, point)).collect()
        }
        Data::Histogram(histogram) => {
            assert_eq!(histogram.aggregation_temporality, 2);
            let line = |point: &opentelemetry_proto::tonic::metrics::v1::HistogramDataPoint| {
                format!(
                    "{name} histogram{} count={} sum={:?} {:?} {:?} flags={}",
                    attributes(&point.attributes),
                    point.count,
                    point.sum,
                    point.explicit_bounds,
                    point.bucket_counts,
                    point.flags
                )
            };
            histogram.data_points.iter().map(line).collect()
        }
        Data::Summary(summary) => {
            let line = |point: &opentelemetry_proto::tonic::metrics::v1::SummaryDataPoint| {
                let quantiles: Vec<(f64, f64)> = point
                    .quantile_values
                    .iter()
                    .map(|value| (value.quantile, value.value))
                    .collect();
                format!(
                    "{name} summary{} count={} sum={} {quantiles:?} flags={}",
                    attributes(&point.attributes),
                    point.count,
                    point.sum,
                    point.flags
                )
            };
            summary.data_points.iter().map(line).collect()
        }
        Data::ExponentialHistogram(histogram) => {
            assert_eq!(histogram.aggregation_temporality, 2);
            let line = |point: &opentelemetry_proto::tonic::metrics::v1::ExponentialHistogramDataPoint| {
                let side = |buckets: &Option<
                    opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets,
                >| {
                    buckets
                        .as_ref()
                        .map(|buckets| (buckets.offset, buckets.bucket_counts.clone()))
                };
                format!(
                    "{name} exponential{} count={} sum={:?} scale={} zero={}<={} +{:?} -{:?} flags={}",
                    attributes(&point.attributes),
                    point.count,
                    point.sum,
                    point.scale,
                    point.zero_count,
                    point.zero_threshold,
                    side(&point.positive),
                    side(&point.negative),
                    point.flags
                )
            };
            histogram.data_points.iter().map(line).collect()
        }
    }
}

/// ` name=value …`, without the target's own label.
pub(super) fn attributes(attributes: &[KeyValue]) -> String {
    let shown = |attribute: &KeyValue| {
        let value = attribute.value.as_ref().and_then(|value| value.value.as_ref());
        match value {
            Some(Value::StringValue(text)) => format!(" {}={text}", attribute.key),
            other => format!(" {}={other:?}", attribute.key),
        }
    };
    attributes
        .iter()
        .filter(|attribute| attribute.key != "zone")
        .map(shown)
        .collect()
}
