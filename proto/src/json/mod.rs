//! OTLP/JSON to protobuf and back, in one pass each, without a tree in between.
//!
//! ```text
//! document ──reader──► tokens ──decode──► protobuf ──► admit ──► pipeline ──encode──► document
//!                                  ▲                                 ▲
//!                                  └────────── crate::schema ────────┘
//! ```
//!
//! The rules are those of the OTLP specification, section "JSON Protobuf Encoding", and of the protobuf JSON mapping
//! where the former is silent:
//!
//! - `traceId`, `spanId`, `parentSpanId` are hexadecimal, in either case on the way in, lower case on the way out; any
//!   even number of digits passes, as any length of an id passes in protobuf. All other bytes are base64: either alphabet,
//!   with or without padding on the way in, standard and padded on the way out.
//! - Integers may be numbers or strings on the way in, in any spelling that is exactly integral (`5`, `"5"`, `5.0`, `5e0`);
//!   out of range is an error. On the way out 64-bit integers are strings, 32-bit integers are numbers.
//! - Enums are integers; names are an error. Values that the enum does not know pass.
//! - Doubles may be strings on the way in; NaN and the infinities are the strings `NaN`, `Infinity`, `-Infinity`.
//! - Keys are lowerCamelCase. Unknown keys are ignored, `snake_case` ones among them. `null` is as good as absent,
//!   except as an element of an array, where it is an error.
//! - A key that repeats merges as protobuf does: arrays are joined, objects are merged key by key, of everything else and
//!   of a `oneof` the last wins.
//! - Strings are made valid: broken UTF-8 and half surrogate pairs become U+FFFD, counted. Unescaped control characters
//!   are an error, as RFC 8259 demands.
//!
//! Start reading in `decode` for the way in, in `encode` for the way out.

mod binary;
mod decode;
mod encode;
mod error;
mod number;
mod reader;
mod response;
mod scalar;
mod text;
pub mod write;

#[cfg(test)]
mod tests;

use bytes::Bytes;

use crate::Signal;
use crate::schema::root;

use error::Fault;
pub use error::{JsonError, JsonErrorKind};
pub use response::{PartialSuccess, read_response, write_response, write_status};

/// What came out of a JSON document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transcoded {
    /// The same request as protobuf, canonical as [`admit`](crate::admit) wants it.
    pub protobuf: Vec<u8>,
    /// Strings in which something was not valid Unicode and became U+FFFD.
    pub replaced_strings: u64,
}

/// Turns an export request of `signal` from OTLP/JSON into canonical protobuf.
///
/// `max_bytes` limits the protobuf form. It is exceeded for a moment by at most one string of the document (tripled, if it
/// is invalid throughout). Nesting is limited to 100 arrays and objects and to
/// [`MAX_NESTING`](crate::schema::MAX_NESTING) messages, so the stack is bounded too.
///
/// # Errors
/// [`JsonError`] names the first place that is wrong; nothing of the document is kept then. All errors are permanent.
pub fn to_protobuf(signal: Signal, json: &[u8], max_bytes: usize) -> Result<Transcoded, JsonError> {
    let document = decode::Decoder::new(json, max_bytes)
        .document(root(signal))
        .map_err(|fault| fault.locate(json))?;
    let mut transcoded = document.transcoded;
    if document.keys_repeat {
        let merged = crate::admit(signal, Bytes::from(transcoded.protobuf)).map_err(|malformed| {
            let expected = "keys that repeat so seldom that their messages can be merged";
            Fault::new(JsonErrorKind::InvalidValue, 0, expected, malformed.to_string()).locate(json)
        })?;
        transcoded.protobuf = Vec::from(merged.bytes);
    }
    Ok(transcoded)
}

/// Appends an admitted export request of `signal` to `out` as one compact JSON object, without a line break.
///
/// Keys come in the order of the wire; a repeated field is one array even if its elements lie apart. Fields that the
/// schema does not know are left out; values that are on the wire are written even if they are the default.
///
/// `protobuf` has to come from [`admit`](crate::admit). Of other bytes, what is legible before the first
/// mistake of each message is written; the brackets match in any case.
pub fn from_protobuf(signal: Signal, protobuf: &[u8], out: &mut Vec<u8>) {
    encode::write_message(root(signal), protobuf, out);
}
