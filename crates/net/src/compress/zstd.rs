//! zstd in one shot.
//!
//! The output buffer is the window, so the window a frame asks for costs nothing: no streaming window is ever
//! allocated. Frames beyond the format's own limit are refused by the library.

use std::cell::RefCell;

use bytes::Bytes;
use zstd_safe::{CCtx, CParameter, DCtx, ResetDirective, zstd_sys};

use super::output::Output;
use super::{InflateError, KEPT_CONTEXT_BYTES};
use crate::admission::{Admission, Overloaded, charged_bytes};

thread_local! {
    static DECOMPRESSOR: RefCell<Option<DCtx<'static>>> = const { RefCell::new(None) };
    static COMPRESSOR: RefCell<Option<CCtx<'static>>> = const { RefCell::new(None) };
}

/// A body of known size is believed up to this expansion at first; beyond it the buffer doubles.
const BELIEVED_EXPANSION: usize = 256;
/// The first guess where the frame does not give its size: OTLP shrinks to a sixth or a twelfth.
const USUAL_EXPANSION: usize = 12;

fn corrupt(reason: &'static str) -> InflateError {
    InflateError::Corrupt {
        encoding: "zstd",
        reason,
    }
}

/// Inflates all frames.
pub(super) fn inflate(input: &[u8], limit: usize, admission: &dyn Admission) -> Result<Bytes, InflateError> {
    if input.is_empty() {
        return Err(corrupt("truncated"));
    }
    let mut output = Output::new(length_hint(input), limit, admission)?;
    DECOMPRESSOR.with_borrow_mut(|kept| {
        loop {
            let context = match kept {
                Some(context) => context,
                None => {
                    kept.insert(DCtx::try_create().ok_or_else(|| corrupt("no memory for a decompressor"))?)
                }
            };
            output.bytes.clear();
            match context.decompress(&mut output.bytes, input) {
                Ok(_) => return Ok(output.finish()),
                Err(code) if is(code, zstd_sys::ZSTD_ErrorCode::ZSTD_error_dstSize_tooSmall) => {
                    output.grow()?
                }
                Err(code) => return Err(corrupt(zstd_safe::get_error_name(code))),
            }
        }
    })
}

/// Error codes are negated enum values, as `ZSTD_getErrorCode` undoes it.
fn is(code: zstd_safe::ErrorCode, expected: zstd_sys::ZSTD_ErrorCode) -> bool {
    0_usize.wrapping_sub(code) == expected as usize
}

fn length_hint(input: &[u8]) -> usize {
    let claim = match zstd_safe::get_frame_content_size(input) {
        Ok(Some(claim)) => usize::try_from(claim).unwrap_or(usize::MAX),
        Ok(None) | Err(_) => input.len().saturating_mul(USUAL_EXPANSION),
    };
    claim.min(input.len().saturating_mul(BELIEVED_EXPANSION))
}

/// Compresses in one shot, with the content's size in the header.
pub(super) fn compress(level: i32, input: &[u8], admission: &dyn Admission) -> Result<Bytes, Overloaded> {
    let bound = zstd_safe::compress_bound(input.len());
    let mut charge = admission.reserve(bound)?;
    let mut buffer = Vec::with_capacity(bound);
    COMPRESSOR.with_borrow_mut(|kept| {
        let context = kept.get_or_insert_with(CCtx::create);
        let level = level.clamp(zstd_safe::min_c_level(), zstd_safe::max_c_level());
        // Neither call can fail: the level is in range and the buffer has the size that always suffices.
        let _ = context.reset(ResetDirective::SessionOnly);
        let _ = context.set_parameter(CParameter::CompressionLevel(level));
        let _ = context.compress2(&mut buffer, input);
        if context.sizeof() > KEPT_CONTEXT_BYTES {
            *kept = None;
        }
    });
    buffer.shrink_to_fit();
    charge.shrink_to(buffer.capacity());
    Ok(charged_bytes(buffer, charge))
}
