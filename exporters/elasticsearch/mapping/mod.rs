//! The forms of documents.

pub(super) mod ecs;
pub(super) mod otel;
pub(super) mod plain;

/// The word for the kind of a span, of those for the kinds 0 to 5; one that is not known is 0.
fn kind(kind: i32, words: &[&'static str; 6]) -> &'static str {
    let at = usize::try_from(kind).unwrap_or_default();
    words.get(at).unwrap_or(&words[0])
}
