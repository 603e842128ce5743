//! HTTP/2 by hand: frames as bytes, for peers that break rules or use them in rare ways.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Flags.
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A header field that changes no table (RFC 7541, 6.2.2).
pub(crate) fn field(name: &str, value: &str) -> Vec<u8> {
    let length = |text: &str| {
        u8::try_from(text.len())
            .ok()
            .filter(|length| *length < 127)
            .expect("short")
    };
    [
        &[0, length(name)],
        name.as_bytes(),
        &[length(value)],
        value.as_bytes(),
    ]
    .concat()
}

/// The fields of a gRPC request.
pub(crate) fn grpc_request() -> Vec<u8> {
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

/// `None` at the end of the connection.
pub(crate) async fn read_frame(stream: &mut TcpStream) -> Option<Frame> {
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

/// What a scripted server does with the requests of one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Script {
    /// A gRPC success, every time.
    Answer,
    /// A gRPC success, then GOAWAY and the end of the connection.
    AnswerOnce,
    /// GOAWAY that says nothing was processed.
    GoAwayUnprocessed,
    /// GOAWAY that says the request is being worked on; then the answer.
    GoAwayThenAnswer,
    /// RST_STREAM with REFUSED_STREAM for the first request, answers for later ones.
    RefuseFirst,
    /// RST_STREAM with INTERNAL_ERROR.
    ResetInternal,
    /// Half an answer, then the end of the connection.
    HalfAnswer,
    /// The end of the connection without a word.
    Close,
    /// Nothing, not even to pings.
    Silence,
    /// More than clients read.
    Endless,
    /// A redirect.
    Redirect,
    /// An error page of a proxy.
    BadGateway,
}

pub(crate) struct ScriptedServer {
    pub(crate) address: SocketAddr,
    pub(crate) connections: Arc<AtomicUsize>,
    pub(crate) requests: Arc<AtomicUsize>,
}

impl ScriptedServer {
    /// The n-th connection follows the n-th script, later ones the last.
    pub(crate) async fn start(scripts: &'static [Script]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let address = listener.local_addr().expect("address");
        let (connections, requests) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counts = (connections.clone(), requests.clone());
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

    pub(crate) fn counts(&self) -> (usize, usize) {
        (
            self.connections.load(Ordering::SeqCst),
            self.requests.load(Ordering::SeqCst),
        )
    }
}

fn success(stream: u32) -> Vec<u8> {
    let head = [&[0x88][..], &field("content-type", "application/grpc")].concat();
    [
        frame(HEADERS, END_HEADERS, stream, &head),
        frame(DATA, 0, stream, &[0; 5]),
        frame(
            HEADERS,
            END_HEADERS | END_STREAM,
            stream,
            &field("grpc-status", "0"),
        ),
    ]
    .concat()
}

async fn follow(mut stream: TcpStream, script: Script, requests: Arc<AtomicUsize>) -> Option<()> {
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await.ok()?;
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.ok()?;
    let mut number = 0;
    loop {
        let got = read_frame(&mut stream).await?;
        match got.kind {
            SETTINGS if got.flags == 0 => stream.write_all(&frame(SETTINGS, 1, 0, &[])).await.ok()?,
            PING if got.flags == 0 && script != Script::Silence => {
                stream.write_all(&frame(PING, 1, 0, &got.payload)).await.ok()?;
            }
            HEADERS => {
                requests.fetch_add(1, Ordering::SeqCst);
                number += 1;
            }
            // The end of a request.
            DATA if got.flags & END_STREAM != 0 => {
                let (bytes, go_on) = answer(script, got.stream, number);
                stream.write_all(&bytes).await.ok()?;
                if !go_on {
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

/// What to write, and whether the connection goes on.
fn answer(script: Script, id: u32, number: usize) -> (Vec<u8>, bool) {
    let go_away = |last: u32| frame(GOAWAY, 0, 0, &[last.to_be_bytes(), [0; 4]].concat());
    let reset = |reason: u32| frame(RST_STREAM, 0, id, &reason.to_be_bytes());
    match script {
        Script::Answer => (success(id), true),
        Script::AnswerOnce => ([success(id), go_away(id)].concat(), false),
        Script::GoAwayUnprocessed => (go_away(0), false),
        Script::GoAwayThenAnswer => ([go_away(id), success(id)].concat(), false),
        Script::RefuseFirst if number == 1 => (reset(7), true),
        Script::RefuseFirst => (success(id), true),
        Script::ResetInternal => (reset(2), true),
        Script::HalfAnswer => (frame(HEADERS, END_HEADERS, id, &[0x88]), false),
        Script::Close => (vec![], false),
        Script::Silence => (vec![], true),
        Script::Endless => {
            let head = frame(
                HEADERS,
                END_HEADERS,
                id,
                &[0x88, 0x0f, 0x0d, 7, b'9', b'9', b'9', b'9', b'9', b'9', b'9'],
            );
            (head, true)
        }
        Script::Redirect => {
            let head = [&[0x08, 3][..], b"302", &field("location", "http://127.0.0.1:1/")].concat();
            (frame(HEADERS, END_HEADERS | END_STREAM, id, &head), true)
        }
        Script::BadGateway => {
            let head = [&[0x08, 3][..], b"502", &field("content-type", "text/html")].concat();
            let html = b"<html>bad gateway</html>";
            (
                [
                    frame(HEADERS, END_HEADERS, id, &head),
                    frame(DATA, END_STREAM, id, html),
                ]
                .concat(),
                true,
            )
        }
    }
}
