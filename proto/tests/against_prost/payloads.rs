//! Strategies for requests of all shapes, and the means to treat the three signals alike.

use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::{
        AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList,
        any_value::Value as Any,
    },
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    metrics::v1::{
        Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint,
        Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint, exemplar,
        exponential_histogram_data_point::Buckets, metric::Data, number_data_point,
        summary_data_point::ValueAtQuantile,
    },
    resource::v1::Resource,
    trace::v1::{
        ResourceSpans, ScopeSpans, Span, Status,
        span::{Event, Link},
    },
};
use proptest::{collection::vec, option, prelude::*};
use prost::Message;
use sidelight_proto::Signal;

/// Decodes with `prost` and encodes again: equal requests give equal bytes (also with NaN inside).
pub(crate) fn canonical(signal: Signal, request: &[u8]) -> Result<Vec<u8>, prost::DecodeError> {
    match signal {
        Signal::Traces => ExportTraceServiceRequest::decode(request).map(|request| request.encode_to_vec()),
        Signal::Metrics => {
            ExportMetricsServiceRequest::decode(request).map(|request| request.encode_to_vec())
        }
        Signal::Logs => ExportLogsServiceRequest::decode(request).map(|request| request.encode_to_vec()),
    }
}

/// Items as `prost` sees them.
pub(crate) fn items(signal: Signal, request: &[u8]) -> usize {
    match signal {
        Signal::Traces => {
            let request = ExportTraceServiceRequest::decode(request).expect("decodes");
            request
                .resource_spans
                .iter()
                .flat_map(|r| &r.scope_spans)
                .map(|s| s.spans.len())
                .sum()
        }
        Signal::Logs => {
            let request = ExportLogsServiceRequest::decode(request).expect("decodes");
            request
                .resource_logs
                .iter()
                .flat_map(|r| &r.scope_logs)
                .map(|s| s.log_records.len())
                .sum()
        }
        Signal::Metrics => {
            let request = ExportMetricsServiceRequest::decode(request).expect("decodes");
            let scopes = request.resource_metrics.iter().flat_map(|r| &r.scope_metrics);
            scopes.flat_map(|s| &s.metrics).map(points).sum()
        }
    }
}

fn points(metric: &Metric) -> usize {
    match &metric.data {
        None => 0,
        Some(Data::Gauge(data)) => data.data_points.len(),
        Some(Data::Sum(data)) => data.data_points.len(),
        Some(Data::Histogram(data)) => data.data_points.len(),
        Some(Data::ExponentialHistogram(data)) => data.data_points.len(),
        Some(Data::Summary(data)) => data.data_points.len(),
    }
}

/// Any request of any signal, serialized by `prost`.
pub(crate) fn request() -> impl Strategy<Value = (Signal, Vec<u8>)> {
    prop_oneof![
        traces().prop_map(|request| (Signal::Traces, request.encode_to_vec())),
        metrics().prop_map(|request| (Signal::Metrics, request.encode_to_vec())),
        logs().prop_map(|request| (Signal::Logs, request.encode_to_vec())),
    ]
}

pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        1 => Just(String::new()),
        6 => "[a-e]{1,3}",
        2 => "[a-z./ ]{1,40}",
        1 => "[a-zäöü日本\u{1F600}]{1,60}",
        1 => "[a-z]{100,200}",
    ]
}

