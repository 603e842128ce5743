//! The door: whatever comes from outside is validated here once, to full depth, and is canonical behind it.
//!
//! Two passes share the work. `scan` is the hot one: it says yes to bytes that are well-formed *and* canonical, and
//! counts items on the way; it says no without a reason. Only then `recode` walks the bytes again: it knows the exact
//! protobuf merge semantics, re-encodes what is legal but not canonical, and names the place of what is malformed.
//!
//! Canonical means here: a singular field or a `oneof` stands at most once, repeated numbers are one packed run, tags
//! are minimal varints, strings are UTF-8, there are no groups. Field order, non-minimal values and unknown fields are
//! left as they are. Groups (which only unknown fields can be) are dropped when a request is re-encoded.

mod count;
mod malformed;
mod recode;
mod scan;
mod table;
mod text;

use bytes::Bytes;

use crate::Signal;

pub use count::{count_items, is_empty};
pub(crate) use count::{data_points, items_of_resource, items_of_scope};
pub use malformed::{Fault, Malformed};
pub use recode::MAX_PARTS;

/// A request that passed the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// The request: the bytes that came, or a new buffer when `recoded`.
    pub bytes: Bytes,
    /// Spans, data points or log records.
    pub items: usize,
    /// Whether the bytes were legal but not canonical and had to be written anew.
    pub recoded: bool,
    /// Strings in which invalid UTF-8 was replaced by U+FFFD.
    pub replaced_utf8: u32,
}

/// Validates an export request of `signal`.
///
/// Costs one pass without any allocation for canonical input. Otherwise two to three passes and one output buffer of at
/// most three times the input (every invalid byte of a string becomes three). Recursion is bounded by
/// [`MAX_NESTING`](crate::schema::MAX_NESTING). Bounding the size of the input is the caller's part.
///
/// # Errors
/// [`Malformed`] when the bytes are not protobuf, a known field has a foreign wire type, messages nest too deep, or a
/// message comes in more than [`MAX_PARTS`] parts.
pub fn admit(signal: Signal, bytes: Bytes) -> Result<Admitted, Malformed> {
    admit_within(signal, bytes, usize::MAX)
}

/// The same as [`admit`] for a request that may have at most `max_bytes` once it is canonical.
///
/// # Errors
/// As [`admit`], and [`Fault::TooLarge`] where replacing invalid UTF-8 would make it larger.
pub fn admit_within(signal: Signal, bytes: Bytes, max_bytes: usize) -> Result<Admitted, Malformed> {
    match scan::count_canonical(signal, &bytes) {
        Some(items) => Ok(Admitted {
            bytes,
            items,
            recoded: false,
            replaced_utf8: 0,
        }),
        None => recode::recode(signal, &bytes, max_bytes),
    }
}
