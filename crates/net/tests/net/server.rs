//! The server's life: limits, idle connections, stopping.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use sidelight_net::client::{Client, ClientSettings, Protocol, SendErrorKind};
use sidelight_net::listener::{Endpoint, bind};
use sidelight_net::server::{Server, ServerKeepalive, ServerSettings};
use sidelight_net::{ChunkedBody, ReplyBody};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::otlp_server::{Options, OtlpServer};

const SECOND: Duration = Duration::from_secs(1);

fn client(server: &OtlpServer, protocol: Protocol) -> Client {
    let target = format!("http://{}", server.address()).parse().expect("target");
    Client::new(&target, ClientSettings::new(protocol), None).expect("client")
}

fn request(path: &str, body: &'static [u8]) -> Request<ChunkedBody> {
    Request::post(path)
        .body(ChunkedBody::from(Bytes::from_static(body)))
        .expect("request")
}

/// Everything the server sends until it closes.
async fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A reset after the answer is an end, too.
    let _ = tokio::time::timeout(20 * SECOND, stream.read_to_end(&mut bytes))
        .await
        .expect("the server closes");
    bytes
}

#[tokio::test]
async fn stopping_lets_open_requests_finish() {
    for protocol in [Protocol::Http2, Protocol::Http1OrNegotiated] {
        let server = OtlpServer::start(Options::default()).await;
        let mut slow = TcpStream::connect(server.address()).await.expect("connected");
        slow.write_all(b"POST /v1/x HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nab")
            .await
            .expect("sent");
        let warm = client(&server, protocol);
        warm.send(request("/v1/x", b"first"), 5 * SECOND)
            .await
            .expect("answered");
        let received = server.received.clone();
        let stopped = tokio::spawn(server.stop(20 * SECOND));
        tokio::task::yield_now().await;
        slow.write_all(b"cd").await.expect("sent");
        let answer = String::from_utf8(rest(&mut slow).await).expect("text");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert_eq!(stopped.await.expect("stopped").cut, 0);
        assert_eq!(
            received.lock().last().map(|body| body.to_vec()),
            Some(b"abcd".to_vec())
        );
        let error = warm
            .send(request("/v1/x", b"late"), 5 * SECOND)
            .await
            .expect_err("stopped");
        assert_eq!(
            (error.kind, error.maybe_processed),
            (SendErrorKind::Connect, false)
        );
    }
}

