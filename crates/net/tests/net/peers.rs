//! tonic on the other side, with the generated OTLP services.

use std::time::Duration;

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use sidelight_net::admission::Admission as _;
use sidelight_net::client::{Client, ClientSettings, Protocol};
use sidelight_net::compress::{Encoding, deflate};
use sidelight_net::grpc::{self, Code, RetryInfo, Status};
use sidelight_testkit::requests::traces;
use tonic::codec::CompressionEncoding;

use crate::otlp_server::{Options, OtlpServer};

const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

#[tokio::test]
async fn tonic_client_is_understood_with_every_compression() {
    let server = OtlpServer::start(Options::default()).await;
    for encoding in [
        None,
        Some(CompressionEncoding::Gzip),
        Some(CompressionEncoding::Zstd),
    ] {
        for spans in [0, 1, 20_000] {
            let mut client = TraceServiceClient::connect(format!("http://{}", server.address()))
                .await
                .expect("connected");
            if let Some(encoding) = encoding {
                client = client.send_compressed(encoding);
            }
            let sent = traces(spans);
            let answer = client.export(sent.clone()).await.expect("accepted");
            assert_eq!(answer.into_inner(), ExportTraceServiceResponse::default());
            let got = server.received.lock().pop().expect("one message");
            assert!(got == sent.encode_to_vec(), "{encoding:?} {spans}");
        }
    }
    assert_eq!(server.budget.used(), 0);
    assert_eq!(server.stop(Duration::from_secs(5)).await.cut, 0);
}

#[tokio::test]
async fn tonic_client_sees_our_errors() {
    let limits = grpc::ReadLimits {
        max_size: 1000,
        ..grpc::ReadLimits::default()
    };
    let server = OtlpServer::start(Options {
        limits,
        ..Options::default()
    })
    .await;
    let mut client = TraceServiceClient::connect(format!("http://{}", server.address()))
        .await
        .expect("connected");
    let status = client.export(traces(1000)).await.expect_err("too large");
    assert_eq!(status.code(), tonic::Code::ResourceExhausted);
    assert!(
        status.message().contains("exceeds the limit of 1000 bytes"),
        "{status}"
    );
    // The connection lives on.
    client.export(traces(1)).await.expect("accepted");

    let tight = OtlpServer::start(Options::default()).await;
    let room = tight.budget.largest_beside(100);
    let _others = tight.budget.reserve(room).expect("room");
    let mut client = TraceServiceClient::connect(format!("http://{}", tight.address()))
        .await
        .expect("connected");
    let status = client.export(traces(1000)).await.expect_err("overloaded");
    assert_eq!(status.code(), tonic::Code::Unavailable);
    let details = Status::decode_details(status.details()).expect("details");
    assert_eq!(
        details.retry_info,
        Some(RetryInfo {
            delay: Duration::from_secs(1)
        })
    );
}

/// Answers with the status that the first span's name gives, or with success.
#[derive(Default)]
struct ScriptedService;

#[tonic::async_trait]
impl TraceService for ScriptedService {
    async fn export(
        &self,
        request: tonic::Request<ExportTraceServiceRequest>,
    ) -> Result<tonic::Response<ExportTraceServiceResponse>, tonic::Status> {
        let timeout = request.metadata().get("grpc-timeout").is_some();
        let spans = &request.get_ref().resource_spans;
        let spans: usize = spans
            .iter()
            .flat_map(|r| &r.scope_spans)
            .map(|scope| scope.spans.len())
            .sum();
        match spans {
            2 => {
                let details = Status::new(Code::ResourceExhausted, "slow ä")
                    .with_retry_after(Duration::from_millis(1500));
                let details = Bytes::from(details.encode_details());
                Err(tonic::Status::with_details(
                    tonic::Code::ResourceExhausted,
                    "slow ä %",
                    details,
                ))
            }
            3 => Err(tonic::Status::invalid_argument("no")),
            _ if !timeout => Err(tonic::Status::internal("no grpc-timeout")),
            _ => Ok(tonic::Response::new(ExportTraceServiceResponse {
                partial_success: Some(Default::default()),
            })),
        }
    }
}

async fn tonic_server(answers: Option<CompressionEncoding>) -> std::net::SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let address = listener.local_addr().expect("address");
    let mut service = TraceServiceServer::new(ScriptedService)
        .accept_compressed(CompressionEncoding::Gzip)
        .accept_compressed(CompressionEncoding::Zstd)
        .max_decoding_message_size(64 << 20);
    if let Some(encoding) = answers {
        service = service.send_compressed(encoding);
    }
    let incoming = tonic::transport::server::TcpIncoming::from(listener);
    tokio::spawn(
        tonic::transport::Server::builder()
            .add_service(service)
            .serve_with_incoming(incoming),
    );
    address
}

fn client_for(address: std::net::SocketAddr) -> Client {
    let target = address.to_string().parse().expect("target");
    Client::new(&target, ClientSettings::new(Protocol::Http2), None).expect("client")
}

async fn export(client: &Client, encoding: Encoding, chunks: &[Bytes]) -> Result<Bytes, Status> {
    let timeout = Duration::from_secs(30);
    let method = http::Uri::from_static(EXPORT);
    let request = grpc::unary_request(method, &http::HeaderMap::new(), timeout, encoding, chunks)?;
    let answer = client.send(request, timeout).await.expect("an answer");
    grpc::read_response(&answer)
}

#[tokio::test]
async fn tonic_server_takes_our_chunks_as_one_message() {
    for answers in [
        None,
        Some(CompressionEncoding::Gzip),
        Some(CompressionEncoding::Zstd),
    ] {
        let client = client_for(tonic_server(answers).await);
        // Requests joined end to end are one request: 9,000 + 8,000 + 1 spans.
        let chunks: Vec<Bytes> = [9000, 8000, 1]
            .map(|spans| traces(spans).encode_to_vec().into())
            .into();
        let plain = export(&client, Encoding::Identity, &chunks)
            .await
            .expect("accepted");
        let answer = ExportTraceServiceResponse::decode(plain).expect("well formed");
        assert!(answer.partial_success.is_some());
        for encoding in [Encoding::Gzip, Encoding::Zstd] {
            let small =
                deflate(encoding, 1, &chunks, &sidelight_net::admission::Unlimited).expect("compressed");
            export(&client, encoding, &[small]).await.expect("accepted");
        }
    }
}

#[tokio::test]
async fn our_client_sees_tonic_errors() {
    let address = tonic_server(None).await;
    let client = client_for(address);
    let chunk = |spans| [Bytes::from(traces(spans).encode_to_vec())];
    let status = export(&client, Encoding::Identity, &chunk(2))
        .await
        .expect_err("slow down");
    let expected =
        Status::new(Code::ResourceExhausted, "slow ä %").with_retry_after(Duration::from_millis(1500));
    assert_eq!(status, expected);
    let status = export(&client, Encoding::Identity, &chunk(3))
        .await
        .expect_err("invalid");
    assert_eq!(status, Status::new(Code::InvalidArgument, "no"));
    let other = http::Uri::from_static("/no.Such/Method");
    let timeout = Duration::from_secs(5);
    let request = grpc::unary_request(other, &http::HeaderMap::new(), timeout, Encoding::Identity, &[])
        .expect("request");
    let answer = client.send(request, timeout).await.expect("an answer");
    assert_eq!(
        grpc::read_response(&answer).expect_err("unknown").code,
        Code::Unimplemented
    );
}
