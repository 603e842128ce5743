//! OTLP requests, good and bad, written with the generated types and not with the encoders under test.

use std::io::Write as _;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric::Data, number_data_point::Value,
};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message as _;
use sidelight_component::Signal;

/// Spans `GET /orders/0`, `GET /orders/1` and so on, with ids that count from 1.
pub fn traces(items: usize) -> ExportTraceServiceRequest {
    let span = |number: usize| Span {
        trace_id: vec![1; 16],
        span_id: (number as u64 + 1).to_be_bytes().to_vec(),
        name: format!("GET /orders/{number}"),
        ..Span::default()
    };
    let scope = ScopeSpans {
        spans: (0..items).map(span).collect(),
        ..ScopeSpans::default()
    };
    let resource = ResourceSpans {
        scope_spans: vec![scope],
        ..ResourceSpans::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![resource],
    }
}

/// One gauge; its data points have times that count from 1.
pub fn metrics(items: usize) -> ExportMetricsServiceRequest {
    let point = |number: usize| NumberDataPoint {
        time_unix_nano: number as u64 + 1,
        value: Some(Value::AsInt(7)),
        ..NumberDataPoint::default()
    };
    let metric = Metric {
        name: "orders".to_owned(),
        data: Some(Data::Gauge(Gauge {
            data_points: (0..items).map(point).collect(),
        })),
        ..Metric::default()
    };
    let scope = ScopeMetrics {
        metrics: vec![metric],
        ..ScopeMetrics::default()
    };
    let resource = ResourceMetrics {
        scope_metrics: vec![scope],
        ..ResourceMetrics::default()
    };
    ExportMetricsServiceRequest {
        resource_metrics: vec![resource],
    }
}

/// Log records with times that count from 1.
pub fn logs(items: usize) -> ExportLogsServiceRequest {
    let record = |number: usize| LogRecord {
        time_unix_nano: number as u64 + 1,
        severity_text: "INFO".to_owned(),
        ..LogRecord::default()
    };
    let scope = ScopeLogs {
        log_records: (0..items).map(record).collect(),
        ..ScopeLogs::default()
    };
    let resource = ResourceLogs {
        scope_logs: vec![scope],
        ..ResourceLogs::default()
    };
    ExportLogsServiceRequest {
        resource_logs: vec![resource],
    }
}

/// A request of this signal with this many items, serialized.
pub fn protobuf(signal: Signal, items: usize) -> Vec<u8> {
    match signal {
        Signal::Traces => traces(items).encode_to_vec(),
        Signal::Metrics => metrics(items).encode_to_vec(),
        Signal::Logs => logs(items).encode_to_vec(),
    }
}

/// What [`protobuf`] says, in OTLP/JSON.
pub fn json(signal: Signal, items: usize) -> Vec<u8> {
    let each = |item: &dyn Fn(usize) -> String| (0..items).map(item).collect::<Vec<_>>().join(",");
    let text = match signal {
        Signal::Traces => {
            let spans = each(&|number| {
                format!(
                    r#"{{"traceId":"{}","spanId":"{:016x}","name":"GET /orders/{number}"}}"#,
                    "01".repeat(16),
                    number + 1
                )
            });
            format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{spans}]}}]}}]}}"#)
        }
        Signal::Metrics => {
            let points = each(&|number| format!(r#"{{"timeUnixNano":"{}","asInt":"7"}}"#, number + 1));
            format!(
                r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"name":"orders","gauge":{{"dataPoints":[{points}]}}}}]}}]}}]}}"#
            )
        }
        Signal::Logs => {
            let records =
                each(&|number| format!(r#"{{"timeUnixNano":"{}","severityText":"INFO"}}"#, number + 1));
            format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{records}]}}]}}]}}"#)
        }
    };
    text.into_bytes()
}

/// A request whose attribute is an array in an array in an array.
pub fn deep_protobuf(levels: usize) -> Vec<u8> {
    // Written from the inside to the outside, last byte first: every level is a tag and a length.
    let mut reversed = Vec::new();
    let array = [1_u8, 5]; // ArrayValue.values, AnyValue.array_value
    let path = [2, 1, 1, 1]; // KeyValue.value, Resource.attributes, ResourceSpans.resource, resource_spans
    for field in array.into_iter().cycle().take(levels).chain(path) {
        let mut length = Vec::new();
        prost::encoding::encode_varint(reversed.len() as u64, &mut length);
        reversed.extend(length.iter().rev());
        reversed.push(field << 3 | 2);
    }
    reversed.reverse();
    reversed
}

/// gRPC's frame of one message.
pub fn framed(compressed: bool, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("short").to_be_bytes();
    [&[u8::from(compressed)], &length[..], message].concat()
}

/// One member, quickly compressed.
pub fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(data).expect("memory");
    encoder.finish().expect("memory")
}
