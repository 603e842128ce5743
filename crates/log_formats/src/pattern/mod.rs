//! Regular expressions with named groups: a text becomes the values of the groups.

mod dialect;
mod engine;
mod names;
mod scanner;

use std::borrow::Cow;
use std::sync::Arc;

pub use dialect::PatternError;
pub(crate) use dialect::{Dialect, translate};
pub(crate) use engine::Engine;
pub(crate) use names::intern;

use crate::CAPTURE_LIMIT;
use crate::value::{Map, Value};

/// What a group's text becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Itself.
    Text,
    /// An integer; text where it is none.
    Int,
    /// A double; text where it is none.
    Double,
    /// True or false; text where it is neither.
    Bool,
}

/// A group that becomes a value.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// A group before it has the same name: what both matched becomes a list.
    repeats: bool,
}

/// A regular expression whose named groups become values. Takes time linear in the text, whatever the text is.
///
/// It belongs to one thread: what is needed to match is used again from text to text.
#[derive(Clone, Debug)]
pub struct Pattern {
    engine: Engine,
    groups: Arc<[Group]>,
    keeps_empty: bool,
}

/// Why a text gave no values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Miss {
    /// It does not match.
    #[error("the pattern does not match")]
    NoMatch,
    /// It is longer than [`CAPTURE_LIMIT`].
    #[error("the text is longer than the {} KiB that patterns are looked for in", CAPTURE_LIMIT >> 10)]
    TooLong,
}

impl Pattern {
    /// Compiles a regular expression in Go's syntax, as the Collector has it: `(?P<name>…)` and `(?<name>…)`.
    ///
    /// # Errors
    /// [`PatternError`]: what is not possible, where, and what to do; also a pattern without a named group.
    pub fn compile(pattern: &str) -> Result<Self, PatternError> {
        let translated = translate(pattern, Dialect::Go)?;
        let engine = Engine::compile(&translated, Dialect::Go)
            .map_err(|(at, problem)| PatternError::located(pattern, at, problem))?;
        let names = translated.names.iter();
        Self::new(engine, names.map(|name| (name.as_str(), Kind::Text)))
    }

    /// A pattern whose groups have these names, in their order.
    pub(crate) fn new<'n>(
        engine: Engine,
        names: impl Iterator<Item = (&'n str, Kind)>,
    ) -> Result<Self, PatternError> {
        let mut groups: Vec<Group> = Vec::new();
        for (name, kind) in names {
            let name = intern(name).ok_or_else(|| {
                PatternError::new("has a field name that is too long, or there are too many of them")
            })?;
            let repeats = groups.iter().any(|group| group.name == name);
            groups.push(Group { name, kind, repeats });
        }
        if groups.is_empty() {
            return Err(PatternError::new(
                "has no named group such as `(?P<name>…)`, so nothing would come of it",
            ));
        }
        Ok(Self {
            engine,
            groups: groups.into(),
            keeps_empty: true,
        })
    }

    /// The same pattern, whose groups that match an empty text give nothing.
    #[must_use]
    pub(crate) fn without_empty(mut self) -> Self {
        self.keeps_empty = false;
        self
    }

    /// Puts the text of each group that took part into `into`.
    ///
    /// # Errors
    /// [`Miss`]: nothing was put in.
    pub fn captures<'a>(&mut self, text: Cow<'a, str>, into: &mut Map<'a>) -> Result<(), Miss> {
        if text.len() > CAPTURE_LIMIT {
            return Err(Miss::TooLong);
        }
        let spans = self.engine.captures(&text).ok_or(Miss::NoMatch)?;
        let is_new = into.is_empty();
        for (group, span) in self.groups.iter().zip(spans) {
            let Some(part) = span.of(&text) else { continue };
            if part.is_empty() && !self.keeps_empty {
                continue;
            }
            let value = group.kind.value(part);
            if group.repeats {
                join(into, group.name, value);
            } else if is_new {
                into.push(group.name, value);
            } else {
                into.insert(group.name, value);
            }
        }
        Ok(())
    }

    /// Whether the text matches; longer ones than [`CAPTURE_LIMIT`] are looked at as well.
    pub fn is_match(&self, text: &str) -> bool {
        self.engine.is_match(text)
    }

    /// The names of the groups, in their order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.groups.iter().map(|group| group.name)
    }

    /// The same pattern without the short way for usual lines: what it says is what the short way has to say.
    #[cfg(test)]
    pub(crate) fn without_scanner(mut self) -> Self {
        self.engine.forget_scanner();
        self
    }

    /// Whether a text goes the short way.
    #[cfg(test)]
    pub(crate) fn scans(&mut self, text: &str) -> bool {
        self.engine.scan(text)
    }
}

/// A second value of the same name makes a list.
fn join<'a>(into: &mut Map<'a>, name: &'static str, value: Value<'a>) {
    match into.get_mut(name) {
        Some(Value::List(values)) => values.push(value),
        Some(first) => {
            let before = std::mem::take(first);
            *first = Value::List(vec![before, value]);
        }
        None => into.push(name, value),
    }
}

impl Kind {
    /// A text as this kind; itself where it is not of the kind.
    pub(crate) fn value(self, text: Cow<'_, str>) -> Value<'_> {
        match self {
            Self::Text => Value::Text(text),
            Self::Int => text.parse().map_or(Value::Text(text), Value::Int),
            Self::Double => text.parse().map_or(Value::Text(text), Value::Double),
            Self::Bool if text.eq_ignore_ascii_case("true") => Value::Bool(true),
            Self::Bool if text.eq_ignore_ascii_case("false") => Value::Bool(false),
            Self::Bool => Value::Text(text),
        }
    }
}

#[cfg(test)]
mod tests;
