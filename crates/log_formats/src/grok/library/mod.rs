//! The patterns that everybody uses, under the names that Logstash gave them (its documentation: "Grok filter plugin").
//!
//! The definitions are this program's own. Where alternatives of a stock pattern overlap (`0?[1-9]|1[0-2]` takes the 1 of 12), they are
//! written so that each first character decides: the longest form is taken, and the scanner need not ask the regular
//! expression.

mod applications;
mod network;
mod syslog;
mod time;
mod web;
mod words;

use super::Library;

/// Names and definitions.
type Patterns = &'static [(&'static str, &'static str)];

/// Without fields: the same in both libraries.
const SHARED: [Patterns; 6] = [
    words::PATTERNS,
    network::PATTERNS,
    time::PATTERNS,
    syslog::PATTERNS,
    web::PATTERNS,
    applications::PATTERNS,
];

const LEGACY: [Patterns; 3] = [syslog::LEGACY, web::LEGACY, applications::LEGACY];

const ECS_V1: [Patterns; 3] = [syslog::ECS_V1, web::ECS_V1, applications::ECS_V1];

fn patterns(library: Library) -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    let with_fields = match library {
        Library::Legacy => LEGACY,
        Library::EcsV1 => ECS_V1,
    };
    SHARED.into_iter().chain(with_fields).flatten()
}

/// A name as it is kept here, and its definition.
pub(super) fn entry(library: Library, name: &str) -> Option<(&'static str, &'static str)> {
    patterns(library).find(|(known, _)| *known == name).copied()
}

/// The definition of a name.
pub(super) fn find(library: Library, name: &str) -> Option<&'static str> {
    entry(library, name).map(|(_, definition)| definition)
}

/// All names.
pub(super) fn names(library: Library) -> impl Iterator<Item = &'static str> {
    patterns(library).map(|(name, _)| *name)
}

/// The known name that takes the fewest changes to come from this one, at most two.
pub(super) fn similar<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let name = name.to_ascii_uppercase();
    let near = known.map(|known| (distance(&name, known), !is_anagram(&name, known), known));
    near.filter(|(changes, ..)| *changes <= 2)
        .min()
        .map(|(.., known)| known)
}

/// The same letters in another order.
fn is_anagram(one: &str, other: &str) -> bool {
    let sorted = |text: &str| {
        let mut bytes = text.as_bytes().to_vec();
        bytes.sort_unstable();
        bytes
    };
    sorted(one) == sorted(other)
}

/// Bytes to change, to add, to leave out (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, byte) in from.bytes().enumerate() {
        let (mut left, mut above_left) = (index + 1, index);
        for (cell, other) in row.iter_mut().skip(1).zip(to.bytes()) {
            let here = (above_left + usize::from(byte != other))
                .min(left + 1)
                .min(*cell + 1);
            above_left = std::mem::replace(cell, here);
            left = here;
        }
        if let Some(first) = row.first_mut() {
            *first = index + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_defined_once() {
        for library in [Library::Legacy, Library::EcsV1] {
            let mut names: Vec<_> = names(library).collect();
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all);
        }
    }

    #[test]
    fn both_libraries_have_the_same_names() {
        let sorted = |library| {
            let mut names: Vec<_> = names(library).collect();
            names.sort_unstable();
            names
        };
        assert_eq!(sorted(Library::Legacy), sorted(Library::EcsV1));
    }

    #[test]
    fn a_misspelt_name_is_recognised() {
        for (wrong, right) in [
            ("WROD", Some("WORD")),
            ("TIMESTAMP_ISO860", Some("TIMESTAMP_ISO8601")),
            ("XYZZY", None),
        ] {
            assert_eq!(similar(wrong, names(Library::Legacy)), right);
        }
    }
}
