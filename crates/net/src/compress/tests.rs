use std::io::{Read, Write};

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use flate2::write::{GzEncoder, ZlibEncoder};
use proptest::prelude::*;

use super::{Encoding, InflateError, deflate, inflate};
use crate::admission::{FixedBudget, Unlimited};

const MIB: usize = 1 << 20;
const CODINGS: [Encoding; 4] = [
    Encoding::Identity,
    Encoding::Gzip,
    Encoding::Deflate,
    Encoding::Zstd,
];

/// A gzip member made by another implementation.
fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(content).expect("compressed");
    encoder.finish().expect("compressed")
}

fn corrupt_reason(result: Result<Bytes, InflateError>) -> &'static str {
    match result {
        Err(InflateError::Corrupt { reason, .. }) => reason,
        other => panic!("expected corrupt data, got {:?}", other.map(|bytes| bytes.len())),
    }
}

fn pseudo_random(length: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(7);
    (0..length).map(|_| random.u8(..)).collect()
}

#[test]
fn every_coding_returns_what_went_in_from_one_or_many_chunks() {
    let contents = [
        vec![],
        b"x".to_vec(),
        vec![0; 3 * MIB],
        pseudo_random(MIB),
        b"span ".repeat(100_000),
    ];
    for encoding in CODINGS {
        for content in &contents {
            let cut = content.len() / 3;
            let chunks = [
                Bytes::copy_from_slice(&content[..cut]),
                Bytes::copy_from_slice(&content[cut..]),
            ];
            for level in [-50, 1, 6, 100] {
                let small = deflate(encoding, level, &chunks, &Unlimited).expect("compressed");
                let back = inflate(encoding, &small, 4 * MIB, &Unlimited).expect("inflated");
                assert!(
                    back == content,
                    "{encoding:?} level {level} length {}",
                    content.len()
                );
                if level == 100 {
                    break;
                }
            }
        }
    }
}

#[test]
fn our_gzip_is_read_by_another_implementation() {
    let content = b"resource spans ".repeat(5000);
    let small = deflate(Encoding::Gzip, 1, &[Bytes::from(content.clone())], &Unlimited).expect("compressed");
    let mut back = Vec::new();
    MultiGzDecoder::new(&small[..])
        .read_to_end(&mut back)
        .expect("read");
    assert!(back == content);
}

#[test]
fn all_members_are_read_also_equal_and_empty_ones() {
    let table: [&[&[u8]]; 6] = [
        &[b"a", b"b"],
        &[b"same", b"same", b"same"],
        &[b"", b"", b""],
        &[b"", b"x", b""],
        &[b"abcd", b"wxyz"],
        &[b"x"],
    ];
    for members in table {
        let joined: Vec<u8> = members.iter().flat_map(|member| gzip(member)).collect();
        let back = inflate(Encoding::Gzip, &joined, MIB, &Unlimited).expect("inflated");
        assert_eq!(back, members.concat());
    }
    // As many as a small body can hold, and the last one with a large content, which is what sizes the buffer.
    let thousands = [gzip(b"").repeat(5000), gzip(&vec![0; 16 * MIB])].concat();
    let back = inflate(Encoding::Gzip, &thousands, 16 * MIB, &Unlimited).expect("inflated");
    assert_eq!(back.len(), 16 * MIB);
    let eighty: Vec<u8> = gzip(&vec![7; 100_000]).repeat(80);
    assert_eq!(
        inflate(Encoding::Gzip, &eighty, 8 * MIB, &Unlimited)
            .expect("inflated")
            .len(),
        8_000_000
    );
}

proptest! {
    #[test]
    fn members_are_told_apart_like_another_implementation_does(
        members in prop::collection::vec(prop::collection::vec(0..3_u8, 0..60), 1..6),
        stored in any::<bool>(),
    ) {
        let level = flate2::Compression::new(if stored { 0 } else { 9 });
        let mut joined = Vec::new();
        for member in &members {
            let mut encoder = GzEncoder::new(&mut joined, level);
            encoder.write_all(member).expect("compressed");
            encoder.finish().expect("compressed");
        }
        prop_assert_eq!(inflate(Encoding::Gzip, &joined, MIB, &Unlimited).expect("inflated"), members.concat());
    }

    #[test]
    fn garbage_never_panics_and_never_exceeds_the_limit(
        mut bytes in prop::collection::vec(any::<u8>(), 0..300),
        kind in 0..4_usize,
        flips in prop::collection::vec((any::<usize>(), any::<u8>()), 0..4),
    ) {
        let encoding = CODINGS[kind];
        let body = Bytes::from(bytes.clone());
        let mut small = deflate(encoding, 1, &[body], &Unlimited).expect("compressed").to_vec();
        for (at, with) in flips {
            let at = at % small.len().max(1);
            if let Some(byte) = small.get_mut(at) { *byte = with; }
        }
        bytes.truncate(200);
        for input in [small, bytes] {
            let budget = FixedBudget::new(256);
            if let Ok(inflated) = inflate(encoding, &input, 256, &budget) {
                prop_assert!(inflated.len() <= 256);
            }
            prop_assert_eq!(budget.used(), 0);
        }
    }
}

