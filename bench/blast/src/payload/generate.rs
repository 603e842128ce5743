//! Makes one export request of each signal, with realistic repetition and realistic entropy.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum,
    metric, number_data_point,
};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;
use rand::Rng;
use rand::rngs::StdRng;

use super::id;
use super::vocabulary::{log_attributes, log_line, pick, point_attributes, resource, scope, span_attributes};
use super::wire::Kind;

const ROUTES: &[&str] = &[
    "GET /api/v1/orders/{id}/positions",
    "POST /api/v1/orders",
    "SELECT trading.orders",
    "GET /api/v1/quotes/{symbol}",
    "risk.check_exposure",
    "INSERT trading.fills",
];
const BOUNDS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];
/// Data points of one metric.
const POINTS: usize = 10;

/// A request in protobuf, and the same in OTLP/JSON where that is asked for.
pub(crate) struct Encoded {
    pub(crate) protobuf: Vec<u8>,
    pub(crate) json: Option<Vec<u8>>,
}

fn encode<M: Message + serde::Serialize>(message: &M, json: bool) -> anyhow::Result<Encoded> {
    let json = if json {
        Some(serde_json::to_vec(message)?)
    } else {
        None
    };
    Ok(Encoded {
        protobuf: message.encode_to_vec(),
        json,
    })
}

/// What a request looks like, whatever its signal.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) items: usize,
    pub(crate) attributes: usize,
    pub(crate) resources: usize,
    pub(crate) json: bool,
}

impl Shape {
    /// Numbers of the first and the one-past-last item of each resource.
    fn parts(self) -> impl Iterator<Item = (usize, std::ops::Range<usize>)> {
        let n = self.resources;
        (0..n).map(move |r| (r, r * self.items / n..(r + 1) * self.items / n))
    }
}

/// Spans in traces of ten, the first of each being its root.
pub(crate) fn traces(rng: &mut StdRng, shape: Shape, first_id: u64) -> anyhow::Result<Encoded> {
    let mut trace_id = [0u8; 16];
    let mut parent = [0u8; 8];
    let mut span = |rng: &mut StdRng, i: usize| {
        let root = i.is_multiple_of(10);
        let span_id = id::to_wire(Kind::Span, first_id + i as u64);
        if root {
            rng.fill(&mut trace_id);
            parent = span_id;
        }
        let start = id::TIME_BASE + first_id * 1000 + i as u64 * 1_000_000 + rng.random_range(0..1_000_000);
        Span {
            trace_id: trace_id.to_vec(),
            span_id: span_id.to_vec(),
            parent_span_id: if root { vec![] } else { parent.to_vec() },
            name: pick(rng, ROUTES).to_owned(),
            kind: if root { 2 } else { 3 },
            start_time_unix_nano: start,
            end_time_unix_nano: start + rng.random_range(100_000..50_000_000),
            attributes: span_attributes(rng, shape.attributes),
            flags: 0x101,
            status: i.is_multiple_of(50).then(|| Status {
                code: 2,
                message: "timeout".into(),
            }),
            ..Default::default()
        }
    };
    let request = ExportTraceServiceRequest {
        resource_spans: shape
            .parts()
            .map(|(r, part)| ResourceSpans {
                resource: Some(resource(r)),
                scope_spans: vec![ScopeSpans {
                    scope: Some(scope()),
                    spans: part.map(|i| span(rng, i)).collect(),
                    ..Default::default()
                }],
                ..Default::default()
            })
            .collect(),
    };
    encode(&request, shape.json)
}

/// Log records of which one is an error.
const ERROR_ONE_IN: usize = 20;

