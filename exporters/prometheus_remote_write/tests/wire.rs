//! What goes over the wire in both versions.

use std::time::Instant;

use prost::Message as _;
use sidelight_component::{Payload, Sent, Signal};
use sidelight_testkit::exporter::PATIENCE;

use super::messages::{Request2, WriteRequest, lines};
use super::{SHOP, encoded, exporter, gauge, payload, point, request, sum};
use crate::scripted_http1::{Script, Server, answer};

const V2: &str = "protobuf_message: io.prometheus.write.v2.Request";

fn metrics() -> Vec<opentelemetry_proto::tonic::metrics::v1::Metric> {
    vec![
        gauge(
            "process.memory.usage",
            "By",
            vec![point(&[("host", "web1")], 5.0)],
        ),
        sum(
            "orders",
            "{order}",
            2,
            vec![point(&[("side", "buy")], 7.0), point(&[("side", "sell")], 8.0)],
        ),
    ]
}

#[test]
fn both_versions_say_the_same() {
    let request = request(SHOP, metrics());
    let first = WriteRequest::decode(&encoded("", &request)[..]).expect("protobuf");
    let second = Request2::decode(&encoded(V2, &request)[..]).expect("protobuf");
    assert_eq!(lines(&first), lines(&second.as_version_1()));
    assert_eq!(first.metadata, []);
    assert_eq!(second.symbols[0], "", "the first symbol is empty");
    let mut unique = second.symbols.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), second.symbols.len(), "each symbol once");
}

#[test]
fn version_2_carries_metadata_and_start_times() {
    let second = Request2::decode(&encoded(V2, &request(SHOP, metrics()))[..]).expect("protobuf");
    let shown = second.timeseries.iter().map(|series| {
        let metadata = series.metadata.expect("always");
        let text = |place: u32| second.symbols[place as usize].as_str();
        (
            metadata.kind,
            text(metadata.help_ref),
            text(metadata.unit_ref),
            series.samples[0].start_timestamp,
        )
    });
    let start = 1_799_999_995_000;
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [
            (2, "process.memory.usage described", "bytes", 0),
            (1, "orders described", "", start),
            (1, "orders described", "", start),
        ]
    );
}

#[test]
fn version_1_sends_metadata_of_each_family_once_where_it_is_wanted() {
    let first = WriteRequest::decode(&encoded("send_metadata: true", &request(SHOP, metrics()))[..])
        .expect("protobuf");
    let shown = first.metadata.iter().map(|family| {
        (
            family.kind,
            family.metric_family_name.as_str(),
            family.unit.as_str(),
        )
    });
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [
            (2, "process_memory_usage_bytes", "bytes"),
            (1, "orders_total", "")
        ]
    );
}

#[tokio::test]
async fn a_request_goes_where_the_settings_say_with_the_headers_of_its_version() {
    let server = Server::start(Script::Write(answer(204, &[], b""))).await;
    for (settings, kind, version) in [
        ("", "application/x-protobuf", "0.1.0"),
        (
            V2,
            "application/x-protobuf;proto=io.prometheus.write.v2.Request",
            "2.0.0",
        ),
    ] {
        let exporter = exporter(&format!(
            "endpoint: http://{}/api/v1/write?tenant=a\nheaders: {{x-tenant: shop}}\n{settings}",
            server.address
        ));
        let request = exporter
            .encode(Signal::Metrics, &payload(&request(SHOP, metrics())))
            .expect("encoded");
        assert_eq!(request.items, 3);
        assert_eq!(
            exporter.send(&request, Instant::now() + PATIENCE).await,
            Sent::Accepted
        );
        let got = server.take().pop().expect("a request");
        assert!(
            got.head.starts_with("POST /api/v1/write?tenant=a HTTP/1.1\r\n"),
            "{}",
            got.head
        );
        for (name, value) in [
            ("content-type", kind),
            ("content-encoding", "snappy"),
            ("x-prometheus-remote-write-version", version),
            ("x-tenant", "shop"),
        ] {
            assert_eq!(got.header(name), Some(value), "{name}");
        }
        let plain = snap::raw::Decoder::new()
            .decompress_vec(&got.body)
            .expect("snappy");
        assert!(plain.len() > 100);
        assert_eq!(got.body, request.body[0], "the tally is not sent");
    }
}

#[test]
fn chunks_become_one_request() {
    let exporter = exporter("endpoint: http://127.0.0.1:1/write");
    let mut two = payload(&request(SHOP, vec![gauge("a", "", vec![point(&[], 1.0)])]));
    two.append(payload(&request(
        SHOP,
        vec![gauge("b", "", vec![point(&[], 2.0)])],
    )));
    let encoded = exporter.encode(Signal::Metrics, &two).expect("encoded");
    let plain = snap::raw::Decoder::new()
        .decompress_vec(&encoded.body[0])
        .expect("snappy");
    let first = WriteRequest::decode(&plain[..]).expect("protobuf");
    assert_eq!((first.timeseries.len(), encoded.items), (2, 2));
}

#[tokio::test]
async fn a_request_larger_than_the_settings_allow_is_to_be_cut_but_for_a_single_point() {
    let exporter = exporter("endpoint: http://127.0.0.1:1/write\nmax_batch_size_bytes: 1000\ntimeout: 1s");
    let of = |points: usize| -> Payload {
        let long = "x".repeat(300);
        let points = (0..points)
            .map(|n| point(&[("n", &n.to_string()), ("long", &long)], 1.0))
            .collect();
        payload(&request(SHOP, vec![gauge("g", "", points)]))
    };
    let sent = |payload: Payload| {
        let request = exporter.encode(Signal::Metrics, &payload).expect("encoded");
        let exporter = exporter.clone();
        async move { exporter.send(&request, Instant::now() + PATIENCE).await }
    };
    assert!(matches!(sent(of(10)).await, Sent::TooLarge { .. }));
    let fits = sent(of(2)).await;
    assert!(matches!(fits, Sent::Retry { .. }), "nobody listens: {fits:?}");
    let huge = gauge("g", "", vec![point(&[("long", &"x".repeat(5000))], 1.0)]);
    let single = sent(payload(&request(SHOP, vec![huge]))).await;
    assert!(matches!(single, Sent::Retry { .. }), "{single:?}");
}

/// As the estimate decides what is too large, it must not be far off.
#[test]
fn the_estimated_size_is_near_the_real_one() {
    let points = (0..200)
        .map(|n| point(&[("n", &n.to_string()), ("a", "some value")], 1.5))
        .collect();
    let request = request(SHOP, vec![gauge("process.memory.usage", "By", points)]);
    let real = encoded("", &request).len();
    let fits = |limit: usize| {
        let exporter = exporter(&format!(
            "endpoint: http://127.0.0.1:1/w\nmax_batch_size_bytes: {limit}"
        ));
        let encoded = exporter
            .encode(Signal::Metrics, &payload(&request))
            .expect("encoded");
        !encoded.body[0].is_empty()
    };
    assert!(fits(real + real / 5) && !fits(real - real / 5), "{real}");
}