#[test]
fn a_member_within_a_stored_block_is_not_taken_for_the_next_one() {
    // The content of the outer member contains a whole member: magic numbers alone must not end it.
    let inner = gzip(b"inner").repeat(3);
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::none());
    encoder.write_all(&inner).expect("compressed");
    let outer = encoder.finish().expect("compressed");
    let both = [outer.clone(), outer].concat();
    assert_eq!(
        inflate(Encoding::Gzip, &both, MIB, &Unlimited).expect("inflated"),
        inner.repeat(2)
    );
}

#[test]
fn damage_is_named() {
    let good = gzip(&b"0123456789".repeat(100));
    let mut bad_crc = good.clone();
    let crc = bad_crc.len() - 8;
    bad_crc[crc] ^= 1;
    let mut bad_length = good.clone();
    let length = bad_length.len() - 1;
    bad_length[length] ^= 1;
    let table = [
        (good[..good.len() - 1].to_vec(), "damaged or truncated"),
        (good[..15].to_vec(), "truncated"),
        (vec![], "truncated"),
        (bad_crc, "damaged or truncated"),
        (bad_length, "damaged or truncated"),
        ([&good[..], b"garbage"].concat(), "more data behind its end"),
        ([&good[..], &good[..30]].concat(), "damaged or truncated"),
        (
            b"this is not gzip at all".to_vec(),
            "no gzip header where a member should begin",
        ),
    ];
    for (input, expected) in table {
        assert_eq!(
            corrupt_reason(inflate(Encoding::Gzip, &input, MIB, &Unlimited)),
            expected
        );
    }
    let mut encoder = ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(b"content").expect("compressed");
    let zlib = encoder.finish().expect("compressed");
    assert_eq!(
        inflate(Encoding::Deflate, &zlib, MIB, &Unlimited).expect("inflated"),
        "content"
    );
    for input in [&zlib[..zlib.len() - 1], &[&zlib[..], b"x"].concat()[..], b""] {
        corrupt_reason(inflate(Encoding::Deflate, input, MIB, &Unlimited));
    }
}

/// A zstd frame header with this claimed size and window, then one empty last block.
fn zstd_frame(window_descriptor: Option<u8>, size: Option<u64>, content: &[u8]) -> Vec<u8> {
    let mut frame = 0xFD2F_B528_u32.to_le_bytes().to_vec();
    let single_segment = window_descriptor.is_none();
    frame.push(if size.is_some() { 0b1100_0000 } else { 0 } | u8::from(single_segment) << 5);
    frame.extend(window_descriptor);
    frame.extend(size.iter().flat_map(|size| size.to_le_bytes()));
    let header = u32::try_from(content.len()).expect("small") << 3 | 1;
    frame.extend(&header.to_le_bytes()[..3]);
    frame.extend(content);
    frame
}

#[test]
fn zstd_frames_that_lie_cost_nothing() {
    let honest = zstd_frame(Some(0), Some(5), b"hello");
    assert_eq!(
        inflate(Encoding::Zstd, &honest, MIB, &Unlimited).expect("inflated"),
        "hello"
    );
    let lies = [
        zstd_frame(Some(0), Some(1 << 60), b"hello"),
        zstd_frame(Some(0), Some(4), b"hello"),
        zstd_frame(None, Some(1 << 62), b"hello"),
        zstd_frame(Some(0xff), Some(5), b"hello"), // a window of 2^41
        zstd_frame(Some(0xff), None, b"hello"),
        honest[..honest.len() - 1].to_vec(),
        [&honest[..], b"tail"].concat(),
        vec![],
    ];
    for (row, lie) in lies.iter().enumerate() {
        let budget = FixedBudget::new(64 * 1024);
        let result = inflate(Encoding::Zstd, lie, MIB, &budget);
        assert!(
            matches!(result, Err(InflateError::Corrupt { .. })),
            "row {row}: {result:?}"
        );
        assert!(
            budget.peak() <= 8 * 1024,
            "row {row}: {} bytes were charged",
            budget.peak()
        );
    }
    assert_eq!(
        inflate(Encoding::Zstd, &honest.repeat(3), MIB, &Unlimited).expect("inflated"),
        "hellohellohello"
    );
}

