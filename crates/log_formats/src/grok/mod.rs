//! Grok: regular expressions put together from named ones, as Logstash has them.
//!
//! `%{NAME}` is the pattern of that name, `%{NAME:field}` also keeps what it matched, `%{NAME:field:int}` as a number (`int`, `float`,
//! `boolean`); `[a][b]` as a field is `a.b`. `(?<name>…)` keeps what stands in it. A field that occurs twice becomes a
//! list where both took part. The rest is Ruby's syntax: `^` and `$` are those of lines, `.` is no newline without `(?m)`, and `\w` and
//! `\d` know ASCII alone. What the engine cannot do in linear time is refused with its place.
//!
//! The patterns of the library are written for this engine: without look-around and without anything that is undecided where it
//! need not be, so that a line of the usual form is read in one walk.

mod expand;
mod library;
mod reach;
mod reference;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::pattern::{Miss, Pattern, PatternError};
use crate::value::Map;
use expand::Names;
use reach::Reach;

/// The names that the fields of stock patterns have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Library {
    /// `clientip`, `verb`, `response`: Logstash's with `ecs_compatibility => disabled`.
    #[default]
    Legacy,
    /// `source.address`, `http.request.method`: those of the Elastic Common Schema, `ecs_compatibility => v1`.
    EcsV1,
}

/// Patterns, tried in their order.
#[derive(Clone, Debug)]
pub struct Grok {
    patterns: Vec<(String, Pattern)>,
    names: Arc<Names>,
}

impl Grok {
    /// Compiles patterns with the legacy names of fields; `definitions` add to the standard ones, or replace them.
    ///
    /// # Errors
    /// As [`Grok::with_library`].
    pub fn compile(
        patterns: &[String],
        definitions: &BTreeMap<String, String>,
    ) -> Result<Self, PatternError> {
        Self::with_library(Library::default(), patterns, definitions)
    }

    /// Compiles patterns; `definitions` add to the library's, or replace them.
    ///
    /// # Errors
    /// [`PatternError`]: what is wrong in which pattern or definition, and where.
    pub fn with_library(
        library: Library,
        patterns: &[String],
        definitions: &BTreeMap<String, String>,
    ) -> Result<Self, PatternError> {
        if patterns.is_empty() {
            return Err(PatternError::new("there is no pattern"));
        }
        for (name, definition) in definitions {
            expand::check(definition)
                .map_err(|error| within(error, &format!("the definition of `{name}`")))?;
        }
        let names = Names {
            library,
            own: definitions.clone(),
        };
        let compiled = patterns.iter().map(|source| {
            let pattern =
                expand::compile(source, &names).map_err(|error| within(error, &format!("`{source}`")))?;
            Ok((source.clone(), pattern))
        });
        Ok(Self {
            patterns: compiled.collect::<Result<_, PatternError>>()?,
            names: Arc::new(names),
        })
    }

    /// The same patterns, whose captures of an empty text give nothing: Logstash's `keep_empty_captures: false`.
    #[must_use]
    pub fn without_empty_captures(mut self) -> Self {
        let patterns = self.patterns.into_iter();
        self.patterns = patterns
            .map(|(source, pattern)| (source, pattern.without_empty()))
            .collect();
        self
    }

    /// Puts the values of the first pattern that matches into `into`.
    ///
    /// # Errors
    /// [`Miss`]: no pattern matches; nothing was put in.
    pub fn captures<'a>(&mut self, text: Cow<'a, str>, into: &mut Map<'a>) -> Result<(), Miss> {
        let (last, others) = match self.patterns.split_last_mut() {
            Some(patterns) => patterns,
            None => return Err(Miss::NoMatch),
        };
        for (_, pattern) in others {
            match pattern.captures(text.clone(), into) {
                Err(Miss::NoMatch) => {}
                result => return result,
            }
        }
        last.1.captures(text, into)
    }

    /// How far the pattern that came farthest came with a text that none matches, in words.
    ///
    /// Compiles an expression for every piece of the patterns: it is for explaining single lines.
    pub fn reach(&self, text: &str) -> String {
        if text.len() > crate::CAPTURE_LIMIT {
            return Miss::TooLong.to_string();
        }
        let reached = self.patterns.iter();
        let reached = reached.filter_map(|(source, _)| Reach::of(source, &self.names, text));
        match reached.max_by_key(Reach::end) {
            Some(reach) => reach.said(text),
            None => "not even the beginning of a pattern matches".to_owned(),
        }
    }
}

/// Says where a mistake is.
fn within(error: PatternError, place: &str) -> PatternError {
    PatternError {
        problem: format!("{place} {}", error.problem),
        ..error
    }
}

#[cfg(test)]
mod tests;
