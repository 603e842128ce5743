//! Bad input at every door: each gets an answer or the end of its connection, good requests go on passing, memory
//! stays bounded and the log stays readable.

use std::net::SocketAddr;

use sidelight_component::Signal;
use sidelight_testkit::requests::{deep_protobuf, framed, gzip, json, protobuf};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::clients::{export, gzip_bomb, head, http, talk, zstd_bomb};
use crate::forwarding::everything_arrives;
use crate::program::{PATIENCE, Program, free_port};
use crate::sink::Sink;

/// All of it together may cost this much: the memory budget (64 MiB by default) and the bounded buffers that are not
/// charged to it.
const MOST_GROWTH_KIB: u64 = 100 << 10;
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Connections that come and go, at each of the two OTLP doors.
const CONNECTIONS: usize = 10_000;
const DEEP: usize = 100_000;
const HUGE: usize = 100 << 20;
const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

struct Doors {
    program: Program,
    sink: Sink,
    grpc: SocketAddr,
    http: SocketAddr,
    metrics: SocketAddr,
    health: SocketAddr,
}

impl Doors {
    async fn open() -> Self {
        let sink = Sink::start().await;
        let health = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let mut program = Program::start(&format!(
            "
receivers:
  otlp:
    protocols:
      grpc:
        endpoint: 127.0.0.1:0
      http:
        endpoint: 127.0.0.1:0
        read_header_timeout: 500ms
        idle_timeout: 500ms
exporters:
  otlp_grpc:
    endpoint: http://{}
extensions:
  health_check:
    endpoint: {health}
service:
  extensions: [health_check]
  telemetry:
    logs: {{encoding: json}}
    metrics:
      readers:
        - pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: 0}}}}}}
  pipelines:
    traces: {{receivers: [otlp], exporters: [otlp_grpc]}}
    metrics: {{receivers: [otlp], exporters: [otlp_grpc]}}
    logs: {{receivers: [otlp], exporters: [otlp_grpc]}}
",
            sink.address
        ))
        .await;
        let (grpc, http, metrics) = (
            program.grpc().await,
            program.http().await,
            program.metrics().await,
        );
        Self {
            program,
            sink,
            grpc,
            http,
            metrics,
            health,
        }
    }

    fn all(&self) -> [(&'static str, SocketAddr); 4] {
        [
            ("gRPC", self.grpc),
            ("HTTP", self.http),
            ("metrics", self.metrics),
            ("health", self.health),
        ]
    }

    /// Good requests pass at every door.
    async fn still_works(&self, after: &str) {
        export(self.grpc, Signal::Traces, 1)
            .await
            .unwrap_or_else(|e| panic!("after {after}: {e}"));
        let kind = [("Content-Type", "application/json")];
        let answer = http(self.http, "POST", "/v1/traces", &kind, &json(Signal::Traces, 1)).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "after {after}: {answer}");
        let page = http(self.metrics, "GET", "/metrics", &[], b"").await;
        assert!(
            page.contains("otelcol_receiver_accepted_spans"),
            "after {after}: {page}"
        );
        let page = http(self.health, "GET", "/", &[], b"").await;
        assert!(page.starts_with("HTTP/1.1 200 "), "after {after}: {page}");
    }

    /// One line for each event, every line JSON, no control characters.
    fn log_is_readable(&self) {
        let log = self.program.log();
        // A flood of events must not become a flood of lines.
        assert!(log.len() < 200, "{} lines", log.len());
        for line in log {
            let text = line.strip_suffix('\n').expect("a whole line");
            assert!(!text.chars().any(char::is_control), "{line:?}");
            let told: serde_json::Value =
                serde_json::from_str(text).unwrap_or_else(|e| panic!("{line}: {e}"));
            assert!(!text.contains("panic"), "{told}");
        }
    }
}

