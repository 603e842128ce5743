//! What compressing and inflating OTLP costs, ours beside flate2 with zlib-rs.
//!
//! `cargo bench -p sidelight-net --bench compression` prints, for a traces request of 1,000 spans: thread CPU time per
//! body (best of 15), MB/s of the uncompressed side, and the ratio.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and fails where it cannot run"
)]

use std::hint::black_box;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use sidelight_net::admission::Unlimited;
use sidelight_net::compress::{Encoding, deflate, inflate};

const LIMIT: usize = 16 << 20;

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

/// About 540 bytes a span: random ids, times that advance, a few routes, hosts and statements with varying numbers.
fn body() -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(42);
    let mut now = 1_790_000_000_000_000_000_u64;
    let span = |_| {
        now += random.u64(1000..5_000_000);
        let route = random
            .choice(["/orders/{id}", "/quotes", "/portfolio/{id}/positions", "/login"])
            .expect("one");
        let id = random.u32(..1_000_000);
        let text = |value: String| Value::StringValue(value);
        let attributes = vec![
            attribute("http.request.method", text("GET".to_owned())),
            attribute("http.route", text((*route).to_owned())),
            attribute(
                "url.full",
                text(format!(
                    "http://trading.example:8080{route}?id={id}&page={}",
                    random.u8(..)
                )),
            ),
            attribute(
                "http.response.status_code",
                Value::IntValue(*random.choice(&[200, 200, 200, 404, 500]).expect("one")),
            ),
            attribute(
                "client.address",
                text(format!(
                    "10.{}.{}.{}",
                    random.u8(..),
                    random.u8(..),
                    random.u8(..)
                )),
            ),
            attribute(
                "db.query.text",
                text(format!(
                    "SELECT * FROM orders WHERE id = {id} AND account = {}",
                    random.u32(..)
                )),
            ),
            attribute("thread.id", Value::IntValue(random.i64(1..64))),
            attribute("session.id", text(format!("{:016x}", random.u64(..)))),
        ];
        Span {
            trace_id: std::iter::repeat_with(|| random.u8(..)).take(16).collect(),
            span_id: std::iter::repeat_with(|| random.u8(..)).take(8).collect(),
            parent_span_id: std::iter::repeat_with(|| random.u8(..)).take(8).collect(),
            name: format!("GET {route}"),
            kind: 2,
            start_time_unix_nano: now,
            end_time_unix_nano: now + random.u64(10_000..90_000_000),
            attributes,
            ..Span::default()
        }
    };
    let spans: Vec<Span> = (0..1000).map(span).collect();
    let scope = ScopeSpans {
        spans,
        ..ScopeSpans::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            scope_spans: vec![scope],
            ..ResourceSpans::default()
        }],
    }
    .encode_to_vec()
}

fn best(mut work: impl FnMut()) -> Duration {
    let times = (0..15).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed()
    });
    times.min().unwrap_or_default()
}

fn row(name: &str, plain: usize, small: usize, time: Duration) {
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    let (rate, ratio) = (
        plain as f64 / time.as_secs_f64() / 1e6,
        plain as f64 / small as f64,
    );
    println!(
        "{name:<28} {:>8.0} us {rate:>8.0} MB/s  ratio {ratio:.2}",
        time.as_secs_f64() * 1e6
    );
}

fn main() {
    let plain = Bytes::from(body());
    let chunks = [plain.clone()];
    println!("one body: {} bytes", plain.len());
    for (encoding, level) in [
        (Encoding::Gzip, 1),
        (Encoding::Gzip, 6),
        (Encoding::Zstd, 1),
        (Encoding::Zstd, 3),
        (Encoding::Zstd, -5),
    ] {
        let small = deflate(encoding, level, &chunks, &Unlimited).expect("compressed");
        let pack = best(|| drop(black_box(deflate(encoding, level, &chunks, &Unlimited))));
        row(
            &format!("{} {level}", encoding.name()),
            plain.len(),
            small.len(),
            pack,
        );
        let unpack = best(|| drop(black_box(inflate(encoding, &small, LIMIT, &Unlimited))));
        row(
            &format!("{} {level} inflate", encoding.name()),
            plain.len(),
            small.len(),
            unpack,
        );
    }
    for level in [1, 6] {
        let pack = || {
            let mut encoder = flate2::write::GzEncoder::new(
                Vec::with_capacity(plain.len() / 2),
                flate2::Compression::new(level),
            );
            encoder.write_all(&plain).expect("written");
            encoder.finish().expect("finished")
        };
        let small = pack();
        row(
            &format!("flate2 (zlib-rs) {level}"),
            plain.len(),
            small.len(),
            best(|| drop(black_box(pack()))),
        );
        let unpack = || {
            let mut out = Vec::with_capacity(plain.len());
            flate2::bufread::MultiGzDecoder::new(&small[..])
                .read_to_end(&mut out)
                .expect("read");
            out
        };
        let name = format!("flate2 (zlib-rs) {level} inflate");
        row(
            &name,
            plain.len(),
            small.len(),
            best(|| drop(black_box(unpack()))),
        );
    }
}
