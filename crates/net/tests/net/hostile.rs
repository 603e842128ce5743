//! Peers that break the rules of HTTP/2 and HTTP/1 on purpose.

use std::time::Duration;

use bytes::Bytes;
use sidelight_net::grpc::message_prefix;
use sidelight_testkit::http2_frames::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, PREFACE, RST_STREAM, SETTINGS, field,
    frame, read_frame,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::otlp_server::{Options, OtlpServer};

const LIMIT: Duration = Duration::from_secs(60);

/// The fields of a gRPC request.
fn grpc_request() -> Vec<u8> {
    [
        field(":method", "POST"),
        field(":scheme", "http"),
        field(":path", "/a.B/Export"),
        field(":authority", "localhost"),
        field("content-type", "application/grpc"),
        field("te", "trailers"),
    ]
    .concat()
}

async fn greet(server: &OtlpServer) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).await.expect("connected");
    stream
        .write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat())
        .await
        .expect("sent");
    stream
}

/// Sends what `attack` makes, over and over, until the server ends the connection or `most` rounds are done. Returns
/// the rounds.
async fn rounds_until_closed(server: &OtlpServer, most: u32, mut attack: impl FnMut(u32) -> Vec<u8>) -> u32 {
    let (mut reader, mut writer) = greet(server).await.into_split();
    let mut gone = tokio::spawn(async move { tokio::io::copy(&mut reader, &mut tokio::io::sink()).await });
    for round in 0..most {
        if gone.is_finished() || writer.write_all(&attack(round)).await.is_err() {
            return round;
        }
        if round % 100 == 0 {
            tokio::task::yield_now().await;
        }
    }
    // All was sent; the server may still be reading.
    let closed = tokio::time::timeout(Duration::from_secs(2), &mut gone)
        .await
        .is_ok();
    if closed { most - 1 } else { most }
}

#[tokio::test]
async fn floods_end_the_connection_and_the_server_goes_on() {
    let server = OtlpServer::start(Options::default()).await;
    let stream_id = |round: u32| round * 2 + 1;
    let continuation = |round: u32| match round {
        0 => frame(HEADERS, 0, 1, &grpc_request()),
        _ => frame(CONTINUATION, 0, 1, &[0, 1, b'x', 1, b'y'].repeat(1000)),
    };
    let rapid_reset = |round: u32| {
        let id = stream_id(round);
        [
            frame(HEADERS, END_HEADERS, id, &grpc_request()),
            frame(RST_STREAM, 0, id, &8_u32.to_be_bytes()),
        ]
        .concat()
    };
    let empty_continuation = |round: u32| match round {
        0 => frame(HEADERS, 0, 1, &grpc_request()),
        _ => frame(CONTINUATION, 0, 1, &[]),
    };
    let broken_headers = |round: u32| frame(HEADERS, END_HEADERS, stream_id(round), &[0xff; 20]);
    let data_without_stream = |round: u32| frame(DATA, 0, stream_id(round), b"x");
    type Attack<'a> = &'a mut dyn FnMut(u32) -> Vec<u8>;
    let attacks: [(&str, Attack<'_>); 5] = [
        ("continuation", &mut { continuation }),
        ("empty continuation", &mut { empty_continuation }),
        ("rapid reset", &mut { rapid_reset }),
        ("broken headers", &mut { broken_headers }),
        ("data without a stream", &mut { data_without_stream }),
    ];
    for (name, attack) in attacks {
        let rounds = tokio::time::timeout(LIMIT, rounds_until_closed(&server, 100_000, attack))
            .await
            .expect("in time");
        assert!(rounds < 100_000, "{name} was taken to the end");
    }
    assert_eq!(server.budget.used(), 0);
    let answer = h2_call(&server, &[Bytes::from_static(&[0, 0, 0, 0, 1, b'x'])], true).await;
    assert_eq!(answer, "0");
}

/// A graceful end waits for the answer to a ping.
#[tokio::test]
async fn an_idle_connection_whose_client_answers_no_ping_is_cut() {
    let mut options = Options::default();
    options.settings.keepalive.max_connection_idle = Some(Duration::from_secs(60));
    let server = OtlpServer::start(options).await;
    let mut stream = greet(&server).await;
    read_frame(&mut stream).await;
    tokio::time::pause();
    let silent = tokio::time::Instant::now();
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(600), stream.read_to_end(&mut rest)).await;
    ended.expect("the server closes").expect("read");
    assert!(
        silent.elapsed() < Duration::from_secs(120),
        "{:?}",
        silent.elapsed()
    );
}

