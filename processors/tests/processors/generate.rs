//! Random requests. Few keys and names, so that actions and properties find something.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint, Metric,
    NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::Event;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use proptest::{collection::vec, option, prelude::*};

pub(crate) fn attribute(key: &str, value: Any) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        key_strindex: 0,
    }
}

pub(crate) fn text(value: &str) -> Any {
    Any::StringValue(value.to_owned())
}

pub(crate) fn key() -> impl Strategy<Value = String> {
    prop_oneof![8 => "[a-d]", 1 => "[a-d]{2,3}", 1 => Just("service.name".to_owned())]
}

/// Names of services, spans, metrics and scopes; versions; bodies.
pub(crate) fn name() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[xyz]", 2 => "[xyz]{2}", 1 => "[a-z0-9]{200}", 1 => Just(String::new())]
}

fn scalar() -> impl Strategy<Value = Any> {
    prop_oneof![
        3 => name().prop_map(Any::StringValue),
        2 => "-?[0-9]{1,3}(\\.[0-9])?".prop_map(Any::StringValue),
        1 => "[^\\x00]{0,6}".prop_map(Any::StringValue),
        1 => any::<bool>().prop_map(Any::BoolValue),
        1 => any::<i64>().prop_map(Any::IntValue),
        2 => (-2i64..3).prop_map(Any::IntValue),
        1 => any::<f64>().prop_map(Any::DoubleValue),
        1 => (-4i32..4).prop_map(|n| Any::DoubleValue(f64::from(n) / 2.0)),
        1 => vec(any::<u8>(), 0..5).prop_map(Any::BytesValue),
    ]
}

fn value() -> impl Strategy<Value = Option<AnyValue>> {
    let some = |value| AnyValue { value: Some(value) };
    let list = vec(option::weighted(0.9, scalar()), 0..3).prop_map(|values| {
        Any::ArrayValue(ArrayValue {
            values: values.into_iter().map(|value| AnyValue { value }).collect(),
        })
    });
    let map = vec((key(), scalar()), 0..3).prop_map(move |entries| {
        let values = entries
            .into_iter()
            .map(|(key, value)| attribute(&key, value))
            .collect();
        Any::KvlistValue(KeyValueList { values })
    });
    prop_oneof![
        1 => Just(None),
        1 => Just(Some(AnyValue { value: None })),
        12 => scalar().prop_map(move |value| Some(some(value))),
        1 => list.prop_map(move |value| Some(some(value))),
        1 => map.prop_map(move |value| Some(some(value))),
    ]
}

/// Keys may stand more than once.
pub(crate) fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    let one = (key(), value()).prop_map(|(key, value)| KeyValue {
        key,
        value,
        key_strindex: 0,
    });
    vec(one, 0..5)
}

fn resource() -> impl Strategy<Value = Option<Resource>> {
    let resource =
        (attributes(), option::of(name()), 0..2u32).prop_map(|(mut attributes, service, dropped)| {
            attributes.extend(service.map(|name| attribute("service.name", Any::StringValue(name))));
            Resource {
                attributes,
                dropped_attributes_count: dropped,
                entity_refs: vec![],
            }
        });
    option::weighted(0.8, resource)
}

fn scope() -> impl Strategy<Value = Option<InstrumentationScope>> {
    let scope = (name(), name(), attributes()).prop_map(|(name, version, attributes)| InstrumentationScope {
        name,
        version,
        attributes,
        dropped_attributes_count: 0,
    });
    option::weighted(0.8, scope)
}

pub(crate) fn traces() -> impl Strategy<Value = ExportTraceServiceRequest> {
    let span =
        (name(), -1..7i32, attributes(), attributes()).prop_map(|(name, kind, attributes, of_event)| Span {
            name,
            kind,
            attributes,
            events: vec![Event {
                attributes: of_event,
                ..Event::default()
            }],
            ..Span::default()
        });
    let scopes = (scope(), vec(span, 0..4)).prop_map(|(scope, spans)| ScopeSpans {
        scope,
        spans,
        schema_url: String::new(),
    });
    let resources = (resource(), vec(scopes, 0..3)).prop_map(|(resource, scope_spans)| ResourceSpans {
        resource,
        scope_spans,
        schema_url: String::new(),
    });
    vec(resources, 0..3).prop_map(|resource_spans| ExportTraceServiceRequest { resource_spans })
}

pub(crate) fn logs() -> impl Strategy<Value = ExportLogsServiceRequest> {
    let record = (name(), 0..25i32, value(), attributes()).prop_map(
        |(severity_text, severity_number, body, attributes)| LogRecord {
            severity_text,
            severity_number,
            body,
            attributes,
            ..LogRecord::default()
        },
    );
    let scopes = (scope(), vec(record, 0..4)).prop_map(|(scope, log_records)| ScopeLogs {
        scope,
        log_records,
        schema_url: String::new(),
    });
    let resources = (resource(), vec(scopes, 0..3)).prop_map(|(resource, scope_logs)| ResourceLogs {
        resource,
        scope_logs,
        schema_url: String::new(),
    });
    vec(resources, 0..3).prop_map(|resource_logs| ExportLogsServiceRequest { resource_logs })
}

fn data() -> impl Strategy<Value = Data> {
    macro_rules! points {
        ($point:ident) => {
            vec(
                attributes().prop_map(|attributes| $point {
                    attributes,
                    ..$point::default()
                }),
                0..3,
            )
        };
    }
    prop_oneof![
        points!(NumberDataPoint).prop_map(|data_points| Data::Gauge(Gauge { data_points })),
        points!(NumberDataPoint).prop_map(|data_points| Data::Sum(Sum {
            data_points,
            is_monotonic: true,
            ..Sum::default()
        })),
        points!(HistogramDataPoint).prop_map(|data_points| Data::Histogram(Histogram {
            data_points,
            ..Histogram::default()
        })),
        points!(ExponentialHistogramDataPoint).prop_map(|data_points| {
            Data::ExponentialHistogram(ExponentialHistogram {
                data_points,
                ..Default::default()
            })
        }),
        points!(SummaryDataPoint).prop_map(|data_points| Data::Summary(Summary { data_points })),
    ]
}

pub(crate) fn metrics() -> impl Strategy<Value = ExportMetricsServiceRequest> {
    let metric = (name(), option::weighted(0.9, data())).prop_map(|(name, data)| Metric {
        name,
        data,
        ..Metric::default()
    });
    let scopes = (scope(), vec(metric, 0..4)).prop_map(|(scope, metrics)| ScopeMetrics {
        scope,
        metrics,
        schema_url: String::new(),
    });
    let resources = (resource(), vec(scopes, 0..3)).prop_map(|(resource, scope_metrics)| ResourceMetrics {
        resource,
        scope_metrics,
        schema_url: String::new(),
    });
    vec(resources, 0..3).prop_map(|resource_metrics| ExportMetricsServiceRequest { resource_metrics })
}
