//! A server of HTTP/1.1 that reads requests and writes bytes.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came: its head as text, its body.
#[derive(Clone, Debug)]
pub struct Got {
    /// Its first line and its headers.
    pub head: String,
    /// Its body.
    pub body: Vec<u8>,
}

impl Got {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}

/// What the server does with the requests of a connection.
#[derive(Clone, Debug, PartialEq)]
pub enum Script {
    /// These bytes, and the connection goes on.
    Write(Vec<u8>),
    /// These bytes to the first request of the server, those to the second and so on; the last ones to all that follow.
    WriteInTurn(Vec<Vec<u8>>),
    /// These bytes, then the end of the connection.
    WriteAndClose(Vec<u8>),
    /// The end of the connection as soon as it is made.
    CloseAtOnce,
    /// Nothing.
    Silence,
}

/// A server on a free port, for as long as the runtime of the test.
#[derive(Clone, Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<Got>>>,
}

impl Server {
    /// Starts it.
    pub async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let address = listener.local_addr().expect("bound");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = requests.clone();
        let served = Arc::new(AtomicUsize::new(0));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(follow(stream, script.clone(), kept.clone(), served.clone()));
            }
        });
        Self { address, requests }
    }

    /// What came since the last call.
    pub fn take(&self) -> Vec<Got> {
        std::mem::take(&mut *self.requests.lock().expect("no panic"))
    }
}

async fn follow(
    mut stream: TcpStream,
    script: Script,
    kept: Arc<Mutex<Vec<Got>>>,
    served: Arc<AtomicUsize>,
) -> Option<()> {
    if script == Script::CloseAtOnce {
        return None;
    }
    let mut buffer = Vec::new();
    loop {
        let got = read_request(&mut stream, &mut buffer).await?;
        kept.lock().expect("no panic").push(got);
        let nth = served.fetch_add(1, Ordering::Relaxed);
        match &script {
            Script::WriteInTurn(answers) => {
                let answer = answers.get(nth).or(answers.last()).expect("an answer");
                stream.write_all(answer).await.ok()?;
            }
            Script::Write(bytes) => stream.write_all(bytes).await.ok()?,
            Script::WriteAndClose(bytes) => {
                stream.write_all(bytes).await.ok()?;
                return stream.shutdown().await.ok();
            }
            Script::Silence | Script::CloseAtOnce => {}
        }
    }
}

/// One request with `Content-Length`; `None` at the end of the connection.
async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Got> {
    loop {
        if let Some(split) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(buffer[..split].to_vec()).expect("ASCII");
            let got = Got {
                head,
                body: Vec::new(),
            };
            let length: usize = got
                .header("content-length")
                .expect("a length")
                .parse()
                .expect("a number");
            let end = split + 4 + length;
            if buffer.len() >= end {
                let body = buffer[split + 4..end].to_vec();
                buffer.drain(..end);
                return Some(Got { body, ..got });
            }
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

/// An answer with these headers and this body.
pub fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} Whatever\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    [head.as_bytes(), b"\r\n", body].concat()
}
