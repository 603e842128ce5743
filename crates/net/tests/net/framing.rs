//! Reading gRPC messages and HTTP bodies, frame by frame.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::header::{CONTENT_ENCODING, HeaderValue};
use http_body_util::StreamBody;
use hyper::body::Frame;
use proptest::prelude::*;
use sidelight_net::admission::{Admission as _, FixedBudget, Unlimited};
use sidelight_net::compress::{Encoding, deflate};
use sidelight_net::grpc::{Code, ReadLimits, Status, message_prefix, read_message};
use sidelight_net::http_body::{HttpError, read_body};

const LIMITS: ReadLimits = ReadLimits {
    max_size: 1 << 20,
    idle_timeout: Duration::from_secs(30),
};

fn body(frames: Vec<Bytes>) -> impl http_body::Body<Data = Bytes, Error = Infallible> + Unpin {
    StreamBody::new(stream::iter(
        frames.into_iter().map(|frame| Ok(Frame::data(frame))),
    ))
}

fn framed(compressed: bool, message: &[u8]) -> Vec<u8> {
    [
        &message_prefix(compressed, message.len()).expect("short")[..],
        message,
    ]
    .concat()
}

/// The bytes in frames of this size.
fn cut(bytes: &[u8], size: usize) -> Vec<Bytes> {
    bytes.chunks(size).map(Bytes::copy_from_slice).collect()
}

async fn read(wire: Vec<Bytes>, encoding: Encoding, budget: &FixedBudget) -> Result<Bytes, Status> {
    read_message(body(wire), encoding, LIMITS, budget).await
}

#[tokio::test]
async fn a_message_is_the_same_however_it_is_cut_into_frames() {
    let message: Vec<u8> = (0..300_000_u32)
        .flat_map(u32::to_le_bytes)
        .take(700_000)
        .collect();
    let small = deflate(Encoding::Zstd, 1, &[Bytes::from(message.clone())], &Unlimited).expect("compressed");
    for (wire, encoding) in [
        (framed(false, &message), Encoding::Identity),
        (framed(false, &message), Encoding::Gzip),
        (framed(true, &small), Encoding::Zstd),
    ] {
        for size in [1, 4, 5, 6, 1000, 16_384, usize::MAX] {
            let budget = FixedBudget::new(8 << 20);
            let read = read(cut(&wire, size), encoding, &budget).await.expect("read");
            assert!(read == message, "{encoding:?} in frames of {size}");
            // Passed on in one frame, it pins the read buffer.
            let pinned = size == usize::MAX && wire.len() > message.len();
            let charged = if pinned { 1 << 20 } else { message.len() };
            assert_eq!(budget.used(), charged, "{encoding:?} in frames of {size}");
            drop(read);
            assert_eq!(budget.used(), 0);
        }
    }
}

#[tokio::test]
async fn a_large_message_in_one_frame_is_not_copied() {
    let wire = Bytes::from(framed(false, &vec![7; 600_000]));
    let inside = wire.as_ptr_range();
    let message = read(vec![wire.clone()], Encoding::Identity, &FixedBudget::new(1 << 20))
        .await
        .expect("read");
    assert!(inside.contains(&message.as_ptr()));
    // A small one is, so that it does not pin the frame; and a large one where there is no room for a whole frame.
    for (length, room) in [(6000, 1 << 20), (600_000, 1_000_000)] {
        let wire = Bytes::from(framed(false, &vec![7; length]));
        let inside = wire.as_ptr_range();
        let budget = FixedBudget::new(room);
        let message = read(vec![wire.clone()], Encoding::Identity, &budget)
            .await
            .expect("read");
        assert!(!inside.contains(&message.as_ptr()), "{length} bytes");
        assert_eq!(budget.used(), length);
    }
}

#[tokio::test]
async fn broken_framing_is_answered_with_the_code_that_grpc_has_for_it() {
    let good = framed(false, b"hello");
    let table: [(&str, Vec<u8>, Encoding, Code); 11] = [
        ("no message", vec![], Encoding::Identity, Code::Unimplemented),
        (
            "half a prefix",
            good[..3].to_vec(),
            Encoding::Identity,
            Code::Internal,
        ),
        (
            "half a message",
            good[..7].to_vec(),
            Encoding::Identity,
            Code::Internal,
        ),
        (
            "prefix only",
            good[..5].to_vec(),
            Encoding::Identity,
            Code::Internal,
        ),
        (
            "one byte too many",
            [&good[..], b"x"].concat(),
            Encoding::Identity,
            Code::Unimplemented,
        ),
        (
            "two messages",
            good.repeat(2),
            Encoding::Identity,
            Code::Unimplemented,
        ),
        (
            "flag 2",
            [&[2], &good[1..]].concat(),
            Encoding::Identity,
            Code::Internal,
        ),
        (
            "compressed without encoding",
            framed(true, b"x"),
            Encoding::Identity,
            Code::Internal,
        ),
        (
            "not gzip",
            framed(true, b"this is not gzip at all"),
            Encoding::Gzip,
            Code::Internal,
        ),
        (
            "too large",
            framed(false, &vec![0; (1 << 20) + 1]),
            Encoding::Identity,
            Code::ResourceExhausted,
        ),
        (
            "4 GiB claimed",
            [0, 255, 255, 255, 255].to_vec(),
            Encoding::Identity,
            Code::ResourceExhausted,
        ),
    ];
    for (name, wire, encoding, code) in table {
        for size in [1, 100_000, usize::MAX] {
            let budget = FixedBudget::new(4 << 20);
            let status = read(cut(&wire, size), encoding, &budget).await.expect_err(name);
            assert_eq!(status.code, code, "{name}: {status}");
            assert_eq!(status.retry_info, None, "{name} must not be tried again");
            assert_eq!(budget.used(), 0, "{name}");
        }
    }
}

