//! Peers that use HTTP/2's frames against it (RFC 9113, section 10.5).

use std::time::Duration;

use sidelight_testkit::http2_frames::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PING, PREFACE, RST_STREAM, SETTINGS, field, frame,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::doors::{Connection, Door, Doors};
use crate::program::PATIENCE;

/// RFC 9113, 6.9.
const WINDOW_UPDATE: u8 = 8;
const PRIORITY: u8 = 2;

/// A head of a request that is good so far.
pub(super) fn request_fields() -> Vec<u8> {
    [
        field(":method", "POST"),
        field(":scheme", "http"),
        field(
            ":path",
            "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        ),
        field(":authority", "localhost"),
        field("content-type", "application/grpc"),
        field("te", "trailers"),
    ]
    .concat()
}

fn stream_id(round: u32) -> u32 {
    round * 2 + 1
}

/// Says hello as HTTP/2 wants it, with these settings.
pub(super) async fn greet(door: &Door, settings: &[u8]) -> Connection {
    let mut connection = door.connect().await;
    connection.write_all(&hello(settings)).await.expect("taken");
    connection
}

/// What a client of HTTP/2 says first, with these settings.
pub(super) fn hello(settings: &[u8]) -> Vec<u8> {
    [PREFACE, &frame(SETTINGS, 0, 0, settings)].concat()
}

/// How long an attacker that reads nothing is not read either until it is sure of that.
const HELD_BACK: Duration = Duration::from_secs(1);

/// How a flood ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The program closed the connection.
    Closed,
    /// All of it was taken.
    Taken,
    /// The program reads no more for now.
    HeldBack,
}

/// Sends what `attack` makes, over and over, in pieces of some kilobytes. Where the end that is right is a closed
/// connection it is waited for.
async fn flood(door: &Door, rounds: u32, reads: bool, attack: Attack, right: &[End]) -> End {
    let (mut reading, mut writing) = tokio::io::split(greet(door, &[]).await);
    let reader = tokio::spawn(async move {
        if !reads {
            std::future::pending::<()>().await;
        }
        let _ = tokio::io::copy(&mut reading, &mut tokio::io::sink()).await;
        reading
    });
    let send = async {
        for first in (0..rounds).step_by(100) {
            let frames: Vec<u8> = (first..first + 100).flat_map(&attack).collect();
            let patience = if reads { PATIENCE } else { HELD_BACK };
            let written = tokio::time::timeout(patience, writing.write_all(&frames)).await;
            match written {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return End::Closed,
                Err(_) => return End::HeldBack,
            }
            if reader.is_finished() {
                return End::Closed;
            }
        }
        End::Taken
    };
    let end = send.await;
    // All was sent; the program may still be reading.
    let ends = async {
        while !reader.is_finished() {
            tokio::task::yield_now().await
        }
    };
    let is_waited_for = end == End::Taken && !right.contains(&End::Taken);
    let ended = is_waited_for && tokio::time::timeout(PATIENCE, ends).await.is_ok();
    reader.abort();
    if ended { End::Closed } else { end }
}

type Attack = fn(u32) -> Vec<u8>;