/// Bytes without a pattern, the same in every run.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..length).map(|_| next()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_answered_and_nothing_stops() {
    let doors = Doors::open().await;
    everything_arrives(doors.grpc, doors.http, &doors.sink).await;
    let (before, files) = (doors.program.peak_memory_kib(), doors.program.open_files());
    let slow = slow_heads(&doors).await;
    no_protocol_at_all(&doors).await;
    wrong_http(&doors).await;
    wrong_grpc(&doors).await;
    pages_take_nothing(&doors).await;
    come_and_go(&doors).await;
    they_are_cut_off(slow).await;
    everything_arrives(doors.grpc, doors.http, &doors.sink).await;
    let growth = doors.program.peak_memory_kib() - before;
    println!("memory: {before} KiB at its peak before, {growth} KiB more after all of it");
    assert!(growth < MOST_GROWTH_KIB, "{growth} KiB more at the peak");
    let left = doors.program.open_files();
    assert!(left < files + 50, "{left} open files, {files} at the start");
    doors.log_is_readable();
}

/// Garbage, half a request, and HTTP/2 that turns into garbage: the connection ends, with an answer where it was HTTP.
async fn no_protocol_at_all(doors: &Doors) {
    for (door, address) in doors.all() {
        let answer = talk(address, vec![noise(64 << 10)], true).await;
        let text = String::from_utf8_lossy(&answer);
        assert!(
            door == "gRPC" || text.starts_with("HTTP/1.1 400 "),
            "garbage at {door}: {text}"
        );
        talk(address, vec![b"POST /v1/traces HTT".to_vec()], true).await;
        talk(address, vec![[PREFACE, &noise(64 << 10)].concat()], true).await;
        talk(address, vec![PREFACE[..10].to_vec()], true).await;
        doors.still_works(&format!("garbage at {door}")).await;
    }
    let kind = [("Content-Type", "application/x-protobuf")];
    let cut = vec![head("POST", "/v1/traces", &kind, 1000), vec![b'x'; 10]];
    let answer = String::from_utf8_lossy(&talk(doors.http, cut, true).await).into_owned();
    assert!(
        answer.starts_with("HTTP/1.1 400 ") && answer.contains("body ended early"),
        "{answer}"
    );
    doors.still_works("a truncated request").await;
}

/// What an HTTP request can do wrong.
async fn wrong_http(doors: &Doors) {
    let kind = ("Content-Type", "application/x-protobuf");
    let json_kind = ("Content-Type", "application/json");
    let deep_json = format!("{{\"x\":{}{}}}", "[".repeat(DEEP), "]".repeat(DEEP)).into_bytes();
    let deep_value = [b"{\"x\":".repeat(DEEP), b"1".to_vec(), b"}".repeat(DEEP)].concat();
    let good = protobuf(Signal::Traces, 1);
    type Headers<'h> = Vec<(&'h str, &'h str)>;
    let table: Vec<(&str, Headers<'_>, Vec<u8>, u16, &str)> = vec![
        ("100 MB", vec![kind], vec![0; HUGE], 413, "exceeds the limit"),
        (
            "100 MB without a type",
            vec![],
            vec![0; HUGE],
            415,
            "content-type must be",
        ),
        (
            "a gzip bomb",
            vec![kind, ("Content-Encoding", "gzip")],
            gzip_bomb(),
            413,
            "after decompression",
        ),
        (
            "a zstd bomb",
            vec![kind, ("Content-Encoding", "zstd")],
            zstd_bomb(),
            413,
            "after decompression",
        ),
        (
            "gzip in gzip",
            vec![kind, ("Content-Encoding", "gzip, gzip")],
            gzip(&gzip(&good)),
            415,
            "gzip, gzip",
        ),
        (
            "an unknown encoding",
            vec![kind, ("Content-Encoding", "br")],
            good.clone(),
            415,
            "br",
        ),
        (
            "no gzip",
            vec![kind, ("Content-Encoding", "gzip")],
            noise(1000),
            400,
            "gzip",
        ),
        (
            "no zstd",
            vec![kind, ("Content-Encoding", "zstd")],
            noise(1000),
            400,
            "zstd",
        ),
        ("no type", vec![], good.clone(), 415, "content-type must be"),
        (
            "a wrong type",
            vec![("Content-Type", "text/html")],
            good.clone(),
            415,
            "content-type must be",
        ),
        (
            "a type of noise",
            vec![("Content-Type", "\u{e9}\u{ff};;;=")],
            good.clone(),
            415,
            "content-type must be",
        ),
        ("noise as protobuf", vec![kind], noise(100_000), 400, ""),
        ("noise as JSON", vec![json_kind], noise(100_000), 400, "line 1"),
        ("protobuf as JSON", vec![json_kind], good.clone(), 400, "line "),
        ("JSON as protobuf", vec![kind], json(Signal::Traces, 1), 400, ""),
        (
            "JSON arrays 100,000 deep",
            vec![json_kind],
            deep_json,
            400,
            "nest",
        ),
        (
            "JSON objects 100,000 deep",
            vec![json_kind],
            deep_value,
            400,
            "nest",
        ),
        (
            "protobuf 100,000 deep",
            vec![kind],
            deep_protobuf(DEEP),
            400,
            "nested deeper",
        ),
        (
            "half a message",
            vec![kind],
            good[..good.len() / 2].to_vec(),
            400,
            "",
        ),
    ];
    for (what, headers, body, status, says) in table {
        let answer = http(doors.http, "POST", "/v1/traces", &headers, &body).await;
        let expected = format!("HTTP/1.1 {status} ");
        assert!(
            answer.starts_with(&expected) && answer.contains(says),
            "{what}: {answer}"
        );
        assert!(answer.len() < 2000, "{what}: {} bytes", answer.len());
        doors.still_works(what).await;
    }
    let long = "x".repeat(1 << 20);
    for (what, headers) in [
        ("a header of 1 MB", vec![("X", &*long)]),
        ("1,000 headers", vec![("X", "1"); 1000]),
    ] {
        let answer = http(doors.http, "GET", "/", &headers, b"").await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{what}: {answer}");
        doors.still_works(what).await;
    }
}

