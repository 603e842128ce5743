//! A line, read from its beginning.

use memchr::{memchr, memchr2};

use super::AccessLogError;

/// What is left of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Line<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text: text.trim_end_matches(['\r', '\n']),
            at: 0,
        }
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn error(&self, expected: &'static str) -> AccessLogError {
        AccessLogError {
            at: self.at,
            expected,
            found: self.rest().chars().take(24).collect(),
        }
    }

    /// Takes a text that may stand here.
    pub(super) fn take(&mut self, text: &str) -> bool {
        let is_there = self.rest().starts_with(text);
        self.at += if is_there { text.len() } else { 0 };
        is_there
    }

    /// Takes a text that has to stand here.
    pub(super) fn expect(&mut self, text: &str, expected: &'static str) -> Result<(), AccessLogError> {
        self.take(text).then_some(()).ok_or_else(|| self.error(expected))
    }

    /// What stands before a byte, which is taken as well; it is not empty.
    pub(super) fn until(&mut self, byte: u8, expected: &'static str) -> Result<&'a str, AccessLogError> {
        let rest = self.rest();
        let end = memchr(byte, rest.as_bytes()).filter(|end| *end > 0);
        let found = end
            .and_then(|end| rest.get(..end))
            .ok_or_else(|| self.error(expected))?;
        self.at += found.len() + 1;
        Ok(found)
    }

    /// What stands before a space, which is taken as well, or before the end.
    pub(super) fn word(&mut self, expected: &'static str) -> Result<&'a str, AccessLogError> {
        let rest = self.rest();
        let end = memchr(b' ', rest.as_bytes()).unwrap_or(rest.len());
        let found = rest.get(..end).filter(|word| !word.is_empty());
        let found = found.ok_or_else(|| self.error(expected))?;
        self.at = (self.at + found.len() + 1).min(self.text.len());
        Ok(found)
    }

    /// The text between two quotes; a quote behind a backslash is text.
    pub(super) fn quoted(&mut self, expected: &'static str) -> Result<&'a str, AccessLogError> {
        let rest = self.rest();
        let inside = rest.strip_prefix('"').ok_or_else(|| self.error(expected))?;
        let bytes = inside.as_bytes();
        let mut end = 0;
        while let Some(found) = memchr2(b'"', b'\\', bytes.get(end..).unwrap_or_default()) {
            end += found;
            if bytes.get(end) == Some(&b'"') {
                let found = inside.get(..end).unwrap_or_default();
                self.at += end + 2;
                return Ok(found);
            }
            // The backslash and what it escapes.
            end += 2;
        }
        Err(self.error("the quote that closes this text"))
    }
}
