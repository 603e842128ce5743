//! The exporter: what it makes of OTLP, what goes over the wire, what answers mean.

mod answers;
mod messages;
mod settings;
mod translated;
mod wire;

use std::sync::Arc;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message as _;
use sidelight_component::{Chunk, Exporter, Payload, Signal};

use super::Config;

/// 1,800,000,000,000 ms.
const TIME: u64 = 1_800_000_000_000_000_000;

fn attributes(pairs: &[(&str, &str)]) -> Vec<KeyValue> {
    pairs
        .iter()
        .map(|(key, value)| KeyValue {
            key: (*key).to_owned(),
            value: Some(AnyValue {
                value: Some(Any::StringValue((*value).to_owned())),
            }),
            ..KeyValue::default()
        })
        .collect()
}

fn point(labels: &[(&str, &str)], value: f64) -> NumberDataPoint {
    NumberDataPoint {
        attributes: attributes(labels),
        start_time_unix_nano: TIME - 5_000_000_000,
        time_unix_nano: TIME,
        value: Some(Value::AsDouble(value)),
        ..NumberDataPoint::default()
    }
}

fn metric(name: &str, unit: &str, data: Data) -> Metric {
    Metric {
        name: name.to_owned(),
        description: format!("{name} described"),
        unit: unit.to_owned(),
        data: Some(data),
        ..Metric::default()
    }
}

fn gauge(name: &str, unit: &str, data_points: Vec<NumberDataPoint>) -> Metric {
    metric(name, unit, Data::Gauge(Gauge { data_points }))
}

fn sum(name: &str, unit: &str, temporality: i32, data_points: Vec<NumberDataPoint>) -> Metric {
    let data = Sum {
        data_points,
        aggregation_temporality: temporality,
        is_monotonic: true,
    };
    metric(name, unit, Data::Sum(data))
}

/// A request with a resource of these attributes and a scope `lib` 1.0.
fn request(resource: &[(&str, &str)], metrics: Vec<Metric>) -> ExportMetricsServiceRequest {
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(Resource {
                attributes: attributes(resource),
                ..Resource::default()
            }),
            scope_metrics: vec![ScopeMetrics {
                scope: Some(InstrumentationScope {
                    name: "lib".to_owned(),
                    version: "1.0".to_owned(),
                    ..InstrumentationScope::default()
                }),
                metrics,
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        }],
    }
}

const SHOP: &[(&str, &str)] = &[
    ("service.name", "api"),
    ("service.namespace", "shop"),
    ("service.instance.id", "i1"),
];

fn payload(request: &ExportMetricsServiceRequest) -> Payload {
    let bytes = request.encode_to_vec();
    let items = sidelight_proto::count_items(Signal::Metrics, &bytes);
    Payload::new(Chunk {
        bytes: bytes.into(),
        items,
    })
}

fn exporter(settings: &str) -> Arc<dyn Exporter> {
    sidelight_testkit::exporter::build::<Config>("prometheus_remote_write", settings).0
}

/// The body that these settings make of a request, decompressed.
fn encoded(settings: &str, request: &ExportMetricsServiceRequest) -> Vec<u8> {
    let exporter = exporter(&format!("endpoint: http://127.0.0.1:1/write\n{settings}"));
    let encoded = exporter
        .encode(Signal::Metrics, &payload(request))
        .expect("encoded");
    if encoded.body[0].is_empty() {
        return Vec::new();
    }
    snap::raw::Decoder::new()
        .decompress_vec(&encoded.body[0])
        .expect("snappy")
}
