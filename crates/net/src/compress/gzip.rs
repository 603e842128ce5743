//! gzip and zlib by libdeflate.
//!
//! libdeflate wants the whole input and an output that is large enough, and does not say where a member ended.
//! [`member_end`] finds that out: a member ends with the CRC and the length of its content, both of which are known
//! once it is inflated, and what follows it must be the next member's magic number or nothing.

use std::cell::RefCell;

use bytes::Bytes;
use libdeflater::{CompressionLvl, Compressor, DecompressionError, Decompressor};
use memchr::memmem;

use super::InflateError;
use super::output::Output;
use crate::admission::{Admission, Overloaded, charged_bytes};

const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
/// CRC-32 and length of the content, little endian.
const TRAILER_LENGTH: usize = 8;
/// Header and trailer around an empty deflate stream of two bytes.
const LEAST_MEMBER: usize = 10 + 2 + TRAILER_LENGTH;
/// Deflate makes at most 258 bytes of two bits.
const MOST_EXPANSION: usize = 1032;

thread_local! {
    static DECOMPRESSOR: RefCell<Decompressor> = RefCell::new(Decompressor::new());
    static COMPRESSOR: RefCell<Option<(i32, Compressor)>> = const { RefCell::new(None) };
}

fn corrupt(reason: &'static str) -> InflateError {
    InflateError::Corrupt {
        encoding: "gzip",
        reason,
    }
}

/// Inflates all members.
pub(super) fn inflate(input: &[u8], limit: usize, admission: &dyn Admission) -> Result<Bytes, InflateError> {
    let mut output = Output::new(length_hint(input), limit, admission)?;
    let mut filled = 0;
    let mut rest = input;
    loop {
        if rest.len() < LEAST_MEMBER {
            return Err(corrupt("truncated"));
        }
        if !rest.starts_with(&MAGIC) {
            return Err(corrupt("no gzip header where a member should begin"));
        }
        let start = filled;
        filled = inflate_stream(&mut output, start, |decompressor, room| {
            decompressor.gzip_decompress(rest, room)
        })?;
        let end = member_end(rest, &output.bytes[start..filled])?;
        rest = &rest[end..];
        if rest.is_empty() {
            output.bytes.truncate(filled);
            return Ok(output.finish());
        }
    }
}

/// Inflates one zlib stream.
pub(super) fn inflate_zlib(
    input: &[u8],
    limit: usize,
    admission: &dyn Admission,
) -> Result<Bytes, InflateError> {
    let hint = input.len().saturating_mul(4);
    let mut output = Output::new(hint, limit, admission)?;
    let filled = inflate_stream(&mut output, 0, |decompressor, room| {
        decompressor.zlib_decompress(input, room)
    })
    .map_err(|error| match error {
        InflateError::Corrupt { reason, .. } => InflateError::Corrupt {
            encoding: "deflate",
            reason,
        },
        other => other,
    })?;
    output.bytes.truncate(filled);
    let checksum = libdeflater::adler32(&output.bytes).to_be_bytes();
    if !input.ends_with(&checksum) {
        return Err(InflateError::Corrupt {
            encoding: "deflate",
            reason: "more data behind its end",
        });
    }
    Ok(output.finish())
}

/// Puts one stream into the output behind its first `start` bytes; the output is doubled until the stream fits. Returns
/// where it ends.
fn inflate_stream(
    output: &mut Output,
    start: usize,
    mut decompress: impl FnMut(&mut Decompressor, &mut [u8]) -> Result<usize, DecompressionError>,
) -> Result<usize, InflateError> {
    loop {
        // Zeroed, because a safe slice must be: 3 % of what inflating it costs. Once: a body may be thousands of members.
        output.bytes.resize(output.bytes.capacity(), 0);
        let result =
            DECOMPRESSOR.with_borrow_mut(|decompressor| decompress(decompressor, &mut output.bytes[start..]));
        match result {
            Ok(length) => return Ok(start + length),
            Err(DecompressionError::InsufficientSpace) => output.grow()?,
            Err(DecompressionError::BadData) => return Err(corrupt("damaged or truncated")),
        }
    }
}

/// The first guess at the inflated size: the last member's own claim, as far as the input could hold that much.
fn length_hint(input: &[u8]) -> usize {
    let claim = input.last_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes)) as usize;
    claim.min(input.len().saturating_mul(MOST_EXPANSION))
}

/// Where the first member of `input`, whose content is known, ends.
///
/// Linear in the member's length. A CRC is only computed where more data seems to follow; the usual single member
/// costs one search.
fn member_end(input: &[u8], content: &[u8]) -> Result<usize, InflateError> {
    // The length modulo 2^32, as RFC 1952 has it; the cast is that modulo.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "RFC 1952: ISIZE is the length modulo 2^32"
    )]
    let length = (content.len() as u32).to_le_bytes();
    let mut border = [0; 4 + MAGIC.len()];
    border[..4].copy_from_slice(&length);
    border[4..].copy_from_slice(&MAGIC);
    let mut checksum = None;
    for at in memmem::find_iter(input, &border) {
        let Some(before) = input[..at].last_chunk::<4>() else {
            continue;
        };
        let checksum = *checksum.get_or_insert_with(|| libdeflater::crc32(content).to_le_bytes());
        if *before == checksum && at + 4 >= LEAST_MEMBER {
            return Ok(at + 4);
        }
    }
    if input.ends_with(&length) {
        Ok(input.len())
    } else {
        Err(corrupt("more data behind its end"))
    }
}

/// Container of a deflate stream.
#[derive(Clone, Copy)]
pub(super) enum Format {
    Gzip,
    Zlib,
}

/// Compresses in one shot.
pub(super) fn compress(
    format: Format,
    level: i32,
    input: &[u8],
    admission: &dyn Admission,
) -> Result<Bytes, Overloaded> {
    let level = level.clamp(1, 12);
    COMPRESSOR.with_borrow_mut(|kept| {
        let (_, compressor) = match kept {
            Some(pair) if pair.0 == level => pair,
            _ => kept.insert((
                level,
                Compressor::new(CompressionLvl::new(level).unwrap_or_default()),
            )),
        };
        let bound = match format {
            Format::Gzip => compressor.gzip_compress_bound(input.len()),
            Format::Zlib => compressor.zlib_compress_bound(input.len()),
        };
        // OTLP shrinks to a fifth; a buffer of half the size nearly always does, and the bound does when not.
        let mut charge = admission.reserve(bound)?;
        let mut buffer = Vec::new();
        for size in [bound / 2, bound] {
            buffer.resize(size, 0);
            let length = match format {
                Format::Gzip => compressor.gzip_compress(input, &mut buffer),
                Format::Zlib => compressor.zlib_compress(input, &mut buffer),
            };
            // The only error is a buffer that is too small, which the bound never is.
            if let Ok(length) = length {
                buffer.truncate(length);
                break;
            }
        }
        buffer.shrink_to_fit();
        charge.shrink_to(buffer.capacity());
        Ok(charged_bytes(buffer, charge))
    })
}