#[test]
fn bombs_stop_at_the_limit_and_never_hold_more() {
    let limit = 16 * MIB;
    let ours = |encoding, content: &Bytes| {
        deflate(encoding, 6, std::slice::from_ref(content), &Unlimited)
            .expect("compressed")
            .to_vec()
    };
    let zeros = Bytes::from(vec![0_u8; 70 * MIB]);
    let blanks = Bytes::from(vec![b' '; 200 * MIB]);
    let mut unknown_size = zstd_safe::CCtx::create();
    let mut streamed = Vec::with_capacity(MIB);
    let mut out = zstd_safe::OutBuffer::around(&mut streamed);
    unknown_size
        .compress_stream(&mut out, &mut zstd_safe::InBuffer::around(&zeros))
        .and_then(|_| unknown_size.end_stream(&mut out))
        .expect("compressed");
    let bombs = [
        (Encoding::Gzip, ours(Encoding::Gzip, &zeros)),
        (Encoding::Gzip, ours(Encoding::Gzip, &blanks)),
        (
            Encoding::Gzip,
            ours(Encoding::Gzip, &zeros.slice(..MIB)).repeat(80),
        ),
        (Encoding::Deflate, ours(Encoding::Deflate, &zeros)),
        (Encoding::Zstd, ours(Encoding::Zstd, &zeros)),
        (Encoding::Zstd, streamed),
    ];
    for (row, (encoding, bomb)) in bombs.iter().enumerate() {
        let budget = FixedBudget::new(64 * MIB);
        let result = inflate(*encoding, bomb, limit, &budget);
        assert_eq!(result, Err(InflateError::TooLarge { limit }), "row {row}");
        assert!(budget.peak() <= limit, "row {row}: peak {}", budget.peak());
        assert_eq!(budget.used(), 0);

        let tight = FixedBudget::new(MIB / 2);
        let result = inflate(*encoding, bomb, limit, &tight);
        assert!(
            matches!(result, Err(InflateError::Overloaded(_))),
            "row {row}: {result:?}"
        );
    }
}

#[test]
fn a_claimed_size_is_believed_only_as_far_as_the_format_allows() {
    // 30 bytes cannot hold 4 GiB, whatever the trailer says.
    let mut liar = gzip(b"0123456789");
    let end = liar.len() - 4;
    liar[end..].copy_from_slice(&u32::MAX.to_le_bytes());
    let budget = FixedBudget::new(MIB);
    assert!(matches!(
        inflate(Encoding::Gzip, &liar, 64 * MIB, &budget),
        Err(InflateError::Corrupt { .. })
    ));
    assert!(budget.peak() <= 1032 * liar.len());
}

#[test]
fn results_are_charged_as_long_as_they_live() {
    let budget = FixedBudget::new(MIB);
    let small = deflate(Encoding::Gzip, 1, &[Bytes::from(vec![1; 100_000])], &budget).expect("compressed");
    assert!(
        budget.used() >= small.len() && budget.used() < small.len() + 64,
        "{}",
        budget.used()
    );
    let back = inflate(Encoding::Gzip, &small, MIB, &budget).expect("inflated");
    drop(small);
    assert_eq!(budget.used(), back.len());
    drop(back);
    assert_eq!(budget.used(), 0);
}

#[tokio::test]
async fn large_bodies_are_inflated_like_small_ones() {
    let content = pseudo_random(MIB);
    for encoding in CODINGS {
        let small = deflate(encoding, 1, &[Bytes::from(content.clone())], &Unlimited).expect("compressed");
        assert!(small.len() > super::INLINE_INFLATE_BYTES);
        let budget = FixedBudget::new(4 * MIB);
        let back = super::inflate_beside(encoding, small.clone(), MIB, &budget).await;
        assert!(back.expect("inflated") == content, "{encoding:?}");
        assert_eq!(budget.used(), 0);
        let cut = super::inflate_beside(encoding, small, MIB - 1, &budget).await;
        assert_eq!(
            cut,
            Err(InflateError::TooLarge { limit: MIB - 1 }),
            "{encoding:?}"
        );
    }
}