/// What a gRPC call can do wrong.
async fn wrong_grpc(doors: &Doors) {
    let good = protobuf(Signal::Traces, 1);
    type Call<'c> = (&'c str, &'c str, Vec<u8>, tonic::Code, &'c str);
    let table: Vec<Call<'_>> = vec![
        (
            "100 MB",
            "identity",
            framed(false, &vec![0; HUGE]),
            tonic::Code::ResourceExhausted,
            "exceeds the limit",
        ),
        (
            "a gzip bomb",
            "gzip",
            framed(true, &gzip_bomb()),
            tonic::Code::ResourceExhausted,
            "after decompression",
        ),
        (
            "a zstd bomb",
            "zstd",
            framed(true, &zstd_bomb()),
            tonic::Code::ResourceExhausted,
            "after decompression",
        ),
        (
            "no gzip",
            "gzip",
            framed(true, &noise(1000)),
            tonic::Code::Internal,
            "gzip",
        ),
        (
            "an unknown encoding",
            "br",
            framed(true, &good),
            tonic::Code::Unimplemented,
            "br",
        ),
        (
            "noise",
            "identity",
            framed(false, &noise(100_000)),
            tonic::Code::InvalidArgument,
            "",
        ),
        (
            "noise without a frame",
            "identity",
            noise(100_000),
            tonic::Code::Internal,
            "not gRPC framing",
        ),
        (
            "half a frame",
            "identity",
            framed(false, &good)[..20].to_vec(),
            tonic::Code::Internal,
            "ends before",
        ),
        (
            "4 GiB said",
            "identity",
            vec![0, 255, 255, 255, 255, 1],
            tonic::Code::ResourceExhausted,
            "exceeds",
        ),
        (
            "two messages",
            "identity",
            framed(false, &good).repeat(2),
            tonic::Code::Unimplemented,
            "more than one",
        ),
        (
            "protobuf 100,000 deep",
            "identity",
            framed(false, &deep_protobuf(DEEP)),
            tonic::Code::InvalidArgument,
            "nested deeper",
        ),
    ];
    for (what, encoding, body, code, says) in table {
        let status = raw_grpc(doors.grpc, "application/grpc", encoding, body)
            .await
            .expect_err(what);
        assert_eq!(status.code(), code, "{what}: {status:?}");
        assert!(status.message().contains(says), "{what}: {status:?}");
        doors.still_works(what).await;
    }
    for kind in ["text/html", "application/grpc-web", ""] {
        let status = raw_grpc(doors.grpc, kind, "identity", framed(false, &good))
            .await
            .expect_err(kind);
        assert!(status.message().contains("415"), "{kind:?}: {status:?}");
    }
    doors.still_works("wrong content types").await;
}

