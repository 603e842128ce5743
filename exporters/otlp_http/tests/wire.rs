//! What goes over the wire.

use std::io::Read as _;
use std::time::Instant;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use sidelight_component::{Sent, Signal};
use sidelight_testkit::exporter::{PATIENCE, payload, send};
use sidelight_testkit::requests::traces;
use sidelight_testkit::scripted_http1::{Script, Server, answer};

use super::exporter;

fn success() -> Vec<u8> {
    answer(200, &[("Content-Type", "application/x-protobuf")], b"")
}

#[tokio::test]
async fn chunks_go_out_as_one_body_byte_for_byte_with_the_users_headers() {
    let server = Server::start(Script::Write(success())).await;
    let (exporter, _) = exporter(&format!(
        "endpoint: http://{}\ncompression: none\nheaders:\n  X-Tenant: shop\n  authorization: Bearer x\n",
        server.address
    ));
    for signal in Signal::ALL {
        let payload = payload(&[2, 1, 700]);
        let request = exporter.encode(signal, &payload).expect("encoded");
        assert_eq!((request.items, exporter.encodes()), (703, false));
        assert_eq!(
            exporter.send(&request, Instant::now() + PATIENCE).await,
            Sent::Accepted
        );
        let got = server.take().pop().expect("a request");
        assert!(
            got.head.starts_with(&format!("POST /v1/{signal} HTTP/1.1\r\n")),
            "{}",
            got.head
        );
        assert!(got.body == payload.to_contiguous(), "other bytes");
        for (name, value) in [
            ("content-type", "application/x-protobuf"),
            ("host", &server.address.to_string()),
            ("x-tenant", "shop"),
            ("authorization", "Bearer x"),
            ("user-agent", concat!("sidelight/", env!("CARGO_PKG_VERSION"))),
        ] {
            assert_eq!(got.header(name), Some(value), "{name}");
        }
        assert_eq!(got.header("content-encoding"), None);
    }
}

fn inflated(encoding: Option<&str>, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    match encoding {
        Some("gzip") => drop(
            flate2::read::GzDecoder::new(body)
                .read_to_end(&mut out)
                .expect("gzip"),
        ),
        Some("zstd") => out = zstd::decode_all(body).expect("zstd"),
        None => out = body.to_vec(),
        Some(other) => panic!("{other}"),
    }
    out
}

#[tokio::test]
async fn every_encoding_and_compression_is_read_by_other_decoders() {
    let server = Server::start(Script::Write(success())).await;
    let mut expected = traces(2);
    expected.resource_spans.extend(traces(900).resource_spans);
    for (encoding, kind) in [("proto", "application/x-protobuf"), ("json", "application/json")] {
        for (compression, name) in [("gzip", Some("gzip")), ("zstd", Some("zstd")), ("none", None)] {
            let (exporter, budget) = exporter(&format!(
                "endpoint: http://{}\nencoding: {encoding}\ncompression: {compression}\n",
                server.address
            ));
            let payload = payload(&[2, 900]);
            let request = exporter.encode(Signal::Traces, &payload).expect("encoded");
            assert_eq!(exporter.encodes(), name.is_some() || encoding == "json");
            assert_eq!(
                exporter.send(&request, Instant::now() + PATIENCE).await,
                Sent::Accepted
            );
            drop(request);
            let got = server.take().pop().expect("a request");
            assert_eq!(got.header("content-type"), Some(kind));
            assert_eq!(got.header("content-encoding"), name);
            let body = inflated(name, &got.body);
            if encoding == "json" {
                check_json(&body);
            } else {
                let decoded = ExportTraceServiceRequest::decode(&body[..]).expect("protobuf");
                assert!(decoded == expected, "{compression}: other spans");
            }
            // What is still charged, if anything, are slices that hyper drops with the connection's next turn.
            assert!(budget.used() <= payload.len(), "{compression}: {}", budget.used());
        }
    }
}

fn check_json(body: &[u8]) {
    let body: serde_json::Value = serde_json::from_slice(body).expect("JSON");
    let resources = body["resourceSpans"].as_array().expect("resources");
    let counts: Vec<usize> = resources
        .iter()
        .map(|resource| {
            resource["scopeSpans"][0]["spans"]
                .as_array()
                .expect("spans")
                .len()
        })
        .collect();
    assert_eq!(counts, [2, 900]);
    let last = &resources[1]["scopeSpans"][0]["spans"][899];
    assert_eq!(last["name"], "GET /orders/899");
    assert_eq!(last["traceId"], "01".repeat(16));
    assert_eq!(last["spanId"], format!("{:016x}", 900));
}

#[tokio::test]
async fn paths_go_where_the_settings_say() {
    let server = Server::start(Script::Write(success())).await;
    let at = server.address;
    let table = [
        (format!("endpoint: http://{at}"), "/v1/traces"),
        (format!("endpoint: http://{at}/"), "/v1/traces"),
        (format!("endpoint: http://{at}/otlp"), "/otlp/v1/traces"),
        (format!("endpoint: http://{at}/otlp/"), "/otlp/v1/traces"),
        (
            format!("endpoint: http://127.0.0.1:1\ntraces_endpoint: http://{at}/in"),
            "/in",
        ),
    ];
    for (settings, path) in table {
        let (exporter, _) = exporter(&settings);
        assert_eq!(send(&exporter, PATIENCE).await, Sent::Accepted, "{settings}");
        let got = server.take().pop().expect("a request");
        assert!(
            got.head.starts_with(&format!("POST {path} HTTP/1.1\r\n")),
            "{settings}: {}",
            got.head
        );
    }
}

#[tokio::test]
async fn a_signal_without_an_endpoint_is_refused_for_good() {
    let (exporter, _) = exporter("traces_endpoint: http://127.0.0.1:1/in");
    let request = exporter.encode(Signal::Logs, &payload(&[1])).expect("encoded");
    let sent = exporter.send(&request, Instant::now() + PATIENCE).await;
    assert_eq!(
        sent,
        Sent::Rejected {
            reason: "there is no endpoint for logs".into()
        }
    );
}

/// Servers close idle connections; a request that meets one is sent on another.
#[tokio::test]
async fn a_connection_that_ends_after_each_answer_costs_no_request() {
    let server = Server::start(Script::WriteAndClose(success())).await;
    let (exporter, _) = exporter(&format!("endpoint: http://{}\n", server.address));
    for _ in 0..20 {
        assert_eq!(send(&exporter, PATIENCE).await, Sent::Accepted);
    }
    assert_eq!(server.take().len(), 20);
}

#[tokio::test]
async fn the_scheme_decides_about_encryption_however_it_is_written() {
    // Not "an https endpoint needs TLS settings".
    exporter("endpoint: HTTPS://localhost:4318\ntls: {insecure_skip_verify: true}\n");
    // No TLS files are read for cleartext.
    exporter("endpoint: Http://localhost:4318\ntls: {ca_file: /nonexistent}\n");
}