#[tokio::test]
async fn pings_settings_and_empty_data_cost_nothing_lasting() {
    let server = OtlpServer::start(Options::default()).await;
    let frames = [frame(PING, 0, 0, &[0; 8]), frame(SETTINGS, 0, 0, &[])].concat();
    rounds_until_closed(&server, 20_000, |_| frames.clone()).await;
    let empty = |round: u32| match round {
        0 => frame(HEADERS, END_HEADERS, 1, &grpc_request()),
        _ => frame(DATA, 0, 1, &[]),
    };
    let rounds = rounds_until_closed(&server, 100_000, empty).await;
    assert!(rounds < 100_000, "endless empty DATA frames were taken");
    assert_eq!(
        h2_call(&server, &[Bytes::from_static(&[0, 0, 0, 0, 1, b'x'])], true).await,
        "0"
    );
}

/// One call with these DATA frames by the h2 crate; returns `grpc-status`, or the way it failed.
async fn h2_call(server: &OtlpServer, frames: &[Bytes], end: bool) -> String {
    let stream = TcpStream::connect(server.address()).await.expect("connected");
    let (client, connection) = h2::client::handshake(stream).await.expect("greeted");
    let connection = tokio::spawn(connection);
    let mut client = client.ready().await.expect("ready");
    let request =
        http::Request::post("http://localhost/a.B/Export").header("content-type", "application/grpc");
    let (response, mut body) = client
        .send_request(request.body(()).expect("request"), false)
        .expect("sent");
    for data in frames {
        body.reserve_capacity(data.len());
        while body.capacity() < data.len() {
            let more = std::future::poll_fn(|context| body.poll_capacity(context)).await;
            if !matches!(more, Some(Ok(_))) {
                break;
            }
        }
        if body.send_data(data.clone(), false).is_err() {
            break;
        }
    }
    if end {
        let _ = body.send_data(Bytes::new(), true);
    }
    let response = match response.await {
        Ok(response) => response,
        Err(error) => return format!("no response: {error}"),
    };
    let (head, mut answer) = response.into_parts();
    while let Some(Ok(_)) = answer.data().await {}
    let trailers = answer.trailers().await.ok().flatten().unwrap_or_default();
    connection.abort();
    let status = head
        .headers
        .get("grpc-status")
        .or_else(|| trailers.get("grpc-status"));
    status
        .and_then(|status| status.to_str().ok())
        .unwrap_or("none")
        .to_owned()
}

#[tokio::test]
async fn messages_in_odd_frames_are_read_or_refused() {
    let server = OtlpServer::start(Options {
        budget: 1 << 20,
        ..Options::default()
    })
    .await;
    let message = vec![7; 3000];
    let wire = [
        &message_prefix(false, message.len()).expect("short")[..],
        &message,
    ]
    .concat();
    let bytewise: Vec<Bytes> = wire.chunks(1).map(Bytes::copy_from_slice).collect();
    assert_eq!(h2_call(&server, &bytewise, true).await, "0");
    assert_eq!(server.received.lock().pop().expect("received"), message);

    let whole = |wire: &[u8]| vec![Bytes::copy_from_slice(wire)];
    assert_eq!(
        h2_call(&server, &whole(&wire[..2000]), true).await,
        "13",
        "truncated"
    );
    assert_eq!(
        h2_call(&server, &whole(&wire.repeat(2)), true).await,
        "12",
        "two messages"
    );
    assert_eq!(
        h2_call(&server, &whole(&[0, 255, 255, 255, 255]), false).await,
        "8",
        "4 GiB claimed, stream open"
    );
    assert_eq!(
        h2_call(&server, &whole(&[0, 0, 32, 0, 0]), false).await,
        "8",
        "2 MiB claimed, budget of 1 MiB"
    );
    assert_eq!(server.budget.used(), 0);
    assert!(
        server.budget.peak() < 8192,
        "nothing was charged for claims: {}",
        server.budget.peak()
    );
}

#[tokio::test]
async fn a_stream_dropped_half_way_gives_its_charge_back() {
    let server = OtlpServer::start(Options::default()).await;
    let mut stream = greet(&server).await;
    let prefix = message_prefix(false, 10 << 20).expect("short");
    let begin = [
        frame(HEADERS, END_HEADERS, 1, &grpc_request()),
        frame(DATA, 0, 1, &[&prefix[..], &[0; 1000]].concat()),
    ];
    stream.write_all(&begin.concat()).await.expect("sent");
    let charged = async {
        while server.budget.used() < 10 << 20 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, charged)
        .await
        .expect("charged from the prefix");
    stream
        .write_all(&frame(RST_STREAM, 0, 1, &8_u32.to_be_bytes()))
        .await
        .expect("sent");
    let released = async {
        while server.budget.used() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, released).await.expect("given back");
}