pub(crate) fn logs(rng: &mut StdRng, shape: Shape, first_id: u64) -> anyhow::Result<Encoded> {
    let record = |rng: &mut StdRng, i: usize| {
        let time = id::TIME_BASE + first_id * 1000 + i as u64 * 1_000_000 + rng.random_range(0..1_000_000);
        LogRecord {
            time_unix_nano: time,
            observed_time_unix_nano: time + rng.random_range(0..100_000),
            severity_number: if i.is_multiple_of(ERROR_ONE_IN) { 17 } else { 9 },
            severity_text: if i.is_multiple_of(ERROR_ONE_IN) {
                "ERROR"
            } else {
                "INFO"
            }
            .into(),
            body: Some(AnyValue {
                value: Some(Value::StringValue(log_line(rng))),
            }),
            attributes: log_attributes(rng, shape.attributes),
            trace_id: rng.random::<[u8; 16]>().to_vec(),
            span_id: id::to_wire(Kind::LogRecord, first_id + i as u64).to_vec(),
            ..Default::default()
        }
    };
    let request = ExportLogsServiceRequest {
        resource_logs: shape
            .parts()
            .map(|(r, part)| ResourceLogs {
                resource: Some(resource(r)),
                scope_logs: vec![ScopeLogs {
                    scope: Some(scope()),
                    log_records: part.map(|i| record(rng, i)).collect(),
                    ..Default::default()
                }],
                ..Default::default()
            })
            .collect(),
    };
    encode(&request, shape.json)
}

/// Gauges, sums and histograms in turn, ten data points each.
pub(crate) fn metrics(rng: &mut StdRng, shape: Shape, first_id: u64) -> anyhow::Result<Encoded> {
    let request = ExportMetricsServiceRequest {
        resource_metrics: shape
            .parts()
            .map(|(r, part)| ResourceMetrics {
                resource: Some(resource(r)),
                scope_metrics: vec![ScopeMetrics {
                    scope: Some(scope()),
                    metrics: part
                        .clone()
                        .step_by(POINTS)
                        .map(|at| metric(rng, shape, first_id, at..(at + POINTS).min(part.end)))
                        .collect(),
                    ..Default::default()
                }],
                ..Default::default()
            })
            .collect(),
    };
    encode(&request, shape.json)
}

fn metric(rng: &mut StdRng, shape: Shape, first_id: u64, points: std::ops::Range<usize>) -> Metric {
    let number = points.start / POINTS;
    let ids = points.map(|i| first_id + i as u64);
    let (name, unit, data) = match number % 3 {
        0 => {
            let data_points = ids.map(|id| number_point(rng, shape, id, true)).collect();
            (
                "process.memory.usage",
                "By",
                metric::Data::Gauge(Gauge { data_points }),
            )
        }
        1 => {
            let data_points = ids.map(|id| number_point(rng, shape, id, false)).collect();
            let sum = Sum {
                data_points,
                aggregation_temporality: 2,
                is_monotonic: true,
            };
            ("http.server.request.count", "{request}", metric::Data::Sum(sum))
        }
        _ => {
            let data_points = ids.map(|id| histogram_point(rng, shape, id)).collect();
            let histogram = Histogram {
                data_points,
                aggregation_temporality: 2,
            };
            (
                "http.server.request.duration",
                "s",
                metric::Data::Histogram(histogram),
            )
        }
    };
    Metric {
        name: format!("{name}.{number}"),
        description: "Measured by the trading application.".into(),
        unit: unit.into(),
        data: Some(data),
        ..Default::default()
    }
}

fn number_point(rng: &mut StdRng, shape: Shape, id: u64, double: bool) -> NumberDataPoint {
    let value = match double {
        true => number_data_point::Value::AsDouble(rng.random_range(1e6..1e9)),
        false => number_data_point::Value::AsInt(rng.random_range(0..1 << 40)),
    };
    NumberDataPoint {
        attributes: point_attributes(rng, shape.attributes),
        start_time_unix_nano: id::TIME_BASE - 60_000_000_000,
        time_unix_nano: id::TIME_BASE + id,
        value: Some(value),
        ..Default::default()
    }
}

fn histogram_point(rng: &mut StdRng, shape: Shape, id: u64) -> HistogramDataPoint {
    let bucket_counts: Vec<u64> = (0..=BOUNDS.len())
        .map(|_| rng.random_range(0..1_000_000))
        .collect();
    HistogramDataPoint {
        attributes: point_attributes(rng, shape.attributes),
        start_time_unix_nano: id::TIME_BASE - 60_000_000_000,
        time_unix_nano: id::TIME_BASE + id,
        count: bucket_counts.iter().sum(),
        sum: Some(rng.random_range(0.0..10_000.0)),
        bucket_counts,
        explicit_bounds: BOUNDS.to_vec(),
        min: Some(rng.random_range(0.000_1..0.005)),
        max: Some(rng.random_range(5.0..30.0)),
        ..Default::default()
    }
}
