//! What goes over the wire, in what pieces, and what is counted.

use std::time::Instant;

use opentelemetry_proto::tonic::metrics::v1::Metric;
use sidelight_component::{Sent, Signal};
use sidelight_testkit::exporter::PATIENCE;
use sidelight_testkit::scripted_http1::{Script, Server, answer};

use super::messages::{Series, read_v1, read_v2};
use super::otlp::*;
use super::rig;

const V2: &str = "protobuf_message: io.prometheus.write.v2.Request\n";

fn written(samples: &str) -> Vec<u8> {
    answer(
        204,
        &[("X-Prometheus-Remote-Write-Samples-Written", samples)],
        b"",
    )
}

fn gauges(series: usize) -> Vec<Metric> {
    let point = |nth: usize| number(&[("nth", &nth.to_string())], 0, nth as f64);
    vec![gauge("up", (0..series).map(point).collect())]
}

#[tokio::test]
async fn a_request_has_the_headers_of_its_version_and_the_users() {
    for (settings, content_type, version) in [
        ("", "application/x-protobuf", "0.1.0"),
        (
            V2,
            "application/x-protobuf;proto=io.prometheus.write.v2.Request",
            "2.0.0",
        ),
    ] {
        let server = Server::start(Script::Write(written("1"))).await;
        let rig = rig(&format!(
            "endpoint: http://{}/api/v1/write?extra=1\nheaders: {{X-Scope-OrgID: shop}}\n{settings}",
            server.address
        ));
        let request = rig
            .exporter
            .encode(Signal::Metrics, &payload(&[request(&[], gauges(1))]));
        let request = request.expect("encoded");
        assert_eq!(
            rig.exporter.send(&request, Instant::now() + PATIENCE).await,
            Sent::Accepted
        );
        let got = server.take().remove(0);
        assert!(
            got.head.starts_with("POST /api/v1/write?extra=1 HTTP/1.1\r\n"),
            "{}",
            got.head
        );
        assert_eq!(got.body, request.body[0]);
        for (name, value) in [
            ("content-type", content_type),
            ("content-encoding", "snappy"),
            ("x-prometheus-remote-write-version", version),
            ("x-scope-orgid", "shop"),
            ("user-agent", concat!("sidelight/", env!("CARGO_PKG_VERSION"))),
        ] {
            assert_eq!(got.header(name), Some(value), "{name}");
        }
        assert_eq!(
            rig.counted("otelcol_exporter_prometheusremotewrite_written_samples", None),
            1
        );
        assert!(rig.budget.used() >= request.len(), "what is kept is charged");
        drop((request, got));
        assert_eq!(rig.budget.used(), 0);
    }
}

#[tokio::test]
async fn a_large_batch_leaves_in_requests_of_bounded_size_one_after_another() {
    for (settings, reads_v2) in [("", false), (V2, true)] {
        let server = Server::start(Script::WriteInTurn(vec![written("10000")])).await;
        let rig = rig(&format!(
            "endpoint: http://{}/w\nmax_batch_size_bytes: 4000\n{settings}",
            server.address
        ));
        let payload = payload(&[request(&[], gauges(400))]);
        let request = rig.exporter.encode(Signal::Metrics, &payload).expect("encoded");
        let pieces: Vec<Vec<Series>> = if reads_v2 {
            read_v2(&request)
        } else {
            read_v1(&request).into_iter().map(|(series, _)| series).collect()
        };
        assert!(pieces.len() >= 4, "{}", pieces.len());
        assert_eq!(pieces.concat().len(), 400);
        for piece in &request.body {
            let length = snap::raw::decompress_len(piece).expect("snappy");
            assert!(
                (2_000..=4_000).contains(&length) || piece == request.body.last().expect("one"),
                "{length}"
            );
        }
        assert_eq!(
            rig.exporter.send(&request, Instant::now() + PATIENCE).await,
            Sent::Accepted
        );
        let sent: Vec<Vec<u8>> = server.take().into_iter().map(|got| got.body).collect();
        assert_eq!(sent, request.body.to_vec());
    }
}

