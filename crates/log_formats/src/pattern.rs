//! Regular expressions with named groups.

use std::borrow::Cow;
use std::sync::Arc;

use regex::{CaptureLocations, Regex, RegexBuilder};

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
}

/// A regular expression whose named groups become values. Takes linear time for any text.
#[derive(Clone, Debug)]
pub struct Pattern {
    regex: Regex,
    groups: Vec<(usize, Arc<str>, Kind)>,
    /// Used again from text to text.
    locations: CaptureLocations,
}

/// Why a text gave no values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Miss {
    /// It does not match.
    NoMatch,
    /// It is longer than [`CAPTURE_LIMIT`].
    TooLong,
}

impl Pattern {
    /// Compiles a regular expression in Go's and Python's syntax (`(?P<name>…)`).
    ///
    /// # Errors
    /// What the expression does that is not possible, with what to do.
    pub fn compile(pattern: &str) -> Result<Self, String> {
        let regex = compile(pattern)?;
        let names = regex.capture_names().enumerate();
        let groups = names.filter_map(|(index, name)| Some((index, Arc::from(name?), Kind::Text)));
        let groups = groups.collect();
        Self::with_groups(regex, groups)
    }

    pub(crate) fn with_groups(regex: Regex, groups: Vec<(usize, Arc<str>, Kind)>) -> Result<Self, String> {
        if groups.is_empty() {
            return Err("has no named group such as `(?P<name>…)`, so nothing would come of it".to_owned());
        }
        Ok(Self {
            locations: regex.capture_locations(),
            regex,
            groups,
        })
    }

    /// Puts the text of each group that took part into `into`.
    ///
    /// # Errors
    /// [`Miss`]: nothing was put in.
    pub fn captures<'a>(&mut self, text: Cow<'a, str>, into: &mut Map<'a>) -> Result<(), Miss> {
        if text.len() > CAPTURE_LIMIT {
            return Err(Miss::TooLong);
        }
        if self.regex.captures_read(&mut self.locations, &text).is_none() {
            return Err(Miss::NoMatch);
        }
        let is_fresh = into.is_empty();
        for (index, name, kind) in &self.groups {
            let Some((from, to)) = self.locations.get(*index) else {
                continue;
            };
            let part = match &text {
                Cow::Borrowed(text) => Cow::Borrowed(&text[from..to]),
                Cow::Owned(text) => Cow::Owned(text[from..to].to_owned()),
            };
            let value = kind.value(part);
            // The names of a pattern's groups differ, but the map may have them already.
            if is_fresh {
                into.push(name.clone(), value);
            } else {
                into.insert(name.clone(), value);
            }
        }
        Ok(())
    }

    /// Whether the text matches.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

impl Kind {
    fn value(self, text: Cow<'_, str>) -> Value<'_> {
        match self {
            Self::Text => Value::Text(text),
            Self::Int => text.parse().map_or(Value::Text(text), Value::Int),
            Self::Double => text.parse().map_or(Value::Text(text), Value::Double),
        }
    }
}

pub(crate) fn compile(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern)
        .size_limit(4 << 20)
        .build()
        .map_err(|error| {
            let error = error.to_string();
            let hint = if error.contains("look-around") {
                "; look-around is not possible in linear time: write what may stand there instead"
            } else if error.contains("backreference") {
                "; back-references are not possible in linear time"
            } else {
                ""
            };
            format!("is no regular expression that is understood: {error}{hint}")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_groups_become_values() {
        let mut pattern = Pattern::compile(r"^(?P<a>\w+)(?: (?P<b>\d+))?( .*)?$").expect("good");
        let mut map = Map::new();
        assert_eq!(pattern.captures("x 12 rest".into(), &mut map), Ok(()));
        assert_eq!(
            (map.get("a"), map.get("b")),
            (Some(&Value::Text("x".into())), Some(&Value::Text("12".into())))
        );
        let mut map = Map::new();
        assert_eq!(pattern.captures("x".into(), &mut map), Ok(()));
        assert_eq!(map.len(), 1);
        assert_eq!(pattern.captures("-".into(), &mut map), Err(Miss::NoMatch));
        assert_eq!(
            pattern.captures("x".repeat(CAPTURE_LIMIT + 1).into(), &mut map),
            Err(Miss::TooLong)
        );
        for bad in ["(", r"\d+", r"(?P<a>x)(?=y)", r"(?P<a>x)\1"] {
            assert!(Pattern::compile(bad).is_err(), "{bad}");
        }
    }
}
