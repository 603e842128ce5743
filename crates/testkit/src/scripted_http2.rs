//! Servers that answer gRPC in ways that no library's server does.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::http2_frames::{
    ACK, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, PREFACE, RST_STREAM, SETTINGS, field, frame,
    read_frame,
};

/// What a server does with the requests of one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// Success, every time.
    Answer,
    /// Success, then GOAWAY and the end of the connection.
    AnswerOnce,
    /// Success, with a message that is no protobuf.
    Garbage,
    /// Success without a message.
    NoMessage,
    /// A message without `grpc-status`.
    NoStatus,
    /// The head of an answer, then the end of the connection.
    HalfAnswer,
    /// The head of an answer that says it is longer than clients read.
    Endless,
    /// Nothing, not even to pings.
    Silence,
    /// The end of the connection as soon as it is made.
    CloseAtOnce,
    /// The end of the connection when the request is there.
    CloseUnanswered,
    /// GOAWAY that says nothing was processed.
    GoAwayUnprocessed,
    /// GOAWAY that says that the request is being worked on, then success.
    GoAwayThenAnswer,
    /// REFUSED_STREAM for the first request of a connection, success for later ones.
    RefuseFirst,
    /// The stream is reset with INTERNAL_ERROR.
    Reset,
    /// Bytes that are not HTTP/2.
    NotHttp2,
    /// A page of a proxy: this HTTP status, for a redirect with a place to go to.
    Status(u16),
    /// The same with `Retry-After` in seconds.
    StatusRetryAfter(u16, &'static str),
}

/// A server that follows scripts, until the test's runtime ends.
pub struct ScriptedServer {
    /// Where it listens.
    pub address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
}

impl ScriptedServer {
    /// The n-th connection follows the n-th script, later ones the last.
    pub async fn start(scripts: &[Script]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let address = listener.local_addr().expect("bound");
        let (connections, requests) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counts = (connections.clone(), requests.clone());
        let scripts = scripts.to_vec();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let number = counts.0.fetch_add(1, Ordering::SeqCst);
                let script = scripts[number.min(scripts.len() - 1)];
                tokio::spawn(follow(stream, script, counts.1.clone()));
            }
        });
        Self {
            address,
            connections,
            requests,
        }
    }

    /// Connections and requests so far.
    pub fn counts(&self) -> (usize, usize) {
        (
            self.connections.load(Ordering::SeqCst),
            self.requests.load(Ordering::SeqCst),
        )
    }
}

async fn follow(mut stream: TcpStream, script: Script, requests: Arc<AtomicUsize>) -> Option<()> {
    if script == Script::CloseAtOnce {
        return None;
    }
    stream.read_exact(&mut [0; PREFACE.len()]).await.ok()?;
    if script == Script::NotHttp2 {
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nno\n")
            .await
            .ok()?;
        return stream.shutdown().await.ok();
    }
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.ok()?;
    let mut number = 0;
    loop {
        let got = read_frame(&mut stream).await?;
        match got.kind {
            SETTINGS if got.flags == 0 => stream.write_all(&frame(SETTINGS, ACK, 0, &[])).await.ok()?,
            PING if got.flags == 0 && script != Script::Silence => {
                stream.write_all(&frame(PING, ACK, 0, &got.payload)).await.ok()?;
            }
            HEADERS => {
                requests.fetch_add(1, Ordering::SeqCst);
                number += 1;
            }
            // The end of a request.
            DATA if got.flags & END_STREAM != 0 => {
                let (bytes, goes_on) = answer(script, got.stream, number);
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

/// `:status` 200 from HTTP/2's table.
const OK: u8 = 0x88;

/// An answer with these bytes as its body and these trailers.
fn grpc(stream: u32, body: &[u8], trailers: &[u8]) -> Vec<u8> {
    let head = [&[OK][..], &field("content-type", "application/grpc")].concat();
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
    if (300..400).contains(&status) {
        head.extend(field("location", "http://127.0.0.1:1/"));
    }
    if let Some(value) = retry_after {
        head.extend(field("retry-after", value));
    }
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
    let ended_well = field("grpc-status", "0");
    match script {
        Script::Answer => (success(id), true),
        Script::AnswerOnce => ([success(id), go_away(id)].concat(), false),
        Script::Garbage => (grpc(id, b"\0\0\0\0\x04\xff\xff\xff\xff", &ended_well), true),
        Script::NoMessage => (grpc(id, b"", &ended_well), true),
        Script::NoStatus => (grpc(id, &[0; 5], &field("x", "y")), true),
        Script::HalfAnswer => (frame(HEADERS, END_HEADERS, id, &[OK]), false),
        Script::Endless => {
            let head = [&[OK][..], &field("content-length", "9999999")].concat();
            (frame(HEADERS, END_HEADERS, id, &head), true)
        }
        Script::Silence => (Vec::new(), true),
        Script::CloseAtOnce | Script::CloseUnanswered | Script::NotHttp2 => (Vec::new(), false),
        Script::GoAwayUnprocessed => (go_away(0), false),
        Script::GoAwayThenAnswer => ([go_away(id), success(id)].concat(), false),
        Script::RefuseFirst if request == 1 => (reset(7), true),
        Script::RefuseFirst => (success(id), true),
        Script::Reset => (reset(2), true),
        Script::Status(status) => (page(id, status, None), true),
        Script::StatusRetryAfter(status, value) => (page(id, status, Some(value)), true),
    }
}
