//! What answers mean, and what becomes of points without a form in Prometheus.

use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::metrics::v1::Metric;
use sidelight_component::{BuildContext, ExporterConfig as _, Role, Sent, Signal};
use sidelight_testkit::component;
use sidelight_testkit::exporter::PATIENCE;

use super::{Config, SHOP, exporter, gauge, payload, point, request, sum};
use crate::scripted_http1::{Script, Server, answer};

const V2: &str = "protobuf_message: io.prometheus.write.v2.Request";
const SAMPLES: &str = "X-Prometheus-Remote-Write-Samples-Written";

/// What becomes of four points with this answer.
async fn sent(settings: &str, answer: Vec<u8>) -> Sent {
    let server = Server::start(Script::Write(answer)).await;
    let exporter = exporter(&format!("endpoint: http://{}/w\n{settings}", server.address));
    let points = (0..4).map(|n| point(&[("n", &n.to_string())], 1.0)).collect();
    let request = exporter
        .encode(
            Signal::Metrics,
            &payload(&request(SHOP, vec![gauge("g", "", points)])),
        )
        .expect("encoded");
    exporter.send(&request, Instant::now() + PATIENCE).await
}

fn retry(after: Option<u64>, reason: &str, maybe_processed: bool) -> Sent {
    Sent::Retry {
        after: after.map(Duration::from_secs),
        reason: reason.into(),
        maybe_processed,
    }
}

fn rejected(reason: &str) -> Sent {
    Sent::Rejected {
        reason: reason.into(),
    }
}

fn partial(rejected: u64, reason: &str) -> Sent {
    Sent::Partial {
        rejected,
        reason: reason.into(),
    }
}

#[tokio::test]
async fn every_answer_of_version_1() {
    let table = [
        (answer(200, &[], b""), Sent::Accepted),
        (answer(204, &[], b""), Sent::Accepted),
        (
            answer(429, &[("Retry-After", "7")], b"slow down\n"),
            retry(Some(7), "HTTP 429 Too Many Requests: slow down", false),
        ),
        (
            answer(500, &[], b""),
            retry(None, "HTTP 500 Internal Server Error", false),
        ),
        (
            answer(503, &[("Retry-After", "2")], b""),
            retry(Some(2), "HTTP 503 Service Unavailable", false),
        ),
        (
            answer(504, &[], b""),
            retry(None, "HTTP 504 Gateway Timeout", true),
        ),
        (
            answer(400, &[], b"out of order sample"),
            rejected("HTTP 400 Bad Request: out of order sample"),
        ),
        (answer(404, &[], b""), rejected("HTTP 404 Not Found")),
        (answer(302, &[], b""), rejected("HTTP 302 Found")),
        // Not of 1.0.
        (answer(200, &[(SAMPLES, "0")], b""), Sent::Accepted),
        (
            answer(400, &[(SAMPLES, "3")], b"bad"),
            rejected("HTTP 400 Bad Request: bad"),
        ),
    ];
    for (answer, expected) in table {
        let shown = String::from_utf8_lossy(&answer).into_owned();
        assert_eq!(sent("", answer).await, expected, "{shown}");
    }
    let too_large = sent("", answer(413, &[], b"")).await;
    assert!(matches!(too_large, Sent::TooLarge { .. }), "{too_large:?}");
}

#[tokio::test]
async fn what_a_receiver_of_version_2_has_not_written_is_rejected() {
    let short = "the receiver has not written all of it";
    let table = [
        (answer(200, &[(SAMPLES, "4")], b""), Sent::Accepted),
        (answer(204, &[(SAMPLES, "4")], b""), Sent::Accepted),
        (answer(200, &[(SAMPLES, "3")], b""), partial(1, short)),
        (answer(200, &[(SAMPLES, "0")], b""), rejected(short)),
        (answer(200, &[], b""), Sent::Accepted),
        (
            answer(400, &[(SAMPLES, "3")], b"old"),
            partial(1, "HTTP 400 Bad Request: old"),
        ),
        (
            answer(400, &[(SAMPLES, "0")], b"old"),
            rejected("HTTP 400 Bad Request: old"),
        ),
        (answer(400, &[], b"old"), rejected("HTTP 400 Bad Request: old")),
        (
            answer(400, &[(SAMPLES, "nonsense")], b"old"),
            rejected("HTTP 400 Bad Request: old"),
        ),
        (
            answer(500, &[(SAMPLES, "0")], b""),
            retry(None, "HTTP 500 Internal Server Error", false),
        ),
    ];
    for (answer, expected) in table {
        let shown = String::from_utf8_lossy(&answer).into_owned();
        assert_eq!(sent(V2, answer).await, expected, "{shown}");
    }
    let unknown = sent(V2, answer(415, &[], b"")).await;
    let Sent::Rejected { reason } = unknown else {
        panic!("{unknown:?}")
    };
    assert!(
        reason.contains("protobuf_message: prometheus.WriteRequest"),
        "{reason}"
    );
}

