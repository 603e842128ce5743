//! JSON to protobuf: one pass over the document, driven by the schema, one output buffer.
//!
//! The length of a nested message is known only when it ends, and has to be a minimal varint. One byte is left for it;
//! a message of more than 127 bytes is then moved by the difference. Remembering the width per nesting, so that nearly
//! nothing has to be moved, gained nothing on 1,000 spans, log records or data points (`benches/json.rs`). The worst
//! document moves its largest value once per nesting, 64 times.

use super::Transcoded;
use super::binary::{NotEncoded, append_base64, append_hex};
use super::error::{Fault, JsonErrorKind};
use super::reader::{RawString, Reader};
use super::scalar::unescaped;
use super::text::unescape;
use crate::schema::{FieldDescriptor, Kind, MAX_NESTING, MessageDescriptor};
use crate::wire::Writer;

pub(super) struct Decoder<'a> {
    json: Reader<'a>,
    out: Writer,
    max_bytes: usize,
    /// Messages around the current one.
    nesting: usize,
    /// Content of a value that is not in the document as it goes on the wire.
    scratch: Vec<u8>,
    /// Some message has a key twice.
    keys_repeat: bool,
    replaced_strings: u64,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(json: &'a [u8], max_bytes: usize) -> Self {
        // SDKs need a bit more than twice as many bytes in JSON as in protobuf.
        Self {
            json: Reader::new(json),
            out: Writer::with_capacity((json.len() / 2).min(max_bytes)),
            max_bytes,
            nesting: 0,
            scratch: Vec::new(),
            keys_repeat: false,
            replaced_strings: 0,
        }
    }

    /// The whole document is one message.
    pub(super) fn document(mut self, root: &'static MessageDescriptor) -> Result<Document, Fault> {
        self.message(root)?;
        self.json.end()?;
        let transcoded = Transcoded {
            protobuf: self.out.into_bytes(),
            replaced_strings: self.replaced_strings,
        };
        Ok(Document {
            transcoded,
            keys_repeat: self.keys_repeat,
        })
    }

    fn message(&mut self, descriptor: &'static MessageDescriptor) -> Result<(), Fault> {
        if self.nesting == MAX_NESTING as usize {
            let expected = format!("at most {MAX_NESTING} nested messages");
            let found = "one more".to_owned();
            return Err(Fault::new(
                JsonErrorKind::TooDeep,
                self.json.position(),
                expected,
                found,
            ));
        }
        self.json.open(b'{', "an object")?;
        self.nesting += 1;
        let mut seen = SeenKeys(0);
        let mut expected_index = 0;
        let mut first = true;
        while self.json.next(first, b'}')? {
            first = false;
            let Some(index) = self.known_key(descriptor, expected_index)? else {
                continue;
            };
            expected_index = index + 1;
            let field = &descriptor.fields[index];
            self.field(field, index, &mut seen)
                .map_err(|fault| fault.in_field(field.json_name))?;
        }
        self.nesting -= 1;
        Ok(())
    }

    /// Takes a key and returns the index of its field. An unknown key is taken with its value, and is `None`.
    ///
    /// Senders keep to the order of the `.proto` file, so the field behind the last one is tried first, which saves to
    /// look for the end of the key.
    #[inline]
    fn known_key(
        &mut self,
        descriptor: &'static MessageDescriptor,
        expected_index: usize,
    ) -> Result<Option<usize>, Fault> {
        if let Some(expected) = descriptor.fields.get(expected_index)
            && self.json.take_key(expected.json_name)
        {
            return Ok(Some(expected_index));
        }
        let key = self.json.key()?;
        let index = field_index(descriptor, key, expected_index);
        if index.is_none() {
            self.json
                .skip_value()
                .map_err(|fault| fault.in_unknown_key(key.bytes))?;
        }
        Ok(index)
    }

    /// One member of an object; `null` counts as absent.
    fn field(
        &mut self,
        field: &'static FieldDescriptor,
        index: usize,
        seen: &mut SeenKeys,
    ) -> Result<(), Fault> {
        if self.json.take_null()? {
            return Ok(());
        }
        if field.repeated && !field.is_packed() {
            self.elements(|decoder| decoder.value(field, true))?;
            return self.check_size();
        }
        let again = seen.mark(field, index);
        self.keys_repeat |= again;
        if field.repeated {
            self.packed(field)?;
        } else {
            // A default value has to be written when it replaces an earlier value of the same key.
            self.value(field, again || field.has_presence())?;
        }
        self.check_size()
    }

    fn elements(&mut self, mut element: impl FnMut(&mut Self) -> Result<(), Fault>) -> Result<(), Fault> {
        self.json.open(b'[', "an array")?;
        let mut index = 0;
        while self.json.next(index == 0, b']')? {
            element(self)
                .and_then(|()| self.check_size())
                .map_err(|fault| fault.in_element(index))?;
            index += 1;
        }
        Ok(())
    }

    /// Repeated numbers: one length, then number after number.
    fn packed(&mut self, field: &FieldDescriptor) -> Result<(), Fault> {
        let mark = self.out.begin(field.number, 1);
        self.elements(|decoder| {
            let number = decoder.number(field.kind)?;
            number.write(&mut decoder.out);
            Ok(())
        })?;
        if self.out.content_len(mark) == 0 {
            self.out.cancel(mark);
        } else {
            self.out.end(mark);
        }
        Ok(())
    }

    /// One value with its tag. A default value is left out unless `write_default`.
    #[inline]
    fn value(&mut self, field: &FieldDescriptor, write_default: bool) -> Result<(), Fault> {
        match field.kind {
            Kind::Message(descriptor) => {
                let mark = self.out.begin(field.number, 1);
                self.message(descriptor)?;
                self.out.end(mark);
                Ok(())
            }
            Kind::String => self.string(field, write_default),
            Kind::Bytes => self.bytes(field, write_default, "base64", append_base64),
            Kind::TraceId | Kind::SpanId => self.bytes(
                field,
                write_default,
                "an even number of hexadecimal digits",
                append_hex,
            ),
            kind => {
                let number = self.number(kind)?;
                if write_default || !number.is_default() {
                    self.out.tag(field.number, field.kind.wire_type());
                    number.write(&mut self.out);
                }
                Ok(())
            }
        }
    }

    fn string(&mut self, field: &FieldDescriptor, write_default: bool) -> Result<(), Fault> {
        let raw = self.json.string_value("a string")?;
        if raw.bytes.is_empty() && !write_default {
            return Ok(());
        }
        if !raw.escaped && (!raw.maybe_non_ascii || simdutf8::basic::from_utf8(raw.bytes).is_ok()) {
            self.out.bytes_field(field.number, raw.bytes);
            return Ok(());
        }
        self.scratch.clear();
        self.replaced_strings += u64::from(unescape(raw, &mut self.scratch));
        self.out.bytes_field(field.number, &self.scratch);
        Ok(())
    }

    fn bytes(
        &mut self,
        field: &FieldDescriptor,
        write_default: bool,
        expected: &'static str,
        append: fn(&[u8], &mut Vec<u8>) -> Result<(), NotEncoded>,
    ) -> Result<(), Fault> {
        let raw = self.json.string_value(expected)?;
        let start = self.json.start_of(raw);
        if raw.bytes.is_empty() && !write_default {
            return Ok(());
        }
        self.scratch.clear();
        append(&unescaped(raw), &mut self.scratch)
            .map_err(|NotEncoded| self.json.fault_at(start, JsonErrorKind::InvalidValue, expected))?;
        self.out.bytes_field(field.number, &self.scratch);
        Ok(())
    }

    fn number(&mut self, kind: Kind) -> Result<Number, Fault> {
        Ok(match kind {
            Kind::Bool => Number::Varint(u64::from(self.json.boolean()?)),
            Kind::Enum => {
                let expected = "an enum value as an integer (names are not allowed in OTLP/JSON)";
                if self.json.peek() == Some(b'"') {
                    return Err(self.json.wrong_type(expected));
                }
                Number::Varint(i64::from(self.json.integer::<i32>(expected)?) as u64)
            }
            Kind::Int32 => Number::Varint(i64::from(self.json.integer::<i32>("a 32-bit integer")?) as u64),
            Kind::Int64 => Number::Varint(self.json.integer::<i64>("a 64-bit integer")? as u64),
            Kind::Uint32 => {
                Number::Varint(u64::from(self.json.integer::<u32>("an unsigned 32-bit integer")?))
            }
            Kind::Uint64 => Number::Varint(self.json.integer("an unsigned 64-bit integer")?),
            Kind::Sint32 => Number::Varint(u64::from(zigzag(self.json.integer("a 32-bit integer")?))),
            Kind::Fixed32 => Number::Fixed32(self.json.integer("an unsigned 32-bit integer")?),
            Kind::Fixed64 => Number::Fixed64(self.json.integer("an unsigned 64-bit integer")?),
            Kind::Sfixed64 => Number::Fixed64(self.json.integer::<i64>("a 64-bit integer")? as u64),
            Kind::Double => Number::Fixed64(self.json.double()?.to_bits()),
            Kind::String | Kind::Bytes | Kind::TraceId | Kind::SpanId | Kind::Message(_) => {
                return Err(self.json.wrong_type("no number"));
            }
        })
    }

    /// One value can overshoot the limit by at most three times its own length in the document.
    #[inline]
    fn check_size(&self) -> Result<(), Fault> {
        if self.out.len() <= self.max_bytes {
            return Ok(());
        }
        let expected = format!("at most {} bytes as protobuf", self.max_bytes);
        Err(Fault::new(
            JsonErrorKind::TooLarge,
            self.json.position(),
            expected,
            "more".to_owned(),
        ))
    }
}

