//! Senders of good requests, and a client that writes any bytes.

use std::io::Write as _;
use std::net::SocketAddr;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_client::LogsServiceClient;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_client::MetricsServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric::Data, number_data_point::Value,
};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::program::PATIENCE;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    Traces,
    Metrics,
    Logs,
}

impl Signal {
    pub(crate) const ALL: [Signal; 3] = [Signal::Traces, Signal::Metrics, Signal::Logs];

    pub(crate) fn path(self) -> &'static str {
        match self {
            Signal::Traces => "/v1/traces",
            Signal::Metrics => "/v1/metrics",
            Signal::Logs => "/v1/logs",
        }
    }

    /// A request with this many items.
    pub(crate) fn protobuf(self, items: usize) -> Vec<u8> {
        match self {
            Signal::Traces => traces(items).encode_to_vec(),
            Signal::Metrics => metrics(items).encode_to_vec(),
            Signal::Logs => logs(items).encode_to_vec(),
        }
    }

    /// What [`Signal::protobuf`] says of one item, in OTLP/JSON.
    pub(crate) fn json(self) -> &'static str {
        match self {
            Signal::Traces => {
                r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"01010101010101010101010101010101","spanId":"0000000000000001","name":"GET /orders"}]}]}]}"#
            }
            Signal::Metrics => {
                r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"orders","gauge":{"dataPoints":[{"timeUnixNano":"1","asInt":"7"}]}}]}]}]}"#
            }
            Signal::Logs => {
                r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1","severityText":"INFO"}]}]}]}"#
            }
        }
    }
}

fn traces(items: usize) -> ExportTraceServiceRequest {
    let span = |number: usize| Span {
        trace_id: vec![1; 16],
        span_id: (number as u64 + 1).to_be_bytes().to_vec(),
        name: "GET /orders".to_owned(),
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

fn metrics(items: usize) -> ExportMetricsServiceRequest {
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

fn logs(items: usize) -> ExportLogsServiceRequest {
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

/// Sends a good request as an SDK does.
pub(crate) async fn export(
    address: SocketAddr,
    signal: Signal,
    items: usize,
) -> Result<(), Box<tonic::Status>> {
    let endpoint = tonic::transport::Endpoint::try_from(format!("http://{address}")).expect("an endpoint");
    let channel = endpoint.timeout(PATIENCE).connect().await.expect("connected");
    let sent = match signal {
        Signal::Traces => TraceServiceClient::new(channel)
            .export(traces(items))
            .await
            .map(drop),
        Signal::Metrics => MetricsServiceClient::new(channel)
            .export(metrics(items))
            .await
            .map(drop),
        Signal::Logs => LogsServiceClient::new(channel)
            .export(logs(items))
            .await
            .map(drop),
    };
    sent.map_err(Box::new)
}

/// The head of an HTTP/1 request, up to the empty line.
pub(crate) fn head(method: &str, path: &str, headers: &[(&str, &str)], length: usize) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    (text + &format!("Content-Length: {length}\r\n\r\n")).into_bytes()
}

/// Writes these bytes as far as they are taken and reads to the end of the connection, which the program has to
/// bring about. With `half_close` it is told that nothing more comes.
pub(crate) async fn talk(address: SocketAddr, pieces: Vec<Vec<u8>>, half_close: bool) -> Vec<u8> {
    let stream = TcpStream::connect(address).await.expect("connected");
    let (mut reading, mut writing) = stream.into_split();
    let writer = tokio::spawn(async move {
        for piece in &pieces {
            if writing.write_all(piece).await.is_err() {
                break;
            }
        }
        if half_close {
            let _ = writing.shutdown().await;
        }
        writing
    });
    let mut answer = Vec::new();
    // A reset after the answer is an end, too.
    let read = tokio::time::timeout(PATIENCE, reading.read_to_end(&mut answer)).await;
    writer.abort();
    assert!(
        read.is_ok(),
        "the connection goes on: {}",
        String::from_utf8_lossy(&answer)
    );
    answer
}

/// One HTTP/1 request; the answer as text.
pub(crate) async fn http(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> String {
    let request = vec![head(method, path, headers, body.len()), body.to_vec()];
    String::from_utf8_lossy(&talk(address, request, false).await).into_owned()
}

pub(crate) fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(data).expect("memory");
    encoder.finish().expect("memory")
}

/// 1 GiB of zeros, compressed: many members, which are one stream.
pub(crate) fn gzip_bomb() -> Vec<u8> {
    gzip(&vec![0; 16 << 20]).repeat(64)
}

/// 1 GiB of zeros in one frame.
pub(crate) fn zstd_bomb() -> Vec<u8> {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).expect("an encoder");
    let zeros = vec![0; 1 << 20];
    for _ in 0..1024 {
        encoder.write_all(&zeros).expect("memory");
    }
    encoder.finish().expect("memory")
}

/// gRPC's frame of one message.
pub(crate) fn framed(compressed: bool, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("short").to_be_bytes();
    [&[u8::from(compressed)], &length[..], message].concat()
}

/// A request whose attribute is an array in an array in an array.
pub(crate) fn deep_protobuf(levels: usize) -> Vec<u8> {
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
