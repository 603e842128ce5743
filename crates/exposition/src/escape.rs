//! Names and values made legal for a format.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::format::Escaping;

/// True for `[a-zA-Z_:][a-zA-Z0-9_:]*`: names that every Prometheus reads without quotation marks.
pub fn is_legacy_metric_name(name: &str) -> bool {
    is_legacy(name, |byte| byte == b':')
}

/// True for `[a-zA-Z_][a-zA-Z0-9_]*`.
pub fn is_legacy_label_name(name: &str) -> bool {
    is_legacy(name, |_| false)
}

fn is_legacy(name: &str, extra: impl Fn(u8) -> bool) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_' || extra(byte);
    let mut bytes = name.bytes();
    bytes.next().is_some_and(is_letter) && bytes.all(|byte| is_letter(byte) || byte.is_ascii_digit())
}

/// A name in an escaping scheme. Metrics may have colons, labels may not.
///
/// Source of the schemes: Prometheus, "Content Negotiation"; `EscapeName` of `prometheus/common`.
pub fn escape_name(name: &str, scheme: Escaping, is_metric: bool) -> Cow<'_, str> {
    let is_legacy = if is_metric {
        is_legacy_metric_name(name)
    } else {
        is_legacy_label_name(name)
    };
    if name.is_empty() || scheme == Escaping::AllowUtf8 || (is_legacy && scheme != Escaping::Dots) {
        return Cow::Borrowed(name);
    }
    let mut out = String::with_capacity(name.len() + 8);
    if scheme == Escaping::Values {
        out.push_str("U__");
    }
    for (at, c) in name.char_indices() {
        let is_legal = c.is_ascii_alphabetic() || (c.is_ascii_digit() && at > 0) || (c == ':' && is_metric);
        match (scheme, c) {
            (Escaping::Underscores, '_') => out.push('_'),
            (_, '_') => out.push_str("__"),
            _ if is_legal => out.push(c),
            (Escaping::Dots, '.') => out.push_str("_dot_"),
            (Escaping::Dots, _) => out.push_str("__"),
            (Escaping::Values, _) => {
                // Writing into a string cannot fail.
                let _ = write!(out, "_{:x}_", u32::from(c));
            }
            (Escaping::Underscores | Escaping::AllowUtf8, _) => out.push('_'),
        }
    }
    Cow::Owned(out)
}

/// Appends `text` with backslash and line feed escaped: what stands behind `# HELP` in the text format.
pub(crate) fn push_help(out: &mut Vec<u8>, text: &str) {
    push_escaped(out, text, |byte| matches!(byte, b'\\' | b'\n'));
}

/// Appends `text` as it stands between quotation marks.
pub(crate) fn push_quoted(out: &mut Vec<u8>, text: &str) {
    push_escaped(out, text, |byte| matches!(byte, b'\\' | b'\n' | b'"'));
}

fn push_escaped(out: &mut Vec<u8>, text: &str, is_special: impl Fn(u8) -> bool) {
    let bytes = text.as_bytes();
    let mut copied = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if is_special(*byte) {
            out.extend_from_slice(&bytes[copied..at]);
            out.push(b'\\');
            out.push(if *byte == b'\n' { b'n' } else { *byte });
            copied = at + 1;
        }
    }
    out.extend_from_slice(&bytes[copied..]);
}

/// What [`push_quoted`] wrote, as it was.
pub(crate) fn unquoted(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.push(match c {
            '\\' => match chars.next() {
                Some('n') => '\n',
                Some(other) => other,
                None => '\\',
            },
            other => other,
        });
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_follow_the_scheme_that_is_asked_for() {
        use Escaping::{AllowUtf8, Dots, Underscores, Values};
        for (name, scheme, escaped) in [
            ("plain_name", Underscores, "plain_name"),
            ("plain_name", Values, "plain_name"),
            ("plain_name", Dots, "plain__name"),
            ("http.status:sum", Underscores, "http_status:sum"),
            ("http.status:sum", Dots, "http_dot_status:sum"),
            ("http.status:sum", Values, "U__http_2e_status:sum"),
            ("http.status:sum", AllowUtf8, "http.status:sum"),
            ("a_b.c", Values, "U__a__b_2e_c"),
            ("9lives", Underscores, "_lives"),
            ("größe", Dots, "gr____e"),
            ("花火", Values, "U___82b1__706b_"),
            ("", Values, ""),
        ] {
            assert_eq!(escape_name(name, scheme, true), escaped, "{name} {scheme:?}");
        }
        assert_eq!(escape_name("a:b", Underscores, false), "a_b");
    }

    proptest! {
        #[test]
        fn a_value_comes_back_from_between_its_quotation_marks(text in any::<String>()) {
            let mut out = Vec::new();
            push_quoted(&mut out, &text);
            let written = String::from_utf8(out).expect("UTF-8");
            prop_assert!(!written.contains('\n'));
            prop_assert_eq!(unquoted(&written), text);
        }
    }
}
