//! Makes legal but non-canonical bytes of canonical ones, by the schema.

use sidelight_proto::{
    schema::{FieldDescriptor, Kind, MessageDescriptor, WireType},
    wire::{Fields, Reader, Value, Writer},
};

/// A stream of decisions; the same seed scrambles the same way.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Rewrites `message` so that it means the same to a protobuf parser: fields in another order, singular messages in
/// parts, singular scalars more than once, packed runs in pieces or unpacked, unknown fields and groups in between, tags
/// that are too long, other members of a `oneof` before the one that counts.
pub(crate) fn scramble(message: &MessageDescriptor, bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut pieces: Vec<Vec<u8>> = Vec::new();
    let mut fields = Fields::new(bytes);
    while let Some(field) = fields.next() {
        let raw = bytes[field.start..fields.offset()].to_vec();
        let Some(known) = message.field(field.number) else {
            pieces.push(raw);
            continue;
        };
        match (known.kind, field.value) {
            (Kind::Message(nested), Value::Len(content)) => {
                let content = scramble(nested, content, dice);
                if !known.repeated && dice.roll(3) == 0 {
                    let parts = parts(&content, dice);
                    // Kept in order: the parts of one message must not change places.
                    pieces.push(
                        parts
                            .iter()
                            .flat_map(|part| delimited(field.number, part))
                            .collect(),
                    );
                } else {
                    pieces.push(delimited(field.number, &content));
                }
            }
            (_, Value::Len(run)) if known.is_packed() => pieces.push(unpack(known, run, dice)),
            _ if !known.repeated && dice.roll(4) == 0 => {
                pieces.push([other_value(known, dice), raw].concat())
            }
            _ => pieces.push(raw),
        }
    }
    for _ in 0..dice.roll(3) {
        pieces.push(unknown(dice));
    }
    shuffle(&mut pieces, dice);
    pieces.concat()
}

fn delimited(number: u32, content: &[u8]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.bytes_field(number, content);
    writer.into_bytes()
}

/// Cuts a message between two of its fields.
fn parts<'a>(content: &'a [u8], dice: &mut Dice) -> Vec<&'a [u8]> {
    let mut reader = Reader::new(content);
    let mut ends = vec![0];
    while let Some(field) = reader.field().expect("well-formed") {
        if let Value::StartGroup = field.value {
            reader.skip_group(field.number, 9).expect("well-formed");
        }
        ends.push(reader.position());
    }
    let cut = ends[dice.roll(ends.len() as u64) as usize];
    vec![&content[..cut], &[], &content[cut..]]
}

fn unpack(known: &FieldDescriptor, run: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut writer = Writer::default();
    let mut reader = Reader::new(run);
    while !reader.is_at_end() {
        let mut number = Writer::default();
        match known.kind.wire_type() {
            WireType::Varint => number.varint(reader.varint().expect("varint")),
            _ => number.raw(&reader.fixed64().expect("number").to_le_bytes()),
        }
        if dice.roll(2) == 0 {
            writer.tag(known.number, known.kind.wire_type());
            writer.raw(number.as_slice());
        } else {
            writer.bytes_field(known.number, number.as_slice());
        }
    }
    writer.into_bytes()
}

/// A value that the next one replaces.
fn other_value(known: &FieldDescriptor, dice: &mut Dice) -> Vec<u8> {
    let mut writer = Writer::default();
    match known.kind.wire_type() {
        WireType::Varint => writer.varint_field(known.number, dice.roll(1000)),
        WireType::Fixed64 => writer.fixed64_field(known.number, dice.roll(1000)),
        WireType::Fixed32 => writer.fixed32_field(known.number, 7),
        _ => writer.bytes_field(known.number, b"replaced"),
    }
    writer.into_bytes()
}

fn unknown(dice: &mut Dice) -> Vec<u8> {
    let mut writer = Writer::default();
    match dice.roll(5) {
        0 => writer.varint_field(77, 3),
        1 => writer.bytes_field(2000, b"unknown"),
        2 => writer.fixed32_field(99, 1),
        3 => {
            writer.tag(50, WireType::StartGroup);
            writer.varint_field(1, 1);
            writer.tag(51, WireType::StartGroup);
            writer.tag(51, WireType::EndGroup);
            writer.tag(50, WireType::EndGroup);
        }
        // Field 100 as a varint, its tag with one byte too many.
        _ => writer.raw(&[0xa0, 0x86, 0x00, 5]),
    }
    writer.into_bytes()
}

fn shuffle(pieces: &mut [Vec<u8>], dice: &mut Dice) {
    for last in (1..pieces.len()).rev() {
        pieces.swap(last, dice.roll(last as u64 + 1) as usize);
    }
}
