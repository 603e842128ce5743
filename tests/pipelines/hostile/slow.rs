//! Clients that are slow: heads, bodies, handshakes and answers that do not come to an end.

use sidelight_testkit::http2_frames::{DATA, END_HEADERS, HEADERS, PREFACE, frame};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::doors::{Connection, Door, Doors};
use super::floods::{greet, request_fields, requests_without_window};
use crate::program::PATIENCE;

/// A connection that the program has to end by itself.
pub(super) struct Slow {
    what: String,
    connection: Connection,
    /// It reads nothing until the end is looked for.
    reads: bool,
}

/// The first part of a TLS handshake: the head of a record with a ClientHello that never comes whole.
const HALF_HELLO: &[u8] = &[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];

async fn slow(door: &Door, what: &str, bytes: &[u8]) -> Slow {
    let mut connection = door.connect().await;
    connection.write_all(bytes).await.expect("taken");
    Slow {
        what: format!("{what} at {}", door.name),
        connection,
        reads: true,
    }
}

/// Some of each kind at each door. Limits that the defaults set: heads and handshakes 10 s, bodies and answers 30 s.
pub(super) async fn begin(doors: &Doors) -> Vec<Slow> {
    let mut all = Vec::new();
    for door in &doors.all {
        for (what, bytes) in [
            ("nothing", &b""[..]),
            ("half a head", b"GET / HTTP/1.1\r\nHost: local"),
            ("half a ClientHello", HALF_HELLO),
            ("half a preface", &PREFACE[..10]),
            ("a preface without SETTINGS", PREFACE),
        ] {
            for _ in 0..5 {
                all.push(slow(door, what, bytes).await);
            }
        }
        if door.encrypted {
            continue;
        }
        let body = "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
        let chunked = format!("{body}Transfer-Encoding: chunked\r\n\r\n5\r\n{{\"res");
        let counted = format!("{body}Content-Length: 1000000\r\n\r\n{{\"res");
        for _ in 0..10 {
            all.push(slow(door, "half a body", counted.as_bytes()).await);
            all.push(slow(door, "half a chunk", chunked.as_bytes()).await);
        }
        if door.speaks_http2 {
            all.extend(over_http2(door).await);
        }
        all.push(unread(door).await);
    }
    all
}

async fn over_http2(door: &Door) -> Vec<Slow> {
    let mut half = greet(door, &[]).await;
    let request = [
        frame(HEADERS, END_HEADERS, 1, &request_fields()),
        // A message of a megabyte, it says.
        frame(DATA, 0, 1, &[0, 0, 0x10, 0, 0, b'x']),
    ];
    half.write_all(&request.concat()).await.expect("taken");
    let mut slow = vec![Slow {
        what: format!("answers without a window at {}", door.name),
        connection: requests_without_window(door).await,
        reads: true,
    }];
    if door.takes_otlp_over_grpc() {
        // The stream ends with an answer, and the connection stays as an idle one.
        let wait_for_answer = expect_status(half);
        slow.push(Slow {
            what: format!("half a gRPC message at {}", door.name),
            connection: wait_for_answer,
            reads: true,
        });
    }
    slow
}

/// A connection that ends as soon as the answer to its half message has come.
fn expect_status(mut half: Connection) -> Connection {
    let (near, far) = tokio::io::duplex(64);
    tokio::spawn(async move {
        let (mut seen, mut piece) = (Vec::new(), [0; 1024]);
        while let Ok(count @ 1..) = half.read(&mut piece).await {
            seen.extend_from_slice(&piece[..count]);
            // Trailers carry the field's name in the clear or by h2's Huffman code; an answer has the flag of the end.
            if seen.chunks_exact(9).next().is_some() && has_end_of_stream(&seen) {
                break;
            }
        }
        drop(far);
    });
    Box::new(near)
}

/// Whether HEADERS with END_STREAM are among these frames.
fn has_end_of_stream(mut frames: &[u8]) -> bool {
    while let Some((head, rest)) = frames.split_at_checked(9) {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        if head[3] == HEADERS && head[4] & 1 != 0 {
            return true;
        }
        let Some(next) = rest.get(length..) else {
            return false;
        };
        frames = next;
    }
    false
}

/// Asks again and again and reads nothing, until the program does not take any more.
async fn unread(door: &Door) -> Slow {
    let mut connection = door.connect().await;
    let asked = format!(
        "GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        door.page.unwrap_or("/")
    );
    let many = asked.repeat(1000);
    let ask = async {
        for _ in 0..1000 {
            if connection.write_all(many.as_bytes()).await.is_err() {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(std::time::Duration::from_secs(2), ask).await;
    Slow {
        what: format!("answers that are not read at {}", door.name),
        connection,
        reads: false,
    }
}

pub(super) async fn all_have_ended(slow: Vec<Slow>) {
    for Slow {
        what,
        mut connection,
        reads,
    } in slow
    {
        let end = async {
            if reads {
                let _ = tokio::io::copy(&mut connection, &mut tokio::io::sink()).await;
            } else {
                // Writing fails when the program has gone.
                while connection.write_all(b"GET / HTTP/1.1\r\n").await.is_ok() {
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                }
            }
        };
        let ended = tokio::time::timeout(PATIENCE, end).await;
        assert!(ended.is_ok(), "{what} is waited for without end");
    }
}
