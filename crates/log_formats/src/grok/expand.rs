//! Patterns with their references replaced by what they stand for.

use std::collections::BTreeMap;

use super::Library;
use super::library;
use super::reference::{Piece, Reference, field_name, pieces};
use crate::pattern::{Dialect, Engine, Kind, Pattern, PatternError, translate};

/// Patterns use others at most so deeply.
const MAX_DEPTH: usize = 32;

/// Largest length of a pattern in which all references are replaced, in bytes.
const MAX_EXPANDED: usize = 128 << 10;

/// Begins the name of a group that a reference made; the number of its field follows. No group in a pattern can have it.
const MADE: char = '\u{1}';

/// The names that a pattern can refer to.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    pub(super) library: Library,
    /// The user's own, which come first.
    pub(super) own: BTreeMap<String, String>,
}

impl Names {
    /// What a name stands for.
    pub(super) fn find(&self, name: &str) -> Option<&str> {
        let own = self.own.get(name).map(String::as_str);
        own.or_else(|| library::find(self.library, name))
    }

    fn missing(&self, name: &str) -> String {
        let mut known: Vec<&str> = self.own.keys().map(String::as_str).collect();
        known.extend(library::names(self.library).map(|name| -> &str { name }));
        match library::similar(name, known.into_iter()) {
            Some(similar) => format!("uses `{name}`, which is not defined; did you mean `{similar}`?"),
            None => format!("uses `{name}`, which is not defined: add it to `pattern_definitions`"),
        }
    }
}

/// Compiles a pattern.
///
/// # Errors
/// What is wrong, in the pattern or in which definition.
pub(super) fn compile(source: &str, names: &Names) -> Result<Pattern, PatternError> {
    check(source)?;
    let (engine, fields) = engine(source, names)?;
    Pattern::new(engine, fields.iter().map(|(name, kind)| (name.as_str(), *kind)))
}

/// What matches a pattern, and the names of its groups.
pub(super) fn engine(source: &str, names: &Names) -> Result<(Engine, Vec<(String, Kind)>), PatternError> {
    let mut expansion = Expansion {
        names,
        within: Vec::new(),
        fields: Vec::new(),
        text: String::new(),
    };
    expansion.add(source)?;
    let translated = translate(&expansion.text, Dialect::Grok)?;
    let engine =
        Engine::compile(&translated, Dialect::Grok).map_err(|(_, problem)| PatternError::new(problem))?;
    let fields = translated.names.iter().map(|name| {
        let made = name
            .strip_prefix(MADE)
            .and_then(|number| number.parse::<usize>().ok());
        let field = made.and_then(|number| expansion.fields.get(number)).cloned();
        field.unwrap_or_else(|| (field_name(name), Kind::Text))
    });
    Ok((engine, fields.collect()))
}

/// Looks at one text alone, its references apart: what is wrong is then found at its place.
pub(super) fn check(source: &str) -> Result<(), PatternError> {
    let mut masked = String::with_capacity(source.len());
    for (at, piece) in pieces(source) {
        match piece {
            Piece::Expression(text) => masked.push_str(text),
            Piece::Reference(inside) => {
                Reference::parse(inside).map_err(|problem| PatternError::located(source, at, problem))?;
                // As long as the reference.
                masked.push_str("(?:");
                masked.extend(std::iter::repeat_n('x', inside.len().saturating_sub(1)));
                masked.push(')');
            }
            Piece::Unclosed(_) => return Err(PatternError::located(source, at, "a `%{` is without its `}`")),
        }
    }
    let placed = |error: PatternError| match error.at {
        Some(at) => PatternError::located(source, at, error.problem),
        None => error,
    };
    let translated = translate(&masked, Dialect::Grok).map_err(placed)?;
    let compiled = Engine::compile(&translated, Dialect::Grok);
    compiled.map_err(|(at, problem)| PatternError::located(source, at, problem))?;
    Ok(())
}

struct Expansion<'n> {
    names: &'n Names,
    /// The names whose definitions are being replaced, outermost first.
    within: Vec<&'n str>,
    fields: Vec<(String, Kind)>,
    text: String,
}

impl<'n> Expansion<'n> {
    fn add(&mut self, source: &str) -> Result<(), PatternError> {
        for (at, piece) in pieces(source) {
            if self.text.len() > MAX_EXPANDED {
                let limit = MAX_EXPANDED >> 10;
                return Err(PatternError::new(format!(
                    "is longer than {limit} KiB with all the patterns that it uses"
                )));
            }
            match piece {
                Piece::Expression(text) => self.text.push_str(text),
                Piece::Reference(inside) => self.reference(inside, source, at)?,
                Piece::Unclosed(_) => {
                    return Err(self.error(source, at, "has a `%{` without its `}`".to_owned()));
                }
            }
        }
        Ok(())
    }

    fn reference(&mut self, inside: &str, source: &str, at: usize) -> Result<(), PatternError> {
        let reference = Reference::parse(inside).map_err(|problem| self.error(source, at, problem))?;
        let names = self.names;
        let Some((name, definition)) = names.entry(reference.name) else {
            return Err(self.error(source, at, names.missing(reference.name)));
        };
        if self.within.contains(&name) || self.within.len() >= MAX_DEPTH {
            let way = self.within.join("` uses `");
            let problem = format!("goes round in a circle: `{way}` uses `{name}`");
            return Err(PatternError::new(problem));
        }
        match reference.field {
            Some(field) => {
                self.text.push_str(&format!("(?<{MADE}{}>", self.fields.len()));
                self.fields.push((field, reference.kind));
            }
            None => self.text.push_str("(?:"),
        }
        self.within.push(name);
        self.add(definition)?;
        self.within.pop();
        self.text.push(')');
        Ok(())
    }

    /// At a place of the pattern; in a definition the definition is named as well.
    fn error(&self, source: &str, at: usize, problem: String) -> PatternError {
        match self.within.last() {
            Some(name) => {
                PatternError::located(source, at, format!("in the definition of `{name}`: {problem}"))
            }
            None => PatternError::located(source, at, problem),
        }
    }
}

impl Names {
    /// A name as it is kept here, and what it stands for.
    fn entry(&self, name: &str) -> Option<(&str, &str)> {
        match self.own.get_key_value(name) {
            Some((name, definition)) => Some((name, definition)),
            None => library::entry(self.library, name),
        }
    }
}