#[tokio::test]
async fn an_attempt_goes_on_where_the_one_before_it_ended() {
    let not_now = answer(503, &[], b"");
    let bad = answer(400, &[], b"out of order sample");
    let answers = vec![written("0"), not_now, bad, written("0")];
    let server = Server::start(Script::WriteInTurn(answers)).await;
    let rig = rig(&format!(
        "endpoint: http://{}/w\nmax_batch_size_bytes: 1\n",
        server.address
    ));
    let payload = payload(&[request(&[], gauges(3))]);
    let request = rig.exporter.encode(Signal::Metrics, &payload).expect("encoded");
    assert_eq!(request.body.len(), 3);
    let first = rig.exporter.send(&request, Instant::now() + PATIENCE).await;
    assert!(matches!(first, Sent::Retry { .. }), "{first:?}");
    let second = rig.exporter.send(&request, Instant::now() + PATIENCE).await;
    let expected = Sent::Partial {
        rejected: 1,
        reason: "HTTP 400 Bad Request: out of order sample".into(),
    };
    assert_eq!(second, expected);
    let sent: Vec<Vec<u8>> = server.take().into_iter().map(|got| got.body).collect();
    let [a, b, c] = [0, 1, 2].map(|nth| request.body[nth].to_vec());
    assert_eq!(sent, [a, b.clone(), b, c]);
}

#[tokio::test]
async fn points_without_words_are_left_out_counted_by_reason_and_told() {
    let server = Server::start(Script::Write(written("0"))).await;
    let rig = rig(&format!("endpoint: http://{}/w\n", server.address));
    let mut timeless = number(&[], 0, 1.0);
    timeless.time_unix_nano = 0;
    let mut valueless = number(&[], 0, 1.0);
    valueless.value = None;
    let mut coarse = exponential_point(0, 0, &[1]);
    coarse.scale = -5;
    let mut wrong = exponential_point(0, 0, &[1]);
    wrong.count = 9;
    let huge = (0..5_000).map(|nth| (format!("{nth:0400}"), "v"));
    let huge: Vec<(String, &str)> = huge.collect();
    let huge: Vec<(&str, &str)> = huge.iter().map(|(key, value)| (key.as_str(), *value)).collect();
    let bounds: Vec<f64> = (0..1_000).map(f64::from).collect();
    let mut large = histogram_point(0, &bounds, &[0; 1_001], None);
    large.attributes = attributes(&huge);
    let metrics = vec![
        sum("delta", 1, vec![number(&[], 0, 1.0), number(&[], 1, 1.0)]),
        histogram("delta", 1, vec![histogram_point(0, &[], &[1], None)]),
        exponential("delta", 0, vec![exponential_point(0, 0, &[1])]),
        gauge("???", vec![number(&[], 0, 1.0)]),
        gauge("gauge", vec![timeless, valueless]),
        exponential("native", 2, vec![coarse, wrong]),
        histogram("large", 2, vec![large]),
    ];
    let send = async |metrics: Vec<Metric>| {
        let payload = payload(&[request(&[], metrics)]);
        let request = rig.exporter.encode(Signal::Metrics, &payload).expect("encoded");
        rig.exporter.send(&request, Instant::now() + PATIENCE).await
    };
    let Sent::Partial { rejected, reason } = send(metrics).await else {
        panic!("not told")
    };
    assert_eq!(rejected, 10);
    assert!(
        reason.starts_with("not sent: 4 data points are no cumulative values (put"),
        "{reason}"
    );
    assert!(server.take().is_empty(), "there was nothing to send");
    for (reason, points) in [
        ("temporality", 4),
        ("name", 1),
        ("time", 1),
        ("value", 1),
        ("scale", 1),
        ("malformed", 1),
        ("too_large", 1),
    ] {
        let counted = rig.counted("sidelight_exporter_left_out_points", Some(("reason", reason)));
        assert_eq!(counted, points, "{reason}");
    }
    // The others of a batch go their way.
    let mixed = vec![sum("delta", 1, vec![number(&[], 0, 1.0)]), gauges(1).remove(0)];
    assert!(matches!(send(mixed).await, Sent::Partial { rejected: 1, .. }));
    assert_eq!(server.take().len(), 1);
    // And so does an empty one.
    assert_eq!(send(vec![]).await, Sent::Accepted);
    let twice = vec![gauge(
        "up",
        vec![number(&[], 0, 1.0), number(&[], 0, 2.0), number(&[], 0, 2.0)],
    )];
    assert_eq!(send(twice).await, Sent::Accepted);
    assert_eq!(rig.counted("sidelight_exporter_replaced_samples", None), 1);
}

#[test]
fn other_signals_are_not_encoded() {
    let rig = rig("endpoint: http://localhost:9\n");
    assert!(rig.exporter.encode(Signal::Logs, &payload(&[])).is_err());
}
