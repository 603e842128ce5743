//! The tokenizer: a cursor over a JSON document (RFC 8259) that hands out raw tokens.
//!
//! It owns the grammar of tokens and nothing else: which value a field may have is decided in [`super::decode`].
//! Tokens are borrowed from the document; a string is scanned once, eight bytes at a time, for its end and for
//! what makes it special.

use super::error::{Fault, JsonErrorKind, excerpt};
use super::number;

/// How many arrays and objects may be open at once.
pub(super) const MAX_JSON_DEPTH: usize = 100;

/// A string as it stands in the document, without its quotes.
#[derive(Debug, Clone, Copy)]
pub(super) struct RawString<'a> {
    pub(super) bytes: &'a [u8],
    /// Holds at least one escape sequence; all of them are well formed.
    pub(super) escaped: bool,
    /// May hold bytes above 0x7f, which are not checked yet. `false` means plain ASCII.
    pub(super) maybe_non_ascii: bool,
}

/// A cursor over one document.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    document: &'a [u8],
    position: usize,
    /// Arrays and objects that are open at `position`.
    depth: usize,
}

impl<'a> Reader<'a> {
    /// Starts behind a UTF-8 byte order mark, if there is one (RFC 8259 section 8.1 allows to ignore it).
    pub(super) fn new(document: &'a [u8]) -> Self {
        let position = if document.starts_with(b"\xef\xbb\xbf") {
            3
        } else {
            0
        };
        Self {
            document,
            position,
            depth: 0,
        }
    }

    pub(super) fn position(&self) -> usize {
        self.position
    }

