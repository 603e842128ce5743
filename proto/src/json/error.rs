//! What was wrong with a JSON document, and where.
//!
//! Nothing here runs while a document is good: the path is collected from the innermost place outwards while
//! the error travels up through the frames of the decoder.

use std::borrow::Cow;
use std::fmt;

/// The longest piece of the document that an error repeats, in characters.
const EXCERPT_CHARS: usize = 40;

/// Why a document was refused. Every kind is the sender's fault and permanent: the same bytes fail again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonErrorKind {
    /// Not JSON (RFC 8259): a character where it may not be, or something after the end of the document.
    Syntax,
    /// The document ends inside a value.
    UnexpectedEnd,
    /// JSON of another type than the field has, for example an object for a number.
    WrongType,
    /// The right type, but not a value of the field: a trace id that is not hexadecimal, an integer with a
    /// fraction.
    InvalidValue,
    /// A number outside the range of the field.
    OutOfRange,
    /// More nested arrays and objects than allowed.
    TooDeep,
    /// The protobuf form would be larger than the caller allows.
    TooLarge,
}

/// A refused JSON document: the place, what was found there and what was expected.
///
/// `Display` gives one line without control characters that is fit for an answer to the client:
///
/// ```text
/// resourceSpans[0].scopeSpans[2].spans[17].traceId (line 1, column 4711): expected hexadecimal digits, found "xyz"
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    /// What sort of mistake it is.
    pub kind: JsonErrorKind,
    /// Where in the document, in bytes from its start.
    pub offset: usize,
    /// The line of `offset`, from 1.
    pub line: usize,
    /// The column of `offset` in its line, in bytes, from 1.
    pub column: usize,
    /// The keys and indices that lead to the place, as in `resourceSpans[0].resource`; empty at the top.
    pub path: String,
    /// What would have been right.
    pub expected: Cow<'static, str>,
    /// What is there, shortened to 40 characters.
    pub found: String,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{} ", self.path)?;
        }
        let Self {
            line,
            column,
            expected,
            found,
            ..
        } = self;
        write!(
            f,
            "(line {line}, column {column}): expected {expected}, found {found}"
        )
    }
}

impl std::error::Error for JsonError {}

/// One step of a path.
#[derive(Debug)]
enum Step {
    Field(&'static str),
    UnknownKey(String),
    Index(usize),
}

#[derive(Debug)]
struct Detail {
    kind: JsonErrorKind,
    offset: usize,
    expected: Cow<'static, str>,
    found: String,
    /// Innermost step first.
    steps: Vec<Step>,
}

/// An error on its way up. One pointer wide, so that the results of the hot path stay small.
#[derive(Debug)]
pub(super) struct Fault(Box<Detail>);

impl Fault {
    pub(super) fn new(
        kind: JsonErrorKind,
        offset: usize,
        expected: impl Into<Cow<'static, str>>,
        found: String,
    ) -> Self {
        Self(Box::new(Detail {
            kind,
            offset,
            expected: expected.into(),
            found,
            steps: Vec::new(),
        }))
    }

    pub(super) fn in_field(mut self, json_name: &'static str) -> Self {
        self.0.steps.push(Step::Field(json_name));
        self
    }

    pub(super) fn in_unknown_key(mut self, key: &[u8]) -> Self {
        self.0.steps.push(Step::UnknownKey(excerpt(key)));
        self
    }

    pub(super) fn in_element(mut self, index: usize) -> Self {
        self.0.steps.push(Step::Index(index));
        self
    }

    /// Adds what only the owner of the whole document knows: line, column and the path as text.
    pub(super) fn locate(self, document: &[u8]) -> JsonError {
        let detail = *self.0;
        let before = document.get(..detail.offset).unwrap_or(document);
        let line_start = before
            .iter()
            .rposition(|&b| b == b'\n')
            .map_or(0, |newline| newline + 1);
        let mut path = String::new();
        for step in detail.steps.iter().rev() {
            let dot = if path.is_empty() { "" } else { "." };
            match step {
                Step::Field(name) => path.extend([dot, name]),
                Step::UnknownKey(name) => path.extend([dot, name]),
                Step::Index(index) => path.push_str(&format!("[{index}]")),
            }
        }
        JsonError {
            kind: detail.kind,
            offset: detail.offset,
            line: 1 + before.iter().filter(|&&b| b == b'\n').count(),
            column: 1 + before.len() - line_start,
            path,
            expected: detail.expected,
            found: detail.found,
        }
    }
}

/// A piece of a foreign document, shortened and with its control characters escaped.
pub(super) fn excerpt(bytes: &[u8]) -> String {
    // Four bytes hold any character, so this prefix is enough and the work does not grow with the input.
    let prefix = &bytes[..bytes.len().min(4 * (EXCERPT_CHARS + 1))];
    let text = String::from_utf8_lossy(prefix);
    let mut shown = String::new();
    for c in text.chars().take(EXCERPT_CHARS) {
        shown.extend(c.escape_debug());
    }
    if text.chars().nth(EXCERPT_CHARS).is_some() {
        shown.push('…');
    }
    shown
}
