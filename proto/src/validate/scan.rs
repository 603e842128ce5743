//! The hot pass: yes or no, no reasons, no allocation.

use super::{
    table::{Step, TABLES, Table},
    text::{is_short_ascii, is_utf8},
};
use crate::{
    Signal,
    schema::{MAX_NESTING, MESSAGES, MessageId, WireType, root},
    wire::{Reader, varint_len},
};

/// Items of a request that is well-formed and canonical; `None` when it has to be looked at more closely.
pub(super) fn count_canonical(signal: Signal, request: &[u8]) -> Option<usize> {
    count_canonical_message(root(signal).id, request, MAX_NESTING)
}

/// The same for any message, with so many `levels` left for it. The message itself is not counted.
pub(super) fn count_canonical_message(id: MessageId, message: &[u8], levels: u32) -> Option<usize> {
    let mut scan = Scan { items: 0 };
    scan.message(id as usize, message, levels)?;
    Some(scan.items)
}

struct Scan {
    items: usize,
}

impl Scan {
    /// Scans one message; `levels` are left for it and what is inside it.
    fn message(&mut self, id: usize, message: &[u8], levels: u32) -> Option<()> {
        let levels = levels.checked_sub(1)?;
        let table: &Table = TABLES.get(id)?;
        let mut seen = 0u16;
        let mut rest = message;
        while let [tag, value @ ..] = rest {
            let entry = table[usize::from(*tag)];
            // The first byte of the flags' tag may also begin an unknown field's.
            if seen & entry.once != 0 && (entry.step != Step::Flags16 || value.first() == Some(&0x01)) {
                return None;
            }
            let seen_before = seen;
            seen |= entry.once;
            rest = match entry.step {
                Step::Attribute => {
                    let (content, rest) = len_delimited(value)?;
                    // Its value is a message too.
                    if levels < 2 || !is_plain_attribute(content) {
                        self.message(MessageId::KeyValue as usize, content, levels)?;
                    }
                    rest
                }
                Step::Text => {
                    let (content, rest) = len_delimited(value)?;
                    if !is_utf8(content) {
                        return None;
                    }
                    rest
                }
                Step::Bytes => len_delimited(value)?.1,
                Step::Fixed64 => value.get(8..)?,
                Step::Fixed32 => value.get(4..)?,
                Step::Varint => varint(value)?.1,
                Step::Message => {
                    let (content, rest) = len_delimited(value)?;
                    self.message(usize::from(entry.child), content, levels)?;
                    rest
                }
                Step::Item => {
                    let (content, rest) = len_delimited(value)?;
                    self.items += 1;
                    self.message(usize::from(entry.child), content, levels)?;
                    rest
                }
                Step::Flags16 if value.first() == Some(&0x01) => value.get(5..)?,
                Step::Flags16 => {
                    seen = seen_before;
                    unknown_field(id, rest)?
                }
                Step::LongTag => unknown_field(id, rest)?,
                Step::PackedFixed64 => {
                    let (content, rest) = len_delimited(value)?;
                    if content.len() % 8 != 0 {
                        return None;
                    }
                    rest
                }
                Step::PackedVarint => {
                    let (mut content, rest) = len_delimited(value)?;
                    while !content.is_empty() {
                        content = varint(content)?.1;
                    }
                    rest
                }
                Step::Leave => return None,
            };
        }
        Some(())
    }
}

/// Whether a `KeyValue` is, byte for byte, a key and then a value that is one string, bool, int or double.
///
/// All lengths are below 128, so a single OR over the whole range checks both strings: tags and lengths have no high
/// bit either.
#[inline(always)]
fn is_plain_attribute(attribute: &[u8]) -> bool {
    const KEY: u8 = 0x0a;
    const VALUE: u8 = 0x12;
    let [KEY, key_len, behind @ ..] = attribute else {
        return false;
    };
    if attribute.len() > 127 {
        return false;
    }
    let Some((key, [VALUE, value_len, value @ ..])) = behind.split_at_checked(usize::from(*key_len)) else {
        return false;
    };
    if usize::from(*value_len) != value.len() {
        return false;
    }
    match value {
        [0x0a, len, text @ ..] => usize::from(*len) == text.len() && is_short_ascii(attribute),
        [0x10, _] => value[1] < 0x80 && is_short_ascii(key),
        [0x18, number @ ..] => is_one_varint(number) && is_short_ascii(key),
        [0x21, double @ ..] => double.len() == 8 && is_short_ascii(key),
        _ => false,
    }
}

#[inline(always)]
fn is_one_varint(bytes: &[u8]) -> bool {
    match bytes {
        [a] => *a < 0x80,
        [a, b] => *a >= 0x80 && *b < 0x80,
        _ => matches!(varint(bytes), Some((_, []))),
    }
}

/// A varint and what is behind it.
#[inline(always)]
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    match bytes {
        [a, rest @ ..] if *a < 0x80 => Some((u64::from(*a), rest)),
        [a, b, rest @ ..] if *b < 0x80 => Some((u64::from(*a & 0x7f) | u64::from(*b) << 7, rest)),
        _ => long_varint(bytes),
    }
}

#[inline(never)]
fn long_varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut reader = Reader::new(bytes);
    let value = reader.varint().ok()?;
    Some((value, bytes.get(reader.position()..)?))
}

/// The content of a length-delimited field and what is behind it.
#[inline(always)]
fn len_delimited(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = varint(bytes)?;
    rest.split_at_checked(usize::try_from(length).ok()?)
}

/// What is behind an unknown field with a tag of two bytes or more; `None` if the field is known or its tag not minimal.
#[inline(never)]
fn unknown_field(id: usize, bytes: &[u8]) -> Option<&[u8]> {
    let (tag, value) = varint(bytes)?;
    let tag = u32::try_from(tag).ok()?;
    let minimal = varint_len(u64::from(tag)) == bytes.len() - value.len();
    if !minimal || MESSAGES.get(id)?.field(tag >> 3).is_some() {
        return None;
    }
    match WireType::of_tag(tag)? {
        WireType::Varint => Some(varint(value)?.1),
        WireType::Fixed64 => value.get(8..),
        WireType::Fixed32 => value.get(4..),
        WireType::Len => Some(len_delimited(value)?.1),
        WireType::StartGroup | WireType::EndGroup => None,
    }
}
