//! How far a pattern came with a text that does not match.

use super::expand::{Names, engine};
use super::reference::{Piece, Reference, pieces};

/// So many pieces of a pattern are looked at.
const MAX_PIECES: usize = 256;

/// So many characters of the text are shown.
const SHOWN: usize = 40;

/// The longest beginning of a pattern that matches a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reach {
    /// Where it ends, in bytes.
    at: usize,
    /// Its last piece, and the one that was wanted next.
    last: String,
    next: Option<String>,
}

impl Reach {
    /// Tries ever shorter beginnings; a regular expression is compiled for each, so this is for looking at single lines.
    pub(super) fn of(pattern: &str, names: &Names, text: &str) -> Option<Self> {
        let mut found = Vec::new();
        flatten(pattern, names, 0, &mut found);
        (1..=found.len()).rev().find_map(|count| {
            let beginning = found.get(..count)?.concat();
            let (engine, _) = engine(&closed(&beginning), names).ok()?;
            let at = engine.end_of_match(text).filter(|at| *at > 0)?;
            Some(Self {
                at,
                last: found.get(count - 1)?.clone(),
                next: found.get(count).cloned(),
            })
        })
    }

    /// In which order two of them came further.
    pub(super) fn end(&self) -> usize {
        self.at
    }

    /// In words.
    pub(super) fn said(&self, text: &str) -> String {
        let rest: String = text
            .get(self.at..)
            .unwrap_or_default()
            .chars()
            .take(SHOWN)
            .collect();
        let wanted = match &self.next {
            Some(next) => format!("`{next}`"),
            None => "the end".to_owned(),
        };
        format!(
            "matched up to `{}`, then wanted {wanted} at byte {}: {rest:?}",
            self.last, self.at
        )
    }
}

/// The pieces of a pattern; a reference without a field whose definition has fields is taken apart itself.
fn flatten(pattern: &str, names: &Names, depth: usize, into: &mut Vec<String>) {
    for (_, piece) in pieces(pattern) {
        if into.len() >= MAX_PIECES {
            return;
        }
        let composite = match piece {
            Piece::Reference(inside) if depth < 8 => Reference::parse(inside)
                .ok()
                .filter(|reference| reference.field.is_none())
                .and_then(|reference| names.find(reference.name))
                .filter(|definition| has_fields(definition)),
            _ => None,
        };
        match composite {
            Some(definition) => flatten(definition, names, depth + 1, into),
            None => into.push(piece.shown()),
        }
    }
}

/// Refers to others by fields, or to patterns that are made of such.
fn has_fields(definition: &str) -> bool {
    pieces(definition).count() > 3 || definition.contains(':') && definition.contains("%{")
}

/// The beginning of a pattern with its open groups closed.
fn closed(beginning: &str) -> String {
    let (mut open, mut in_class, mut escaped) = (0_usize, false, false);
    for c in beginning.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => open += 1,
            ')' if !in_class => open = open.saturating_sub(1),
            _ => {}
        }
    }
    let mut closed = beginning.to_owned();
    closed.extend(std::iter::repeat_n(')', open));
    closed
}
