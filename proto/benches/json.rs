//! OTLP/JSON in and out: `cargo bench -p sidelight-proto --bench json`. Bytes per second are bytes of JSON.

#![expect(clippy::expect_used, reason = "a bench that cannot run has to say so")]

#[allow(unreachable_pub, reason = "shared with the other benches")]
mod payload;

use divan::{Bencher, counter::BytesCount};
use sidelight_proto::Signal;
use sidelight_proto::json::{from_protobuf, to_protobuf};

fn main() {
    divan::main();
}

fn json(signal: Signal, request: &[u8]) -> Vec<u8> {
    let mut json = Vec::new();
    from_protobuf(signal, request, &mut json);
    json
}

fn bench_in(bencher: Bencher<'_, '_>, signal: Signal, json: &[u8]) {
    bencher
        .counter(BytesCount::new(json.len()))
        .bench(|| to_protobuf(signal, divan::black_box(json), usize::MAX).expect("good JSON"));
}

fn bench_out(bencher: Bencher<'_, '_>, signal: Signal, request: &[u8]) {
    let mut out = json(signal, request);
    bencher.counter(BytesCount::new(out.len())).bench_local(|| {
        out.clear();
        from_protobuf(signal, divan::black_box(request), &mut out);
        out.len()
    });
}

#[divan::bench]
fn in_thousand_spans(bencher: Bencher<'_, '_>) {
    bench_in(
        bencher,
        Signal::Traces,
        &json(Signal::Traces, &payload::traces(1_000)),
    );
}

#[divan::bench]
fn in_thousand_log_records(bencher: Bencher<'_, '_>) {
    bench_in(bencher, Signal::Logs, &json(Signal::Logs, &payload::logs(1_000)));
}

#[divan::bench]
fn in_thousand_data_points(bencher: Bencher<'_, '_>) {
    bench_in(
        bencher,
        Signal::Metrics,
        &json(Signal::Metrics, &payload::metrics(1_000)),
    );
}

/// The same spans as people write them: indented by four.
#[divan::bench]
fn in_thousand_spans_indented(bencher: Bencher<'_, '_>) {
    let compact = json(Signal::Traces, &payload::traces(1_000));
    let tree: serde_json::Value = serde_json::from_slice(&compact).expect("good JSON");
    bench_in(
        bencher,
        Signal::Traces,
        &serde_json::to_vec_pretty(&tree).expect("JSON"),
    );
}

/// For comparison: a general parser that builds a tree and decodes nothing.
#[divan::bench]
fn in_thousand_spans_serde_json_value(bencher: Bencher<'_, '_>) {
    let json = json(Signal::Traces, &payload::traces(1_000));
    bencher
        .counter(BytesCount::new(json.len()))
        .bench(|| serde_json::from_slice::<serde_json::Value>(divan::black_box(&json)).expect("good JSON"));
}

#[divan::bench]
fn out_thousand_spans(bencher: Bencher<'_, '_>) {
    bench_out(bencher, Signal::Traces, &payload::traces(1_000));
}

#[divan::bench]
fn out_thousand_log_records(bencher: Bencher<'_, '_>) {
    bench_out(bencher, Signal::Logs, &payload::logs(1_000));
}

#[divan::bench]
fn out_thousand_data_points(bencher: Bencher<'_, '_>) {
    bench_out(bencher, Signal::Metrics, &payload::metrics(1_000));
}

/// The slow path: one array lies in two parts, so everything is written twice.
#[divan::bench]
fn out_thousand_spans_scattered(bencher: Bencher<'_, '_>) {
    let mut request = payload::traces(1_000);
    // A `ResourceSpans` whose `scope_spans` stand on both sides of its `schema_url`.
    request.extend_from_slice(&[0x0a, 6, 0x12, 0, 0x1a, 0, 0x12, 0]);
    bench_out(bencher, Signal::Traces, &request);
}

/// The cheapest attack: 100,000 open brackets have to end at the limit.
#[divan::bench]
fn in_hundred_thousand_brackets(bencher: Bencher<'_, '_>) {
    let json = format!("{{\"x\":{}", "[".repeat(100_000)).into_bytes();
    bencher.bench(|| to_protobuf(Signal::Traces, divan::black_box(&json), usize::MAX).is_err());
}
