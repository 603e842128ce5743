use crate::schema::WireType;

/// Bytes that `value` takes as a varint, 1 to 10.
#[inline]
pub const fn varint_len(value: u64) -> usize {
    let bits = 64 - (value | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

/// An open length-delimited field; closed by [`Writer::end`].
#[derive(Debug, Clone, Copy)]
#[must_use = "a field that is not ended has no length"]
pub struct Mark {
    /// Start of the whole field, its tag.
    field: usize,
    /// Start of the content, behind the reserved length.
    content: usize,
    reserved: usize,
}

/// Writes protobuf into a `Vec<u8>`.
///
/// The length of a nested message is not known when it begins. [`Writer::begin`] reserves as many bytes as the caller
/// expects it to take; [`Writer::end`] writes it, and moves the content when the guess was wrong. Lengths are always
/// minimal.
#[derive(Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl From<Vec<u8>> for Writer {
    /// Appends to `bytes`.
    fn from(bytes: Vec<u8>) -> Self {
        Writer { bytes }
    }
}

impl Writer {
    /// An empty buffer with room for `capacity` bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        Writer {
            bytes: Vec::with_capacity(capacity),
        }
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// What was written so far. Fields that are open have no valid length yet.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    /// Bytes written.
    #[inline]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Takes back everything behind the first `len` bytes.
    pub fn truncate(&mut self, len: usize) {
        self.bytes.truncate(len);
    }

    /// Empties the buffer and keeps its memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Copies `bytes` as they are.
    #[inline]
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Writes a varint.
    #[inline(always)]
    pub fn varint(&mut self, value: u64) {
        if value < 0x80 {
            self.bytes.push(value as u8);
        } else {
            self.long_varint(value);
        }
    }

    fn long_varint(&mut self, mut value: u64) {
        let mut encoded = [0u8; 10];
        let mut len = 0;
        while value >= 0x80 {
            encoded[len] = value as u8 | 0x80;
            value >>= 7;
            len += 1;
        }
        encoded[len] = value as u8;
        self.bytes.extend_from_slice(&encoded[..=len]);
    }

    /// Writes the tag of a field.
    #[inline(always)]
    pub fn tag(&mut self, number: u32, wire_type: WireType) {
        self.varint(u64::from(super::tag(number, wire_type)));
    }

    /// Writes a varint field.
    #[inline]
    pub fn varint_field(&mut self, number: u32, value: u64) {
        self.tag(number, WireType::Varint);
        self.varint(value);
    }

    /// Writes a zigzag field.
    #[inline]
    pub fn sint32_field(&mut self, number: u32, value: i32) {
        self.varint_field(number, u64::from(((value << 1) ^ (value >> 31)) as u32));
    }

    /// Writes an eight-byte field.
    #[inline]
    pub fn fixed64_field(&mut self, number: u32, value: u64) {
        self.tag(number, WireType::Fixed64);
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// Writes a floating-point field.
    #[inline]
    pub fn double_field(&mut self, number: u32, value: f64) {
        self.fixed64_field(number, value.to_bits());
    }

    /// Writes a four-byte field.
    #[inline]
    pub fn fixed32_field(&mut self, number: u32, value: u32) {
        self.tag(number, WireType::Fixed32);
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// Writes a field of bytes, a string, or a message that is already serialized.
    #[inline]
    pub fn bytes_field(&mut self, number: u32, value: &[u8]) {
        self.len_header(number, value.len());
        self.bytes.extend_from_slice(value);
    }

    /// Writes the tag and the length of a field whose `len` bytes of content follow by other calls.
    #[inline(always)]
    pub fn len_header(&mut self, number: u32, len: usize) {
        if number < 16 && len < 0x80 {
            self.bytes
                .extend_from_slice(&[(number << 3 | 2) as u8, len as u8]);
        } else {
            self.tag(number, WireType::Len);
            self.varint(len as u64);
        }
    }

    /// Opens a length-delimited field whose length is expected to take `reserved` bytes (1 to 10; others are clamped).
    #[inline]
    pub fn begin(&mut self, number: u32, reserved: usize) -> Mark {
        let field = self.bytes.len();
        let reserved = reserved.clamp(1, 10);
        self.tag(number, WireType::Len);
        self.bytes.extend_from_slice(&[0; 10][..reserved]);
        Mark {
            field,
            content: self.bytes.len(),
            reserved,
        }
    }

    /// Closes the field that `mark` opened. Fields close in the reverse order of their opening.
    #[inline]
    pub fn end(&mut self, mark: Mark) {
        let len = self.bytes.len().saturating_sub(mark.content);
        if mark.reserved == 1
            && len < 0x80
            && let Some(slot) = self.bytes.get_mut(mark.content - 1)
        {
            *slot = len as u8;
            return;
        }
        self.write_length(mark, len);
    }

    fn write_length(&mut self, mark: Mark, len: usize) {
        let needed = varint_len(len as u64);
        let length_at = mark.content - mark.reserved;
        if needed != mark.reserved {
            let end = self.bytes.len();
            let moved_to = length_at + needed;
            if needed > mark.reserved {
                self.bytes.resize(end + needed - mark.reserved, 0);
            }
            self.bytes.copy_within(mark.content..end, moved_to);
            self.bytes.truncate(moved_to + len);
        }
        let mut rest = len as u64;
        for (nth, slot) in self.bytes.iter_mut().skip(length_at).take(needed).enumerate() {
            let more = if nth + 1 < needed { 0x80 } else { 0 };
            *slot = rest as u8 & 0x7f | more;
            rest >>= 7;
        }
    }

    /// Takes back the field that `mark` opened, as if it had never begun.
    pub fn cancel(&mut self, mark: Mark) {
        self.bytes.truncate(mark.field);
    }

    /// Bytes of content behind `mark` so far.
    pub fn content_len(&self, mark: Mark) -> usize {
        self.bytes.len().saturating_sub(mark.content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Fields, Value};

    #[test]
    fn varints_of_every_length_come_back() {
        for shift in 0..64 {
            for value in [(1u64 << shift) - 1, 1 << shift, u64::MAX >> shift] {
                let mut writer = Writer::default();
                writer.varint(value);
                assert_eq!(writer.len(), varint_len(value), "{value}");
                assert_eq!(crate::wire::Reader::new(writer.as_slice()).varint(), Ok(value));
            }
        }
    }

    #[test]
    fn a_wrong_guess_of_a_length_is_corrected_in_both_directions() {
        for len in [0, 1, 127, 128, 300, 16_383, 16_384, 70_000] {
            for reserved in 0..=5 {
                let mut writer = Writer::default();
                let outer = writer.begin(20, reserved);
                let inner = writer.begin(3, reserved);
                writer.raw(&vec![7; len]);
                writer.end(inner);
                writer.varint_field(4, 9);
                writer.end(outer);
                let outer = Fields::new(writer.as_slice()).collect::<Vec<_>>();
                let [
                    crate::wire::Field {
                        number: 20,
                        value: Value::Len(content),
                        ..
                    },
                ] = outer[..]
                else {
                    panic!("{outer:?}")
                };
                let inner = Fields::new(content).map(|field| field.value).collect::<Vec<_>>();
                assert_eq!(inner, [Value::Len(&vec![7; len]), Value::Varint(9)]);
            }
        }
    }
}