pub(crate) fn any_value() -> impl Strategy<Value = AnyValue> {
    let leaf = prop_oneof![
        4 => text().prop_map(Any::StringValue),
        1 => any::<bool>().prop_map(Any::BoolValue),
        2 => any::<i64>().prop_map(Any::IntValue),
        1 => (0i64..200).prop_map(Any::IntValue),
        1 => any::<f64>().prop_map(Any::DoubleValue),
        1 => vec(any::<u8>(), 0..20).prop_map(Any::BytesValue),
    ];
    let some = |value: Any| AnyValue { value: Some(value) };
    let leaf = prop_oneof![9 => leaf.prop_map(some), 1 => Just(AnyValue { value: None })];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let value = prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|values| Any::ArrayValue(ArrayValue { values })),
            vec((text(), option::of(inner)), 0..4).prop_map(|entries| {
                let values = entries
                    .into_iter()
                    .map(|(key, value)| KeyValue {
                        key,
                        value,
                        key_strindex: 0,
                    })
                    .collect();
                Any::KvlistValue(KeyValueList { values })
            }),
        ];
        value.prop_map(|value| AnyValue { value: Some(value) })
    })
}

pub(crate) fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    vec(
        (
            text(),
            option::weighted(0.95, any_value()),
            prop_oneof![9 => Just(0), 1 => any::<i32>()],
        ),
        0..5,
    )
    .prop_map(|all| {
        all.into_iter()
            .map(|(key, value, key_strindex)| KeyValue {
                key,
                value,
                key_strindex,
            })
            .collect()
    })
}

fn small() -> impl Strategy<Value = u32> {
    prop_oneof![3 => Just(0u32), 1 => 1u32..200, 1 => any::<u32>()]
}

fn time() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0u64), any::<u64>()]
}

fn id(len: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![1 => Just(vec![]), 3 => vec(any::<u8>(), len)]
}

pub(crate) fn resource() -> impl Strategy<Value = Option<Resource>> {
    let entity = (text(), text(), vec(text(), 0..3), vec(text(), 0..3)).prop_map(
        |(schema_url, r#type, id_keys, description_keys)| EntityRef {
            schema_url,
            r#type,
            id_keys,
            description_keys,
        },
    );
    let resource = (attributes(), small(), vec(entity, 0..2)).prop_map(
        |(attributes, dropped_attributes_count, entity_refs)| Resource {
            attributes,
            dropped_attributes_count,
            entity_refs,
        },
    );
    option::weighted(0.8, resource)
}

pub(crate) fn scope() -> impl Strategy<Value = Option<InstrumentationScope>> {
    let scope = (text(), text(), attributes(), small()).prop_map(
        |(name, version, attributes, dropped_attributes_count)| InstrumentationScope {
            name,
            version,
            attributes,
            dropped_attributes_count,
        },
    );
    option::weighted(0.8, scope)
}

fn span() -> impl Strategy<Value = Span> {
    let event = (time(), text(), attributes(), small()).prop_map(
        |(time_unix_nano, name, attributes, dropped_attributes_count)| Event {
            time_unix_nano,
            name,
            attributes,
            dropped_attributes_count,
        },
    );
    let link = (id(16), id(8), text(), attributes(), small(), any::<u32>()).prop_map(
        |(trace_id, span_id, trace_state, attributes, dropped_attributes_count, flags)| Link {
            trace_id,
            span_id,
            trace_state,
            attributes,
            dropped_attributes_count,
            flags,
        },
    );
    let status = option::of((text(), -1..4i32).prop_map(|(message, code)| Status { message, code }));
    let head = (id(16), id(8), text(), id(8), text(), -2..7i32, small());
    let tail = (
        time(),
        time(),
        attributes(),
        vec(event, 0..3),
        vec(link, 0..2),
        status,
        small(),
        (small(), small()),
    );
    (head, tail).prop_map(|(head, tail)| Span {
        trace_id: head.0,
        span_id: head.1,
        trace_state: head.2,
        parent_span_id: head.3,
        name: head.4,
        kind: head.5,
        flags: head.6,
        start_time_unix_nano: tail.0,
        end_time_unix_nano: tail.1,
        attributes: tail.2,
        events: tail.3,
        links: tail.4,
        status: tail.5,
        dropped_attributes_count: tail.6,
        dropped_events_count: tail.7.0,
        dropped_links_count: tail.7.1,
    })
}

