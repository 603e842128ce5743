//! What goes over the wire.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use sidelight_component::{Sent, Signal};
use sidelight_testkit::exporter::{PATIENCE, payload};
use sidelight_testkit::requests::traces;
use tonic::codec::CompressionEncoding;

use super::exporter;

type Requests = Arc<Mutex<Vec<(String, HeaderMap, Bytes)>>>;

/// Keeps every request as it comes and answers with success.
async fn recorder() -> (SocketAddr, Requests) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let address = listener.local_addr().expect("bound");
    let requests = Requests::default();
    let kept = requests.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let kept = kept.clone();
            let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                let kept = kept.clone();
                async move {
                    let (head, body) = request.into_parts();
                    let body = body.collect().await.expect("a whole body").to_bytes();
                    let path = head.uri.to_string();
                    kept.lock().expect("no panic").push((path, head.headers, body));
                    let mut response = Response::new(Full::new(Bytes::from_static(&[0; 5])));
                    let headers = response.headers_mut();
                    headers.insert("content-type", "application/grpc".parse().expect("ASCII"));
                    headers.insert("grpc-status", "0".parse().expect("ASCII"));
                    Ok::<_, Infallible>(response)
                }
            });
            let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            tokio::spawn(builder.serve_connection(TokioIo::new(stream), service));
        }
    });
    (address, requests)
}

#[tokio::test]
async fn chunks_go_out_as_one_message_byte_for_byte_with_the_users_metadata() {
    let (address, requests) = recorder().await;
    let (exporter, _) = exporter(&format!(
        "endpoint: http://{address}\ncompression: none\nheaders:\n  X-Tenant: shop\n  authorization: Bearer x\n"
    ));
    let paths = [
        (Signal::Traces, "trace.v1.TraceService"),
        (Signal::Metrics, "metrics.v1.MetricsService"),
        (Signal::Logs, "logs.v1.LogsService"),
    ];
    for (signal, service) in paths {
        let payload = payload(&[2, 1, 700]);
        let request = exporter.encode(signal, &payload).expect("encoded");
        assert_eq!(request.items, 703);
        assert_eq!(
            exporter.send(&request, Instant::now() + PATIENCE).await,
            Sent::Accepted
        );
        let (uri, headers, body) = requests.lock().expect("no panic").pop().expect("a request");
        assert_eq!(
            uri,
            format!("http://{address}/opentelemetry.proto.collector.{service}/Export")
        );
        assert_eq!(body[0], 0, "not compressed");
        assert_eq!(
            body[1..5],
            u32::try_from(payload.len()).expect("short").to_be_bytes()
        );
        assert!(body[5..] == payload.to_contiguous(), "other bytes");
        for (name, value) in [
            ("content-type", "application/grpc"),
            ("te", "trailers"),
            ("x-tenant", "shop"),
            ("authorization", "Bearer x"),
            ("user-agent", concat!("sidelight/", env!("CARGO_PKG_VERSION"))),
        ] {
            assert_eq!(
                headers.get(name).and_then(|v| v.to_str().ok()),
                Some(value),
                "{name}"
            );
        }
        // Nearly all of the 30 s are left, in the finest unit that eight digits can say.
        let timeout = headers["grpc-timeout"].to_str().expect("ASCII");
        assert!(timeout.ends_with('u') && timeout.len() == 9, "{timeout}");
        assert!(headers.get("grpc-encoding").is_none());
    }
}

#[tokio::test]
async fn the_users_own_user_agent_wins() {
    let (address, requests) = recorder().await;
    let (exporter, _) = exporter(&format!(
        "endpoint: http://{address}\ncompression: none\nheaders:\n  User-Agent: mine\n"
    ));
    let request = exporter.encode(Signal::Traces, &payload(&[1])).expect("encoded");
    assert_eq!(
        exporter.send(&request, Instant::now() + PATIENCE).await,
        Sent::Accepted
    );
    let (_, headers, _) = requests.lock().expect("no panic").pop().expect("a request");
    assert_eq!(headers["user-agent"], "mine");
}

/// Keeps what tonic has decompressed and decoded.
#[derive(Clone, Default)]
struct Decoding(Arc<Mutex<Vec<Decoded>>>);

/// `grpc-encoding`, and the message.
type Decoded = (Option<String>, ExportTraceServiceRequest);

#[tonic::async_trait]
impl TraceService for Decoding {
    async fn export(
        &self,
        request: tonic::Request<ExportTraceServiceRequest>,
    ) -> Result<tonic::Response<ExportTraceServiceResponse>, tonic::Status> {
        let encoding = request.metadata().get("grpc-encoding");
        let encoding = encoding.and_then(|value| value.to_str().ok()).map(str::to_owned);
        self.0
            .lock()
            .expect("no panic")
            .push((encoding, request.into_inner()));
        Ok(tonic::Response::new(Default::default()))
    }
}

#[tokio::test]
async fn compressed_requests_are_read_by_tonic_and_give_their_memory_back() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let address = listener.local_addr().expect("bound");
    let got = Decoding::default();
    let service = TraceServiceServer::new(got.clone())
        .accept_compressed(CompressionEncoding::Gzip)
        .accept_compressed(CompressionEncoding::Zstd);
    let incoming = tonic::transport::server::TcpIncoming::from(listener);
    tokio::spawn(
        tonic::transport::Server::builder()
            .add_service(service)
            .serve_with_incoming(incoming),
    );
    let mut expected = traces(2);
    expected.resource_spans.extend(traces(900).resource_spans);
    let table = [
        ("gzip", 0, Some("gzip")),
        ("gzip", 9, Some("gzip")),
        ("zstd", 0, Some("zstd")),
        ("zstd", 9, Some("zstd")),
        ("none", 0, None),
    ];
    for (compression, level, encoding) in table {
        let (exporter, budget) = exporter(&format!(
            "endpoint: http://{address}\ncompression: {compression}\ncompression_params:\n  level: {level}\n"
        ));
        let payload = payload(&[2, 900]);
        let request = exporter.encode(Signal::Traces, &payload).expect("encoded");
        assert_eq!(exporter.encodes(), encoding.is_some());
        if encoding.is_some() {
            assert!(
                request.len() < payload.len() / 2,
                "{compression}: {} bytes",
                request.len()
            );
            assert!(
                (1..=2 * payload.len()).contains(&budget.used()),
                "{compression}: {}",
                budget.used()
            );
        }
        assert_eq!(
            exporter.send(&request, Instant::now() + PATIENCE).await,
            Sent::Accepted
        );
        drop(request);
        let (found, decoded) = got.0.lock().expect("no panic").pop().expect("a request");
        assert_eq!(found.as_deref(), encoding);
        assert!(decoded == expected, "{compression}: other spans");
    }
}

#[tokio::test]
async fn the_scheme_decides_about_encryption() {
    // Not "an https endpoint needs TLS settings": `insecure` is for endpoints without a scheme.
    exporter("endpoint: https://localhost:4317\ntls: {insecure: true, insecure_skip_verify: true}\n");
    // No TLS files are read for cleartext.
    for endpoint in ["HTTP://localhost:4317", "unix:///run/otel.sock"] {
        exporter(&format!("endpoint: {endpoint}\ntls: {{ca_file: /nonexistent}}\n"));
    }
}
