//! Protobuf to JSON: one walk over admitted bytes, driven by the schema.
//!
//! JSON wants the elements of an array side by side; on the wire other fields may lie between them. No SDK writes that,
//! but joining two requests or a rewriter can. So the walk takes the fields as they come, and when an array would have to
//! be opened a second time, everything is written again by a walk that gathers each field first. The choice is
//! made once for the whole request, so the work at most doubles, however deep the place is.

use super::binary::{write_base64, write_hex};
use super::number::{write_double, write_signed, write_unsigned};
use super::text::write_string;
use crate::schema::{FieldDescriptor, Kind, MAX_NESTING, MessageDescriptor, WireType};
use crate::wire::{Fields, Reader, Value};

/// Appends `message` as a JSON object.
pub(super) fn write_message(descriptor: &'static MessageDescriptor, message: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.reserve(message.len() * 2 + 2);
    if in_wire_order(descriptor, message, MAX_NESTING, out).is_err() {
        out.truncate(start);
        gathered(descriptor, message, MAX_NESTING, out);
    }
}

/// The elements of an array lie apart on the wire.
struct Scattered;

/// Writes the fields as they come. `levels` bounds the recursion; admitted bytes never reach it.
fn in_wire_order(
    descriptor: &'static MessageDescriptor,
    message: &[u8],
    levels: u32,
    out: &mut Vec<u8>,
) -> Result<(), Scattered> {
    out.push(b'{');
    let mut object = ObjectWriter {
        open_array: None,
        closed_arrays: 0,
        empty: true,
    };
    let mut expected_index = 0;
    let fields = Fields::new(if levels == 0 { &[] } else { message });
    for wire_field in fields {
        let Some(index) = field_index(descriptor, wire_field.number, expected_index) else {
            continue;
        };
        expected_index = index;
        let field = &descriptor.fields[index];
        if !is_legible(field, wire_field.value) {
            continue;
        }
        object.before_value(field, index, out)?;
        match (field.kind, wire_field.value) {
            (Kind::Message(nested), Value::Len(content)) => in_wire_order(nested, content, levels - 1, out)?,
            (_, value) => write_value(field, value, out),
        }
    }
    object.end(out);
    Ok(())
}

/// Where a JSON object stands while its members are written.
struct ObjectWriter {
    /// Index of the repeated field whose array is open.
    open_array: Option<usize>,
    /// One bit per repeated field whose array was closed.
    closed_arrays: u32,
    empty: bool,
}

