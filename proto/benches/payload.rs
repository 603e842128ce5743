//! Requests of realistic shape and entropy for the benches. Deterministic.

#![allow(dead_code, reason = "each bench uses some of the requests")]

use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    metrics::v1::{
        AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint,
        ResourceMetrics, ScopeMetrics, Sum, metric, number_data_point,
    },
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span::SpanKind},
};
use prost::Message;

/// xorshift64*, so that ids and times have entropy without a dependency.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        key_strindex: 0,
    }
}

fn text(key: &str, value: impl Into<String>) -> KeyValue {
    attribute(key, Value::StringValue(value.into()))
}

fn int(key: &str, value: i64) -> KeyValue {
    attribute(key, Value::IntValue(value))
}

fn resource(random: &mut Random) -> Option<Resource> {
    Some(Resource {
        attributes: vec![
            text("service.name", "checkout"),
            text("service.instance.id", format!("{:032x}", random.next())),
            text("telemetry.sdk.language", "python"),
            text("telemetry.sdk.name", "opentelemetry"),
            text("telemetry.sdk.version", "1.38.0"),
        ],
        dropped_attributes_count: 0,
        entity_refs: vec![],
    })
}

fn scope(name: &str) -> Option<InstrumentationScope> {
    Some(InstrumentationScope {
        name: name.to_owned(),
        version: "0.59b0".to_owned(),
        attributes: vec![],
        dropped_attributes_count: 0,
    })
}

fn span(random: &mut Random) -> Span {
    const NOW: u64 = 1_790_000_000_000_000_000;
    let start = NOW + random.below(1 << 40);
    let statement = "SELECT id, symbol, amount, price FROM orders WHERE portfolio_id = ? AND placed_at > ? ORDER BY id LIMIT 50";
    Span {
        trace_id: random.bytes(16),
        span_id: random.bytes(8),
        trace_state: String::new(),
        parent_span_id: random.bytes(8),
        flags: 0x101,
        name: "SELECT trading.orders".to_owned(),
        kind: SpanKind::Client as i32,
        start_time_unix_nano: start,
        end_time_unix_nano: start + random.below(50_000_000),
        attributes: vec![
            text("db.system.name", "postgresql"),
            text("db.namespace", "trading"),
            text("db.query.text", statement),
            text(
                "server.address",
                format!("db-{}.internal.example.net", random.below(64)),
            ),
            int("server.port", 5432),
            int("db.response.returned_rows", random.below(60) as i64),
            text(
                "thread.name",
                format!("worker-{:016x}-{:016x}", random.next(), random.next()),
            ),
            text(
                "url.full",
                format!("https://shop.example.net/api/v2/orders/{}", random.next()),
            ),
        ],
        dropped_attributes_count: 0,
        events: vec![],
        dropped_events_count: 0,
        links: vec![],
        dropped_links_count: 0,
        status: Some(Status {
            message: String::new(),
            code: (random.below(10) == 0) as i32,
        }),
    }
}

/// `count` spans of about 540 bytes under one resource and scope.
pub(crate) fn traces(count: usize) -> Vec<u8> {
    let mut random = Random(0x5EED);
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: resource(&mut random),
            scope_spans: vec![ScopeSpans {
                scope: scope("opentelemetry.instrumentation.sqlalchemy"),
                spans: (0..count).map(|_| span(&mut random)).collect(),
                schema_url: String::new(),
            }],
            schema_url: String::new(),
        }],
    };
    request.encode_to_vec()
}

/// `count` log records of about 340 bytes.
pub(crate) fn logs(count: usize) -> Vec<u8> {
    let mut random = Random(0x106);
    let mut record = || LogRecord {
        time_unix_nano: 1_790_000_000_000_000_000 + random.below(1 << 40),
        observed_time_unix_nano: 1_790_000_000_000_000_000 + random.below(1 << 40),
        severity_number: 9,
        severity_text: "INFO".to_owned(),
        body: Some(AnyValue {
            value: Some(Value::StringValue(format!(
                "order {} of portfolio {} executed in {} us, 3 positions updated",
                random.next(),
                random.below(10_000),
                random.below(90_000)
            ))),
        }),
        attributes: vec![
            text("code.function.name", "trading.orders.execute"),
            text("code.file.path", "/srv/app/trading/orders.py"),
            int("code.line.number", random.below(900) as i64),
            text("thread.name", "worker-3"),
        ],
        dropped_attributes_count: 0,
        flags: 1,
        trace_id: random.bytes(16),
        span_id: random.bytes(8),
        event_name: String::new(),
    };
    let log_records = (0..count).map(|_| record()).collect();
    let request = ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: resource(&mut random),
            scope_logs: vec![ScopeLogs {
                scope: scope("trading.orders"),
                log_records,
                schema_url: String::new(),
            }],
            schema_url: String::new(),
        }],
    };
    request.encode_to_vec()
}

/// About `count` data points: gauges, sums and histograms of four points each.
pub(crate) fn metrics(count: usize) -> Vec<u8> {
    let mut random = Random(0x3E7);
    let metrics = (0..count / 4)
        .map(|nth| Metric {
            name: format!("http.server.request.metric_{nth}"),
            description: "Duration of HTTP server requests.".to_owned(),
            unit: "s".to_owned(),
            metadata: vec![],
            data: Some(match nth % 3 {
                0 => metric::Data::Gauge(Gauge {
                    data_points: (0..4).map(|_| number_point(&mut random)).collect(),
                }),
                1 => metric::Data::Sum(Sum {
                    data_points: (0..4).map(|_| number_point(&mut random)).collect(),
                    aggregation_temporality: AggregationTemporality::Cumulative as i32,
                    is_monotonic: true,
                }),
                _ => metric::Data::Histogram(Histogram {
                    data_points: (0..4).map(|_| histogram_point(&mut random)).collect(),
                    aggregation_temporality: AggregationTemporality::Cumulative as i32,
                }),
            }),
        })
        .collect();
    let request = ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: resource(&mut random),
            scope_metrics: vec![ScopeMetrics {
                scope: scope("opentelemetry.instrumentation.flask"),
                metrics,
                schema_url: String::new(),
            }],
            schema_url: String::new(),
        }],
    };
    request.encode_to_vec()
}

fn point_attributes(random: &mut Random) -> Vec<KeyValue> {
    vec![
        text("http.request.method", "GET"),
        text("http.route", format!("/api/v2/orders/{}", random.below(100))),
        int("http.response.status_code", 200),
    ]
}

fn number_point(random: &mut Random) -> NumberDataPoint {
    NumberDataPoint {
        attributes: point_attributes(random),
        start_time_unix_nano: 1_790_000_000_000_000_000,
        time_unix_nano: 1_790_000_060_000_000_000,
        exemplars: vec![],
        flags: 0,
        value: Some(number_data_point::Value::AsDouble(
            random.below(1 << 20) as f64 / 7.0,
        )),
    }
}

fn histogram_point(random: &mut Random) -> HistogramDataPoint {
    HistogramDataPoint {
        attributes: point_attributes(random),
        start_time_unix_nano: 1_790_000_000_000_000_000,
        time_unix_nano: 1_790_000_060_000_000_000,
        count: 100,
        sum: Some(12.5),
        bucket_counts: (0..15).map(|_| random.below(40)).collect(),
        explicit_bounds: (0..14).map(|bound| 0.005 * f64::from(1 << bound)).collect(),
        exemplars: vec![],
        flags: 0,
        min: Some(0.001),
        max: Some(2.5),
    }
}
