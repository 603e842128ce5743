//! The slow path: exact merge semantics, exact errors.
//!
//! Concatenating two serialized messages merges them, so a message that came in several parts is handled as the list of
//! its parts: ranges of the input, kept on one stack. Each message is walked twice: once to check it and to find which
//! occurrence of each singular field counts, once to write it. Order is that of the deciding occurrences.

use std::ops::Range;

use bytes::Bytes;

use super::{Admitted, Fault, Malformed, scan::count_canonical_message, text::is_utf8};
use crate::{
    Signal,
    schema::{FieldDescriptor, Kind, MAX_NESTING, MessageDescriptor, MessageId, WireType, root},
    wire::{Field, Reader, Value, Writer, varint_len},
};

/// Most fields a message of the schema has; checked by a test.
const MAX_FIELDS: usize = 16;

/// Most parts that a singular message may come in. Honest encoders write one; a merge of several requests, a few.
pub const MAX_PARTS: usize = 1024;

/// What stands for bytes that are no UTF-8.
const REPLACEMENT: &str = "\u{fffd}";

/// Nested messages that are canonical are copied whole, but only where at least this many levels are left: so the scan
/// sees no byte more than nine times, whatever the input.
const SCANNED_LEVELS: u32 = MAX_NESTING - 8;

/// Writes `request` canonically, or says what is wrong with it.
#[cold]
#[inline(never)]
pub(super) fn recode(signal: Signal, request: &[u8], max_bytes: usize) -> Result<Admitted, Malformed> {
    let mut recoder = Recoder {
        input: request,
        max_bytes,
        out: Writer::with_capacity(request.len()),
        parts: std::iter::once(0..request.len()).collect(),
        items: 0,
        replaced_utf8: 0,
    };
    recoder.message(root(signal), 0, MAX_NESTING)?;
    Ok(Admitted {
        bytes: Bytes::from(recoder.out.into_bytes()),
        items: recoder.items,
        recoded: true,
        replaced_utf8: recoder.replaced_utf8,
    })
}

struct Recoder<'a> {
    input: &'a [u8],
    /// Of what is written.
    max_bytes: usize,
    out: Writer,
    /// Stack of the parts of the messages that are being written, outermost first.
    parts: Vec<Range<usize>>,
    items: usize,
    replaced_utf8: u32,
}

/// What is known of one field of the message after the first walk.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    occurrences: u32,
    /// Start of the last occurrence, which is where a singular field is written.
    last: usize,
    /// Occurrences before this do not count, because the `oneof` held another member in between.
    since: usize,
    /// The `oneof` holds another member in the end.
    lost: bool,
}

type Slots = [Slot; MAX_FIELDS];

impl<'a> Recoder<'a> {
    /// Writes the message whose parts are `self.parts[first_part..]`, and takes them off the stack.
    fn message(
        &mut self,
        message: &'static MessageDescriptor,
        first_part: usize,
        levels: u32,
    ) -> Result<(), Malformed> {
        let offset = self.parts.get(first_part).map_or(0, |part| part.start);
        let levels = levels
            .checked_sub(1)
            .ok_or_else(|| Malformed::new(Fault::TooDeep, offset))?;
        let last_part = self.parts.len();
        if self.parts[first_part..].iter().all(Range::is_empty) {
            // Hostile input may hold millions of empty messages: they cost no survey.
            self.parts.truncate(first_part);
            return Ok(());
        }
        let slots = self.survey(message, first_part..last_part, levels)?;
        let mut part = first_part;
        while part < last_part {
            let mut walk = Walk::of(self.input, &self.parts[part]);
            while let Some(field) = walk.next(levels)? {
                match message
                    .fields
                    .iter()
                    .position(|known| known.number == field.number)
                {
                    None => self.unknown_field(&field, &walk),
                    Some(index) => {
                        let known = &message.fields[index];
                        self.known_field(known, &field, &slots[index], first_part..last_part, levels)
                            .map_err(|error| error.within_message(known))?;
                    }
                }
            }
            part += 1;
        }
        self.parts.truncate(first_part);
        Ok(())
    }

    /// The first walk: checks tags, wire types and bounds, and settles which occurrences count.
    fn survey(
        &self,
        message: &MessageDescriptor,
        parts: Range<usize>,
        levels: u32,
    ) -> Result<Slots, Malformed> {
        let mut slots = Slots::default();
        // Per `oneof` group: which field holds it. The schema has at most one group per message.
        let mut holder: Option<usize> = None;
        for part in &self.parts[parts] {
            let mut walk = Walk::of(self.input, part);
            while let Some(field) = walk.next(levels)? {
                let Some(index) = message
                    .fields
                    .iter()
                    .position(|known| known.number == field.number)
                else {
                    continue;
                };
                let known = &message.fields[index];
                check_wire_type(known, &field)?;
                let slot = &mut slots[index];
                slot.occurrences = slot.occurrences.saturating_add(1);
                slot.last = field.start;
                if known.oneof.is_none() || holder == Some(index) {
                    continue;
                }
                slot.since = field.start;
                slot.occurrences = 1;
                slot.lost = false;
                if let Some(loser) = holder.replace(index) {
                    slots[loser].lost = true;
                }
            }
        }
        Ok(slots)
    }

