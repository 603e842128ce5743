//! The door: `cargo bench -p sidelight-proto --bench validate`.

#![expect(clippy::expect_used, reason = "a bench stops where it fails")]

mod payload;

use bytes::Bytes;
use divan::{Bencher, counter::BytesCount};
use sidelight_proto::{Signal, admit};

fn main() {
    divan::main();
}

fn bench(bencher: Bencher<'_, '_>, signal: Signal, request: Vec<u8>) {
    let request = Bytes::from(request);
    assert!(!admit(signal, request.clone()).expect("admitted").recoded);
    bencher
        .counter(BytesCount::new(request.len()))
        .bench(|| admit(signal, divan::black_box(request.clone())));
}

#[divan::bench]
fn thousand_spans(bencher: Bencher<'_, '_>) {
    bench(bencher, Signal::Traces, payload::traces(1_000));
}

#[divan::bench]
fn thousand_log_records(bencher: Bencher<'_, '_>) {
    bench(bencher, Signal::Logs, payload::logs(1_000));
}

#[divan::bench]
fn thousand_data_points(bencher: Bencher<'_, '_>) {
    bench(bencher, Signal::Metrics, payload::metrics(1_000));
}

/// What re-encoding costs: the schema URL of the resource comes twice.
#[divan::bench]
fn thousand_spans_recoded(bencher: Bencher<'_, '_>) {
    let mut request = payload::traces(1_000);
    request.extend_from_slice(&[0x0a, 4, 0x1a, 0, 0x1a, 0]);
    let request = Bytes::from(request);
    assert!(admit(Signal::Traces, request.clone()).expect("admitted").recoded);
    bencher
        .counter(BytesCount::new(request.len()))
        .bench(|| admit(Signal::Traces, divan::black_box(request.clone())));
}

/// The cheapest attack on decoders that allocate: two bytes per message.
#[divan::bench]
fn sixteen_mib_of_empty_spans(bencher: Bencher<'_, '_>) {
    let spans = [0x12, 0].repeat((16 << 20) / 2);
    let mut request = vec![0x0a];
    let scope = |content: &[u8], tag: u8| {
        let mut field = vec![tag];
        let mut len = content.len();
        while len > 127 {
            field.push(len as u8 | 0x80);
            len >>= 7;
        }
        field.push(len as u8);
        field.extend_from_slice(content);
        field
    };
    let scope_spans = scope(&spans, 0x12);
    request.clear();
    request.extend(scope(&scope_spans, 0x0a));
    bench(bencher, Signal::Traces, request);
}
