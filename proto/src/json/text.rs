//! Text: JSON strings to valid UTF-8 and back.

use super::reader::{RawString, special_bytes};

/// Appends the text of `raw`. What is not UTF-8 and every half of a surrogate pair that stands alone becomes U+FFFD.
///
/// Returns whether something had to be replaced.
pub(super) fn unescape(raw: RawString<'_>, out: &mut Vec<u8>) -> bool {
    if !raw.escaped {
        return append_valid(raw.bytes, raw.maybe_non_ascii, out);
    }
    let mut replaced = false;
    let mut rest = raw.bytes;
    while let Some(backslash) = rest.iter().position(|&b| b == b'\\') {
        replaced |= append_valid(&rest[..backslash], raw.maybe_non_ascii, out);
        let (character, length) = escaped_character(&rest[backslash..]);
        let mut utf8 = [0; 4];
        out.extend_from_slice(
            character
                .unwrap_or(char::REPLACEMENT_CHARACTER)
                .encode_utf8(&mut utf8)
                .as_bytes(),
        );
        replaced |= character.is_none();
        rest = rest.get(backslash + length..).unwrap_or_default();
    }
    replaced | append_valid(rest, raw.maybe_non_ascii, out)
}

#[inline]
fn append_valid(bytes: &[u8], maybe_non_ascii: bool, out: &mut Vec<u8>) -> bool {
    if !maybe_non_ascii || simdutf8::basic::from_utf8(bytes).is_ok() {
        out.extend_from_slice(bytes);
        return false;
    }
    out.extend_from_slice(String::from_utf8_lossy(bytes).as_bytes());
    true
}

/// The character of the escape sequence that `text` starts with, `None` for a lone surrogate, and the length of the
/// sequence. The tokenizer has checked that it is well formed.
fn escaped_character(text: &[u8]) -> (Option<char>, usize) {
    let plain = |character| (Some(character), 2);
    match text.get(1) {
        Some(b'b') => plain('\u{8}'),
        Some(b'f') => plain('\u{c}'),
        Some(b'n') => plain('\n'),
        Some(b'r') => plain('\r'),
        Some(b't') => plain('\t'),
        Some(b'u') => {
            let unit = code_unit(text);
            if !matches!(unit, 0xd800..=0xdbff) {
                return (char::from_u32(unit), 6);
            }
            let low = text
                .get(6..)
                .filter(|next| next.starts_with(b"\\u"))
                .map(code_unit);
            match low {
                Some(low @ 0xdc00..=0xdfff) => (
                    char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00)),
                    12,
                ),
                _ => (None, 6),
            }
        }
        Some(&other) => plain(char::from(other)),
        None => (None, 1),
    }
}

/// The four hexadecimal digits behind `\u`.
fn code_unit(sequence: &[u8]) -> u32 {
    let digits = sequence.get(2..6).unwrap_or_default();
    digits.iter().fold(0, |unit, &digit| {
        unit << 4 | char::from(digit).to_digit(16).unwrap_or(0)
    })
}

/// Appends `text` as a JSON string with its quotes. Only what RFC 8259 section 7 demands is escaped.
pub(super) fn write_string(text: &[u8], out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut rest = text;
    loop {
        let plain = plain_prefix(rest);
        out.extend_from_slice(&rest[..plain]);
        let Some(&special) = rest.get(plain) else { break };
        write_escaped(special, out);
        rest = &rest[plain + 1..];
    }
    out.push(b'"');
}

/// How many bytes at the start of `text` need no escaping.
#[inline]
fn plain_prefix(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(chunk) = text.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let special = special_bytes(u64::from_le_bytes(*chunk));
        if special != 0 {
            return at + special.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while let Some(&byte) = text.get(at) {
        if byte < 0x20 || byte == b'"' || byte == b'\\' {
            break;
        }
        at += 1;
    }
    at
}

fn write_escaped(byte: u8, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        _ => {
            let digits = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&digits);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use super::super::reader::Reader;
    use super::*;
    use proptest::prelude::*;

    fn read(json: &[u8]) -> (Vec<u8>, bool) {
        let mut out = Vec::new();
        let raw = Reader::new(json)
            .string()
            .map_err(|fault| fault.locate(json))
            .unwrap();
        let replaced = unescape(raw, &mut out);
        (out, replaced)
    }

    #[test]
    fn every_escape_has_its_character() {
        for (json, text) in [
            (r#""""#, ""),
            (r#""plain""#, "plain"),
            (r#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r#""\u0041\u00e9\u20AC\u0000""#, "Aé€\0"),
            (r#""\ud83d\ude00""#, "😀"),
            (r#""\uD83D\uDE00x""#, "😀x"),
            (r#""é\n€""#, "é\n€"),
            (r#""\udbff\udfff""#, "\u{10ffff}"),
            (r#""a\u005cn""#, "a\\n"),
        ] {
            assert_eq!(read(json.as_bytes()), (text.as_bytes().to_vec(), false), "{json}");
        }
    }

    #[test]
    fn a_lone_surrogate_becomes_the_replacement_character() {
        for (json, text) in [
            (r#""\ud83d""#, "\u{fffd}"),
            (r#""\ude00""#, "\u{fffd}"),
            (r#""\ud83dx""#, "\u{fffd}x"),
            (r#""\ud83d\uffff""#, "\u{fffd}\u{ffff}"),
            (r#""\ud83d\u0041""#, "\u{fffd}A"),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀"),
            (r#""\ude00\ud83d""#, "\u{fffd}\u{fffd}"),
            (r#""\ud83d\n""#, "\u{fffd}\n"),
        ] {
            assert_eq!(read(json.as_bytes()), (text.as_bytes().to_vec(), true), "{json}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_become_the_replacement_character() {
        for (json, text) in [
            (&b"\"\xff\""[..], "\u{fffd}"),
            (b"\"ab\xc3\"", "ab\u{fffd}"),
            (b"\"\xc3\\n\xa9\"", "\u{fffd}\n\u{fffd}"),
            (b"\"\xed\xa0\x80\"", "\u{fffd}\u{fffd}\u{fffd}"),
            (b"\"\xc0\x80\"", "\u{fffd}\u{fffd}"),
        ] {
            assert_eq!(read(json), (text.as_bytes().to_vec(), true), "{json:?}");
        }
    }

    #[test]
    fn control_characters_are_written_escaped() {
        let text: String = (0u8..0x20)
            .map(char::from)
            .chain("\"\\/\u{7f}é".chars())
            .collect();
        let mut out = Vec::new();
        write_string(text.as_bytes(), &mut out);
        assert!(
            out.iter().all(|&b| b >= 0x20),
            "{}",
            String::from_utf8_lossy(&out)
        );
        assert!(out.starts_with(b"\"\\u0000\\u0001"));
        assert!(out.ends_with("\\u001f\\\"\\\\/\u{7f}é\"".as_bytes()));
        assert_eq!(read(&out), (text.into_bytes(), false));
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text: String) {
            let mut out = Vec::new();
            write_string(text.as_bytes(), &mut out);
            prop_assert_eq!(read(&out), (text.into_bytes(), false));
        }
    }
}