impl ObjectWriter {
    /// Writes everything that stands between the last value and the next one, which belongs to `field`.
    #[inline]
    fn before_value(
        &mut self,
        field: &FieldDescriptor,
        index: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Scattered> {
        if self.open_array == Some(index) {
            out.push(b',');
            return Ok(());
        }
        if let Some(open) = self.open_array.take() {
            out.push(b']');
            self.closed_arrays |= 1 << open;
        }
        write_key(field, self.empty, out);
        self.empty = false;
        if field.repeated {
            if self.closed_arrays & 1 << index != 0 {
                return Err(Scattered);
            }
            out.push(b'[');
            self.open_array = Some(index);
        }
        Ok(())
    }

    fn end(self, out: &mut Vec<u8>) {
        if self.open_array.is_some() {
            out.push(b']');
        }
        out.push(b'}');
    }
}

/// Writes the fields in the order of the schema, each gathered from all over the message: one walk per field.
fn gathered(descriptor: &'static MessageDescriptor, message: &[u8], levels: u32, out: &mut Vec<u8>) {
    out.push(b'{');
    let mut empty = true;
    for field in descriptor.fields.iter().filter(|_| levels > 0) {
        let values = || {
            let of_field = Fields::new(message).filter(|wire_field| wire_field.number == field.number);
            of_field
                .map(|wire_field| wire_field.value)
                .filter(|&value| is_legible(field, value))
        };
        let Some(last) = values().last() else { continue };
        write_key(field, empty, out);
        empty = false;
        if !field.repeated {
            write_gathered_value(field, last, levels - 1, out);
            continue;
        }
        out.push(b'[');
        for (nth, value) in values().enumerate() {
            if nth > 0 {
                out.push(b',');
            }
            write_gathered_value(field, value, levels - 1, out);
        }
        out.push(b']');
    }
    out.push(b'}');
}

fn write_gathered_value(field: &FieldDescriptor, value: Value<'_>, levels: u32, out: &mut Vec<u8>) {
    match (field.kind, value) {
        (Kind::Message(nested), Value::Len(content)) => gathered(nested, content, levels, out),
        _ => write_value(field, value, out),
    }
}

/// The field with this number. Most messages have their fields in ascending order, so the search starts where the last
/// one ended.
#[inline]
fn field_index(descriptor: &MessageDescriptor, number: u32, expected_index: usize) -> Option<usize> {
    let fields = descriptor.fields;
    (expected_index..fields.len())
        .chain(0..expected_index.min(fields.len()))
        .find(|&index| fields[index].number == number)
}

/// Whether `value` can be written for `field`: it has the wire type of the field, and a run of numbers is not empty.
fn is_legible(field: &FieldDescriptor, value: Value<'_>) -> bool {
    match value {
        Value::Len(run) if field.is_packed() => !run.is_empty(),
        Value::Len(_) => field.kind.wire_type() == WireType::Len,
        Value::Varint(_) => field.kind.wire_type() == WireType::Varint,
        Value::Fixed64(_) => field.kind.wire_type() == WireType::Fixed64,
        Value::Fixed32(_) => field.kind.wire_type() == WireType::Fixed32,
        Value::StartGroup | Value::EndGroup => false,
    }
}

#[inline]
fn write_key(field: &FieldDescriptor, first: bool, out: &mut Vec<u8>) {
    if !first {
        out.push(b',');
    }
    out.push(b'"');
    out.extend_from_slice(field.json_name.as_bytes());
    out.extend_from_slice(b"\":");
}

/// Writes anything but a message.
fn write_value(field: &FieldDescriptor, value: Value<'_>, out: &mut Vec<u8>) {
    match (field.kind, value) {
        (Kind::String, Value::Len(text)) => write_string(text, out),
        (Kind::TraceId | Kind::SpanId, Value::Len(id)) => {
            out.push(b'"');
            write_hex(id, out);
            out.push(b'"');
        }
        (Kind::Bytes, Value::Len(bytes)) => {
            out.push(b'"');
            write_base64(bytes, out);
            out.push(b'"');
        }
        (kind, Value::Len(run)) => write_run(kind, run, out),
        (kind, Value::Varint(bits) | Value::Fixed64(bits)) => write_number(kind, bits, out),
        (kind, Value::Fixed32(bits)) => write_number(kind, u64::from(bits), out),
        (_, Value::StartGroup | Value::EndGroup) => {}
    }
}

/// Writes packed numbers with commas between them.
fn write_run(kind: Kind, run: &[u8], out: &mut Vec<u8>) {
    let mut reader = Reader::new(run);
    let mut first = true;
    while !reader.is_at_end() {
        let number = match kind.wire_type() {
            WireType::Varint => reader.varint(),
            WireType::Fixed64 => reader.fixed64(),
            WireType::Fixed32 => reader.fixed32().map(u64::from),
            WireType::Len | WireType::StartGroup | WireType::EndGroup => return,
        };
        let Ok(bits) = number else { return };
        if !first {
            out.push(b',');
        }
        first = false;
        write_number(kind, bits, out);
    }
}

/// Writes one number from its bits on the wire.
fn write_number(kind: Kind, bits: u64, out: &mut Vec<u8>) {
    match kind {
        Kind::Bool => out.extend_from_slice(if bits == 0 { b"false" } else { b"true" }),
        // A 32-bit field takes the low bits of what is on the wire, as all protobuf parsers do.
        Kind::Int32 | Kind::Enum => write_signed(i64::from(bits as i32), out),
        Kind::Uint32 | Kind::Fixed32 => write_unsigned(u64::from(bits as u32), out),
        Kind::Sint32 => write_signed(i64::from(unzigzag(bits as u32)), out),
        Kind::Int64 | Kind::Sfixed64 => {
            out.push(b'"');
            write_signed(bits as i64, out);
            out.push(b'"');
        }
        Kind::Uint64 | Kind::Fixed64 => {
            out.push(b'"');
            write_unsigned(bits, out);
            out.push(b'"');
        }
        Kind::Double => write_double(f64::from_bits(bits), out),
        Kind::String | Kind::Bytes | Kind::TraceId | Kind::SpanId | Kind::Message(_) => {}
    }
}

const fn unzigzag(bits: u32) -> i32 {
    (bits >> 1) as i32 ^ -((bits & 1) as i32)
}
