//! gzip, zstd and zlib of whole bodies, each in one shot; gzip also of a body that is made piece by piece.
//!
//! Inflating is bounded twice: by a cap on the result and by the budget, which is asked before the output buffer is
//! made or grown. Sizes that the data claims about itself are hints for the first buffer, never more than the cap
//! and never more than the format could produce from so few bytes.
//!
//! One compressor and one decompressor of each kind is kept per thread (about 1 MiB for the default levels);
//! one that grew beyond 4 MiB is dropped after use.

mod gzip;
mod gzip_stream;
mod output;
#[cfg(test)]
mod tests;
mod zstd;

use bytes::Bytes;

use crate::admission::{Admission, Overloaded};
pub use gzip_stream::GzipStream;
use output::Output;

/// The largest context that a thread keeps between bodies.
const KEPT_CONTEXT_BYTES: usize = 4 << 20;

/// A content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// As it is.
    Identity,
    /// RFC 1952, one or more members.
    Gzip,
    /// RFC 1950, which HTTP calls `deflate`.
    Deflate,
    /// RFC 8878, one or more frames.
    Zstd,
}

impl Encoding {
    /// The coding with this name in any case; `None` when it is unknown.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        let name = name.trim_ascii();
        let table: [(&[u8], Encoding); 6] = [
            (b"identity", Encoding::Identity),
            (b"gzip", Encoding::Gzip),
            (b"x-gzip", Encoding::Gzip),
            (b"deflate", Encoding::Deflate),
            (b"zlib", Encoding::Deflate),
            (b"zstd", Encoding::Zstd),
        ];
        table
            .into_iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, encoding)| encoding)
    }

    /// The registered name.
    pub const fn name(self) -> &'static str {
        match self {
            Encoding::Identity => "identity",
            Encoding::Gzip => "gzip",
            Encoding::Deflate => "deflate",
            Encoding::Zstd => "zstd",
        }
    }

    /// The level that is used unless told otherwise. Level 6 of gzip costs seven times as much CPU as level 1 for a
    /// fifth fewer bytes on OTLP.
    pub const fn default_level(self) -> i32 {
        1
    }
}

/// Why a body could not be inflated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InflateError {
    /// The result would exceed the cap.
    #[error("more than {limit} bytes after decompression")]
    TooLarge {
        /// The cap in bytes.
        limit: usize,
    },
    /// No room in the budget.
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    /// The data is not what its encoding says: truncated, damaged, or followed by something else.
    #[error("invalid {encoding} data: {reason}")]
    Corrupt {
        /// The encoding's name.
        encoding: &'static str,
        /// What is wrong, without data.
        reason: &'static str,
    },
}

/// Inflates a whole body of at most `limit` bytes after decompression. All members of gzip and all frames of zstd
/// are read. The result carries its charge.
///
/// The buffer never exceeds `limit`. Blocks the thread for about 0.5 ms per MiB of output.
pub fn inflate(
    encoding: Encoding,
    input: &[u8],
    limit: usize,
    admission: &dyn Admission,
) -> Result<Bytes, InflateError> {
    match encoding {
        Encoding::Identity if input.len() > limit => Err(InflateError::TooLarge { limit }),
        Encoding::Identity => {
            let mut output = Output::new(input.len(), limit, admission)?;
            output.bytes.extend_from_slice(input);
            Ok(output.finish())
        }
        Encoding::Gzip => gzip::inflate(input, limit, admission),
        Encoding::Deflate => gzip::inflate_zlib(input, limit, admission),
        Encoding::Zstd => zstd::inflate(input, limit, admission),
    }
}

/// Compressed bodies up to this size are inflated where they arrived: about 1 MiB of OTLP, half a millisecond.
const INLINE_INFLATE_BYTES: usize = 192 << 10;

/// The same as [`inflate`], of at most what the budget could ever hold beside the input, which is charged to it as
/// well; a large body on a thread beside the workers. Dropping the call leaves that work to its end.
pub(crate) async fn inflate_beside<A>(
    encoding: Encoding,
    input: Bytes,
    limit: usize,
    admission: &A,
) -> Result<Bytes, InflateError>
where
    A: Admission + Clone + 'static,
{
    let limit = limit.min(admission.largest_beside(input.len()));
    if input.len() <= INLINE_INFLATE_BYTES {
        return inflate(encoding, &input, limit, admission);
    }
    let admission = admission.clone();
    let work = tokio::task::spawn_blocking(move || inflate(encoding, &input, limit, &admission));
    work.await.unwrap_or(Err(InflateError::Corrupt {
        encoding: encoding.name(),
        reason: "its decoder failed",
    }))
}

/// Compresses the chunks, one after the other, into one body. The result carries its charge.
///
/// `level` is 1 to 9 for gzip and deflate (higher ones, to 12, are libdeflate's own) and 1 to 22 (or negative:
/// faster) for zstd; what lies outside is brought to the nearest end. Blocks the thread for about 2 ms per MiB of
/// input at level 1: larger bodies belong on a thread of their own.
pub fn deflate(
    encoding: Encoding,
    level: i32,
    chunks: &[Bytes],
    admission: &dyn Admission,
) -> Result<Bytes, Overloaded> {
    let (joined, _charge);
    let input: &[u8] = match chunks {
        [] => &[],
        [only] => only,
        several => {
            let length = several.iter().map(Bytes::len).sum();
            _charge = admission.reserve(length)?;
            let mut buffer = Vec::with_capacity(length);
            several.iter().for_each(|chunk| buffer.extend_from_slice(chunk));
            joined = buffer;
            &joined
        }
    };
    match encoding {
        Encoding::Identity => {
            let charge = admission.reserve(input.len())?;
            Ok(crate::admission::charged_bytes(input.to_vec(), charge))
        }
        Encoding::Gzip => gzip::compress(gzip::Format::Gzip, level, input, admission),
        Encoding::Deflate => gzip::compress(gzip::Format::Zlib, level, input, admission),
        Encoding::Zstd => zstd::compress(level, input, admission),
    }
}