pub(crate) fn traces() -> impl Strategy<Value = ExportTraceServiceRequest> {
    let scope_spans =
        (scope(), vec(span(), 0..4), text()).prop_map(|(scope, spans, schema_url)| ScopeSpans {
            scope,
            spans,
            schema_url,
        });
    let resource_spans =
        (resource(), vec(scope_spans, 0..3), text()).prop_map(|(resource, scope_spans, schema_url)| {
            ResourceSpans {
                resource,
                scope_spans,
                schema_url,
            }
        });
    vec(resource_spans, 0..3).prop_map(|resource_spans| ExportTraceServiceRequest { resource_spans })
}

fn log_record() -> impl Strategy<Value = LogRecord> {
    let head = (
        time(),
        time(),
        -1..26i32,
        text(),
        option::of(any_value()),
        attributes(),
    );
    (head, (small(), small(), id(16), id(8), text())).prop_map(|(head, tail)| LogRecord {
        time_unix_nano: head.0,
        observed_time_unix_nano: head.1,
        severity_number: head.2,
        severity_text: head.3,
        body: head.4,
        attributes: head.5,
        dropped_attributes_count: tail.0,
        flags: tail.1,
        trace_id: tail.2,
        span_id: tail.3,
        event_name: tail.4,
    })
}

pub(crate) fn logs() -> impl Strategy<Value = ExportLogsServiceRequest> {
    let scope_logs =
        (scope(), vec(log_record(), 0..4), text()).prop_map(|(scope, log_records, schema_url)| ScopeLogs {
            scope,
            log_records,
            schema_url,
        });
    let resource_logs =
        (resource(), vec(scope_logs, 0..3), text()).prop_map(|(resource, scope_logs, schema_url)| {
            ResourceLogs {
                resource,
                scope_logs,
                schema_url,
            }
        });
    vec(resource_logs, 0..3).prop_map(|resource_logs| ExportLogsServiceRequest { resource_logs })
}

fn exemplar() -> impl Strategy<Value = Exemplar> {
    let value = option::of(prop_oneof![
        any::<f64>().prop_map(exemplar::Value::AsDouble),
        any::<i64>().prop_map(exemplar::Value::AsInt)
    ]);
    (attributes(), time(), id(8), id(16), value).prop_map(
        |(filtered_attributes, time_unix_nano, span_id, trace_id, value)| Exemplar {
            filtered_attributes,
            time_unix_nano,
            span_id,
            trace_id,
            value,
        },
    )
}

fn number_point() -> impl Strategy<Value = NumberDataPoint> {
    let value = option::of(prop_oneof![
        any::<f64>().prop_map(number_data_point::Value::AsDouble),
        any::<i64>().prop_map(number_data_point::Value::AsInt)
    ]);
    (
        attributes(),
        time(),
        time(),
        vec(exemplar(), 0..2),
        small(),
        value,
    )
        .prop_map(
            |(attributes, start_time_unix_nano, time_unix_nano, exemplars, flags, value)| NumberDataPoint {
                attributes,
                start_time_unix_nano,
                time_unix_nano,
                exemplars,
                flags,
                value,
            },
        )
}

fn histogram_point() -> impl Strategy<Value = HistogramDataPoint> {
    let head = (
        attributes(),
        time(),
        time(),
        any::<u64>(),
        option::of(any::<f64>()),
    );
    let tail = (
        vec(any::<u64>(), 0..20),
        vec(any::<f64>(), 0..20),
        vec(exemplar(), 0..2),
        small(),
    );
    (head, tail, option::of(any::<f64>()), option::of(any::<f64>())).prop_map(|(head, tail, min, max)| {
        HistogramDataPoint {
            attributes: head.0,
            start_time_unix_nano: head.1,
            time_unix_nano: head.2,
            count: head.3,
            sum: head.4,
            bucket_counts: tail.0,
            explicit_bounds: tail.1,
            exemplars: tail.2,
            flags: tail.3,
            min,
            max,
        }
    })
}

