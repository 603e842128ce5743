//! What real clients get: tonic with the generated services, as SDKs have them, and plain HTTP.

use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::logs::v1::logs_service_client::LogsServiceClient;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_client::MetricsServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use prost::Message as _;
use sidelight_component::{Outcome, Payload, Signal};
use sidelight_net::grpc::{RetryInfo, Status};
use sidelight_testkit::requests::{json, logs, metrics, protobuf, traces};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::codec::CompressionEncoding;
use tonic::transport::Channel;

use super::clients::{Ask, End, http1};
use super::rig::{Options, Rig};
use super::table::Via;

async fn channel(rig: &Rig) -> Channel {
    let endpoint = tonic::transport::Endpoint::try_from(format!("http://{}", rig.grpc)).expect("an endpoint");
    endpoint.connect().await.expect("connected")
}

fn only_payload(rig: &Rig) -> (Signal, Payload) {
    let mut seen = rig.take_seen();
    assert_eq!(seen.len(), 1);
    let (signal, payload, _) = seen.pop().expect("one payload");
    (signal, payload)
}

#[tokio::test]
async fn every_signal_of_a_tonic_client_arrives_byte_for_byte_with_every_compression() {
    let rig = Rig::start(Options::default()).await;
    for encoding in [
        None,
        Some(CompressionEncoding::Gzip),
        Some(CompressionEncoding::Zstd),
    ] {
        for items in [0, 1, 5000] {
            let mut spans = TraceServiceClient::new(channel(&rig).await);
            let mut points = MetricsServiceClient::new(channel(&rig).await);
            let mut records = LogsServiceClient::new(channel(&rig).await);
            if let Some(encoding) = encoding {
                spans = spans.send_compressed(encoding);
                points = points.send_compressed(encoding);
                records = records.send_compressed(encoding);
            }
            let answer = spans.export(traces(items)).await.expect("accepted").into_inner();
            assert_eq!(answer, Default::default());
            check(&rig, Signal::Traces, items);
            let answer = points
                .export(metrics(items))
                .await
                .expect("accepted")
                .into_inner();
            assert_eq!(answer, Default::default());
            check(&rig, Signal::Metrics, items);
            let answer = records.export(logs(items)).await.expect("accepted").into_inner();
            assert_eq!(answer, Default::default());
            check(&rig, Signal::Logs, items);
        }
    }
    assert_eq!(rig.budget.used(), 0);
    for items in ["spans", "metric_points", "log_records"] {
        assert_eq!(
            rig.metric(&format!("otelcol_receiver_accepted_{items}")),
            3 * 5001,
            "{items}"
        );
    }
}

fn check(rig: &Rig, signal: Signal, items: usize) {
    let (got, payload) = only_payload(rig);
    assert_eq!((got, payload.items()), (signal, items));
    assert!(
        payload.to_contiguous() == protobuf(signal, items),
        "{signal} are other bytes"
    );
}

#[tokio::test]
async fn every_signal_arrives_over_http_on_a_port_of_its_own_and_on_a_shared_one() {
    for shared_port in [false, true] {
        let rig = Rig::start(Options {
            shared_port,
            ..Options::default()
        })
        .await;
        for signal in Signal::ALL {
            for via in Via::ALL {
                let ask = via.ask(signal, &via.body(signal, 3));
                let answer = via.send(&rig, &ask).await;
                assert_eq!(answer.status, 200, "{signal} {via:?}: {answer:?}");
                let (got, payload) = only_payload(&rig);
                assert_eq!((got, payload.items()), (signal, 3), "{via:?}");
                let bytes = payload.to_contiguous();
                if via == Via::Json {
                    assert_same(signal, &bytes);
                } else {
                    assert!(bytes == protobuf(signal, 3), "{signal} {via:?}");
                }
            }
        }
    }
}

