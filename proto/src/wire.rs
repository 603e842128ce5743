//! Bounds-checked protobuf primitives: a [`Reader`] over borrowed bytes and a [`Writer`] over a growing buffer.
//!
//! Nothing here knows a message; [`crate::schema`] does. Source: protobuf "Encoding" guide.

mod reader;
mod writer;

pub use reader::{Field, Fields, Reader, Value, WireError};
pub use writer::{Mark, Writer, varint_len};

/// Tag of a field: number and wire type as they stand before a value.
#[inline]
pub const fn tag(number: u32, wire_type: crate::schema::WireType) -> u32 {
    number << 3 | wire_type as u32
}
