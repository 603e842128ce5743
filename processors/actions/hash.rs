use sha2::{Digest, Sha256};
use sidelight_proto::views::ValueView;

/// Characters of a digest in hexadecimal.
const HEX_LEN: usize = 64;

/// The digest of a value, in lower-case hexadecimal; the empty text for what has none.
pub(super) struct HexDigest {
    hex: [u8; HEX_LEN],
    len: usize,
}

impl HexDigest {
    /// SHA-256 over the bytes that the Collector takes: UTF-8 of text, one byte of a boolean, eight
    /// little-endian bytes of a number. Other types become the empty text: their content is gone all the same.
    pub(super) fn of(value: ValueView<'_>) -> Self {
        match value {
            ValueView::String(text) => Self::of_bytes(text.as_bytes()),
            ValueView::Bool(value) => Self::of_bytes(&[u8::from(value)]),
            ValueView::Int(value) => Self::of_bytes(&value.to_le_bytes()),
            ValueView::Double(value) => Self::of_bytes(&value.to_bits().to_le_bytes()),
            ValueView::Empty | ValueView::Bytes(_) | ValueView::Array(_) | ValueView::KvList(_) => {
                HexDigest {
                    hex: [0; HEX_LEN],
                    len: 0,
                }
            }
        }
    }

    fn of_bytes(bytes: &[u8]) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut hex = [0; HEX_LEN];
        for (pair, byte) in hex.chunks_exact_mut(2).zip(Sha256::digest(bytes)) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        HexDigest { hex, len: HEX_LEN }
    }

    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.hex[..self.len]).unwrap_or_default()
    }
}