#[tokio::test]
async fn a_spent_budget_is_unavailable_with_a_delay_before_anything_is_read() {
    let budget = FixedBudget::new(6000);
    let others = budget.reserve(1001).expect("room");
    // Only the prefix is there: the answer must not wait for the message.
    let wire = vec![Bytes::copy_from_slice(
        &message_prefix(false, 5000).expect("short"),
    )];
    let status = read(wire, Encoding::Identity, &budget)
        .await
        .expect_err("refused");
    assert_eq!(status.code, Code::Unavailable);
    assert!(status.retry_info.is_some());
    assert_eq!((budget.used(), budget.peak()), (1001, 1001));
    drop(others);
}

#[tokio::test]
async fn what_the_budget_could_never_hold_is_too_large() {
    let content = Bytes::from(b"resource ".repeat(10_000));
    let small = deflate(Encoding::Gzip, 1, std::slice::from_ref(&content), &Unlimited).expect("compressed");
    let together = content.len() + small.len();
    let whole = [
        (&content, false, Encoding::Identity, content.len() - 1),
        (&small, true, Encoding::Gzip, together - 1),
    ];
    for (message, compressed, encoding, limit) in whole {
        let budget = FixedBudget::new(limit);
        let wire = Bytes::from(framed(compressed, message));
        let status = read(cut(&wire, 1000), encoding, &budget)
            .await
            .expect_err("refused");
        assert_eq!(status.code, Code::ResourceExhausted, "{status}");
        assert_eq!(status.retry_info, None, "{status}");
        let names = if compressed { vec!["gzip"] } else { vec![] };
        let error = read_http(cut(message, 1000), &names, &budget)
            .await
            .expect_err("refused");
        assert_eq!(error.status(), 413, "{error}");
        assert_eq!(budget.used(), 0);
    }
    // One byte more, and it fits.
    let budget = FixedBudget::new(together);
    let wire = Bytes::from(framed(true, &small));
    assert_eq!(read(cut(&wire, 1000), Encoding::Gzip, &budget).await, Ok(content));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stalls_is_given_up() {
    let stalled = || StreamBody::new(stream::pending::<Result<Frame<Bytes>, Infallible>>());
    let status = read_message(stalled(), Encoding::Identity, LIMITS, &Unlimited)
        .await
        .expect_err("stalled");
    assert_eq!(status.code, Code::DeadlineExceeded);
    let (mut parts, ()) = http::Request::new(()).into_parts();
    parts.version = http::Version::HTTP_2;
    let error = read_body(&parts, stalled(), LIMITS, &Unlimited)
        .await
        .expect_err("stalled");
    assert_eq!(error.status(), 408);
}

/// The charge is taken with the first byte: a byte now and then must not hold it.
#[tokio::test(start_paused = true)]
async fn a_body_that_trickles_is_given_up() {
    let trickle = |first: Bytes| {
        let bytes = stream::unfold(Some(first), |first| async {
            let piece = match first {
                Some(first) => first,
                None => {
                    tokio::time::sleep(Duration::from_secs(29)).await;
                    Bytes::from_static(b"x")
                }
            };
            Some((Ok::<_, Infallible>(Frame::data(piece)), None))
        });
        StreamBody::new(Box::pin(bytes))
    };
    let budget = FixedBudget::new(1 << 20);
    let start = tokio::time::Instant::now();
    let prefix = Bytes::copy_from_slice(&message_prefix(false, 1 << 20).expect("short"));
    let status = read_message(trickle(prefix), Encoding::Identity, LIMITS, &budget)
        .await
        .expect_err("too slow");
    assert_eq!(status.code, Code::DeadlineExceeded, "{status}");
    // 30 s and 4 s for the MiB.
    assert_eq!((start.elapsed().as_secs(), budget.used()), (34, 0));
    let (mut parts, ()) = http::Request::new(()).into_parts();
    parts.version = http::Version::HTTP_2;
    let error = read_body(&parts, trickle(Bytes::from_static(b"x")), LIMITS, &budget)
        .await
        .expect_err("too slow");
    assert_eq!((error.status().as_u16(), budget.used()), (408, 0));
}

#[tokio::test(start_paused = true)]
async fn empty_frames_do_not_hold_a_request_open() {
    let endless = stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Some((Ok::<_, Infallible>(Frame::data(Bytes::new())), ()))
    });
    let body = StreamBody::new(Box::pin(endless));
    let status = read_message(body, Encoding::Identity, LIMITS, &Unlimited)
        .await
        .expect_err("stalled");
    assert_eq!(status.code, Code::DeadlineExceeded);
}