#[tokio::test]
async fn what_does_not_finish_is_cut_at_the_deadline() {
    let server = OtlpServer::start(Options::default()).await;
    let client = client(&server, Protocol::Http2);
    let never = tokio::spawn(async move { client.send(request("/never", b"x"), 20 * SECOND).await });
    let mut held = TcpStream::connect(server.address()).await.expect("connected");
    held.write_all(b"POST /never HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .expect("sent");
    // Both requests are open when a third, sent later, is answered.
    let third = self::client(&server, Protocol::Http1OrNegotiated);
    for _ in 0..3 {
        third
            .send(request("/v1/x", b"x"), 5 * SECOND)
            .await
            .expect("answered");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let drained = server.stop(Duration::from_millis(200)).await;
    assert_eq!(drained.cut, 2);
    assert_eq!(
        never.await.expect("no panic").expect_err("cut").kind,
        SendErrorKind::Broken
    );
}

#[tokio::test]
async fn a_handler_that_panics_answers_and_the_connection_goes_on() {
    let server = OtlpServer::start(Options::default()).await;
    for protocol in [Protocol::Http2, Protocol::Http1OrNegotiated] {
        let client = client(&server, protocol);
        let answer = client
            .send(request("/panic", b""), 5 * SECOND)
            .await
            .expect("answered");
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
        let mut call = request("/panic", b"");
        call.headers_mut()
            .insert("content-type", http::HeaderValue::from_static("application/grpc"));
        let answer = client.send(call, 5 * SECOND).await.expect("answered");
        assert_eq!(answer.headers["grpc-status"], "13");
        let answer = client
            .send(request("/stream", b""), 5 * SECOND)
            .await
            .expect("answered");
        assert_eq!(answer.body, "one two three");
    }
    assert_eq!(*server.panics.lock(), ["answering a request: asked to"; 4]);
}

#[tokio::test]
async fn slow_and_silent_clients_are_closed() {
    let settings = ServerSettings {
        header_timeout: Some(Duration::from_millis(100)),
        http1_idle_timeout: Some(Duration::from_millis(200)),
        ..ServerSettings::default()
    };
    let server = OtlpServer::start(Options {
        settings,
        ..Options::default()
    })
    .await;
    let table: [(&str, &[u8], &str); 6] = [
        ("nothing", b"", ""),
        ("half a preface", b"PRI * HTTP/2.0\r\n", ""),
        (
            "a preface without settings",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "",
        ),
        ("half a request line", b"POST /v1", ""),
        ("endless headers", b"POST /v1/x HTTP/1.1\r\nhost: a\r\nx: ", ""),
        (
            "idle after a request",
            b"POST /v1/x HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 200",
        ),
    ];
    for (name, bytes, answer) in table {
        let mut stream = TcpStream::connect(server.address()).await.expect("connected");
        stream.write_all(bytes).await.expect("sent");
        let got = rest(&mut stream).await;
        // HTTP/2 settings of the server may come first.
        assert!(
            String::from_utf8_lossy(&got).starts_with(answer),
            "{name}: {}",
            got.escape_ascii()
        );
    }
    assert_eq!(server.stop(SECOND).await.cut, 0);
}

#[tokio::test]
async fn connections_over_the_cap_are_refused_until_one_leaves() {
    let settings = ServerSettings {
        max_connections: 2,
        ..ServerSettings::default()
    };
    let server = OtlpServer::start(Options {
        settings,
        ..Options::default()
    })
    .await;
    let ask = b"POST /v1/x HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n";
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(server.address()).await.expect("connected");
        stream.write_all(ask).await.expect("sent");
        assert!(stream.read(&mut [0; 100]).await.expect("answered") > 0);
        open.push(stream);
    }
    let mut third = TcpStream::connect(server.address())
        .await
        .expect("the kernel connects");
    let _ = third.write_all(ask).await;
    assert_eq!(rest(&mut third).await, b"");
    open.clear();
    let client = client(&server, Protocol::Http1OrNegotiated);
    let served = async {
        while client.send(request("/v1/x", b"x"), SECOND).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(20 * SECOND, served)
        .await
        .expect("a place is free again");
}

#[tokio::test]
async fn old_connections_are_asked_to_go_and_no_request_is_lost() {
    let keepalive = ServerKeepalive {
        max_connection_age: Some(Duration::from_millis(30)),
        ..ServerKeepalive::default()
    };
    let settings = ServerSettings {
        keepalive,
        header_timeout: Some(Duration::from_millis(20)),
        ..ServerSettings::default()
    };
    let server = OtlpServer::start(Options {
        settings,
        ..Options::default()
    })
    .await;
    let client = client(&server, Protocol::Http2);
    let end = tokio::time::Instant::now() + Duration::from_millis(400);
    let mut sent = 0;
    while tokio::time::Instant::now() < end {
        client
            .send(request("/v1/x", b"x"), 5 * SECOND)
            .await
            .expect("answered");
        sent += 1;
    }
    assert_eq!(server.received.lock().len(), sent);
}

#[tokio::test]
async fn a_client_that_does_not_take_its_answer_is_cut() {
    let settings = ServerSettings {
        header_timeout: Some(SECOND / 10),
        send_timeout: Some(SECOND / 10),
        ..ServerSettings::default()
    };
    let endpoint = Endpoint::Tcp {
        host: "127.0.0.1".to_owned(),
        port: 0,
    };
    let listener = bind(&endpoint).await.expect("bound");
    let address = listener.tcp_address().expect("TCP");
    let server = Server::new(listener, settings, |_, _| async {
        let piece = Bytes::from(vec![b'x'; 1 << 20]);
        Response::new(ReplyBody::stream(futures_util::stream::repeat(piece)))
    });
    let serving = tokio::spawn(server.serve());
    let mut stream = TcpStream::connect(address).await.expect("connected");
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .expect("sent");
    // Nothing is read. A server that ended the connection answers what is sent then with a reset.
    let cut = async {
        while stream.write_all(b"x").await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(20 * SECOND, cut).await.expect("cut");
    serving.abort();
}
