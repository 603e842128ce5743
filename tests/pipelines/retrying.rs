//! OTLP's table of answers through the whole program: what may pass is sent once more and no sooner than told, what is
//! final is never sent again.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message as _;
use sidelight_component::Signal;
use sidelight_testkit::scripted_http1::{Script, Server, answer};

use crate::clients::export;
use crate::program::{PATIENCE, Program};

/// How often each destination is asked, by its name in the configuration.
type Expected = BTreeMap<String, usize>;

/// gRPC's codes; a single item that is said to be too large (8) is tried again, because the code can mean "no room now".
const CODES: [(i32, usize); 16] = [
    (1, 2),
    (2, 1),
    (3, 1),
    (4, 2),
    (5, 1),
    (6, 1),
    (7, 1),
    (8, 2),
    (9, 1),
    (10, 2),
    (11, 2),
    (12, 1),
    (13, 1),
    (14, 2),
    (15, 2),
    (16, 1),
];

/// The same for HTTP.
const STATUSES: [(u16, usize); 14] = [
    (400, 1),
    (401, 1),
    (403, 1),
    (404, 1),
    (405, 1),
    (408, 1),
    (413, 2),
    (415, 1),
    (429, 2),
    (500, 1),
    (501, 1),
    (502, 2),
    (503, 2),
    (504, 2),
];

/// Answers the first request as told, and takes those that follow.
#[derive(Clone)]
struct Once {
    first: Result<ExportTraceServiceResponse, tonic::Status>,
    asked: Arc<Mutex<Vec<Instant>>>,
}

impl Once {
    async fn start(first: Result<ExportTraceServiceResponse, tonic::Status>) -> (SocketAddr, Self) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let address = listener.local_addr().expect("bound");
        let once = Self {
            first,
            asked: Arc::default(),
        };
        let incoming = tonic::transport::server::TcpIncoming::from(listener);
        let service =
            TraceServiceServer::new(once.clone()).accept_compressed(tonic::codec::CompressionEncoding::Gzip);
        tokio::spawn(
            tonic::transport::Server::builder()
                .add_service(service)
                .serve_with_incoming(incoming),
        );
        (address, once)
    }

    fn asked(&self) -> usize {
        self.asked.lock().expect("no panic").len()
    }
}

#[tonic::async_trait]
impl TraceService for Once {
    async fn export(
        &self,
        _: tonic::Request<ExportTraceServiceRequest>,
    ) -> Result<tonic::Response<ExportTraceServiceResponse>, tonic::Status> {
        let mut asked = self.asked.lock().expect("no panic");
        asked.push(Instant::now());
        match asked.len() {
            1 => self.first.clone().map(tonic::Response::new),
            _ => Ok(tonic::Response::new(ExportTraceServiceResponse::default())),
        }
    }
}

fn partial(rejected_spans: i64) -> ExportTraceServiceResponse {
    ExportTraceServiceResponse {
        partial_success: Some(ExportTracePartialSuccess {
            rejected_spans,
            error_message: "too old".to_owned(),
        }),
    }
}

