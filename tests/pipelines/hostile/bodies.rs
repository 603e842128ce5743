//! Bodies and heads that lie, never end, or say nonsense.

use std::io::Write as _;

use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use prost::Message as _;
use sidelight_component::Signal;
use sidelight_testkit::requests::{deep_protobuf, framed, gzip, protobuf, traces};

use super::doors::{Door, Doors};
use super::floods::grpc_call;

/// What a body is, how it is encoded, and the answers that are right: HTTP's status and gRPC's.
struct Case {
    what: &'static str,
    encoding: &'static str,
    json: bool,
    body: Vec<u8>,
    status: &'static [u16],
    code: &'static [u8],
}

/// gRPC's codes (https://grpc.io/docs/guides/status-codes/).
const OK: u8 = 0;
const INVALID_ARGUMENT: u8 = 3;
const RESOURCE_EXHAUSTED: u8 = 8;
const INTERNAL: u8 = 13;

/// Many equal bytes, compressed without ever being there at once.
fn gzip_of(byte: u8, mib: usize) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let piece = vec![byte; 1 << 20];
    for _ in 0..mib {
        encoder.write_all(&piece).expect("memory");
    }
    encoder.finish().expect("memory")
}

/// A zstd frame of one empty raw block that claims a content of this size, or demands this window (RFC 8878, 3.1.1).
fn zstd_claiming(content_size: Option<u64>) -> Vec<u8> {
    const MAGIC: [u8; 4] = 0xfd2f_b528_u32.to_le_bytes();
    const LAST_EMPTY_BLOCK: [u8; 3] = [1, 0, 0];
    match content_size {
        // Eight bytes of content size, one segment.
        Some(size) => [&MAGIC[..], &[0b1110_0000], &size.to_le_bytes(), &LAST_EMPTY_BLOCK].concat(),
        // A window descriptor with exponent 31: 2^41 bytes.
        None => [&MAGIC[..], &[0], &[31 << 3], &LAST_EMPTY_BLOCK].concat(),
    }
}

fn zstd_liar() -> Vec<u8> {
    let mut frame = zstd::bulk::compress(&protobuf(Signal::Traces, 100), 1).expect("memory");
    // The content size follows the descriptor.
    frame[5] ^= 0x55;
    frame
}

fn with_attributes(count: usize) -> Vec<u8> {
    let mut request = traces(1);
    let attribute = |nth: usize| KeyValue {
        key: format!("key.{nth}"),
        value: Some(AnyValue {
            value: Some(Value::IntValue(1)),
        }),
        ..KeyValue::default()
    };
    request.resource_spans[0].scope_spans[0].spans[0].attributes = (0..count).map(attribute).collect();
    request.encode_to_vec()
}

/// JSON of values in values.
fn deep_json(open: &str, close: &str, levels: usize) -> Vec<u8> {
    format!(
        "{{\"resourceSpans\":{}1{}}}",
        open.repeat(levels),
        close.repeat(levels)
    )
    .into_bytes()
}

