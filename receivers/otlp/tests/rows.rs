//! The rows: every answer that a sender can get.

use std::io::Write as _;
use std::sync::LazyLock;
use std::time::Duration;

use sidelight_component::{Outcome, Signal};
use sidelight_net::grpc::Code;
use sidelight_testkit::requests::{deep_protobuf, framed, gzip};

use super::clients::{Ask, End};
use super::rig::{MAX_SIZE, Options};
use super::table::{Cause, Expect, Row, Via, plain, refused, taken};

/// Inflated size of the bombs: more than any limit that is tested here, from less than 100 kB.
const BOMB_BYTES: usize = 70 << 20;
static GZIP_BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| gzip(&vec![b' '; BOMB_BYTES]));
static ZSTD_BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| zstd(&vec![b' '; BOMB_BYTES]));

/// RFC 1950, which HTTP calls `deflate`.
fn deflate(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(data).expect("memory");
    encoder.finish().expect("memory")
}

fn zstd(data: &[u8]) -> Vec<u8> {
    zstd::encode_all(data, 1).expect("memory")
}

/// JSON in which arrays nest.
fn deep_json(levels: usize) -> Vec<u8> {
    format!(
        "{{\"resourceSpans\":[{{\"unknown\":{}{}}}]}}",
        "[".repeat(levels),
        "]".repeat(levels)
    )
    .into_bytes()
}

