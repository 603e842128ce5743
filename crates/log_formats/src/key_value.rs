//! `key=value key="a b"`, as `logfmt` and the Collector's `key_value_parser` have it.

use std::borrow::Cow;

use crate::value::{Map, Value};

/// Reads pairs. `between` stands between key and value, `pairs` between two pairs; white space if that is empty. Values may be in
/// double or single quotes.
///
/// # Errors
/// The pair that has no `between`.
pub fn parse<'a>(text: &'a str, between: &str, pairs: &str) -> Result<Map<'a>, String> {
    let mut map = Map::new();
    for pair in split(text, pairs) {
        let pair = pair.trim();
        if pair.is_empty() {
            continue;
        }
        let Some((key, value)) = pair.split_once(between) else {
            return Err(format!("`{pair}` is no pair with `{between}` in it"));
        };
        map.insert(unquoted(key.trim()), Value::Text(unquoted(value.trim())));
    }
    match map.is_empty() {
        true => Err("there is no pair".to_owned()),
        false => Ok(map),
    }
}

/// The pairs; what is between quotes is not divided.
fn split<'a>(text: &'a str, pairs: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    let (mut start, mut quote, mut is_escaped) = (0, None, false);
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let c = rest.chars().next().unwrap_or_default();
        let len = c.len_utf8();
        if let Some(open) = quote {
            if c == open && !is_escaped {
                quote = None;
            }
            is_escaped = c == '\\' && !is_escaped;
            at += len;
            continue;
        }
        let separator = if pairs.is_empty() {
            c.is_whitespace().then_some(len)
        } else {
            rest.starts_with(pairs).then_some(pairs.len())
        };
        match separator {
            Some(len) => {
                found.push(&text[start..at]);
                at += len;
                start = at;
            }
            None => {
                // A quote opens a value, and is a letter within one.
                let before = text[start..at].chars().next_back();
                if matches!(c, '"' | '\'') && before.is_none_or(|before| !before.is_alphanumeric()) {
                    quote = Some(c);
                }
                at += len;
            }
        }
    }
    found.push(&text[start..]);
    found
}

fn unquoted(text: &str) -> Cow<'_, str> {
    for quote in ['"', '\''] {
        let inner = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        if let Some(inner) = inner {
            return match inner.contains('\\') {
                true => Cow::Owned(inner.replace("\\\"", "\"").replace("\\\\", "\\")),
                false => Cow::Borrowed(inner),
            };
        }
    }
    Cow::Borrowed(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_read() {
        for (text, between, pairs, expected) in [
            ("a=1 b=x", "=", "", vec![("a", "1"), ("b", "x")]),
            (
                "level=info msg=\"a b=\\\"c\\\"\" n='x y'",
                "=",
                "",
                vec![("level", "info"), ("msg", "a b=\"c\""), ("n", "x y")],
            ),
            ("name: a! age: 3", ":", "!", vec![("name", "a"), ("age", "3")]),
            ("k=it's fine,l=2", "=", ",", vec![("k", "it's fine"), ("l", "2")]),
        ] {
            let map = parse(text, between, pairs).expect("pairs");
            let found: Vec<_> = map.iter().collect();
            let expected: Vec<_> = expected
                .iter()
                .map(|(k, v)| (*k, Value::Text((*v).into())))
                .collect();
            assert_eq!(
                found,
                expected.iter().map(|(k, v)| (*k, v)).collect::<Vec<_>>(),
                "{text}"
            );
        }
        assert_eq!(
            parse("abc", "=", ""),
            Err("`abc` is no pair with `=` in it".to_owned())
        );
    }
}