/// A decoded document.
pub(super) struct Document {
    pub(super) transcoded: Transcoded,
    /// Some message has a key twice, or two members of a `oneof`: the protobuf is legal, but not canonical.
    pub(super) keys_repeat: bool,
}

/// Which fields of a message, other than arrays of messages and strings, were there already; one bit each. The members
/// of a `oneof` share one.
struct SeenKeys(u32);

impl SeenKeys {
    /// Marks a field and says whether it was marked before.
    #[inline]
    fn mark(&mut self, field: &FieldDescriptor, index: usize) -> bool {
        let bit = match field.oneof {
            Some(group) => 1 << (16 + group),
            None => 1 << index,
        };
        let again = self.0 & bit != 0;
        self.0 |= bit;
        again
    }
}

/// A number as it goes on the wire.
#[derive(Debug, Clone, Copy)]
enum Number {
    Varint(u64),
    Fixed32(u32),
    Fixed64(u64),
}

impl Number {
    /// Compares bits: the negative zero of a double is no default.
    fn is_default(self) -> bool {
        matches!(self, Number::Varint(0) | Number::Fixed32(0) | Number::Fixed64(0))
    }

    #[inline]
    fn write(self, out: &mut Writer) {
        match self {
            Number::Varint(value) => out.varint(value),
            Number::Fixed32(value) => out.raw(&value.to_le_bytes()),
            Number::Fixed64(value) => out.raw(&value.to_le_bytes()),
        }
    }
}

/// The field that `key` names; the search starts at `expected_index`.
#[inline]
fn field_index(descriptor: &MessageDescriptor, key: RawString<'_>, expected_index: usize) -> Option<usize> {
    let name = unescaped(key);
    let count = descriptor.fields.len();
    (expected_index..count)
        .chain(0..expected_index.min(count))
        .find(|&index| descriptor.fields[index].json_name.as_bytes() == &*name)
}

const fn zigzag(value: i32) -> u32 {
    ((value << 1) ^ (value >> 31)) as u32
}