/// By name: the rounds, whether the attacker reads, the frames of a round, and the ends that are right.
const FLOODS: &[(&str, u32, bool, Attack, &[End])] = &[
    (
        "rapid reset",
        100_000,
        true,
        |round| {
            let id = stream_id(round);
            [
                frame(HEADERS, END_HEADERS, id, &request_fields()),
                frame(RST_STREAM, 0, id, &8_u32.to_be_bytes()),
            ]
            .concat()
        },
        &[End::Closed],
    ),
    (
        "streams that reset themselves by a false window",
        100_000,
        true,
        |round| {
            let id = stream_id(round);
            [
                frame(HEADERS, END_HEADERS, id, &request_fields()),
                frame(WINDOW_UPDATE, 0, id, &0_u32.to_be_bytes()),
            ]
            .concat()
        },
        &[End::Closed],
    ),
    (
        "CONTINUATION without end",
        100_000,
        true,
        |round| match round {
            0 => frame(HEADERS, 0, 1, &request_fields()),
            _ => frame(CONTINUATION, 0, 1, &[0, 1, b'x', 1, b'y'].repeat(100)),
        },
        &[End::Closed],
    ),
    (
        "empty CONTINUATION without end",
        100_000,
        true,
        |round| match round {
            0 => frame(HEADERS, 0, 1, &request_fields()),
            _ => frame(CONTINUATION, 0, 1, &[]),
        },
        &[End::Closed],
    ),
    (
        "empty DATA without end",
        200_000,
        true,
        |round| match round {
            0 => frame(HEADERS, END_HEADERS, 1, &request_fields()),
            _ => frame(DATA, 0, 1, &[]),
        },
        &[End::Closed],
    ),
    (
        "SETTINGS",
        100_000,
        true,
        |_| frame(SETTINGS, 0, 0, &[0, 4, 0, 1, 0, 0]),
        &[End::Taken, End::Closed],
    ),
    (
        "SETTINGS, and reads no answer",
        200_000,
        false,
        |_| frame(SETTINGS, 0, 0, &[0, 4, 0, 1, 0, 0]),
        &[End::HeldBack, End::Taken, End::Closed],
    ),
    (
        "PING",
        100_000,
        true,
        |_| frame(PING, 0, 0, &[0; 8]),
        &[End::Taken, End::Closed],
    ),
    (
        "PING, and reads no answer",
        1_000_000,
        false,
        |_| frame(PING, 0, 0, &[0; 8]),
        &[End::HeldBack, End::Closed],
    ),
    (
        "PRIORITY",
        100_000,
        true,
        |round| frame(PRIORITY, 0, stream_id(round), &[0, 0, 0, 0, 1]),
        &[End::Taken, End::Closed],
    ),
    (
        "frames of unknown kinds",
        100_000,
        true,
        |_| frame(0xfa, 0, 0, &[0; 100]),
        &[End::Taken, End::Closed],
    ),
    (
        "streams without end",
        20_000,
        true,
        |round| frame(HEADERS, END_HEADERS, stream_id(round), &request_fields()),
        &[End::Taken, End::Closed],
    ),
    (
        "broken header tables",
        100_000,
        true,
        |round| frame(HEADERS, END_HEADERS, stream_id(round), &[0xff; 20]),
        &[End::Closed],
    ),
];

pub(super) async fn all(doors: &Doors) {
    for door in doors.clear() {
        for &(name, rounds, reads, attack, right) in FLOODS {
            let end = doors.meanwhile(flood(door, rounds, reads, attack, right)).await;
            // Where HTTP/2 is not spoken, its first bytes are a bad request.
            let is_right = if door.speaks_http2 {
                right.contains(&end)
            } else {
                end == End::Closed
            };
            assert!(is_right, "{name} at {}: {end:?}", door.name);
        }
    }
}

/// One gRPC call with this body; its status.
pub(super) async fn grpc_call(door: &Door, encoding: &'static str, body: &[u8]) -> Option<u8> {
    let handshake = h2::client::handshake(door.connect().await);
    let (client, connection) = handshake.await.expect("greeted");
    let connection = tokio::spawn(connection);
    let mut client = client.ready().await.expect("ready");
    let mut request =
        http::Request::post("http://localhost/opentelemetry.proto.collector.trace.v1.TraceService/Export")
            .header("content-type", "application/grpc")
            .header("te", "trailers");
    if !encoding.is_empty() {
        request = request.header("grpc-encoding", encoding);
    }
    let request = request.body(()).expect("a request");
    let (answer, mut stream) = client.send_request(request, false).expect("sent");
    // h2 keeps what the window has no room for.
    let _ = stream.send_data(bytes::Bytes::copy_from_slice(body), true);
    let answer = tokio::time::timeout(PATIENCE, answer)
        .await
        .expect("answered in time");
    let (head, mut body) = answer.expect("an answer").into_parts();
    while let Some(Ok(data)) = body.data().await {
        let _ = body.flow_control().release_capacity(data.len());
    }
    let trailers = body.trailers().await.ok().flatten().unwrap_or_default();
    connection.abort();
    let status = head
        .headers
        .get("grpc-status")
        .or_else(|| trailers.get("grpc-status"))?;
    status.to_str().ok()?.parse().ok()
}

/// Requests whose answers may not be sent: the client's window is zero.
pub(super) async fn requests_without_window(door: &Door) -> Connection {
    // SETTINGS_INITIAL_WINDOW_SIZE is 4.
    let mut connection = greet(door, &[0, 4, 0, 0, 0, 0]).await;
    let get = [
        field(":method", "GET"),
        field(":scheme", "http"),
        field(":path", door.page.unwrap_or("/v1/traces")),
        field(":authority", "localhost"),
    ]
    .concat();
    let requests = (0..50).flat_map(|nth| frame(HEADERS, END_HEADERS | END_STREAM, stream_id(nth), &get));
    connection
        .write_all(&requests.collect::<Vec<u8>>())
        .await
        .expect("taken");
    let mut first = [0; 9];
    connection.read_exact(&mut first).await.expect("greeted back");
    connection
}