    /// Unknown fields are kept as they are, but for groups.
    fn unknown_field(&mut self, field: &Placed<'a>, walk: &Walk<'a>) {
        let wire_type = match field.value {
            Value::Varint(_) => WireType::Varint,
            Value::Fixed64(_) => WireType::Fixed64,
            Value::Fixed32(_) => WireType::Fixed32,
            Value::Len(_) => WireType::Len,
            Value::StartGroup | Value::EndGroup => return,
        };
        self.out.tag(field.number, wire_type);
        self.out.raw(&self.input[field.value_start..walk.position()]);
    }

    fn known_field(
        &mut self,
        known: &'static FieldDescriptor,
        field: &Placed<'a>,
        slot: &Slot,
        parts: Range<usize>,
        levels: u32,
    ) -> Result<(), Malformed> {
        if known.repeated && !known.is_packed() {
            return self.single(known, field, levels);
        }
        if slot.lost || field.start < slot.since {
            return self.check_only(known, field, levels);
        }
        let Kind::Message(nested) = known.kind else {
            // A value that is overwritten later must still be legal: text is the only kind with anything to check, and
            // invalid text is never refused.
            return match field.start == slot.last {
                true if known.is_packed() => self.packed(known, parts, levels),
                true => self.single(known, field, levels),
                false => Ok(()),
            };
        };
        if field.start != slot.last {
            return Ok(());
        }
        if slot.occurrences == 1 {
            return self.single(known, field, levels);
        }
        self.merged(known, nested, slot, parts, levels)
    }

    /// Writes one occurrence that stands for itself.
    fn single(
        &mut self,
        known: &'static FieldDescriptor,
        field: &Placed<'a>,
        levels: u32,
    ) -> Result<(), Malformed> {
        match (known.kind, field.value) {
            (Kind::Message(nested), Value::Len(content)) => {
                if levels > SCANNED_LEVELS
                    && let Some(items) = count_canonical_message(nested.id, content, levels)
                {
                    self.items += items + usize::from(is_item(nested.id));
                    self.out.bytes_field(known.number, content);
                    return Ok(());
                }
                let first_part = self.parts.len();
                self.parts.push(field.content(content));
                self.nested(known, nested, first_part, content.len(), levels)
            }
            (Kind::String, Value::Len(content)) => self.text(known.number, content, field.start),
            (_, value) => {
                self.scalar(known.number, value);
                Ok(())
            }
        }
    }

    /// Writes a singular message that came in several parts.
    fn merged(
        &mut self,
        known: &'static FieldDescriptor,
        nested: &'static MessageDescriptor,
        slot: &Slot,
        parts: Range<usize>,
        levels: u32,
    ) -> Result<(), Malformed> {
        let first_part = self.parts.len();
        let mut len = 0;
        for part in parts {
            let mut walk = Walk::of(self.input, &self.parts[part]);
            while let Some(field) = walk.next(levels)? {
                if field.number == known.number
                    && field.start >= slot.since
                    && let Value::Len(content) = field.value
                {
                    len += content.len();
                    if content.is_empty() {
                        continue;
                    }
                    if self.parts.len() - first_part == MAX_PARTS {
                        return Err(Malformed::new(Fault::TooManyParts, field.start));
                    }
                    self.parts.push(field.content(content));
                }
            }
        }
        self.nested(known, nested, first_part, len, levels)
    }

    fn nested(
        &mut self,
        known: &'static FieldDescriptor,
        nested: &'static MessageDescriptor,
        first_part: usize,
        len: usize,
        levels: u32,
    ) -> Result<(), Malformed> {
        self.items += usize::from(is_item(nested.id));
        let mark = self.out.begin(known.number, varint_len(len as u64));
        self.message(nested, first_part, levels)?;
        self.out.end(mark);
        Ok(())
    }

    /// Checks an occurrence that a later member of its `oneof` replaced, and leaves no trace of it.
    fn check_only(
        &mut self,
        known: &'static FieldDescriptor,
        field: &Placed<'a>,
        levels: u32,
    ) -> Result<(), Malformed> {
        let before = (self.out.len(), self.items, self.replaced_utf8);
        self.single(known, field, levels)?;
        self.out.truncate(before.0);
        (self.items, self.replaced_utf8) = (before.1, before.2);
        Ok(())
    }

    /// Writes all numbers of a packed field, however they came, as one run.
    fn packed(&mut self, known: &FieldDescriptor, parts: Range<usize>, levels: u32) -> Result<(), Malformed> {
        let mark = self.out.begin(known.number, 2);
        for part in parts {
            let mut walk = Walk::of(self.input, &self.parts[part]);
            while let Some(field) = walk.next(levels)? {
                match field.value {
                    _ if field.number != known.number => {}
                    Value::Len(run) => self.out.raw(run),
                    Value::Varint(number) => self.out.varint(number),
                    Value::Fixed64(number) => self.out.raw(&number.to_le_bytes()),
                    Value::Fixed32(number) => self.out.raw(&number.to_le_bytes()),
                    Value::StartGroup | Value::EndGroup => {}
                }
            }
        }
        self.out.end(mark);
        Ok(())
    }

