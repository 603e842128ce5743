//! Exemplars, encoded as they are read.

use sidelight_proto::wire::Writer;

use super::attributes;

/// Exemplars of one scrape: serialized, linked from one to the next of the same point.
#[derive(Debug, Default)]
pub(super) struct Exemplars {
    encoded: Writer,
    list: Vec<Link>,
}

#[derive(Debug)]
struct Link {
    start: usize,
    end: usize,
    next: u32,
}

impl Exemplars {
    /// Forgets those of the last scrape, and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.encoded.clear();
        self.list.clear();
    }

    /// Adds one in front of the list that begins with `next`; returns the new beginning.
    pub(super) fn push(&mut self, next: u32, encode: impl FnOnce(&mut ExemplarWriter<'_>)) -> u32 {
        let start = self.encoded.len();
        encode(&mut ExemplarWriter(&mut self.encoded));
        self.list.push(Link {
            start,
            end: self.encoded.len(),
            next,
        });
        self.list.len() as u32
    }

    /// Writes a list as fields of this number.
    pub(super) fn write(&self, mut head: u32, number: u32, writer: &mut Writer) {
        while let Some(link) = head.checked_sub(1).and_then(|at| self.list.get(at as usize)) {
            writer.bytes_field(number, &self.encoded.as_slice()[link.start..link.end]);
            head = link.next;
        }
    }
}

/// Writes the fields of one exemplar.
pub(super) struct ExemplarWriter<'w>(&'w mut Writer);

impl ExemplarWriter<'_> {
    /// Time in Unix nanoseconds, and value.
    pub(super) fn measured(&mut self, time: u64, value: f64) {
        self.0.fixed64_field(2, time);
        self.0.double_field(3, value);
    }

    /// A label. `trace_id` and `span_id` become ids where they are some.
    pub(super) fn label(&mut self, name: &str, value: &str) {
        match name {
            "trace_id" => self.id::<16>(5, name, value),
            "span_id" => self.id::<8>(4, name, value),
            _ => attributes::write(self.0, 7, name, value),
        }
    }

    fn id<const BYTES: usize>(&mut self, number: u32, name: &str, value: &str) {
        match id::<BYTES>(value) {
            Some(id) => self.0.bytes_field(number, &id),
            None => attributes::write(self.0, 7, name, value),
        }
    }
}

/// Hexadecimal digits of exactly this many bytes, not all zero.
fn id<const BYTES: usize>(text: &str) -> Option<[u8; BYTES]> {
    if text.len() != 2 * BYTES || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut id = [0; BYTES];
    for (at, byte) in id.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    (id != [0; BYTES]).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_whole_hexadecimal_and_not_zero() {
        assert_eq!(id::<2>("0aF1"), Some([10, 0xf1]));
        for text in ["0000", "0aF", "0aF12", "0axx", "+aF1", "üab"] {
            assert_eq!(id::<2>(text), None, "{text}");
        }
    }
}
