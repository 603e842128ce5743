use crate::schema::{FieldDescriptor, Kind, MESSAGES, MessageDescriptor, MessageId, WireType};

/// What the scan does with a field, found by the first byte of its tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Step {
    /// Not canonical or not legal: leave it to the slow path.
    Leave,
    Varint,
    Fixed64,
    Fixed32,
    /// Length-delimited, nothing to check inside.
    Bytes,
    Text,
    PackedVarint,
    PackedFixed64,
    Message,
    /// A message that counts as one item.
    Item,
    /// A `KeyValue`, which has a straight-line path.
    Attribute,
    /// First byte of the two-byte tag of field 16 of wire type 5 (the flags of a span), if the second byte agrees.
    Flags16,
    /// First byte of a longer tag: an unknown field, or one of another number that shares the byte.
    LongTag,
}

/// One field of a message, as the scan needs it: four bytes, so that a table is 1 KiB.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) step: Step,
    /// Index of the nested message's table.
    pub(super) child: u8,
    /// Bit of a field that may stand once; members of a `oneof` share theirs; 0 for repeated and unknown fields.
    pub(super) once: u16,
}

/// What to do for each first byte of a tag.
pub(super) type Table = [Entry; 256];

/// One table per message, by [`MessageId`].
pub(super) static TABLES: [Table; MESSAGES.len()] = tables();

const fn tables() -> [Table; MESSAGES.len()] {
    let mut tables = [[Entry {
        step: Step::Leave,
        child: 0,
        once: 0,
    }; 256]; MESSAGES.len()];
    let mut id = 0;
    while id < MESSAGES.len() {
        assert!(MESSAGES[id].id as usize == id);
        tables[id] = table(MESSAGES[id]);
        id += 1;
    }
    tables
}

const fn table(message: &MessageDescriptor) -> Table {
    let mut table = [Entry {
        step: Step::Leave,
        child: 0,
        once: 0,
    }; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte].step = unknown(byte as u32);
        byte += 1;
    }
    let mut at = 0;
    while at < message.fields.len() {
        let field = &message.fields[at];
        if field.number < 16 {
            // The same number with another wire type is for the slow path to judge.
            let mut wire_type = 0;
            while wire_type < 8 {
                table[(field.number << 3 | wire_type) as usize].step = Step::Leave;
                wire_type += 1;
            }
            let wire_type = if field.is_packed() {
                WireType::Len
            } else {
                field.kind.wire_type()
            };
            let tag = (field.number << 3 | wire_type as u32) as usize;
            table[tag] = entry(message, field);
        } else {
            assert!(
                field.number == 16 && matches!(field.kind, Kind::Fixed32),
                "no step for this long tag"
            );
            table[0x85] = Entry {
                step: Step::Flags16,
                child: 0,
                once: 1 << at,
            };
        }
        at += 1;
    }
    table
}

const fn unknown(first_byte: u32) -> Step {
    if first_byte >= 0x80 {
        return Step::LongTag;
    }
    match WireType::of_tag(first_byte) {
        _ if first_byte < 8 => Step::Leave,
        Some(WireType::Varint) => Step::Varint,
        Some(WireType::Fixed64) => Step::Fixed64,
        Some(WireType::Fixed32) => Step::Fixed32,
        Some(WireType::Len) => Step::Bytes,
        _ => Step::Leave,
    }
}

const fn entry(message: &MessageDescriptor, field: &FieldDescriptor) -> Entry {
    let mut child = 0;
    let step = match field.kind {
        Kind::Message(nested) => {
            child = nested.id as u8;
            match nested.id {
                MessageId::KeyValue => Step::Attribute,
                MessageId::Span
                | MessageId::LogRecord
                | MessageId::NumberDataPoint
                | MessageId::HistogramDataPoint
                | MessageId::ExponentialHistogramDataPoint
                | MessageId::SummaryDataPoint => Step::Item,
                _ => Step::Message,
            }
        }
        Kind::String => Step::Text,
        Kind::Bytes | Kind::TraceId | Kind::SpanId => Step::Bytes,
        _ => match field.kind.wire_type() {
            WireType::Varint if field.repeated => Step::PackedVarint,
            WireType::Fixed64 if field.repeated => Step::PackedFixed64,
            WireType::Varint => Step::Varint,
            WireType::Fixed64 => Step::Fixed64,
            WireType::Fixed32 => Step::Fixed32,
            _ => Step::Leave,
        },
    };
    Entry {
        step,
        child,
        once: once(message, field),
    }
}

/// The bit of a singular field is its place in the descriptor; a `oneof` has that of its first member.
const fn once(message: &MessageDescriptor, field: &FieldDescriptor) -> u16 {
    if field.repeated && !field.is_packed() {
        return 0;
    }
    let mut at = 0;
    while at < message.fields.len() {
        let other = &message.fields[at];
        let same_oneof = match (field.oneof, other.oneof) {
            (Some(group), Some(other_group)) => group == other_group,
            _ => false,
        };
        if same_oneof || other.number == field.number {
            return 1 << at;
        }
        at += 1;
    }
    panic!("the field is not of this message")
}
