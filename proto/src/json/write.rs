//! The pieces of JSON documents of any kind.

use super::{binary, number, text};

/// Appends `value` as a string with its quotes. Only what RFC 8259 section 7 demands is escaped.
pub fn string(value: &str, out: &mut Vec<u8>) {
    text::write_string(value.as_bytes(), out);
}

/// Appends an integer.
pub fn unsigned(value: u64, out: &mut Vec<u8>) {
    number::write_unsigned(value, out);
}

/// Appends an integer.
pub fn signed(value: i64, out: &mut Vec<u8>) {
    number::write_signed(value, out);
}

/// Appends a number that no reader takes for an integer: `1.0` and not `1`. What JSON has no number for, NaN and the
/// infinities, is `null`.
pub fn double(value: f64, out: &mut Vec<u8>) {
    if !value.is_finite() {
        return out.extend_from_slice(b"null");
    }
    let start = out.len();
    number::write_double(value, out);
    let is_integer = |text: &[u8]| text.iter().all(|b| b.is_ascii_digit() || *b == b'-');
    if out.get(start..).is_some_and(is_integer) {
        out.extend_from_slice(b".0");
    }
}

/// Appends bytes as a string of hexadecimal digits, in lower case, with its quotes.
pub fn hex(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    binary::write_hex(bytes, out);
    out.push(b'"');
}

/// Bytes as hexadecimal digits, in lower case.
pub fn hexadecimal(bytes: &[u8]) -> String {
    let mut digits = Vec::with_capacity(bytes.len() * 2);
    binary::write_hex(bytes, &mut digits);
    String::from_utf8(digits).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_double_is_never_taken_for_an_integer() {
        for (value, text) in [
            (1.0, "1.0"),
            (-3.0, "-3.0"),
            (0.25, "0.25"),
            (f64::NAN, "null"),
            (f64::INFINITY, "null"),
        ] {
            let mut out = Vec::new();
            double(value, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), text);
        }
        let mut out = Vec::new();
        double(1e300, &mut out);
        let text = String::from_utf8_lossy(&out).into_owned();
        assert!(text.contains('e') || text.contains('.'), "{text}");
    }
}
