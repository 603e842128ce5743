//! Encodings: where lines end, and what their bytes say.

use std::borrow::Cow;

use encoding_rs::{Encoding as Whatwg, UTF_16BE, UTF_16LE};

/// How a source is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    /// ISO 8859-1: each byte is the code point of its number.
    Latin1,
    /// Two bytes a unit; whether the low one comes first.
    Utf16 {
        little: bool,
    },
    /// One of the others, in which the byte 0x0A is always a line feed.
    Other(&'static Whatwg),
}

impl Encoding {
    /// The encoding of a name.
    ///
    /// # Errors
    /// What to write instead.
    pub(crate) fn parse(name: &str) -> Result<Self, &'static str> {
        let name = name.trim().to_ascii_lowercase();
        Ok(match name.as_str() {
            "" | "utf-8" | "utf8" | "utf-8-raw" | "utf8-raw" | "ascii" | "us-ascii" => Self::Utf8,
            "latin-1" | "latin1" | "iso-8859-1" => Self::Latin1,
            "utf-16" | "utf-16le" | "utf16-le" | "utf-16-le" => Self::Utf16 { little: true },
            "utf-16be" | "utf16-be" | "utf-16-be" => Self::Utf16 { little: false },
            "nop" => return Err("records are text here: use `utf-8`, what is malformed is replaced"),
            other => match Whatwg::for_label(other.as_bytes()) {
                Some(known) if known.output_encoding() != known => {
                    return Err("use `utf-8`, or one of the encodings of the receiver's README");
                }
                Some(known) => Self::Other(known),
                None => return Err("use `utf-8`, or one of the encodings of the receiver's README"),
            },
        })
    }

    /// Bytes of a line feed.
    pub(crate) fn unit(self) -> usize {
        match self {
            Self::Utf16 { .. } => 2,
            _ => 1,
        }
    }

    /// The first line feed in bytes that begin at a unit.
    pub(crate) fn find_line_feed(self, bytes: &[u8]) -> Option<usize> {
        let Self::Utf16 { little } = self else {
            return memchr::memchr(b'\n', bytes);
        };
        let (at, other) = if little { (0, 1) } else { (1, 0) };
        memchr::memchr_iter(b'\n', bytes)
            .filter(|found| found % 2 == at)
            .map(|found| found - at)
            .find(|start| bytes.get(start + other) == Some(&0))
    }

    /// The byte order mark, where the source begins with one.
    pub(crate) fn mark(self) -> &'static [u8] {
        match self {
            Self::Utf8 => b"\xef\xbb\xbf",
            Self::Utf16 { little: true } => b"\xff\xfe",
            Self::Utf16 { little: false } => b"\xfe\xff",
            Self::Latin1 | Self::Other(_) => b"",
        }
    }

    /// What bytes say, and whether something was malformed and replaced.
    pub(crate) fn decode(self, bytes: &[u8]) -> (Cow<'_, str>, bool) {
        match self {
            Self::Utf8 => match simdutf8::basic::from_utf8(bytes) {
                Ok(text) => (Cow::Borrowed(text), false),
                Err(_) => (String::from_utf8_lossy(bytes), true),
            },
            Self::Latin1 => (encoding_rs::mem::decode_latin1(bytes), false),
            Self::Utf16 { little } => {
                let encoding = if little { UTF_16LE } else { UTF_16BE };
                encoding.decode_without_bom_handling(bytes)
            }
            Self::Other(encoding) => encoding.decode_without_bom_handling(bytes),
        }
    }

    /// Where bytes of at most this length can be cut so that no character is divided.
    pub(crate) fn cut(self, bytes: &[u8], most: usize) -> usize {
        let most = most.min(bytes.len());
        match self {
            Self::Utf8 => (most.saturating_sub(3)..=most)
                .rev()
                .find(|at| bytes.get(*at).is_none_or(|byte| byte & 0xc0 != 0x80))
                .filter(|at| *at > 0)
                .unwrap_or(most),
            Self::Latin1 => most,
            Self::Utf16 { little } => {
                let even = most & !1;
                let high = bytes.get(even.wrapping_sub(if little { 1 } else { 2 }));
                // Between the halves of a surrogate pair.
                if high.is_some_and(|byte| byte & 0xfc == 0xd8) && even > 2 {
                    even - 2
                } else {
                    even
                }
            }
            Self::Other(encoding) => cut_other(encoding, bytes, most),
        }
    }
}

/// The longest beginning whose last character is whole: a character has four bytes at most.
fn cut_other(encoding: &'static Whatwg, bytes: &[u8], most: usize) -> usize {
    let begins = |at: usize| {
        let (_, had_errors) = encoding.decode_without_bom_handling(&bytes[..at]);
        !had_errors
    };
    (most.saturating_sub(3)..=most)
        .rev()
        .find(|at| *at > 0 && begins(*at))
        .unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_collector_and_of_the_web() {
        for (name, expected) in [
            ("utf-8", Some(Encoding::Utf8)),
            ("UTF8-RAW", Some(Encoding::Utf8)),
            ("utf-16le", Some(Encoding::Utf16 { little: true })),
            ("latin-1", Some(Encoding::Latin1)),
            ("gb18030", Some(Encoding::Other(encoding_rs::GB18030))),
            ("big5", Some(Encoding::Other(encoding_rs::BIG5))),
            ("shift-jis", Some(Encoding::Other(encoding_rs::SHIFT_JIS))),
            ("nop", None),
            ("klingon", None),
        ] {
            assert_eq!(Encoding::parse(name).ok(), expected, "{name}");
        }
    }

    #[test]
    fn a_cut_divides_no_character() {
        let gbk = Encoding::parse("gbk").expect("known");
        for (encoding, bytes, most, expected) in [
            (Encoding::Utf8, "a€b".as_bytes().to_vec(), 3, 1),
            (Encoding::Utf8, "a€b".as_bytes().to_vec(), 4, 4),
            (Encoding::Utf8, vec![0x80; 10], 5, 5),
            (
                Encoding::Utf16 { little: true },
                vec![b'a', 0, 0x3d, 0xd8, 0, 0xde],
                5,
                2,
            ),
            (gbk, vec![0xc4, 0xe3, 0xba, 0xc3], 3, 2),
        ] {
            assert_eq!(encoding.cut(&bytes, most), expected, "{encoding:?} {bytes:?}");
        }
    }
}