    /// The next byte that is not white space, without taking it.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.document.get(self.position)?;
            if byte > b' ' || !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.position += 1;
        }
    }

    /// Takes `wanted` if it is next.
    #[inline]
    pub(super) fn take(&mut self, wanted: u8) -> bool {
        let there = self.peek() == Some(wanted);
        self.position += usize::from(there);
        there
    }

    /// Takes `null` if it is next.
    pub(super) fn take_null(&mut self) -> Result<bool, Fault> {
        if self.peek() != Some(b'n') {
            return Ok(false);
        }
        self.word(b"null")?;
        Ok(true)
    }

    /// Takes `true` or `false`.
    pub(super) fn boolean(&mut self) -> Result<bool, Fault> {
        match self.peek() {
            Some(b't') => self.word(b"true").map(|()| true),
            Some(b'f') => self.word(b"false").map(|()| false),
            _ => Err(self.wrong_type("true or false")),
        }
    }

    fn word(&mut self, word: &'static [u8]) -> Result<(), Fault> {
        let rest = &self.document[self.position..];
        let ends = rest.get(word.len()).is_none_or(|b| !b.is_ascii_alphanumeric());
        if rest.starts_with(word) && ends {
            self.position += word.len();
            return Ok(());
        }
        Err(self.unexpected("a value"))
    }

    /// Opens an object or an array whose bracket is next; `expected` names it in the error.
    pub(super) fn open(&mut self, bracket: u8, expected: &'static str) -> Result<(), Fault> {
        if self.peek() != Some(bracket) {
            return Err(self.wrong_type(expected));
        }
        self.deeper()
    }

    fn deeper(&mut self) -> Result<(), Fault> {
        if self.depth == MAX_JSON_DEPTH {
            let expected = format!("at most {MAX_JSON_DEPTH} nested arrays and objects");
            return Err(Fault::new(
                JsonErrorKind::TooDeep,
                self.position,
                expected,
                "one more".to_owned(),
            ));
        }
        self.depth += 1;
        self.position += 1;
        Ok(())
    }

    /// Moves to the next member or element of the open object or array. `first` says that none was read yet.
    /// Returns `false` when it ended, and the end is taken.
    #[inline]
    pub(super) fn next(&mut self, first: bool, close: u8) -> Result<bool, Fault> {
        if self.take(close) {
            self.depth -= 1;
            return Ok(false);
        }
        if first {
            return Ok(true);
        }
        if !self.take(b',') {
            let expected = if close == b'}' { "`,` or `}`" } else { "`,` or `]`" };
            return Err(self.unexpected(expected));
        }
        Ok(true)
    }

    /// Takes a key and its colon.
    #[inline]
    pub(super) fn key(&mut self) -> Result<RawString<'a>, Fault> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a key in double quotes"));
        }
        let key = self.string()?;
        if !self.take(b':') {
            return Err(self.unexpected("`:` after the key"));
        }
        Ok(key)
    }

    /// Takes the key `name` and its colon if they are next, without an escape or white space between them.
    #[inline]
    pub(super) fn take_key(&mut self, name: &str) -> bool {
        self.peek();
        let rest = self.document.get(self.position..).unwrap_or_default();
        let behind = rest
            .strip_prefix(b"\"")
            .and_then(|rest| rest.strip_prefix(name.as_bytes()));
        let there = behind.is_some_and(|rest| rest.starts_with(b"\":"));
        self.position += if there { name.len() + 3 } else { 0 };
        there
    }

    /// Takes a string whose opening quote is next.
    #[inline]
    pub(super) fn string(&mut self) -> Result<RawString<'a>, Fault> {
        let start = self.position + 1;
        let mut at = start;
        let mut escaped = false;
        let mut maybe_non_ascii = false;
        loop {
            at = find_special(self.document, at, &mut maybe_non_ascii);
            match self.document.get(at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    at = self.escape_sequence(at)?;
                }
                Some(_) => {
                    self.position = at;
                    return Err(self.unexpected("control characters in strings to be escaped"));
                }
                None => {
                    self.position = at;
                    return Err(self.unexpected("`\"` at the end of the string"));
                }
            }
        }
        self.position = at + 1;
        Ok(RawString {
            bytes: &self.document[start..at],
            escaped,
            maybe_non_ascii,
        })
    }

    /// Where the opening quote of `raw` stands, which was just taken.
    pub(super) fn start_of(&self, raw: RawString<'_>) -> usize {
        self.position - raw.bytes.len() - 2
    }

    /// Checks the escape sequence at `backslash` and returns the position behind it.
    fn escape_sequence(&mut self, backslash: usize) -> Result<usize, Fault> {
        let rest = self.document.get(backslash + 1..).unwrap_or_default();
        match rest.first() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(backslash + 2),
            Some(b'u') if rest.len() > 4 && rest[1..5].iter().all(u8::is_ascii_hexdigit) => Ok(backslash + 6),
            _ => {
                let sequence = self.document.get(backslash..).unwrap_or_default();
                let found = format!("`{}`", excerpt(&sequence[..sequence.len().min(6)]));
                let expected = "one of the escapes \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u0000";
                Err(Fault::new(JsonErrorKind::Syntax, backslash, expected, found))
            }
        }
    }

    /// Takes a number whose first character is next; the text follows the grammar of RFC 8259 section 6.
    #[inline]
    pub(super) fn number(&mut self) -> Result<&'a [u8], Fault> {
        let rest = &self.document[self.position..];
        match number::length(rest) {
            Some(length) if rest.get(length).is_none_or(|&b| ends_number(b)) => {
                self.position += length;
                Ok(&rest[..length])
            }
            _ => Err(self.unexpected("a number")),
        }
    }

    /// Takes any value and forgets it. Runs in constant stack space.
    pub(super) fn skip_value(&mut self) -> Result<(), Fault> {
        let outside = self.depth;
        // One bit per open bracket, the innermost lowest: is it an object?
        let mut objects = 0u128;
        const { assert!(MAX_JSON_DEPTH < 128) };
        loop {
            let opened = match self.peek() {
                Some(bracket @ (b'{' | b'[')) => {
                    self.deeper()?;
                    objects = objects << 1 | u128::from(bracket == b'{');
                    true
                }
                _ => {
                    self.skip_scalar()?;
                    false
                }
            };
            let mut first = opened;
            loop {
                if self.depth == outside {
                    return Ok(());
                }
                let in_object = objects & 1 == 1;
                if self.next(first, if in_object { b'}' } else { b']' })? {
                    if in_object {
                        self.key()?;
                    }
                    break;
                }
                objects >>= 1;
                first = false;
            }
        }
    }

    fn skip_scalar(&mut self) -> Result<(), Fault> {
        match self.peek() {
            Some(b'"') => self.string().map(drop),
            Some(b'-' | b'0'..=b'9') => self.number().map(drop),
            Some(b't' | b'f') => self.boolean().map(drop),
            Some(b'n') => self.word(b"null"),
            _ => Err(self.unexpected("a value")),
        }
    }

    /// Makes sure that nothing but white space follows.
    pub(super) fn end(&mut self) -> Result<(), Fault> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.unexpected("nothing after the document")),
        }
    }

    /// The error for a token that JSON does not allow here.
    #[cold]
    pub(super) fn unexpected(&mut self, expected: &'static str) -> Fault {
        let kind = match self.peek() {
            None => JsonErrorKind::UnexpectedEnd,
            Some(_) => JsonErrorKind::Syntax,
        };
        Fault::new(kind, self.position, expected, self.describe())
    }

    /// The error for a value of another type than the field has.
    #[cold]
    pub(super) fn wrong_type(&mut self, expected: &'static str) -> Fault {
        let kind = match self.peek() {
            None => JsonErrorKind::UnexpectedEnd,
            Some(b'"' | b'{' | b'[' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => JsonErrorKind::WrongType,
            Some(_) => JsonErrorKind::Syntax,
        };
        Fault::new(kind, self.position, expected, self.describe())
    }

    /// The error for the token at `start`, which was read but has no value in its field.
    #[cold]
    pub(super) fn fault_at(&mut self, start: usize, kind: JsonErrorKind, expected: &'static str) -> Fault {
        self.position = start;
        Fault::new(kind, start, expected, self.describe())
    }

    /// Names the token at the cursor.
    fn describe(&self) -> String {
        let rest = &self.document[self.position.min(self.document.len())..];
        let word = || {
            let is_end = |b: &u8| b.is_ascii_whitespace() || b",:{}[]\"".contains(b);
            let end = rest
                .iter()
                .take(200)
                .position(is_end)
                .unwrap_or(rest.len().min(200));
            excerpt(&rest[..end.max(1).min(rest.len())])
        };
        match rest.first() {
            None => "the end of the input".to_owned(),
            Some(b'{') => "an object".to_owned(),
            Some(b'[') => "an array".to_owned(),
            Some(b'"') => {
                let text = &rest[1..rest.len().min(201)];
                let end = text.iter().position(|&b| b == b'"').unwrap_or(text.len());
                format!("the string \"{}\"", excerpt(&text[..end]))
            }
            Some(_) => format!("`{}`", word()),
        }
    }
}

