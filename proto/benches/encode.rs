//! Writing, against `prost`: `cargo bench -p sidelight-proto --bench encode`.

#![expect(clippy::expect_used, reason = "a bench stops where it fails")]

mod payload;

use divan::{Bencher, counter::BytesCount, counter::ItemsCount};
use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest,
};
use prost::Message;
use sidelight_proto::encode::{LogsEncoder, TracesEncoder};

fn main() {
    divan::main();
}

const STATEMENT: &str =
    "SELECT id, symbol, amount, price FROM orders WHERE portfolio_id = ? ORDER BY id LIMIT 50";

fn spans() -> bytes::Bytes {
    let mut traces = TracesEncoder::with_capacity(600_000);
    {
        let mut resource = traces.resource_spans();
        resource.resource().attribute("service.name", "checkout");
        let mut scope = resource.scope_spans();
        for nth in 0..1_000u64 {
            let mut span = scope.span();
            span.trace_id(&[7; 16])
                .span_id(&nth.to_le_bytes())
                .parent_span_id(&[9; 8])
                .name("SELECT trading.orders");
            span.kind(3)
                .start_time_unix_nano(1_790_000_000_000_000_000 + nth)
                .end_time_unix_nano(1_790_000_000_100_000_000);
            span.attribute("db.system.name", "postgresql")
                .attribute("db.namespace", "trading");
            span.attribute("db.query.text", STATEMENT)
                .attribute("server.address", "db-17.internal.example.net");
            span.attribute("server.port", 5432)
                .attribute("db.response.returned_rows", nth as i64);
            span.attribute("thread.name", "worker-12345678")
                .attribute("url.full", "https://shop.example.net/api/v2/orders");
            span.status().code(1);
        }
    }
    traces.finish()
}

fn log_lines() -> bytes::Bytes {
    let mut logs = LogsEncoder::with_capacity(300_000);
    {
        let mut resource = logs.resource_logs();
        resource.resource().attribute("service.name", "checkout");
        let mut scope = resource.scope_logs();
        for nth in 0..1_000u64 {
            let mut record = scope.log_record();
            record
                .observed_time_unix_nano(1_790_000_000_000_000_000 + nth)
                .body(STATEMENT);
            record.attribute("log.file.name", "orders.log");
        }
    }
    logs.finish()
}

#[divan::bench]
fn thousand_spans(bencher: Bencher<'_, '_>) {
    bencher
        .counter(BytesCount::new(spans().len()))
        .counter(ItemsCount::new(1_000usize))
        .bench(spans);
}

#[divan::bench]
fn thousand_log_lines(bencher: Bencher<'_, '_>) {
    bencher
        .counter(BytesCount::new(log_lines().len()))
        .counter(ItemsCount::new(1_000usize))
        .bench(log_lines);
}

/// For comparison: `prost` encodes structs that are there already.
#[divan::bench]
fn prost_encodes_thousand_spans(bencher: Bencher<'_, '_>) {
    let request = ExportTraceServiceRequest::decode(payload::traces(1_000).as_slice()).expect("decodes");
    bencher
        .counter(BytesCount::new(request.encoded_len()))
        .counter(ItemsCount::new(1_000usize))
        .bench(|| request.encode_to_vec());
}

/// For comparison.
#[divan::bench]
fn prost_encodes_thousand_log_records(bencher: Bencher<'_, '_>) {
    let request = ExportLogsServiceRequest::decode(payload::logs(1_000).as_slice()).expect("decodes");
    bencher
        .counter(BytesCount::new(request.encoded_len()))
        .counter(ItemsCount::new(1_000usize))
        .bench(|| request.encode_to_vec());
}