    /// As `String::from_utf8_lossy` does it, without a copy in between.
    fn text(&mut self, number: u32, content: &[u8], start: usize) -> Result<(), Malformed> {
        if is_utf8(content) {
            self.out.bytes_field(number, content);
            return Ok(());
        }
        let replacement = |invalid: &[u8]| if invalid.is_empty() { "" } else { REPLACEMENT };
        let chunks = || {
            content
                .utf8_chunks()
                .map(|chunk| (chunk.valid(), replacement(chunk.invalid())))
        };
        let len = chunks()
            .map(|(valid, replaced)| valid.len() + replaced.len())
            .sum();
        if self.out.len() + len > self.max_bytes {
            return Err(Malformed::new(Fault::TooLarge(self.max_bytes), start));
        }
        self.replaced_utf8 = self.replaced_utf8.saturating_add(1);
        self.out.len_header(number, len);
        for (valid, replaced) in chunks() {
            self.out.raw(valid.as_bytes());
            self.out.raw(replaced.as_bytes());
        }
        Ok(())
    }

    fn scalar(&mut self, number: u32, value: Value<'_>) {
        match value {
            Value::Varint(value) => self.out.varint_field(number, value),
            Value::Fixed64(value) => self.out.fixed64_field(number, value),
            Value::Fixed32(value) => self.out.fixed32_field(number, value),
            Value::Len(value) => self.out.bytes_field(number, value),
            Value::StartGroup | Value::EndGroup => {}
        }
    }
}

impl Malformed {
    fn within_message(self, known: &FieldDescriptor) -> Self {
        if matches!(known.kind, Kind::Message(_)) {
            self.within(known.name)
        } else {
            self
        }
    }
}

const fn is_item(id: MessageId) -> bool {
    matches!(
        id,
        MessageId::Span
            | MessageId::LogRecord
            | MessageId::NumberDataPoint
            | MessageId::HistogramDataPoint
            | MessageId::ExponentialHistogramDataPoint
            | MessageId::SummaryDataPoint
    )
}

/// Whether the value may stand in this field; packed runs are checked here as well.
fn check_wire_type(known: &FieldDescriptor, field: &Placed<'_>) -> Result<(), Malformed> {
    let found = match field.value {
        Value::Varint(_) => WireType::Varint,
        Value::Fixed64(_) => WireType::Fixed64,
        Value::Len(run) if known.is_packed() => return check_run(known, run, field.start),
        Value::Len(_) => WireType::Len,
        Value::Fixed32(_) => WireType::Fixed32,
        Value::StartGroup => WireType::StartGroup,
        Value::EndGroup => WireType::EndGroup,
    };
    if found == known.kind.wire_type() {
        Ok(())
    } else {
        Err(Malformed::new(
            Fault::ForeignWireType {
                name: known.name,
                found,
            },
            field.start,
        ))
    }
}

fn check_run(known: &FieldDescriptor, run: &[u8], start: usize) -> Result<(), Malformed> {
    if known.kind.wire_type() == WireType::Fixed64 {
        return match run.len() % 8 {
            0 => Ok(()),
            _ => Err(Malformed::new(Fault::PackedLength(run.len()), start)),
        };
    }
    let mut reader = Reader::new(run);
    while !reader.is_at_end() {
        reader.varint().map_err(|error| Malformed::new(error, start))?;
    }
    Ok(())
}

/// A field with its places in the whole input.
struct Placed<'a> {
    number: u32,
    start: usize,
    /// Behind the tag.
    value_start: usize,
    end: usize,
    value: Value<'a>,
}

impl Placed<'_> {
    fn content(&self, content: &[u8]) -> Range<usize> {
        self.end - content.len()..self.end
    }
}

/// A walk over one part of a message that knows where the part lies in the input.
struct Walk<'a> {
    reader: Reader<'a>,
    base: usize,
}

impl<'a> Walk<'a> {
    fn of(input: &'a [u8], part: &Range<usize>) -> Self {
        Walk {
            reader: Reader::new(&input[part.clone()]),
            base: part.start,
        }
    }

    fn position(&self) -> usize {
        self.base + self.reader.position()
    }

    /// The next field; a group is read to its end.
    fn next(&mut self, levels: u32) -> Result<Option<Placed<'a>>, Malformed> {
        let start = self.position();
        let malformed = |error| Malformed::new(error, start);
        let mut tag = self.reader;
        let Some(Field { number, value, .. }) = self.reader.field().map_err(malformed)? else {
            return Ok(None);
        };
        match value {
            Value::StartGroup => self.reader.skip_group(number, levels).map_err(malformed)?,
            Value::EndGroup => return Err(malformed(crate::wire::WireError::UnexpectedEndGroup(number))),
            _ => {}
        }
        tag.varint().map_err(malformed)?;
        let value_start = self.base + tag.position();
        Ok(Some(Placed {
            number,
            start,
            value_start,
            end: self.position(),
            value,
        }))
    }
}
