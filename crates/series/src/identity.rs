//! The bytes that make a series the series it is.

use sidelight_proto::views::{AttributeView, Attributes};
use sidelight_proto::wire::Writer;

/// Writes identities; keeps its buffers from one to the next.
///
/// The identity of a series is whatever its owner puts before (the metric, the resource) and its attributes, ordered by
/// key, each length before its text, so that no two sets have the same bytes. Two values are the same when their
/// serialized forms are: maps inside of a value are compared as they came.
#[derive(Debug, Default)]
pub struct IdentityEncoder {
    bytes: Writer,
}

impl IdentityEncoder {
    /// The identity of the attributes behind `prefix`; valid until the encoder is used again.
    ///
    /// ```
    /// use sidelight_proto::views::{NumberPointView, View};
    /// use sidelight_series::IdentityEncoder;
    /// // Two points with the attributes a=1, b=2, in either order (field 7 of a number point).
    /// let [a, b] = [b"\x3a\x07\x0a\x01a\x12\x02\x18\x01", b"\x3a\x07\x0a\x01b\x12\x02\x18\x02"];
    /// let (one, other) = ([&a[..], b].concat(), [&b[..], a].concat());
    /// let mut encoder = IdentityEncoder::default();
    /// let identity = encoder.encode(b"m", NumberPointView::new(&one).attributes()).to_vec();
    /// assert_eq!(encoder.encode(b"m", NumberPointView::new(&other).attributes()), identity);
    /// assert_ne!(encoder.encode(b"n", NumberPointView::new(&other).attributes()), identity);
    /// ```
    pub fn encode(&mut self, prefix: &[u8], attributes: Attributes<'_>) -> &[u8] {
        self.bytes.clear();
        self.bytes.varint(prefix.len() as u64);
        self.bytes.raw(prefix);
        if is_ordered(attributes) {
            attributes.for_each(|attribute| push(&mut self.bytes, &attribute));
            return self.bytes.as_slice();
        }
        let mut unordered: Vec<AttributeView<'_>> = attributes.collect();
        unordered.sort_by_key(|attribute| (attribute.key_bytes(), attribute.value_bytes()));
        unordered
            .iter()
            .for_each(|attribute| push(&mut self.bytes, attribute));
        self.bytes.as_slice()
    }
}

/// Senders nearly always have them so, and each of its series in the same order.
fn is_ordered(attributes: Attributes<'_>) -> bool {
    attributes.is_sorted_by(|a, b| a.key_bytes() < b.key_bytes())
}

fn push(bytes: &mut Writer, attribute: &AttributeView<'_>) {
    for part in [attribute.key_bytes(), attribute.value_bytes()] {
        bytes.varint(part.len() as u64);
        bytes.raw(part);
    }
}