/// `google.rpc.Status` with a `RetryInfo` of one second, by hand (google/rpc/error_details.proto).
fn retry_info() -> bytes::Bytes {
    #[derive(Clone, PartialEq, prost::Message)]
    struct Any {
        #[prost(string, tag = "1")]
        type_url: String,
        #[prost(bytes = "vec", tag = "2")]
        value: Vec<u8>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    struct Status {
        #[prost(int32, tag = "1")]
        code: i32,
        #[prost(message, repeated, tag = "3")]
        details: Vec<Any>,
    }
    let info = Any {
        type_url: "type.googleapis.com/google.rpc.RetryInfo".to_owned(),
        // retry_delay (1) with seconds (1) of 1.
        value: vec![0x0a, 2, 0x08, 1],
    };
    let status = Status {
        code: 14,
        details: vec![info],
    };
    status.encode_to_vec().into()
}

/// The program with one exporter for each destination, all fed by one pipeline.
async fn program(exporters: &[(String, SocketAddr)]) -> Program {
    let mut blocks = String::new();
    for (name, address) in exporters {
        blocks += &format!(
            "  {name}:\n    endpoint: http://{address}\n    compression: none\n    sending_queue: {{ack: memory}}\n    retry_on_failure: {{initial_interval: 50ms}}\n"
        );
    }
    let names: Vec<&str> = exporters.iter().map(|(name, _)| name.as_str()).collect();
    Program::start(&format!(
        "receivers: {{otlp: {{protocols: {{grpc: {{endpoint: 127.0.0.1:0}}}}}}}}\nexporters:\n{blocks}service:\n  telemetry: {{logs: {{encoding: json}}, metrics: {{level: none}}}}\n  pipelines: {{traces: {{receivers: [otlp], exporters: [{}]}}}}\n",
        names.join(", ")
    ))
    .await
}

/// Sends one span to all, waits for the repetitions, and ends the program, which has nothing left then.
async fn send_and_end(exporters: &[(String, SocketAddr)], expected: &Expected, asked: impl Fn() -> Expected) {
    let mut program = program(exporters).await;
    let grpc = program.grpc().await;
    export(grpc, Signal::Traces, 1).await.expect("taken");
    let repeated = async {
        while asked().iter().any(|(name, count)| *count < expected[name]) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let repeated = tokio::time::timeout(PATIENCE, repeated).await;
    assert!(repeated.is_ok(), "{:?}", asked());
    program.signal("TERM").await;
    assert_eq!(program.exit_code().await, 0, "{}", program.log().concat());
    assert_eq!(asked(), *expected);
}

#[tokio::test]
async fn every_grpc_code_is_repeated_or_final_as_the_specification_says() {
    let (mut exporters, mut sinks, mut expected) = (Vec::new(), BTreeMap::new(), Expected::new());
    let told = tonic::Status::with_details(tonic::Code::Unavailable, "busy", retry_info());
    let exhausted = tonic::Status::with_details(tonic::Code::ResourceExhausted, "quota", retry_info());
    let mut cases = vec![
        ("told".to_owned(), Err(told), 2),
        ("quota".to_owned(), Err(exhausted), 2),
        ("partial".to_owned(), Ok(partial(1)), 1),
        ("warning".to_owned(), Ok(partial(0)), 1),
    ];
    for (code, times) in CODES {
        let status = tonic::Status::new(tonic::Code::from_i32(code), "on purpose");
        cases.push((code.to_string(), Err(status), times));
    }
    for (name, first, times) in cases {
        let (address, sink) = Once::start(first).await;
        let name = format!("otlp_grpc/{name}");
        exporters.push((name.clone(), address));
        sinks.insert(name.clone(), sink);
        expected.insert(name, times);
    }
    let asked = || {
        sinks
            .iter()
            .map(|(name, sink)| (name.clone(), sink.asked()))
            .collect()
    };
    send_and_end(&exporters, &expected, asked).await;
    for name in ["otlp_grpc/told", "otlp_grpc/quota"] {
        let asked = sinks[name].asked.lock().expect("no panic").clone();
        let waited = asked[1].duration_since(asked[0]);
        assert!(waited >= Duration::from_secs(1), "{name}: {waited:?}");
    }
}

#[tokio::test]
async fn every_http_status_is_repeated_or_final_as_the_specification_says() {
    let (mut exporters, mut sinks, mut expected) = (Vec::new(), BTreeMap::new(), Expected::new());
    let taken = answer(200, &[], b"");
    let kind = ("Content-Type", "application/x-protobuf");
    let soon = httpdate(Duration::from_secs(2));
    let mut cases = vec![
        (
            "partial".to_owned(),
            answer(200, &[kind], &partial(1).encode_to_vec()),
            1,
        ),
        ("told".to_owned(), answer(503, &[("Retry-After", "1")], b""), 2),
        ("dated".to_owned(), answer(429, &[("Retry-After", &soon)], b""), 2),
        ("huge".to_owned(), answer(200, &[], &vec![b' '; 5 << 20]), 1),
    ];
    for (status, times) in STATUSES {
        cases.push((status.to_string(), answer(status, &[], b""), times));
    }
    for (name, first, times) in cases {
        let server = Server::start(Script::WriteInTurn(vec![first, taken.clone()])).await;
        let name = format!("otlp_http/{name}");
        exporters.push((name.clone(), server.address));
        sinks.insert(name.clone(), server);
        expected.insert(name, times);
    }
    let seen: Mutex<Expected> = Mutex::default();
    let asked = || {
        let mut seen = seen.lock().expect("no panic");
        for (name, server) in &sinks {
            *seen.entry(name.clone()).or_default() += server.take().len();
        }
        seen.clone()
    };
    send_and_end(&exporters, &expected, asked).await;
}

/// A date of HTTP so far from now (RFC 9110, 5.6.7).
fn httpdate(ahead: Duration) -> String {
    httpdate::fmt_http_date(std::time::SystemTime::now() + ahead)
}