/// JSON has no one encoding in protobuf; what it means is the same.
fn assert_same(signal: Signal, bytes: &[u8]) {
    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    match signal {
        Signal::Traces => assert_eq!(
            ExportTraceServiceRequest::decode(bytes).expect("traces"),
            traces(3)
        ),
        Signal::Metrics => assert_eq!(
            ExportMetricsServiceRequest::decode(bytes).expect("metrics"),
            metrics(3)
        ),
        Signal::Logs => assert_eq!(ExportLogsServiceRequest::decode(bytes).expect("logs"), logs(3)),
    }
}

#[tokio::test]
async fn a_tonic_client_sees_partial_success_retry_info_and_refusals() {
    let partial = Outcome::Partial {
        rejected: 2,
        reason: "too old ä".into(),
    };
    let rig = Rig::start(Options {
        outcome: partial,
        ..Options::default()
    })
    .await;
    let answer = TraceServiceClient::new(channel(&rig).await)
        .export(traces(3))
        .await
        .expect("accepted");
    let partial = answer.into_inner().partial_success.expect("a partial success");
    assert_eq!(
        (partial.rejected_spans, partial.error_message.as_str()),
        (2, "too old ä")
    );

    let delay = Duration::from_millis(1500);
    let retry = Outcome::Retry {
        after: Some(delay),
        reason: "away ä %".into(),
    };
    let rig = Rig::start(Options {
        outcome: retry,
        ..Options::default()
    })
    .await;
    let status = TraceServiceClient::new(channel(&rig).await)
        .export(traces(3))
        .await
        .expect_err("busy");
    assert_eq!(
        (status.code(), status.message()),
        (tonic::Code::Unavailable, "away ä %")
    );
    let details = Status::decode_details(status.details()).expect("a google.rpc.Status");
    assert_eq!(details.retry_info, Some(RetryInfo { delay }));
    assert_eq!(rig.metric("otelcol_receiver_refused_spans"), 3);

    let rig = Rig::start(Options {
        outcome: Outcome::rejected("no"),
        ..Options::default()
    })
    .await;
    let status = TraceServiceClient::new(channel(&rig).await)
        .export(traces(3))
        .await
        .expect_err("refused");
    assert_eq!((status.code(), status.message()), (tonic::Code::Internal, "no"));
}

#[tokio::test]
async fn the_clients_own_deadline_goes_with_its_data() {
    let rig = Rig::start(Options::default()).await;
    let table = [
        (Via::Grpc, Some("2500m"), Duration::from_millis(2500)),
        (Via::Grpc, Some("3S"), Duration::from_secs(3)),
        // What is no timeout counts as none: 8 s.
        (Via::Grpc, Some("soon"), Duration::from_secs(8)),
        (Via::Grpc, None, Duration::from_secs(8)),
        (Via::Protobuf, None, Duration::from_secs(8)),
        (Via::Json, None, Duration::from_secs(8)),
    ];
    for (via, header, timeout) in table {
        let ask = via.good();
        let ask = match header {
            Some(value) => ask.header("grpc-timeout", value),
            None => ask,
        };
        let before = Instant::now();
        via.send(&rig, &ask).await;
        let after = Instant::now();
        let (_, _, deadline) = rig.take_seen().pop().expect("it went into the pipeline");
        let deadline = deadline.expect("a deadline");
        // The receiver took its time somewhere between sending and the answer.
        assert!(
            (before + timeout..=after + timeout).contains(&deadline),
            "{via:?} {header:?}"
        );
    }
}

#[tokio::test]
async fn malformed_and_recoded_requests_and_replaced_strings_are_counted() {
    let rig = Rig::start(Options::default()).await;
    let grpc = Via::Grpc;
    grpc.send(&rig, &grpc.ask(Signal::Traces, b"\x0a\x7f")).await;
    assert_eq!(rig.metric("sidelight_receiver_malformed_requests"), 1);
    let mut request = protobuf(Signal::Traces, 1);
    let at = request
        .windows(4)
        .position(|four| four == b"GET ")
        .expect("the name");
    request[at] = 0xff;
    let answer = grpc.send(&rig, &grpc.ask(Signal::Traces, &request)).await;
    assert_eq!(answer.trailers["grpc-status"], "0");
    assert_eq!(rig.metric("sidelight_receiver_replaced_strings"), 1);
    let (_, payload) = only_payload(&rig);
    let text = String::from_utf8_lossy(&payload.to_contiguous()).into_owned();
    assert!(text.contains("\u{fffd}ET /orders"), "{text}");
    drop(payload);
    assert_eq!(rig.budget.used(), 0);
}