#[tokio::test]
async fn points_without_a_form_in_prometheus_are_counted_and_the_rest_is_sent() {
    let server = Server::start(Script::Write(answer(204, &[], b""))).await;
    let config: Config = component::settings(
        Role::Exporter,
        "prometheus_remote_write",
        &format!("endpoint: http://{}/w", server.address),
    )
    .expect("settings");
    let context: BuildContext = component::context(Role::Exporter, "prometheus_remote_write");
    let exporter = config.build(&context).expect("built");
    let bad = || -> Vec<Metric> {
        let mut untyped = gauge("untyped", "", vec![]);
        untyped.data = None;
        vec![
            sum("delta", "", 1, vec![point(&[], 1.0), point(&[("a", "1")], 1.0)]),
            gauge("数", "", vec![point(&[], 1.0)]),
            untyped,
        ]
    };
    let good = vec![gauge("g", "", vec![point(&[], 1.0)])];
    let mut results = Vec::new();
    for metrics in [[good, bad()].concat(), bad()] {
        let request = exporter
            .encode(Signal::Metrics, &payload(&request(SHOP, metrics)))
            .expect("encoded");
        results.push(exporter.send(&request, Instant::now() + PATIENCE).await);
    }
    assert_eq!(server.take().len(), 1, "a request of nothing is not sent");
    let Sent::Partial { rejected: 3, reason } = &results[0] else {
        panic!("{results:?}")
    };
    assert!(
        reason.contains("2 points of delta temporality") && reason.contains("1 points of metrics without"),
        "{reason}"
    );
    assert!(matches!(&results[1], Sent::Rejected { .. }), "{results:?}");

    let families = context.metrics.snapshot();
    let family = families
        .iter()
        .find(|family| family.name == "sidelight_prometheus_remote_write_dropped_points");
    let counted: Vec<(&str, f64)> = family
        .expect("counted")
        .series
        .iter()
        .map(|(labels, value)| (labels[1].1.as_str(), *value))
        .collect();
    assert_eq!(counted, [("delta_temporality", 4.0), ("unusable_name", 2.0)]);
}

#[tokio::test]
async fn nobody_who_listens_is_a_reason_to_try_again() {
    let exporter = exporter("endpoint: http://127.0.0.1:1/w");
    let request = exporter.encode(
        Signal::Metrics,
        &payload(&request(SHOP, vec![gauge("g", "", vec![point(&[], 1.0)])])),
    );
    let sent = exporter
        .send(&request.expect("encoded"), Instant::now() + PATIENCE)
        .await;
    assert!(
        matches!(
            sent,
            Sent::Retry {
                maybe_processed: false,
                ..
            }
        ),
        "{sent:?}"
    );
}

#[tokio::test]
async fn without_an_answer_the_receiver_may_have_it_all_the_same() {
    let server = Server::start(Script::Silence).await;
    let exporter = exporter(&format!("endpoint: http://{}/w", server.address));
    let one = request(SHOP, vec![gauge("g", "", vec![point(&[], 1.0)])]);
    let request = exporter.encode(Signal::Metrics, &payload(&one)).expect("encoded");
    let sent = exporter
        .send(&request, Instant::now() + Duration::from_millis(100))
        .await;
    assert!(
        matches!(
            sent,
            Sent::Retry {
                maybe_processed: true,
                ..
            }
        ),
        "{sent:?}"
    );
}

#[tokio::test]
async fn a_connection_that_ends_after_each_answer_costs_no_request() {
    let server = Server::start(Script::WriteAndClose(answer(204, &[], b""))).await;
    let exporter = exporter(&format!("endpoint: http://{}/w", server.address));
    let one = request(SHOP, vec![gauge("g", "", vec![point(&[], 1.0)])]);
    for _ in 0..5 {
        let request = exporter.encode(Signal::Metrics, &payload(&one)).expect("encoded");
        let sent = exporter.send(&request, Instant::now() + PATIENCE).await;
        assert_eq!(sent, Sent::Accepted);
    }
    assert_eq!(server.take().len(), 5);
}

#[tokio::test]
async fn a_connection_that_ends_at_once_is_a_reason_to_try_again() {
    let server = Server::start(Script::CloseAtOnce).await;
    let exporter = exporter(&format!("endpoint: http://{}/w", server.address));
    let one = request(SHOP, vec![gauge("g", "", vec![point(&[], 1.0)])]);
    let request = exporter.encode(Signal::Metrics, &payload(&one)).expect("encoded");
    let sent = exporter.send(&request, Instant::now() + PATIENCE).await;
    assert!(matches!(sent, Sent::Retry { .. }), "{sent:?}");
}