#[tokio::test]
async fn a_frame_larger_than_allowed_ends_the_connection_with_its_reason() {
    let server = OtlpServer::start(Options::default()).await;
    let mut stream = greet(&server).await;
    let mut huge = frame(HEADERS, END_HEADERS | END_STREAM, 1, &[]);
    huge[..3].copy_from_slice(&[0xff, 0xff, 0xff]);
    stream.write_all(&huge).await.expect("sent");
    let mut reason = None;
    while let Some(frame) = read_frame(&mut stream).await {
        if frame.kind == GOAWAY {
            reason = frame.payload[4..8].last().copied();
        }
    }
    assert_eq!(reason, Some(6), "FRAME_SIZE_ERROR");
}

#[tokio::test]
async fn hostile_http1_is_answered_and_closed() {
    let server = OtlpServer::start(Options::default()).await;
    let long = format!(
        "POST /v1/x HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n",
        "y".repeat(20_000)
    );
    let many = format!("POST /v1/x HTTP/1.1\r\nhost: a\r\n{}\r\n", "x: y\r\n".repeat(200));
    let table = [
        ("garbage", "\x01\x02\x03\r\n\r\n".to_owned(), "HTTP/1.1 400"),
        ("long headers", long, "HTTP/1.1 431"),
        ("many headers", many, "HTTP/1.1 431"),
        ("bad length", "POST /v1/x HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n".to_owned(), "HTTP/1.1 400"),
        (
            "two lengths",
            "POST /v1/x HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab".to_owned(),
            "HTTP/1.1 400",
        ),
        (
            "bad chunk",
            "POST /v1/x HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".to_owned(),
            "HTTP/1.1 400",
        ),
        (
            "a length beyond the limit",
            "POST /v1/x HTTP/1.1\r\nhost: a\r\nconnection: close\r\nexpect: 100-continue\r\ncontent-length: 99999999999\r\n\r\n"
                .to_owned(),
            "HTTP/1.1 413",
        ),
    ];
    for (name, text, expected) in table {
        let mut stream = TcpStream::connect(server.address()).await.expect("connected");
        stream.write_all(text.as_bytes()).await.expect("sent");
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(LIMIT, stream.read_to_end(&mut answer))
            .await
            .expect("closed");
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with(expected), "{name}: {answer:?}");
    }
    assert_eq!(server.budget.used(), 0);
}

#[tokio::test]
async fn a_client_that_sends_everything_before_it_reads_still_gets_the_refusal() {
    let server = OtlpServer::start(Options::default()).await;
    let length = 40 << 20;
    for header in [
        "content-length: 41943040\r\n",
        "content-length: 41943040\r\ncontent-encoding: br\r\n",
    ] {
        let mut stream = TcpStream::connect(server.address()).await.expect("connected");
        let head = format!("POST /v1/x HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{header}\r\n");
        stream.write_all(head.as_bytes()).await.expect("sent");
        stream
            .write_all(&vec![0; length])
            .await
            .expect("the whole body is taken");
        let mut answer = Vec::new();
        stream
            .read_to_end(&mut answer)
            .await
            .expect("an answer and an orderly end");
        assert!(answer.starts_with(b"HTTP/1.1 41"), "{}", answer.escape_ascii());
    }
    assert_eq!(
        server.budget.peak(),
        0,
        "nothing was charged for what was thrown away"
    );
}

/// Idle HTTP/2 connections may stay for hours; whoever opens as many as there may be must not keep others out.
#[tokio::test]
async fn a_full_house_of_idle_connections_makes_room_for_who_asks() {
    let mut options = Options::default();
    options.settings.max_connections = 20;
    let server = OtlpServer::start(options).await;
    let mut idle = Vec::new();
    for _ in 0..20 {
        let mut stream = greet(&server).await;
        read_frame(&mut stream).await.expect("greeted back");
        idle.push(stream);
    }
    // A connection has its place for a second at least: whoever comes earlier is refused, and comes again.
    let greeted = async {
        loop {
            let mut stream = greet(&server).await;
            if read_frame(&mut stream).await.is_some() {
                return;
            }
        }
    };
    tokio::time::timeout(LIMIT, greeted).await.expect("room is made");
    // The one that was idle for the longest was asked to go.
    let mut oldest = idle.swap_remove(0);
    let asked = async {
        while read_frame(&mut oldest)
            .await
            .is_some_and(|frame| frame.kind != GOAWAY)
        {}
    };
    tokio::time::timeout(LIMIT, asked)
        .await
        .expect("a GOAWAY, or the end");
    assert_eq!(
        h2_call(&server, &[Bytes::from_static(&[0, 0, 0, 0, 1, b'x'])], true).await,
        "0"
    );
}