fn exp_histogram_point() -> impl Strategy<Value = ExponentialHistogramDataPoint> {
    let buckets = || {
        option::of(
            (any::<i32>(), vec(any::<u64>(), 0..9)).prop_map(|(offset, bucket_counts)| Buckets {
                offset,
                bucket_counts,
            }),
        )
    };
    let head = (
        attributes(),
        time(),
        time(),
        any::<u64>(),
        option::of(any::<f64>()),
        any::<i32>(),
        any::<u64>(),
    );
    let tail = (
        buckets(),
        buckets(),
        small(),
        vec(exemplar(), 0..2),
        option::of(any::<f64>()),
        option::of(any::<f64>()),
        any::<f64>(),
    );
    (head, tail).prop_map(|(head, tail)| ExponentialHistogramDataPoint {
        attributes: head.0,
        start_time_unix_nano: head.1,
        time_unix_nano: head.2,
        count: head.3,
        sum: head.4,
        scale: head.5,
        zero_count: head.6,
        positive: tail.0,
        negative: tail.1,
        flags: tail.2,
        exemplars: tail.3,
        min: tail.4,
        max: tail.5,
        zero_threshold: tail.6,
    })
}

fn summary_point() -> impl Strategy<Value = SummaryDataPoint> {
    let quantile =
        (any::<f64>(), any::<f64>()).prop_map(|(quantile, value)| ValueAtQuantile { quantile, value });
    (
        attributes(),
        time(),
        time(),
        any::<u64>(),
        any::<f64>(),
        vec(quantile, 0..4),
        small(),
    )
        .prop_map(
            |(attributes, start_time_unix_nano, time_unix_nano, count, sum, quantile_values, flags)| {
                SummaryDataPoint {
                    attributes,
                    start_time_unix_nano,
                    time_unix_nano,
                    count,
                    sum,
                    quantile_values,
                    flags,
                }
            },
        )
}

fn metric() -> impl Strategy<Value = Metric> {
    let data = prop_oneof![
        vec(number_point(), 0..4).prop_map(|data_points| Data::Gauge(Gauge { data_points })),
        (vec(number_point(), 0..4), 0..4i32, any::<bool>()).prop_map(
            |(data_points, aggregation_temporality, is_monotonic)| {
                Data::Sum(Sum {
                    data_points,
                    aggregation_temporality,
                    is_monotonic,
                })
            }
        ),
        (vec(histogram_point(), 0..4), 0..4i32).prop_map(|(data_points, aggregation_temporality)| {
            Data::Histogram(Histogram {
                data_points,
                aggregation_temporality,
            })
        }),
        (vec(exp_histogram_point(), 0..4), 0..4i32).prop_map(|(data_points, aggregation_temporality)| {
            Data::ExponentialHistogram(ExponentialHistogram {
                data_points,
                aggregation_temporality,
            })
        }),
        vec(summary_point(), 0..4).prop_map(|data_points| Data::Summary(Summary { data_points })),
    ];
    (text(), text(), text(), attributes(), option::weighted(0.95, data)).prop_map(
        |(name, description, unit, metadata, data)| Metric {
            name,
            description,
            unit,
            metadata,
            data,
        },
    )
}

pub(crate) fn metrics() -> impl Strategy<Value = ExportMetricsServiceRequest> {
    let scope_metrics =
        (scope(), vec(metric(), 0..4), text()).prop_map(|(scope, metrics, schema_url)| ScopeMetrics {
            scope,
            metrics,
            schema_url,
        });
    let resource_metrics =
        (resource(), vec(scope_metrics, 0..3), text()).prop_map(|(resource, scope_metrics, schema_url)| {
            ResourceMetrics {
                resource,
                scope_metrics,
                schema_url,
            }
        });
    vec(resource_metrics, 0..3).prop_map(|resource_metrics| ExportMetricsServiceRequest { resource_metrics })
}
