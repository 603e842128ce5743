use super::Open;
use crate::{
    views::ValueView,
    wire::{Writer, varint_len},
};

/// Bytes of a serialized `AnyValue`, without tag and length.
#[inline]
pub(crate) fn any_value_len(value: ValueView<'_>) -> usize {
    let delimited = |len: usize| 1 + varint_len(len as u64) + len;
    match value {
        ValueView::Empty => 0,
        ValueView::String(text) => delimited(text.len()),
        ValueView::Bool(_) => 2,
        ValueView::Int(value) => 1 + varint_len(value as u64),
        ValueView::Double(_) => 9,
        ValueView::Bytes(bytes) => delimited(bytes.len()),
        ValueView::Array(array) => delimited(array.as_bytes().len()),
        ValueView::KvList(list) => delimited(list.as_bytes().len()),
    }
}

/// Writes an `AnyValue`, without tag and length. A default value is written: `AnyValue` is a `oneof`.
#[inline]
pub(crate) fn write_any_value(writer: &mut Writer, value: ValueView<'_>) {
    match value {
        ValueView::Empty => {}
        ValueView::String(text) => writer.bytes_field(1, text.as_bytes()),
        ValueView::Bool(value) => writer.varint_field(2, u64::from(value)),
        ValueView::Int(value) => writer.varint_field(3, value as u64),
        ValueView::Double(value) => writer.double_field(4, value),
        ValueView::Array(array) => writer.bytes_field(5, array.as_bytes()),
        ValueView::KvList(list) => writer.bytes_field(6, list.as_bytes()),
        ValueView::Bytes(bytes) => writer.bytes_field(7, bytes),
    }
}

/// Writes a `KeyValue` as field `number`. Both lengths are computed, none is patched.
///
/// The key must be UTF-8.
#[inline]
pub fn write_attribute(writer: &mut Writer, number: u32, key: &[u8], value: ValueView<'_>) {
    let value_len = any_value_len(value);
    let key_len = if key.is_empty() {
        0
    } else {
        1 + varint_len(key.len() as u64) + key.len()
    };
    writer.len_header(number, key_len + 1 + varint_len(value_len as u64) + value_len);
    if !key.is_empty() {
        writer.bytes_field(1, key);
    }
    writer.len_header(2, value_len);
    write_any_value(writer, value);
}

/// An attribute whose value is written piece by piece.
#[derive(Debug)]
pub struct AttributeEncoder<'w>(Open<'w>);

impl AttributeEncoder<'_> {
    pub(super) fn begin<'w>(parent: &'w mut Open<'_>, number: u32, key: &str) -> AttributeEncoder<'w> {
        let mut open = parent.nested(number, 1);
        super::put::text(&mut open, 1, key);
        AttributeEncoder(open)
    }

    /// Opens the value.
    pub fn value(&mut self) -> ValueEncoder<'_> {
        ValueEncoder(self.0.nested_once(2, 2))
    }
}

/// A value of any type. Of several values the first stays.
#[derive(Debug)]
pub struct ValueEncoder<'w>(pub(super) Open<'w>);

impl ValueEncoder<'_> {
    /// Writes a value that is at hand.
    pub fn set<'v>(&mut self, value: impl Into<ValueView<'v>>) {
        if self.0.once(1) {
            write_any_value(self.0.writer, value.into());
        }
    }

    /// Opens an array. What is admitted elsewhere nests at most [`MAX_NESTING`](crate::schema::MAX_NESTING) messages.
    pub fn array(&mut self) -> ArrayEncoder<'_> {
        ArrayEncoder(self.0.nested_once(5, 1))
    }

    /// Opens a map.
    pub fn kv_list(&mut self) -> KvListEncoder<'_> {
        KvListEncoder(self.0.nested_once(6, 1))
    }
}

/// The values of an array.
#[derive(Debug)]
pub struct ArrayEncoder<'w>(Open<'w>);

impl ArrayEncoder<'_> {
    /// Appends a value.
    pub fn push<'v>(&mut self, value: impl Into<ValueView<'v>>) -> &mut Self {
        let value = value.into();
        self.0.writer.len_header(1, any_value_len(value));
        write_any_value(self.0.writer, value);
        self
    }

    /// Appends a value that is written piece by piece.
    pub fn open_value(&mut self) -> ValueEncoder<'_> {
        ValueEncoder(self.0.nested(1, 1))
    }
}

/// The entries of a map.
#[derive(Debug)]
pub struct KvListEncoder<'w>(Open<'w>);

impl KvListEncoder<'_> {
    /// Appends an entry.
    pub fn entry<'v>(&mut self, key: &str, value: impl Into<ValueView<'v>>) -> &mut Self {
        write_attribute(self.0.writer, 1, key.as_bytes(), value.into());
        self
    }

    /// Appends an entry whose value is written piece by piece.
    pub fn open_entry(&mut self, key: &str) -> AttributeEncoder<'_> {
        AttributeEncoder::begin(&mut self.0, 1, key)
    }
}

macro_rules! value_from {
    ($($type:ty => $make:expr,)*) => {
        $(
            impl<'a> From<$type> for ValueView<'a> {
                fn from(value: $type) -> Self {
                    ($make)(value)
                }
            }
        )*
    };
}

value_from! {
    &'a str => ValueView::String,
    &'a String => |text: &'a String| ValueView::String(text),
    &'a [u8] => ValueView::Bytes,
    bool => ValueView::Bool,
    i64 => ValueView::Int,
    i32 => |value| ValueView::Int(i64::from(value)),
    u32 => |value| ValueView::Int(i64::from(value)),
    f64 => ValueView::Double,
}