/// Most clients write the whole body before they read: a body that nobody takes must not cost them the answer,
/// and closing a socket with unread data resets it.
#[tokio::test]
async fn a_large_body_at_the_wrong_place_still_gets_its_answer() {
    let rig = Rig::start(Options::default()).await;
    let body = vec![b' '; 32 << 20];
    let table = [
        ("POST", "/v1/traces", "text/xml", "HTTP/1.1 415"),
        ("POST", "/nowhere", "application/json", "HTTP/1.1 404"),
        ("PUT", "/v1/traces", "application/json", "HTTP/1.1 405"),
        ("POST", "/v1/traces", "application/json", "HTTP/1.1 413"),
    ];
    for (method, path, kind, status) in table {
        let mut stream = TcpStream::connect(rig.http).await.expect("connected");
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.expect("the head is read");
        stream
            .write_all(&body)
            .await
            .unwrap_or_else(|e| panic!("{method} {path} {kind}: {e}"));
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.starts_with(status), "{method} {path} {kind}: {answer}");
    }
}

#[tokio::test]
async fn an_http_exporter_on_the_grpc_port_is_told_of_the_other_port() {
    let rig = Rig::start(Options::default()).await;
    for size in [1, 5 << 20] {
        let ask = Ask {
            method: "POST",
            path: "/v1/traces".to_owned(),
            headers: vec![("content-type", "application/x-protobuf")],
            body: vec![0; size],
            end: End::Whole,
        };
        let answer = http1(rig.grpc, &ask).await;
        assert_eq!(answer.status, 415);
        assert!(
            String::from_utf8_lossy(&answer.body).contains("4318"),
            "{size} bytes"
        );
    }
    assert!(rig.take_seen().is_empty());
}

/// Small ones are worked on where they arrive, large ones beside the workers.
#[tokio::test]
async fn bodies_of_any_size_become_the_same_payload() {
    let rig = Rig::start(Options {
        max_mib: 16,
        ..Options::default()
    })
    .await;
    for items in [10, 60_000] {
        let expected = protobuf(Signal::Traces, items);
        assert_eq!(expected.len() > 2 << 20, items > 10);
        for via in [Via::Grpc, Via::Protobuf, Via::Json] {
            let body = match via {
                Via::Json => json(Signal::Traces, items),
                Via::Grpc | Via::Protobuf => expected.clone(),
            };
            let answer = via.send(&rig, &via.ask(Signal::Traces, &body)).await;
            assert_eq!(answer.status, 200, "{via:?}");
            let (_, payload) = only_payload(&rig);
            assert_eq!(payload.items(), items);
            assert_eq!(payload.to_contiguous(), expected, "{via:?}");
            drop(payload);
            assert_eq!(rig.budget.used(), 0, "{via:?}");
        }
    }
}

#[tokio::test]
async fn a_large_malformed_body_is_refused_like_a_small_one() {
    let rig = Rig::start(Options {
        max_mib: 16,
        ..Options::default()
    })
    .await;
    let mut body = protobuf(Signal::Traces, 60_000);
    body.truncate(body.len() - 1);
    let answer = Via::Grpc.send(&rig, &Via::Grpc.ask(Signal::Traces, &body)).await;
    assert_eq!(answer.headers["grpc-status"], "3");
    let answer = Via::Protobuf
        .send(&rig, &Via::Protobuf.ask(Signal::Traces, &body))
        .await;
    assert_eq!(answer.status, 400);
    assert_eq!(rig.metric("sidelight_receiver_malformed_requests"), 2);
    assert!(rig.take_seen().is_empty());
}