/// What may stand directly behind a number.
fn ends_number(byte: u8) -> bool {
    !matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'.' | b'+' | b'-' | b'_')
}

const LOW_BITS: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// The bytes of `word` that a JSON string cannot hold plainly (`"`, `\`, below 0x20): the lowest set bit
/// belongs to the first of them. Bits above it may be wrong, as borrows run upwards.
///
/// Source: "Bit Twiddling Hacks", Sean Eron Anderson, sections "has zero byte" and "byte less than n".
#[inline]
pub(super) fn special_bytes(word: u64) -> u64 {
    let quote = word ^ (LOW_BITS * b'"' as u64);
    let backslash = word ^ (LOW_BITS * b'\\' as u64);
    let has_quote = quote.wrapping_sub(LOW_BITS) & !quote;
    let has_backslash = backslash.wrapping_sub(LOW_BITS) & !backslash;
    let has_control = word.wrapping_sub(LOW_BITS * 0x20) & !word;
    (has_quote | has_backslash | has_control) & HIGH_BITS
}

/// The position of the first special byte at or behind `at`, or the end of the document.
#[inline]
fn find_special(document: &[u8], mut at: usize, maybe_non_ascii: &mut bool) -> usize {
    while let Some(chunk) = document.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*chunk);
        *maybe_non_ascii |= word & HIGH_BITS != 0;
        let special = special_bytes(word);
        if special != 0 {
            return at + special.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while let Some(&byte) = document.get(at) {
        if byte < 0x20 || byte == b'"' || byte == b'\\' {
            break;
        }
        *maybe_non_ascii |= byte >= 0x80;
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skip(json: &[u8]) -> Result<usize, JsonErrorKind> {
        let mut reader = Reader::new(json);
        let outcome = reader.skip_value().and_then(|()| reader.end());
        outcome
            .map(|()| reader.position())
            .map_err(|fault| fault.locate(json).kind)
    }

    #[test]
    fn a_value_is_skipped_to_its_end() {
        for json in [
            "1",
            " 1 ",
            "-0.5e-7",
            "\"\"",
            "\"a\\u00e9\\\"b\"",
            "null",
            "true",
            "false",
            "[]",
            "{}",
            "[[],{}]",
            "{\"a\":[1,{\"b\":null}],\"c\":{}}",
            "[ 1 , 2 ]",
            "\u{feff}[1]",
            "\"naïve\"",
        ] {
            assert_eq!(skip(json.as_bytes()), Ok(json.len()), "{json}");
        }
    }

    #[test]
    fn what_is_not_json_is_refused() {
        use JsonErrorKind::{Syntax, UnexpectedEnd};
        for (json, kind) in [
            ("", UnexpectedEnd),
            ("[", UnexpectedEnd),
            ("[1", UnexpectedEnd),
            ("{\"a\"", UnexpectedEnd),
            ("{\"a\":", UnexpectedEnd),
            ("\"abc", UnexpectedEnd),
            ("[1,]", Syntax),
            ("{\"a\":1,}", Syntax),
            ("[,1]", Syntax),
            ("{1:2}", Syntax),
            ("{\"a\" 1}", Syntax),
            ("[1 2]", Syntax),
            ("[1}", Syntax),
            ("nul", Syntax),
            ("nulll", Syntax),
            ("True", Syntax),
            ("01", Syntax),
            ("1.", Syntax),
            (".5", Syntax),
            ("+1", Syntax),
            ("-", Syntax),
            ("1e", Syntax),
            ("0x10", Syntax),
            ("NaN", Syntax),
            ("1 1", Syntax),
            ("\"\\x\"", Syntax),
            ("\"\\u12g4\"", Syntax),
            ("\"\\u12", Syntax),
            ("\"a\nb\"", Syntax),
            ("[] ]", Syntax),
            ("//x\n1", Syntax),
            ("'a'", Syntax),
            ("\u{a0}1", Syntax),
        ] {
            assert_eq!(skip(json.as_bytes()), Err(kind), "{json}");
        }
    }

    #[test]
    fn the_end_of_a_string_is_found_at_every_alignment() {
        for length in 0..40 {
            for special in [b'"', b'\\', 0x1f, 0x00] {
                let mut text = vec![b'x'; length];
                text.push(special);
                text.extend_from_slice(b"\"\\\x01 tail that is longer than a word");
                let mut non_ascii = false;
                assert_eq!(find_special(&text, 0, &mut non_ascii), length);
            }
        }
    }

    #[test]
    fn bytes_above_ascii_are_noticed_and_are_not_special() {
        for length in 0..20 {
            let mut text = vec![b'x'; length];
            text.extend_from_slice("é\u{ff}".as_bytes());
            text.push(0xff);
            let end = text.len();
            text.push(b'"');
            let mut non_ascii = false;
            assert_eq!(find_special(&text, 0, &mut non_ascii), end);
            assert!(non_ascii);
        }
    }

    #[test]
    fn the_depth_limit_counts_arrays_and_objects_alike() {
        let nested = |depth: usize| {
            let open: String = (0..depth)
                .map(|i| if i.is_multiple_of(2) { "[" } else { "{\"a\":" })
                .collect();
            let close: String = (0..depth)
                .rev()
                .map(|i| if i.is_multiple_of(2) { "]" } else { "}" })
                .collect();
            format!("{open}{}{close}", if depth.is_multiple_of(2) { "1" } else { "" })
        };
        assert!(skip(nested(MAX_JSON_DEPTH).as_bytes()).is_ok());
        assert_eq!(
            skip(nested(MAX_JSON_DEPTH + 1).as_bytes()),
            Err(JsonErrorKind::TooDeep)
        );
    }
}
