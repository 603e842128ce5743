//! The configuration as a tree in which every key and every value remembers its place.

use std::fmt;

use crate::source::{SharedSources, Span};

/// A value with its place.
///
/// Two nodes are equal when their values are; places do not count, so that a reload that only moved a block
/// changes nothing. `Debug` does not print values that came from the environment or a file.
#[derive(Clone)]
pub struct Node {
    /// Where the value stands. A value reached through an alias keeps the place of its anchor.
    pub span: Span,
    /// The value.
    pub value: Value,
    /// The scalar as text: as written, or after expansion. `None` for lists and maps. A plain `0123` is the
    /// integer 123 and the text `0123`.
    pub(crate) text: Option<Box<str>>,
    /// True when (part of) the text came from the environment or a file.
    pub(crate) expanded: bool,
    /// True when a `${…}` in it was reported; see [`Node::is_refused`].
    pub(crate) refused: bool,
}

/// What a node holds. Plain scalars are typed by the core schema of YAML 1.2.2 (section 10.3.2).
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number; one beyond 64 bits is a [`Value::Float`].
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    String(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the file; keys are unique.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping with its place. Equality ignores the place.
#[derive(Clone)]
pub struct Key {
    /// The key's text.
    pub name: String,
    /// Where the key stands.
    pub span: Span,
}

/// A loaded configuration: merged, with variables expanded.
#[derive(Clone, Debug)]
pub struct Tree {
    /// The top-level mapping.
    pub root: Node,
    /// The files it came from.
    pub sources: SharedSources,
}

// === impl Node ===

impl Node {
    pub(crate) fn new(span: Span, value: Value) -> Self {
        Self {
            span,
            value,
            text: None,
            expanded: false,
            refused: false,
        }
    }

    pub(crate) fn scalar(span: Span, value: Value, text: impl Into<Box<str>>) -> Self {
        Self {
            span,
            value,
            text: Some(text.into()),
            expanded: false,
            refused: false,
        }
    }

    /// An empty mapping at a place: what `grpc:` with nothing under it means for a block.
    pub fn empty_map(span: Span) -> Self {
        Self::new(span, Value::Map(Vec::new()))
    }

    /// The scalar as text, as written (or expanded). `None` for lists and maps.
    ///
    /// Careful: this may be a secret; see [`Node::is_expanded`].
    pub fn text(&self) -> Option<&str> {
        match (&self.value, &self.text) {
            (Value::String(text), _) => Some(text),
            (_, text) => text.as_deref(),
        }
    }

    /// Did (part of) this scalar come from the environment or a file? Such a value is never shown.
    pub fn is_expanded(&self) -> bool {
        self.expanded
    }

    /// Could a `${…}` in it not be expanded? That was reported; the value is the text as written and not to be
    /// reported again.
    pub fn is_refused(&self) -> bool {
        self.refused
    }

    /// Is it `null`?
    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// The entries of a mapping.
    pub fn as_map(&self) -> Option<&[(Key, Node)]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The items of a list.
    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The text of a string (a number is none).
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The entry of a mapping with this key.
    pub fn entry(&self, name: &str) -> Option<(&Key, &Node)> {
        self.as_map()?
            .iter()
            .find(|(key, _)| key.name == name)
            .map(|(key, value)| (key, value))
    }

    /// The value of a mapping under this key.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.entry(name).map(|(_, value)| value)
    }

    /// The value at a dotted path: `receivers.otlp.protocols.grpc.endpoint`, list items by number. Keys that
    /// contain a dot are found too.
    pub fn at(&self, path: &str) -> Option<&Node> {
        if path.is_empty() {
            return Some(self);
        }
        let ends = path.match_indices('.').map(|(at, _)| at).chain([path.len()]);
        ends.take(MAX_PATH_SEGMENTS).find_map(|end| {
            let (head, rest) = (&path[..end], path.get(end + 1..).unwrap_or(""));
            let child = match &self.value {
                Value::Map(_) => self.get(head)?,
                Value::List(items) => items.get(head.parse::<usize>().ok()?)?,
                _ => return None,
            };
            child.at(rest)
        })
    }

    /// What kind of value it is, in a user's words.
    pub fn kind_name(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "a boolean",
            Value::Int(_) | Value::Float(_) => "a number",
            Value::String(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a block of settings",
        }
    }
}

/// Bound on the search in [`Node::at`].
const MAX_PATH_SEGMENTS: usize = 64;

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        // The text decides for scalars: `1.10` and `1.1` are the same number and different versions.
        self.value == other.value && self.text() == other.text()
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.span.start;
        if self.expanded {
            return write!(f, "<hidden> @{}:{}", at.line, at.column);
        }
        write!(f, "{:?} @{}:{}", self.value, at.line, at.column)
    }
}

// === impl Key ===

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} @{}:{}",
            self.name, self.span.start.line, self.span.start.column
        )
    }
}

// === impl Tree ===

impl Tree {
    /// The value at a dotted path; see [`Node::at`].
    pub fn at(&self, path: &str) -> Option<&Node> {
        self.root.at(path)
    }
}
