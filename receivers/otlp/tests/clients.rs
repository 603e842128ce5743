//! Clients that can be wrong: bytes over TCP for HTTP/1, a bare HTTP/2 connection for gRPC.

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How the client ends its request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// As it should.
    Whole,
    /// It ends before it should: the length it gave was larger.
    Cut,
    /// It says no more, and waits.
    Stall,
}

/// A request as the client writes it.
#[derive(Clone)]
pub(super) struct Ask {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) headers: Vec<(&'static str, &'static str)>,
    pub(super) body: Vec<u8>,
    pub(super) end: End,
}

impl Ask {
    pub(super) fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self
    }

    pub(super) fn ending(self, end: End) -> Self {
        Self { end, ..self }
    }
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) trailers: HeaderMap,
    pub(super) body: Bytes,
}

/// What a request with a length that is not kept says that it has more.
const MISSING_BYTES: usize = 100;
/// What a test waits for an answer; longer than the receiver's own limits.
const PATIENCE: Duration = Duration::from_secs(90);

/// Lets time run as fast as nothing happens, so that a limit of 30 s is over at once.
fn hurry(end: End) {
    if end == End::Stall {
        tokio::time::pause();
    }
}

fn be_patient(end: End) {
    if end == End::Stall {
        tokio::time::resume();
    }
}

pub(super) async fn http1(address: SocketAddr, ask: &Ask) -> Answer {
    let length = ask.body.len() + if ask.end == End::Whole { 0 } else { MISSING_BYTES };
    let mut head = format!(
        "{} {} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n",
        ask.method, ask.path
    );
    for (name, value) in &ask.headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += &format!("Content-Length: {length}\r\n\r\n");
    let bytes = [head.as_bytes(), &ask.body].concat();
    let stream = TcpStream::connect(address).await.expect("connected");
    let (mut reading, mut writing) = stream.into_split();
    let end = ask.end;
    let writer = tokio::spawn(async move {
        // A server that refuses may stop reading; what it answered counts.
        let _ = writing.write_all(&bytes).await;
        match end {
            End::Cut => drop(writing.shutdown().await),
            End::Stall => std::future::pending().await,
            End::Whole => {}
        }
        writing
    });
    let mut text = Vec::new();
    hurry(end);
    let read = tokio::time::timeout(PATIENCE, reading.read_to_end(&mut text)).await;
    be_patient(end);
    writer.abort();
    let read = read.unwrap_or_else(|_| panic!("no end of the answer: {}", String::from_utf8_lossy(&text)));
    assert!(
        read.is_ok() || !text.is_empty(),
        "the connection was reset without an answer: {read:?}"
    );
    parse(&text)
}

fn parse(text: &[u8]) -> Answer {
    let split = text
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .expect("an HTTP answer");
    let head = std::str::from_utf8(&text[..split]).expect("a head in ASCII");
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .expect("a status line");
    let headers = lines
        .map(|line| line.split_once(": ").expect("a header field"))
        .map(|(name, value)| {
            (
                name.parse::<HeaderName>().expect("a name"),
                HeaderValue::from_str(value).expect("a value"),
            )
        });
    Answer {
        status: status.parse().expect("a number"),
        headers: headers.collect(),
        trailers: HeaderMap::new(),
        body: Bytes::copy_from_slice(&text[split + 4..]),
    }
}

/// A body that may never end.
struct Sending {
    data: Option<Bytes>,
    stalls: bool,
}

impl Body for Sending {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.data.take() {
            Some(data) => Poll::Ready(Some(Ok(Frame::data(data)))),
            None if self.stalls => Poll::Pending,
            None => Poll::Ready(None),
        }
    }
}

/// HTTP/2 with prior knowledge. The body is sent as it is: gRPC's frames are the test's business.
pub(super) async fn http2(address: SocketAddr, ask: &Ask) -> Answer {
    let stream = TcpStream::connect(address).await.expect("connected");
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.expect("HTTP/2");
    let driver = tokio::spawn(connection);
    let mut request = Request::builder()
        .method(ask.method)
        .uri(format!("http://{address}{}", ask.path));
    for (name, value) in &ask.headers {
        request = request.header(*name, *value);
    }
    let body = Sending {
        data: Some(ask.body.clone().into()),
        stalls: ask.end == End::Stall,
    };
    let request = request.body(body).expect("a request");
    hurry(ask.end);
    let answer = tokio::time::timeout(PATIENCE, async {
        let response = sender.send_request(request).await.expect("an answer");
        let (head, body) = response.into_parts();
        let collected = body.collect().await.expect("a whole answer");
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            trailers: collected.trailers().cloned().unwrap_or_default(),
            body: collected.to_bytes(),
        }
    })
    .await;
    be_patient(ask.end);
    driver.abort();
    answer.expect("an answer in time")
}
