//! Parts of a URI (RFC 3986), under the names of the Collector's `uri_parser`.

use std::borrow::Cow;

use crate::value::{Map, Value};

/// The parts of an absolute URI, a relative one, or a query alone: `scheme`, `user`, `host`, `port`, `path` and `query`, a map of
/// lists; those that are there. Escapes are undone; a password is left out.
///
/// # Errors
/// What cannot be read.
pub fn parse(text: &str) -> Result<Map<'static>, String> {
    let text = text.trim();
    if text.is_empty() || text.contains(|c: char| c.is_control() || c == ' ') {
        return Err("is empty, or has a blank in it".to_owned());
    }
    let mut map = Map::new();
    let (text, _fragment) = text.split_once('#').unwrap_or((text, ""));
    let (before, query) = text.split_once('?').unwrap_or((text, ""));
    let rest = match before.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => {
            put(&mut map, "scheme", scheme.to_ascii_lowercase());
            rest
        }
        _ => before,
    };
    let path = match rest.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find('/').unwrap_or(rest.len());
            authority(&rest[..end], &mut map)?;
            &rest[end..]
        }
        None => rest,
    };
    put(&mut map, "path", decoded(path, false)?);
    let query = parameters(query)?;
    if !query.is_empty() {
        map.push("query", Value::Map(query));
    }
    Ok(map)
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

fn authority(text: &str, map: &mut Map<'static>) -> Result<(), String> {
    let (user, place) = text.rsplit_once('@').unwrap_or(("", text));
    let name = user.split_once(':').map_or(user, |(name, _password)| name);
    put(map, "user", decoded(name, false)?);
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest
                .split_once(']')
                .ok_or("has an address without its closing bracket")?;
            (host, port.strip_prefix(':').unwrap_or(port))
        }
        None => place.rsplit_once(':').unwrap_or((place, "")),
    };
    if !port.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("has the port `{port}`, which is no number"));
    }
    put(map, "host", decoded(host, false)?);
    put(map, "port", port.to_owned());
    Ok(())
}

fn put(map: &mut Map<'static>, name: &'static str, value: String) {
    if !value.is_empty() {
        map.push(name, Value::Text(Cow::Owned(value)));
    }
}

fn parameters(query: &str) -> Result<Map<'static>, String> {
    let mut map = Map::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (key, value) = (
            decoded(key, true)?,
            Value::Text(Cow::Owned(decoded(value, true)?)),
        );
        match map.get_mut(&key) {
            Some(Value::List(values)) => values.push(value),
            _ => map.push(key, Value::List(vec![value])),
        }
    }
    Ok(map)
}

/// Undoes `%20`, and in queries `+`. Bytes that are no UTF-8 become U+FFFD.
fn decoded(text: &str, is_query: bool) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digits = [rest.next(), rest.next()].map(|digit| char::from(digit?).to_digit(16));
                let [Some(high), Some(low)] = digits else {
                    return Err("has a `%` without two hexadecimal digits".to_owned());
                };
                bytes.push((high * 16 + low) as u8);
            }
            b'+' if is_query => bytes.push(b' '),
            other => bytes.push(other),
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(map: &Map<'_>) -> String {
        let shown = |value: &Value<'_>| match value {
            Value::Text(text) => text.clone().into_owned(),
            Value::Map(map) => map
                .iter()
                .map(|(key, value)| format!("{key}:{value:?};"))
                .collect(),
            other => format!("{other:?}"),
        };
        let parts: Vec<String> = map
            .iter()
            .map(|(key, value)| format!("{key}={}", shown(value)))
            .collect();
        parts.join(" ")
    }

    #[test]
    fn the_parts_of_a_uri_have_their_names() {
        for (text, parts) in [
            (
                "https://dev:pw@example.com:8443/a%20b/c",
                "scheme=https user=dev host=example.com port=8443 path=/a b/c",
            ),
            ("http://[::1]:80/", "scheme=http host=::1 port=80 path=/"),
            ("/app/docs#top", "path=/app/docs"),
            ("mailto:a@b.c", "scheme=mailto path=a@b.c"),
            (
                "?sku=1&pid=&sku=2%26",
                r#"query=sku:List([Text("1"), Text("2&")]);pid:List([Text("")]);"#,
            ),
            (
                "http://h?q=a+b",
                r#"scheme=http host=h query=q:List([Text("a b")]);"#,
            ),
        ] {
            assert_eq!(shown(&parse(text).unwrap()), parts, "{text}");
        }
        for text in ["", "a b", "http://h:x/", "http://[::1", "/%zz", "/%4"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "\\PC{0,40}", uri in "[a:/@?#%&=\\[\\]0-9]{0,30}") {
            let _ = (parse(&text), parse(&uri));
        }
    }
}