pub(super) fn all() -> Vec<Row> {
    [
        outcomes(),
        malformed(),
        compressed(),
        sizes(),
        routes(),
        budget(),
        idle(),
        grpc_framing(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The same row for every transport of the cause, by a function of the transport.
fn each(cause: Cause, row: impl Fn(Via) -> (Ask, Expect)) -> Vec<Row> {
    let rows = cause.vias().iter().map(|via| (*via, row(*via)));
    rows.map(|(via, (ask, expect))| Row::new(cause, via, ask, expect))
        .collect()
}

/// gRPC says it with status 200 and a code, HTTP with a status and the code in the body.
fn by(via: Via, grpc: Code, http: (u16, Code), says: &'static str) -> Expect {
    match via {
        Via::Grpc => refused(200, grpc, says),
        Via::Protobuf | Via::Json => refused(http.0, http.1, says),
    }
}

fn outcomes() -> Vec<Row> {
    let busy = |after: Option<u64>| Outcome::Retry {
        after: after.map(Duration::from_secs),
        reason: "the backend is away".into(),
    };
    let partial = || Outcome::Partial {
        rejected: 1,
        reason: "one span is too old".into(),
    };
    let rejected = || Outcome::rejected("the backend says no");
    let says = "the backend is away";
    let (ok, unavailable) = (taken(2), Code::Unavailable);
    let mut rows = Vec::new();
    for via in Via::ALL {
        let engine = |cause, outcome, expect: Expect| Row::engine(cause, via, outcome, expect.reached());
        let partly = Expect {
            partial: Some((1, "one span is too old")),
            ..ok.clone()
        };
        rows.push(engine(Cause::Delivered, Outcome::Done, ok.clone()));
        rows.push(engine(Cause::PartialSuccess, partial(), partly));
        let waits = by(via, unavailable, (429, unavailable), says).wait(3);
        rows.push(engine(Cause::RetryWithWait, busy(Some(3)), waits.clone()));
        rows.push(engine(
            Cause::RetryWithoutWait,
            busy(None),
            by(via, unavailable, (503, unavailable), says),
        ));
        let refuses = Options {
            outcome: busy(Some(3)),
            refuses: true,
            ..Options::default()
        };
        rows.push(engine(Cause::NoRoom, Outcome::Done, waits).with(refuses));
        let final_answer = by(via, Code::Internal, (500, Code::Internal), "the backend says no");
        rows.push(engine(Cause::Rejected, rejected(), final_answer));
        let empty = if via == Via::Json { &b"{}"[..] } else { b"" };
        rows.push(Row::new(
            Cause::EmptyRequest,
            via,
            via.ask(Signal::Traces, empty),
            taken(0),
        ));
    }
    rows.extend(each(Cause::CharsetParameter, |via| {
        let charset = match via {
            Via::Grpc => "application/grpc; charset=utf-8",
            Via::Protobuf => "application/x-protobuf;charset=UTF-8",
            Via::Json => "Application/JSON; charset=utf-8",
        };
        (
            via.good().without("content-type").header("content-type", charset),
            taken(2),
        )
    }));
    rows.extend(each(Cause::UnknownFields, |via| {
        let mut body = via.body(Signal::Traces, 2);
        match via {
            Via::Json => drop(body.splice(1..1, *b"\"newer\":{\"than\":[\"this\"]},")),
            // Field 1000 with the text "newer".
            _ => body.extend(*b"\xc2\x3e\x05newer"),
        }
        (via.ask(Signal::Traces, &body), taken(2))
    }));
    rows
}

fn malformed() -> Vec<Row> {
    let invalid = |via, says| by(via, Code::InvalidArgument, (400, Code::InvalidArgument), says);
    let mut rows = each(Cause::MalformedProtobuf, |via| {
        (
            via.ask(Signal::Traces, b"\x0a\x7fthis is no OTLP"),
            invalid(via, ""),
        )
    });
    rows.extend(each(Cause::MalformedJson, |via| {
        (
            via.ask(Signal::Traces, br#"{"resourceSpans":[{"scopeSpans":}"#),
            invalid(via, "expected an array"),
        )
    }));
    rows.extend(each(Cause::TooDeep, |via| {
        let deep = if via == Via::Json {
            deep_json(100_000)
        } else {
            deep_protobuf(100_000)
        };
        (via.ask(Signal::Traces, &deep), invalid(via, "nest"))
    }));
    rows.extend(each(Cause::Truncated, |via| {
        let grpc = Ask {
            body: framed(false, &[0; 100])[..50].to_vec(),
            ..via.good()
        };
        let ask = if via == Via::Grpc {
            grpc
        } else {
            via.good().ending(End::Cut)
        };
        (ask, by(via, Code::Internal, (400, Code::InvalidArgument), "end"))
    }));
    rows
}

fn compressed() -> Vec<Row> {
    let body = |via: Via| via.body(Signal::Traces, 2);
    let mut rows = each(Cause::DeliveredGzip, |via| {
        (via.ask_compressed("gzip", &gzip(&body(via))), taken(2))
    });
    rows.extend(each(Cause::DeliveredZstd, |via| {
        (via.ask_compressed("zstd", &zstd(&body(via))), taken(2))
    }));
    rows.extend(each(Cause::DeliveredDeflate, |via| {
        (via.ask_compressed("deflate", &deflate(&body(via))), taken(2))
    }));
    let damaged = |via| by(via, Code::Internal, (400, Code::InvalidArgument), "");
    rows.extend(each(Cause::DamagedGzip, |via| {
        let mut bytes = gzip(&body(via));
        // The checksum stands in the last eight bytes.
        let at = bytes.len() - 8;
        bytes[at] ^= 1;
        (via.ask_compressed("gzip", &bytes), damaged(via))
    }));
    rows.extend(each(Cause::DamagedZstd, |via| {
        let bytes = zstd(&body(via));
        (
            via.ask_compressed("zstd", &bytes[..bytes.len() / 2]),
            damaged(via),
        )
    }));
    let unsupported = |via, says: &'static str| match via {
        Via::Grpc => {
            refused(200, Code::Unimplemented, says).headers(&[("grpc-accept-encoding", "identity,gzip,zstd")])
        }
        Via::Protobuf | Via::Json => refused(415, Code::InvalidArgument, says)
            .headers(&[("accept-encoding", "gzip, zstd, deflate, identity")]),
    };
    rows.extend(each(Cause::UnknownEncoding, |via| {
        (
            via.ask_compressed("snappy", b"anything"),
            unsupported(via, "snappy"),
        )
    }));
    rows.extend(each(Cause::NestedEncodings, |via| {
        (
            via.ask_compressed("gzip, gzip", &gzip(&gzip(&body(via)))),
            unsupported(via, "gzip, gzip"),
        )
    }));
    rows
}

fn sizes() -> Vec<Row> {
    let exhausted = Code::ResourceExhausted;
    let too_large = |via| {
        by(
            via,
            exhausted,
            (413, exhausted),
            "exceeds the limit of 1048576 bytes",
        )
    };
    let bomb = |via| by(via, exhausted, (413, exhausted), "after decompression");
    let mut rows = each(Cause::TooLarge, |via| {
        (via.ask(Signal::Traces, &vec![b' '; MAX_SIZE + 1]), too_large(via))
    });
    rows.extend(each(Cause::GzipBomb, |via| {
        (via.ask_compressed("gzip", &GZIP_BOMB), bomb(via))
    }));
    rows.extend(each(Cause::ZstdBomb, |via| {
        (via.ask_compressed("zstd", &ZSTD_BOMB), bomb(via))
    }));
    rows
}

fn routes() -> Vec<Row> {
    let mut rows = each(Cause::NoContentType, |via| {
        (via.good().without("content-type"), plain(415, via.content_type()))
    });
    rows.extend(each(Cause::WrongContentType, |via| {
        (
            via.good()
                .without("content-type")
                .header("content-type", "text/xml"),
            plain(415, via.content_type()),
        )
    }));
    let unknown = |via, says| match via {
        Via::Grpc => refused(200, Code::Unimplemented, says),
        Via::Protobuf | Via::Json => plain(404, says),
    };
    rows.extend(each(Cause::UnknownPath, |via| {
        let says = if via == Via::Grpc {
            "/v2/traces"
        } else {
            "/v1/traces"
        };
        (
            Ask {
                path: "/v2/traces".into(),
                ..via.good()
            },
            unknown(via, says),
        )
    }));
    rows.extend(each(Cause::Get, |via| {
        (
            Ask {
                method: "GET",
                ..via.good()
            },
            plain(405, "POST").headers(&[("allow", "POST")]),
        )
    }));
    for via in Via::ALL {
        let ask = via.ask(Signal::Metrics, &via.body(Signal::Metrics, 2));
        let options = Options {
            signals: &[Signal::Traces, Signal::Logs],
            ..Options::default()
        };
        let row = Row::new(
            Cause::SignalWithoutPipeline,
            via,
            ask,
            unknown(via, "no pipeline takes metrics"),
        );
        rows.push(row.with(options));
    }
    rows
}

fn budget() -> Vec<Row> {
    /// What other requests hold; a size that the budget does not round.
    const HELD: usize = 4 << 20;
    let full = |via| by(via, Code::Unavailable, (429, Code::Unavailable), "memory budget").wait(1);
    let beyond = |via, says| {
        let exhausted = Code::ResourceExhausted;
        by(via, exhausted, (413, exhausted), says)
    };
    let of = |budget, held, rows: Vec<Row>| {
        rows.into_iter().map(move |row| {
            row.with(Options {
                budget,
                held,
                ..Options::default()
            })
        })
    };
    // What others hold goes away, so it is worth coming back.
    let with = |room, rows| of(HELD + room, HELD, rows);
    let mut rows = Vec::new();
    let reading = each(Cause::BudgetBeforeReading, |via| (via.good(), full(via)));
    rows.extend(with(10, reading));
    let reading = each(Cause::BeyondBudget, |via| {
        (via.good(), beyond(via, "limit of 10 bytes"))
    });
    rows.extend(of(10, 0, reading));
    let large = |via: Via| {
        let large = via.body(Signal::Traces, 10_000);
        assert!((200_000..MAX_SIZE).contains(&large.len()), "{}", large.len());
        via.ask_compressed("gzip", &gzip(&large))
    };
    let inflating = each(Cause::BudgetInflating, |via| (large(via), full(via)));
    rows.extend(with(150_000, inflating));
    let inflating = each(Cause::InflatedBeyondBudget, |via| {
        (large(via), beyond(via, "after decompression"))
    });
    rows.extend(of(150_000, 0, inflating));
    let text = Via::Json.body(Signal::Traces, 1000);
    let transcoding = each(Cause::BudgetTranscoding, |via| {
        (via.ask(Signal::Traces, &text), full(via))
    });
    rows.extend(with(text.len() + text.len() / 2, transcoding));
    let transcoding = each(Cause::TranscodedBeyondBudget, |via| {
        (via.ask(Signal::Traces, &text), beyond(via, "JSON"))
    });
    rows.extend(of(text.len() + text.len() / 2, 0, transcoding));
    rows
}

fn idle() -> Vec<Row> {
    each(Cause::Idle, |via| {
        let grpc = Ask {
            body: framed(false, &[0; 100])[..50].to_vec(),
            ..via.good()
        };
        let ask = if via == Via::Grpc { grpc } else { via.good() };
        (
            ask.ending(End::Stall),
            by(via, Code::DeadlineExceeded, (408, Code::DeadlineExceeded), "30 s"),
        )
    })
}

fn grpc_framing() -> Vec<Row> {
    let body = |bytes: Vec<u8>| Ask {
        body: bytes,
        ..Via::Grpc.good()
    };
    let message = framed(false, &Via::Grpc.body(Signal::Traces, 2));
    let row = |cause, bytes, code, says| Row::new(cause, Via::Grpc, body(bytes), refused(200, code, says));
    vec![
        row(
            Cause::CompressedFlagWithoutEncoding,
            framed(true, &gzip(b"")),
            Code::Internal,
            "no grpc-encoding",
        ),
        row(
            Cause::SeveralMessages,
            message.repeat(2),
            Code::Unimplemented,
            "more than one message",
        ),
        row(Cause::NoMessage, Vec::new(), Code::Unimplemented, "no message"),
        row(
            Cause::NoFraming,
            b"{\"resourceSpans\":[]}".to_vec(),
            Code::Internal,
            "not gRPC framing",
        ),
    ]
}
