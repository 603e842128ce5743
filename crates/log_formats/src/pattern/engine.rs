//! Matching: the short way for usual lines, the regular expression for the others, with the same result.

use std::borrow::Cow;
use std::sync::Arc;

use regex::{CaptureLocations, Regex, RegexBuilder};

use super::dialect::{Dialect, Translated};
use super::scanner::Scanner;

/// Largest compiled form of a pattern, in bytes.
const SIZE_LIMIT: usize = 8 << 20;

/// Memory in bytes for states that are built while matching, per pattern and thread.
const CACHE_LIMIT: usize = 2 << 20;

/// What a group matched, as offsets in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span(Option<(u32, u32)>);

impl Span {
    /// It took no part.
    pub(crate) const NONE: Self = Self(None);

    /// From where to where; offsets beyond 32 bits, which no text within the limit has, are none.
    pub(crate) fn new(from: usize, to: usize) -> Self {
        Self(u32::try_from(from).ok().zip(u32::try_from(to).ok()))
    }

    /// That part of the text.
    pub(crate) fn of<'a>(self, text: &Cow<'a, str>) -> Option<Cow<'a, str>> {
        let (from, to) = self.0?;
        let range = from as usize..to as usize;
        Some(match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.get(range)?),
            Cow::Owned(text) => Cow::Owned(text.get(range)?.to_owned()),
        })
    }
}

/// A compiled pattern with what it needs to match.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    regex: Regex,
    scanner: Option<Arc<Scanner>>,
    locations: CaptureLocations,
    spans: Vec<Span>,
}

impl Engine {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// The place in the source of the pattern, and what is wrong there.
    pub(crate) fn compile(pattern: &Translated, dialect: Dialect) -> Result<Self, (usize, String)> {
        let of_lines = dialect == Dialect::Grok;
        let mut parser = regex_syntax::ParserBuilder::new().multi_line(of_lines).build();
        let parsed = parser
            .parse(&pattern.text)
            .map_err(|error| syntax(pattern, &error))?;
        let regex = RegexBuilder::new(&pattern.text)
            .multi_line(of_lines)
            .size_limit(SIZE_LIMIT)
            .dfa_size_limit(CACHE_LIMIT)
            .build()
            .map_err(|_| {
                let limit = SIZE_LIMIT >> 20;
                (
                    0,
                    format!("is larger than {limit} MiB when compiled: make its repetitions `{{n}}` smaller"),
                )
            })?;
        Ok(Self {
            locations: regex.capture_locations(),
            spans: vec![Span::NONE; pattern.names.len()],
            scanner: Scanner::compile(&parsed, pattern.names.len()).map(Arc::new),
            regex,
        })
    }

    /// What the groups matched, by their number.
    pub(crate) fn captures(&mut self, text: &str) -> Option<&[Span]> {
        if self.scan(text) {
            return Some(&self.spans);
        }
        self.regex.captures_read(&mut self.locations, text)?;
        for (index, span) in self.spans.iter_mut().enumerate() {
            *span = match self.locations.get(index + 1) {
                Some((from, to)) => Span::new(from, to),
                None => Span::NONE,
            };
        }
        Some(&self.spans)
    }

    /// The short way; false where it cannot tell.
    pub(crate) fn scan(&mut self, text: &str) -> bool {
        let scanner = self.scanner.as_ref();
        scanner.is_some_and(|scanner| scanner.scan(text, &mut self.spans))
    }

    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// Where the first match ends.
    pub(crate) fn end_of_match(&self, text: &str) -> Option<usize> {
        self.regex.find(text).map(|found| found.end())
    }

    #[cfg(test)]
    pub(crate) fn forget_scanner(&mut self) {
        self.scanner = None;
    }
}

/// What the parser says, at the place in the source.
fn syntax(pattern: &Translated, error: &regex_syntax::Error) -> (usize, String) {
    let (at, kind) = match error {
        regex_syntax::Error::Parse(error) => (error.span().start.offset, error.kind().to_string()),
        regex_syntax::Error::Translate(error) => (error.span().start.offset, error.kind().to_string()),
        other => (0, other.to_string()),
    };
    (
        pattern.origin(at),
        format!("is no regular expression that is understood: {kind}"),
    )
}
