//! Labels as attributes on the wire.

use sidelight_proto::wire::{Writer, varint_len};

/// Writes a text attribute as field `number`: a `KeyValue` with its key and a `string_value`.
pub(super) fn write(writer: &mut Writer, number: u32, key: &str, value: &str) {
    let delimited = |len: usize| 1 + varint_len(len as u64) + len;
    let value_len = delimited(value.len());
    writer.len_header(number, delimited(key.len()) + delimited(value_len));
    writer.bytes_field(1, key.as_bytes());
    writer.len_header(2, value_len);
    writer.bytes_field(1, value.as_bytes());
}

/// The same with a whole number.
pub(super) fn write_int(writer: &mut Writer, number: u32, key: &str, value: u16) {
    let value_len = 1 + varint_len(u64::from(value));
    writer.len_header(
        number,
        1 + varint_len(key.len() as u64) + key.len() + 2 + value_len,
    );
    writer.bytes_field(1, key.as_bytes());
    writer.len_header(2, value_len);
    writer.varint_field(3, u64::from(value));
}