/// A call whose body is sent as it is.
async fn raw_grpc(
    address: SocketAddr,
    content_type: &str,
    encoding: &str,
    body: Vec<u8>,
) -> Result<(), tonic::Status> {
    use http_body_util::BodyExt as _;
    let stream = TcpStream::connect(address).await.expect("connected");
    let io = hyper_util::rt::TokioIo::new(stream);
    let handshake = hyper::client::conn::http2::handshake(hyper_util::rt::TokioExecutor::new(), io);
    let (mut sender, connection) = handshake.await.expect("HTTP/2");
    let driver = tokio::spawn(connection);
    let mut request = http::Request::post(format!("http://{address}{EXPORT}")).header("te", "trailers");
    if !content_type.is_empty() {
        request = request.header("content-type", content_type);
    }
    let request = request
        .header("grpc-encoding", encoding)
        .body(http_body_util::Full::new(bytes::Bytes::from(body)))
        .expect("a request");
    let answer = tokio::time::timeout(PATIENCE, sender.send_request(request)).await;
    let (head, body) = answer
        .expect("an answer in time")
        .expect("an answer")
        .into_parts();
    let body = body.collect().await.expect("a whole answer");
    driver.abort();
    if !head.status.is_success() {
        return Err(tonic::Status::unknown(head.status.to_string()));
    }
    let status = tonic::Status::from_header_map(&head.headers)
        .or_else(|| tonic::Status::from_header_map(body.trailers()?))
        .expect("a grpc-status");
    if status.code() == tonic::Code::Ok {
        Ok(())
    } else {
        Err(status)
    }
}

/// The pages are read and nothing else.
async fn pages_take_nothing(doors: &Doors) {
    // Below its own path, health is health: as in the Collector.
    for (page, path, other) in [(doors.metrics, "/metrics", 404), (doors.health, "/", 200)] {
        for method in ["POST", "PUT", "DELETE", "BREW"] {
            let answer = http(page, method, path, &[], &vec![b'x'; HUGE / 4]).await;
            assert!(answer.starts_with("HTTP/1.1 405 "), "{method}: {answer}");
        }
        let answer = http(page, "GET", "/../../etc/passwd%00", &[], b"").await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {other} ")), "{answer}");
        let foreign = b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".to_vec();
        let answer = String::from_utf8_lossy(&talk(page, vec![foreign], false).await).into_owned();
        assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
        let header = [("X", &*"x".repeat(1 << 20))];
        let answer = http(page, "GET", path, &header, b"").await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
        doors.still_works("bad requests for pages").await;
    }
}

async fn come_and_go(doors: &Doors) {
    for address in [doors.grpc, doors.http] {
        for _ in 0..CONNECTIONS {
            drop(TcpStream::connect(address).await.expect("connected"));
        }
        doors.still_works("connections that come and go").await;
    }
    for address in [doors.metrics, doors.health] {
        for _ in 0..CONNECTIONS / 10 {
            drop(TcpStream::connect(address).await.expect("connected"));
        }
        doors.still_works("connections that come and go at pages").await;
    }
}

/// Connections that begin a request and say no more: some at each door.
async fn slow_heads(doors: &Doors) -> Vec<(&'static str, TcpStream)> {
    let mut slow = Vec::new();
    for (door, address) in doors.all() {
        for start in [&b""[..], b"P", b"GET / HTTP/1.1\r\nHost: local"] {
            let mut stream = TcpStream::connect(address).await.expect("connected");
            stream.write_all(start).await.expect("written");
            slow.push((door, stream));
        }
    }
    doors.still_works("connections that say nothing").await;
    slow
}

/// They end by themselves: after half a second at the HTTP door as set, after 10 s or 30 s elsewhere.
async fn they_are_cut_off(slow: Vec<(&'static str, TcpStream)>) {
    for (door, mut stream) in slow {
        let mut rest = Vec::new();
        let end = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
        assert!(end.is_ok(), "a slow head at {door} is waited for without end");
    }
}
