//! OTLP metrics as tests write them, with the generated types.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint,
    Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint, exemplar,
    exponential_histogram_data_point::Buckets, number_data_point::Value, summary_data_point::ValueAtQuantile,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message as _;
use sidelight_component::{Chunk, Payload};

/// A time in 2027; tests count milliseconds from it.
pub(super) const T0_MS: i64 = 1_800_000_000_000;

pub(super) fn nanos(ms: i64) -> u64 {
    (T0_MS + ms) as u64 * 1_000_000
}

pub(super) fn attributes(pairs: &[(&str, &str)]) -> Vec<KeyValue> {
    let attribute = |(key, value): &(&str, &str)| KeyValue {
        key: (*key).to_owned(),
        value: Some(AnyValue {
            value: Some(any_value::Value::StringValue((*value).to_owned())),
        }),
        ..KeyValue::default()
    };
    pairs.iter().map(attribute).collect()
}

/// A request of one resource and one scope.
pub(super) fn request(resource: &[(&str, &str)], metrics: Vec<Metric>) -> ExportMetricsServiceRequest {
    scoped(resource, None, metrics)
}

pub(super) fn scoped(
    resource: &[(&str, &str)],
    scope: Option<InstrumentationScope>,
    metrics: Vec<Metric>,
) -> ExportMetricsServiceRequest {
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(Resource {
                attributes: attributes(resource),
                ..Resource::default()
            }),
            scope_metrics: vec![ScopeMetrics {
                scope,
                metrics,
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        }],
    }
}

/// A payload with one chunk for each request.
pub(super) fn payload(requests: &[ExportMetricsServiceRequest]) -> Payload {
    let chunk = |request: &ExportMetricsServiceRequest| {
        let bytes = request.encode_to_vec();
        Chunk {
            items: sidelight_proto::count_items(sidelight_proto::Signal::Metrics, &bytes),
            bytes: bytes.into(),
        }
    };
    requests.iter().map(chunk).collect()
}

pub(super) fn metric(name: &str, unit: &str, data: Data) -> Metric {
    Metric {
        name: name.to_owned(),
        unit: unit.to_owned(),
        description: format!("about {name}"),
        data: Some(data),
        ..Metric::default()
    }
}

pub(super) fn number(pairs: &[(&str, &str)], ms: i64, value: f64) -> NumberDataPoint {
    NumberDataPoint {
        attributes: attributes(pairs),
        time_unix_nano: nanos(ms),
        start_time_unix_nano: nanos(-1_000),
        value: Some(Value::AsDouble(value)),
        ..NumberDataPoint::default()
    }
}

pub(super) fn gauge(name: &str, data_points: Vec<NumberDataPoint>) -> Metric {
    metric(name, "", Data::Gauge(Gauge { data_points }))
}

/// Temporality: 0 not said, 1 delta, 2 cumulative.
pub(super) fn sum(name: &str, temporality: i32, data_points: Vec<NumberDataPoint>) -> Metric {
    let sum = Sum {
        data_points,
        aggregation_temporality: temporality,
        is_monotonic: true,
    };
    metric(name, "By", Data::Sum(sum))
}

pub(super) fn histogram_point(
    ms: i64,
    bounds: &[f64],
    counts: &[u64],
    sum: Option<f64>,
) -> HistogramDataPoint {
    HistogramDataPoint {
        attributes: attributes(&[("route", "/")]),
        time_unix_nano: nanos(ms),
        start_time_unix_nano: nanos(-1_000),
        count: counts.iter().sum(),
        sum,
        explicit_bounds: bounds.to_vec(),
        bucket_counts: counts.to_vec(),
        ..HistogramDataPoint::default()
    }
}

pub(super) fn histogram(name: &str, temporality: i32, data_points: Vec<HistogramDataPoint>) -> Metric {
    let histogram = Histogram {
        data_points,
        aggregation_temporality: temporality,
    };
    metric(name, "s", Data::Histogram(histogram))
}

pub(super) fn exponential_point(ms: i64, offset: i32, counts: &[u64]) -> ExponentialHistogramDataPoint {
    ExponentialHistogramDataPoint {
        time_unix_nano: nanos(ms),
        start_time_unix_nano: nanos(-1_000),
        count: counts.iter().sum::<u64>() + 2,
        zero_count: 2,
        sum: Some(12.5),
        scale: 3,
        positive: Some(Buckets {
            offset,
            bucket_counts: counts.to_vec(),
        }),
        ..ExponentialHistogramDataPoint::default()
    }
}

pub(super) fn exponential(
    name: &str,
    temporality: i32,
    data_points: Vec<ExponentialHistogramDataPoint>,
) -> Metric {
    let histogram = ExponentialHistogram {
        data_points,
        aggregation_temporality: temporality,
    };
    metric(name, "s", Data::ExponentialHistogram(histogram))
}

pub(super) fn summary(name: &str, ms: i64, quantiles: &[(f64, f64)]) -> Metric {
    let quantile = |(quantile, value): &(f64, f64)| ValueAtQuantile {
        quantile: *quantile,
        value: *value,
    };
    let point = SummaryDataPoint {
        time_unix_nano: nanos(ms),
        count: 9,
        sum: 4.5,
        quantile_values: quantiles.iter().map(quantile).collect(),
        ..SummaryDataPoint::default()
    };
    metric(
        name,
        "s",
        Data::Summary(Summary {
            data_points: vec![point],
        }),
    )
}

pub(super) fn exemplar(ms: i64, value: f64, pairs: &[(&str, &str)]) -> Exemplar {
    Exemplar {
        filtered_attributes: attributes(pairs),
        time_unix_nano: if ms == i64::MIN { 0 } else { nanos(ms) },
        trace_id: (1..=16).collect(),
        span_id: (1..=8).collect(),
        value: Some(exemplar::Value::AsDouble(value)),
    }
}