async fn read_http(
    wire: Vec<Bytes>,
    encodings: &[&'static str],
    budget: &FixedBudget,
) -> Result<Bytes, HttpError> {
    let (mut parts, ()) = http::Request::new(()).into_parts();
    for encoding in encodings {
        parts
            .headers
            .append(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    read_body(&parts, body(wire), LIMITS, budget).await
}

#[tokio::test]
async fn http_bodies_are_inflated_or_refused_clearly() {
    let content = b"resource ".repeat(10_000);
    let of =
        |encoding| deflate(encoding, 1, &[Bytes::from(content.clone())], &Unlimited).expect("compressed");
    for (names, wire) in [
        (vec![], Bytes::from(content.clone())),
        (vec![""], Bytes::from(content.clone())),
        (vec!["identity"], Bytes::from(content.clone())),
        (vec!["GZIP"], of(Encoding::Gzip)),
        (vec!["deflate"], of(Encoding::Deflate)),
        (vec!["zstd"], of(Encoding::Zstd)),
    ] {
        let budget = FixedBudget::new(1 << 20);
        let read = read_http(cut(&wire, 1000), &names, &budget).await.expect("read");
        assert!(read == content, "{names:?}");
        assert!(
            budget.used() >= read.len() && budget.used() <= 2 * read.len(),
            "{names:?}: {}",
            budget.used()
        );
        drop(read);
        assert_eq!(budget.used(), 0);
    }
    let gzip = of(Encoding::Gzip);
    let bomb = deflate(Encoding::Gzip, 9, &[Bytes::from(vec![0; 70 << 20])], &Unlimited).expect("compressed");
    let table = [
        (vec!["br"], gzip.clone(), 415),
        (vec!["gzip, gzip"], gzip.clone(), 415),
        (vec!["gzip", "gzip"], gzip.clone(), 415),
        (vec!["gzip"], gzip.slice(..gzip.len() - 3), 400),
        (
            vec!["gzip"],
            Bytes::from_static(b"not gzip, not gzip, not gzip"),
            400,
        ),
        (vec!["zstd"], gzip.clone(), 400),
        (vec!["gzip"], bomb, 413),
        (vec![], Bytes::from(vec![0; (1 << 20) + 1]), 413),
    ];
    for (names, wire, status) in table {
        let budget = FixedBudget::new(4 << 20);
        let error = read_http(cut(&wire, 10_000), &names, &budget)
            .await
            .expect_err("refused");
        assert_eq!(error.status(), status, "{names:?}: {error}");
        assert!(budget.peak() <= 3 << 20, "{names:?}: {}", budget.peak());
        assert_eq!(budget.used(), 0);
    }
    let tight = FixedBudget::new(1 << 20);
    let _others = tight.reserve((1 << 20) - 20_000).expect("room");
    let error = read_http(cut(&content, 1000), &[], &tight)
        .await
        .expect_err("refused");
    let mut headers = http::HeaderMap::new();
    error.write_headers(&mut headers);
    assert_eq!(
        (error.status().as_u16(), &headers["retry-after"]),
        (429, &HeaderValue::from_static("1"))
    );
}

#[tokio::test]
async fn an_empty_body_is_an_empty_request_in_every_encoding() {
    for name in ["gzip", "zstd", "identity"] {
        assert_eq!(
            read_http(vec![], &[name], &FixedBudget::new(1 << 20)).await,
            Ok(Bytes::new()),
            "{name}"
        );
    }
}

proptest! {
    #[test]
    fn any_bytes_in_any_frames_end_in_a_message_or_a_status(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        cuts in prop::collection::vec(1..50_usize, 0..20),
    ) {
        let mut rest = &bytes[..];
        let mut frames = Vec::new();
        for cut in cuts {
            let (frame, after) = rest.split_at(cut.min(rest.len()));
            frames.push(Bytes::copy_from_slice(frame));
            rest = after;
        }
        frames.push(Bytes::copy_from_slice(rest));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("runtime");
        let budget = FixedBudget::new(10_000);
        let result = runtime.block_on(read(frames, Encoding::Zstd, &budget));
        if let Ok(message) = &result {
            prop_assert!(bytes[0] == 0 && message[..] == bytes[5..] || bytes[0] == 1);
        }
        drop(result);
        prop_assert_eq!(budget.used(), 0);
    }
}
