//! JSON (RFC 8259) to values that borrow from the text.
//!
//! A number without fraction and exponent is an integer where 64 bits hold it, else a double. Of two values of one key the second
//! counts. What follows the first value must be white space.

use std::borrow::Cow;

use crate::value::{Map, Value};

/// Arrays and objects may be nested so deeply.
const MAX_DEPTH: usize = 100;

/// Why a text is no JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{expected} at byte {at}")]
pub struct JsonError {
    /// Bytes from the beginning of the text.
    pub at: usize,
    /// What should have been there.
    pub expected: &'static str,
}

/// Reads a text that is one JSON value.
///
/// # Errors
/// The first place that is wrong.
pub fn parse(text: &str) -> Result<Value<'_>, JsonError> {
    let mut parser = Parser { text, at: 0 };
    let value = parser.value(0)?;
    parser.space();
    match parser.at == text.len() {
        true => Ok(value),
        false => Err(parser.expected("nothing more")),
    }
}

/// Reads the JSON value at the beginning of a text; returns what follows it too.
///
/// # Errors
/// The first place that is wrong.
pub fn parse_first(text: &str) -> Result<(Value<'_>, &str), JsonError> {
    let mut parser = Parser { text, at: 0 };
    let value = parser.value(0)?;
    Ok((value, &text[parser.at..]))
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

type Parsed<T> = Result<T, JsonError>;

impl<'a> Parser<'a> {
    fn expected(&self, expected: &'static str) -> JsonError {
        JsonError {
            at: self.at,
            expected,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8, expected: &'static str) -> Parsed<()> {
        match self.peek() == Some(byte) {
            true => {
                self.at += 1;
                Ok(())
            }
            false => Err(self.expected(expected)),
        }
    }

    fn value(&mut self, depth: usize) -> Parsed<Value<'a>> {
        self.space();
        match self.peek() {
            Some(b'"') => Ok(Value::Text(self.string()?)),
            Some(b'{') if depth < MAX_DEPTH => Ok(Value::Map(self.object(depth)?)),
            Some(b'[') if depth < MAX_DEPTH => Ok(Value::List(self.array(depth)?)),
            Some(b'{' | b'[') => Err(self.expected("fewer than 100 levels")),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Empty),
            _ => Err(self.expected("a value")),
        }
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Parsed<Value<'a>> {
        match self.text[self.at..].starts_with(word) {
            true => {
                self.at += word.len();
                Ok(value)
            }
            false => Err(self.expected("a value")),
        }
    }

    fn object(&mut self, depth: usize) -> Parsed<Map<'a>> {
        let mut map = Map::new();
        self.at += 1;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(map);
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.expected("a key in quotes"));
            }
            let key = self.string()?;
            self.space();
            self.take(b':', "`:`")?;
            let value = self.value(depth + 1)?;
            map.insert(key, value);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(map);
                }
                _ => return Err(self.expected("`,` or `}`")),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Parsed<Vec<Value<'a>>> {
        let mut list = Vec::new();
        self.at += 1;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(list);
        }
        loop {
            list.push(self.value(depth + 1)?);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(list);
                }
                _ => return Err(self.expected("`,` or `]`")),
            }
        }
    }

    fn number(&mut self) -> Parsed<Value<'a>> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let digits = |at: usize| {
            bytes[at..]
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count()
        };
        let whole = digits(self.at);
        if whole == 0 || (whole > 1 && bytes[self.at] == b'0') {
            return Err(self.expected("a number"));
        }
        self.at += whole;
        let mut is_integer = true;
        if self.peek() == Some(b'.') {
            is_integer = false;
            let fraction = digits(self.at + 1);
            if fraction == 0 {
                return Err(self.expected("digits behind the point"));
            }
            self.at += 1 + fraction;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            is_integer = false;
            let sign = usize::from(matches!(bytes.get(self.at + 1), Some(b'+' | b'-')));
            let exponent = digits((self.at + 1 + sign).min(bytes.len()));
            if exponent == 0 {
                return Err(self.expected("an exponent"));
            }
            self.at += 1 + sign + exponent;
        }
        let text = &self.text[start..self.at];
        if is_integer && let Ok(number) = text.parse() {
            return Ok(Value::Int(number));
        }
        text.parse()
            .map(Value::Double)
            .map_err(|_| self.expected("a number"))
    }

    fn string(&mut self) -> Parsed<Cow<'a, str>> {
        self.at += 1;
        let start = self.at;
        let bytes = self.text.as_bytes();
        loop {
            let rest = &bytes[self.at..];
            let Some(found) = rest
                .iter()
                .position(|byte| matches!(byte, b'"' | b'\\') || *byte < 0x20)
            else {
                self.at = bytes.len();
                return Err(self.expected("`\"`"));
            };
            self.at += found;
            match bytes[self.at] {
                b'"' => {
                    let text = &self.text[start..self.at];
                    self.at += 1;
                    return Ok(Cow::Borrowed(text));
                }
                b'\\' => return self.escaped(start),
                // Line feeds in a string are no JSON, and what some programs write.
                _ => self.at += 1,
            }
        }
    }

    fn escaped(&mut self, start: usize) -> Parsed<Cow<'a, str>> {
        let mut text = String::with_capacity(64);
        text.push_str(&self.text[start..self.at]);
        loop {
            let rest = &self.text[self.at..];
            let Some(found) = memchr::memchr2(b'"', b'\\', rest.as_bytes()) else {
                self.at = self.text.len();
                return Err(self.expected("`\"`"));
            };
            text.push_str(&rest[..found]);
            self.at += found + 1;
            if rest.as_bytes()[found] == b'"' {
                return Ok(Cow::Owned(text));
            }
            let escape = self.peek();
            self.at += 1;
            text.push(match escape {
                Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
                Some(b'b') => '\u{8}',
                Some(b'f') => '\u{c}',
                Some(b'n') => '\n',
                Some(b'r') => '\r',
                Some(b't') => '\t',
                Some(b'u') => self.code_point()?,
                _ => {
                    self.at -= 1;
                    return Err(self.expected("an escape"));
                }
            });
        }
    }

    fn code_point(&mut self) -> Parsed<char> {
        let high = self.hex()?;
        let is_pair = (0xd800..0xdc00).contains(&high) && self.text[self.at..].starts_with("\\u");
        if !is_pair {
            return Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let before = self.at;
        self.at += 2;
        let low = self.hex()?;
        if !(0xdc00..0xe000).contains(&low) {
            self.at = before;
            return Ok(char::REPLACEMENT_CHARACTER);
        }
        let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
        Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex(&mut self) -> Parsed<u32> {
        let digits = self.text.get(self.at..self.at + 4);
        let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let code = code.ok_or_else(|| self.expected("four hexadecimal digits"))?;
        self.at += 4;
        Ok(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_the_text() {
        let text = r#" {"a": "x", "b": [1, -2.5, 1e3, 18446744073709551616], "c": {"d": null, "e": true}, "f": "\u00e9\n\ud83d\ude00\"", "a": 7} "#;
        let Ok(Value::Map(map)) = parse(text) else {
            panic!("no map")
        };
        assert_eq!(map.get("a"), Some(&Value::Int(7)));
        let list = [
            Value::Int(1),
            Value::Double(-2.5),
            Value::Double(1e3),
            Value::Double(18_446_744_073_709_551_616.0),
        ];
        assert_eq!(map.get("b"), Some(&Value::List(list.to_vec())));
        assert_eq!(map.get("f"), Some(&Value::Text("é\n😀\"".into())));
        let keys: Vec<&str> = map.iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["a", "b", "c", "f"]);
        assert!(matches!(
            parse(r#""plain""#),
            Ok(Value::Text(Cow::Borrowed("plain")))
        ));
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        for (text, at, expected) in [
            ("", 0, "a value"),
            ("{\"a\" 1}", 5, "`:`"),
            ("{\"a\":1", 6, "`,` or `}`"),
            ("[1,]", 3, "a value"),
            ("01", 0, "a number"),
            ("1.", 1, "digits behind the point"),
            ("\"\\x\"", 2, "an escape"),
            ("\"\\u12\"", 3, "four hexadecimal digits"),
            ("1 2", 2, "nothing more"),
            ("\"a", 2, "`\"`"),
            ("{a:1}", 1, "a key in quotes"),
        ] {
            assert_eq!(parse(text), Err(JsonError { at, expected }), "{text}");
        }
        assert!(parse(&"[".repeat(100_000)).is_err());
    }
}
