//! Values as text, in the forms that the Collector gives them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;

use sidelight_proto::views::{ArrayView, KvListView, ValueView};

/// Depth to which lists and maps are written; deeper ones are `null`. Admitted data nests less.
const MAX_DEPTH: usize = 64;

/// A value of any type as text; see [`write_text`]. Text itself is not copied.
pub(crate) fn text_of(value: ValueView<'_>) -> Cow<'_, str> {
    match value {
        ValueView::String(text) => Cow::Borrowed(text),
        other => {
            let mut out = String::new();
            write_text(&mut out, other);
            Cow::Owned(out)
        }
    }
}

/// Appends a value as text: numbers as JSON has them, bytes in base64, lists and maps as JSON with sorted keys,
/// nothing as the empty text.
pub(crate) fn write_text(out: &mut String, value: ValueView<'_>) {
    match value {
        ValueView::Empty => {}
        ValueView::String(text) => out.push_str(text),
        ValueView::Bool(value) => out.push_str(if value { "true" } else { "false" }),
        ValueView::Int(value) => integer(out, value),
        ValueView::Double(value) => double(out, value),
        ValueView::Bytes(bytes) => base64(out, bytes),
        ValueView::Array(array) => write_array(out, array, 0),
        ValueView::KvList(list) => write_map(out, list, 0),
    }
}

/// A scalar as text for comparing it with an expression; `None` for all other types.
pub(crate) fn scalar_text(value: ValueView<'_>) -> Option<Cow<'_, str>> {
    match value {
        // Unlike in JSON, never with an exponent.
        ValueView::Double(value) if value.is_finite() => Some(Cow::Owned(value.to_string())),
        ValueView::String(_) | ValueView::Bool(_) | ValueView::Int(_) | ValueView::Double(_) => {
            Some(text_of(value))
        }
        _ => None,
    }
}

fn integer(out: &mut String, value: i64) {
    // Writing to a `String` does not fail.
    let _ = write!(out, "{value}");
}

/// As JavaScript writes numbers, which JSON takes over: an exponent below 1e-6 and from 1e21 on.
fn double(out: &mut String, value: f64) {
    let magnitude = value.abs();
    if value.is_nan() {
        out.push_str("NaN");
    } else if value.is_infinite() {
        out.push_str(if value > 0.0 { "Infinity" } else { "-Infinity" });
    } else if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        let text = format!("{value:e}");
        out.push_str(&if magnitude < 1.0 {
            text
        } else {
            text.replace('e', "e+")
        });
    } else {
        let _ = write!(out, "{value}");
    }
}

fn write_json(out: &mut String, value: ValueView<'_>, depth: usize) {
    match value {
        _ if depth >= MAX_DEPTH => out.push_str("null"),
        ValueView::Empty => out.push_str("null"),
        ValueView::String(text) => quoted(out, text),
        ValueView::Double(value) if !value.is_finite() => {
            out.push('"');
            double(out, value);
            out.push('"');
        }
        ValueView::Bytes(bytes) => {
            out.push('"');
            base64(out, bytes);
            out.push('"');
        }
        ValueView::Array(array) => write_array(out, array, depth),
        ValueView::KvList(list) => write_map(out, list, depth),
        scalar => write_text(out, scalar),
    }
}

fn write_array(out: &mut String, array: ArrayView<'_>, depth: usize) {
    out.push('[');
    for (nth, value) in array.values().enumerate() {
        if nth > 0 {
            out.push(',');
        }
        write_json(out, value, depth + 1);
    }
    out.push(']');
}

fn write_map(out: &mut String, list: KvListView<'_>, depth: usize) {
    // Of a key that stands twice the last counts.
    let sorted: BTreeMap<&str, ValueView<'_>> = list.entries().map(Into::into).collect();
    out.push('{');
    for (nth, (key, value)) in sorted.into_iter().enumerate() {
        if nth > 0 {
            out.push(',');
        }
        quoted(out, key);
        out.push(':');
        write_json(out, value, depth + 1);
    }
    out.push('}');
}

fn quoted(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// RFC 4648 section 4, with padding.
fn base64(out: &mut String, bytes: &[u8]) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for group in bytes.chunks(3) {
        let byte = |nth: usize| u32::from(group.get(nth).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for nth in 0..4 {
            let index = (bits >> (18 - 6 * nth) & 63) as usize;
            out.push(if nth <= group.len() {
                char::from(ALPHABET[index])
            } else {
                '='
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_written_as_json_has_them() {
        let table = [
            (0.0, "0"),
            (-0.5, "-0.5"),
            (1.0, "1"),
            (0.000_001, "0.000001"),
            (0.000_000_1, "1e-7"),
            (1.5e-10, "1.5e-10"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (-2.5e300, "-2.5e+300"),
            (f64::NEG_INFINITY, "-Infinity"),
        ];
        for (value, expected) in table {
            assert_eq!(text_of(ValueView::Double(value)), expected);
        }
        assert_eq!(
            scalar_text(ValueView::Double(1e21)).as_deref(),
            Some("1000000000000000000000")
        );
    }

    #[test]
    fn bytes_are_written_in_base64() {
        for (bytes, expected) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("\0\0\0", "AAAA"),
        ] {
            assert_eq!(text_of(ValueView::Bytes(bytes.as_bytes())), expected);
        }
    }
}
