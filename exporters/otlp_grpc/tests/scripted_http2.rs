//! Servers that answer in ways that no library's server does: HTTP/2 frames as bytes.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// What a server does with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    /// The end of the connection as soon as it is made.
    CloseAtOnce,
    /// The end of the connection when the request is there.
    CloseUnanswered,
    /// The head of an answer, then the end of the connection.
    HalfAnswer,
    /// Nothing.
    Silence,
    /// Success.
    Answer,
    /// Success, with a message that is no protobuf.
    Garbage,
    /// Success without a message.
    NoMessage,
    /// A message without `grpc-status`.
    NoStatus,
    /// Bytes that are not HTTP/2.
    NotHttp2,
    /// GOAWAY that says nothing was processed, on every connection.
    GoAwayAlways,
    /// The same on the first connection, success on later ones.
    GoAwayFirst,
    /// GOAWAY that says that the request is being worked on, then success.
    GoAwayThenAnswer,
    /// REFUSED_STREAM for the first request of a connection, success for later ones.
    RefuseFirst,
    /// The stream is reset with INTERNAL_ERROR.
    Reset,
    /// A page of a proxy: this HTTP status.
    Status(u16),
    /// The same with `Retry-After` in seconds.
    StatusRetryAfter(u16, &'static str),
}

pub(super) async fn start(script: Script) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        for connection in 0_usize.. {
            let Ok((stream, _)) = listener.accept().await else {
                return;
            };
            let script = match script {
                Script::GoAwayFirst if connection == 0 => Script::GoAwayAlways,
                Script::GoAwayFirst => Script::Answer,
                other => other,
            };
            tokio::spawn(follow(stream, script));
        }
    });
    address
}

struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A header field that changes no table (RFC 7541, 6.2.2).
fn field(name: &str, value: &str) -> Vec<u8> {
    let length = |text: &str| u8::try_from(text.len()).ok().filter(|n| *n < 127).expect("short");
    [
        &[0, length(name)],
        name.as_bytes(),
        &[length(value)],
        value.as_bytes(),
    ]
    .concat()
}

/// `None` at the end of the connection.
async fn read_frame(stream: &mut TcpStream) -> Option<Frame> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.ok()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).await.ok()?;
    let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) & 0x7fff_ffff;
    Some(Frame {
        kind: head[3],
        flags: head[4],
        stream: id,
        payload,
    })
}

async fn follow(mut stream: TcpStream, script: Script) -> Option<()> {
    if script == Script::CloseAtOnce {
        return None;
    }
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await.ok()?;
    if script == Script::NotHttp2 {
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nno\n")
            .await
            .ok()?;
        return stream.shutdown().await.ok();
    }
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.ok()?;
    let mut requests = 0;
    loop {
        let got = read_frame(&mut stream).await?;
        match got.kind {
            SETTINGS if got.flags == 0 => stream.write_all(&frame(SETTINGS, 1, 0, &[])).await.ok()?,
            PING if got.flags == 0 => stream.write_all(&frame(PING, 1, 0, &got.payload)).await.ok()?,
            DATA if got.flags & END_STREAM != 0 => {
                requests += 1;
                let (bytes, goes_on) = answer(script, got.stream, requests);
                stream.write_all(&bytes).await.ok()?;
                if !goes_on {
                    stream.shutdown().await.ok()?;
                    // Closing with unread data would reset the connection and lose what was just written.
                    while read_frame(&mut stream).await.is_some() {}
                    return None;
                }
            }
            _ => {}
        }
    }
}

/// A gRPC answer with these bytes as its body and these trailers.
fn grpc(stream: u32, body: &[u8], trailers: &[u8]) -> Vec<u8> {
    let head = [&[0x88][..], &field("content-type", "application/grpc")].concat();
    [
        frame(HEADERS, END_HEADERS, stream, &head),
        frame(DATA, 0, stream, body),
        frame(HEADERS, END_HEADERS | END_STREAM, stream, trailers),
    ]
    .concat()
}

fn success(stream: u32) -> Vec<u8> {
    grpc(stream, &[0; 5], &field("grpc-status", "0"))
}

/// A page of a proxy. 0x08 is a `:status` that is not in HTTP/2's table.
fn page(stream: u32, status: u16, retry_after: Option<&str>) -> Vec<u8> {
    let mut head = [&[0x08, 3][..], status.to_string().as_bytes()].concat();
    head.extend(field("content-type", "text/html"));
    head.extend(
        retry_after
            .into_iter()
            .flat_map(|value| field("retry-after", value)),
    );
    let html = format!("<html>{status}</html>");
    [
        frame(HEADERS, END_HEADERS, stream, &head),
        frame(DATA, END_STREAM, stream, html.as_bytes()),
    ]
    .concat()
}

/// What to write, and whether the connection goes on.
fn answer(script: Script, id: u32, request: usize) -> (Vec<u8>, bool) {
    let go_away = |last: u32| frame(GOAWAY, 0, 0, &[last.to_be_bytes(), [0; 4]].concat());
    let reset = |reason: u32| frame(RST_STREAM, 0, id, &reason.to_be_bytes());
    match script {
        Script::CloseAtOnce | Script::CloseUnanswered | Script::NotHttp2 => (Vec::new(), false),
        Script::HalfAnswer => (frame(HEADERS, END_HEADERS, id, &[0x88]), false),
        Script::Silence => (Vec::new(), true),
        Script::Answer | Script::GoAwayFirst => (success(id), true),
        Script::Garbage => (
            grpc(id, b"\0\0\0\0\x04\xff\xff\xff\xff", &field("grpc-status", "0")),
            true,
        ),
        Script::NoMessage => (grpc(id, b"", &field("grpc-status", "0")), true),
        Script::NoStatus => (grpc(id, &[0; 5], &field("x", "y")), true),
        Script::GoAwayAlways => (go_away(0), false),
        Script::GoAwayThenAnswer => ([go_away(id), success(id)].concat(), false),
        Script::RefuseFirst if request == 1 => (reset(7), true),
        Script::RefuseFirst => (success(id), true),
        Script::Reset => (reset(2), true),
        Script::Status(status) => (page(id, status, None), true),
        Script::StatusRetryAfter(status, value) => (page(id, status, Some(value)), true),
    }
}