fn cases() -> Vec<Case> {
    let good = gzip(&protobuf(Signal::Traces, 1000));
    let mut bad_crc = good.clone();
    let at = bad_crc.len() - 6;
    bad_crc[at] ^= 1;
    let blanks = gzip_of(b' ', 200);
    let half = good[..good.len() / 2].to_vec();
    let members = gzip(&vec![0; 1 << 20]).repeat(80);
    // Field 1 with a length of 2^64-1; field 1 as a group, ten thousand deep; a group that was not begun.
    let endless = [&[0x0a][..], &[0xff; 9], &[1]].concat();
    let (groups, end) = (vec![0x0b; 10_000], vec![0x0c]);
    let case = |what, encoding, body, status, code| Case {
        what,
        encoding,
        json: false,
        body,
        status,
        code,
    };
    let too_large: (&'static [u16], &'static [u8]) = (&[413], &[RESOURCE_EXHAUSTED]);
    let damaged: (&'static [u16], &'static [u8]) = (&[400], &[INTERNAL]);
    let no_otlp: (&'static [u16], &'static [u8]) = (&[400], &[INVALID_ARGUMENT]);
    let mut cases = vec![
        case(
            "gzip of 70 MiB zeros",
            "gzip",
            gzip_of(0, 70),
            too_large.0,
            too_large.1,
        ),
        case(
            "gzip of 200 MiB blanks",
            "gzip",
            blanks.clone(),
            too_large.0,
            too_large.1,
        ),
        case("gzip of 80 members", "gzip", members, too_large.0, too_large.1),
        case("gzip cut off", "gzip", half, damaged.0, damaged.1),
        case("gzip with a bad sum", "gzip", bad_crc, damaged.0, damaged.1),
        case("gzip in gzip", "gzip", gzip(&good), no_otlp.0, no_otlp.1),
        // Who says 2^60 bytes is too large; who says so of nothing lies.
        case(
            "zstd of 2^60 bytes, it says",
            "zstd",
            zstd_claiming(Some(1 << 60)),
            &[400, 413],
            &[INTERNAL, RESOURCE_EXHAUSTED],
        ),
        case(
            "zstd with a window of 2^41",
            "zstd",
            zstd_claiming(None),
            &[400, 413],
            &[INTERNAL, RESOURCE_EXHAUSTED],
        ),
        case(
            "zstd with a false size",
            "zstd",
            zstd_liar(),
            &[400, 413],
            &[INTERNAL, RESOURCE_EXHAUSTED],
        ),
        case(
            "protobuf 10,000 deep",
            "",
            deep_protobuf(10_000),
            no_otlp.0,
            no_otlp.1,
        ),
        case("a length of 2^64-1", "", endless, no_otlp.0, no_otlp.1),
        case("groups in groups", "", groups, no_otlp.0, no_otlp.1),
        case("the end of a group", "", end, no_otlp.0, no_otlp.1),
        case("50,000 attributes", "", with_attributes(50_000), &[200], &[OK]),
    ];
    for (what, encoding, body) in [
        ("JSON arrays 100,000 deep", "", deep_json("[", "]", 100_000)),
        (
            "JSON objects 100,000 deep",
            "",
            deep_json("{\"x\":", "}", 100_000),
        ),
        ("JSON that never closes", "", b"[".repeat(1 << 20)),
        ("gzip of 200 MiB blanks as JSON", "gzip", blanks),
    ] {
        cases.push(Case {
            json: true,
            status: &[400, 413],
            ..case(what, encoding, body, &[], &[])
        });
    }
    cases
}

pub(super) async fn all(doors: &Doors) {
    let cases = cases();
    for door in doors.clear() {
        doors.meanwhile(bodies(door, &cases)).await;
        doors.meanwhile(heads(door)).await;
    }
}

async fn bodies(door: &Door, cases: &[Case]) {
    for case in cases {
        if door.takes_otlp_over_http() {
            let kind = if case.json { "json" } else { "x-protobuf" };
            let kind = format!("application/{kind}");
            let mut headers = vec![("Content-Type", &*kind)];
            if !case.encoding.is_empty() {
                headers.push(("Content-Encoding", case.encoding));
            }
            let answer = door.http("POST", "/v1/traces", &headers, &case.body).await;
            let status = answer.get(9..12).and_then(|status| status.parse().ok());
            assert!(
                status.is_some_and(|status| case.status.contains(&status)) && answer.len() < 2000,
                "{} at {}: {answer}",
                case.what,
                door.name
            );
        }
        if door.takes_otlp_over_grpc() && !case.json {
            let message = framed(!case.encoding.is_empty(), &case.body);
            let code = grpc_call(door, case.encoding, &message).await;
            assert!(
                code.is_some_and(|code| case.code.contains(&code)),
                "{} at {}: {code:?}",
                case.what,
                door.name
            );
        }
        if let Some(page) = door.page {
            // A page takes no body, whatever is in it.
            let answer = door
                .http("POST", page, &[("Content-Encoding", case.encoding)], &case.body)
                .await;
            assert!(
                answer.starts_with("HTTP/1.1 405 "),
                "{} at {}: {answer}",
                case.what,
                door.name
            );
        }
    }
}

/// Heads that are too long, or never end.
async fn heads(door: &Door) {
    let start = "GET / HTTP/1.1\r\nHost: localhost\r\n";
    let long = format!("{start}X: {}\r\n\r\n", "x".repeat(8 << 20));
    let lines = format!("{start}{}", "X: y\r\n".repeat(1 << 20));
    let target = format!("GET /{} HTTP/1.1\r\n\r\n", "a/".repeat(4 << 20));
    let nothing = "\r\n".repeat(1 << 20);
    let folded = format!("{start}X: y\r\n{}", " y\r\n".repeat(1 << 20));
    for (what, head) in [
        ("a header of 8 MiB", long),
        ("header lines without end", lines),
        ("a target of 8 MiB", target),
        ("empty lines without end", nothing),
        ("folded lines without end", folded),
    ] {
        let answer = String::from_utf8_lossy(&door.talk(head.into_bytes()).await).into_owned();
        // A reset may take the answer with it.
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
            "{what} at {}: {answer}",
            door.name
        );
    }
}
