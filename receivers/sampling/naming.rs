//! The names of metrics and attributes: those of the semantic conventions, or the Collector's older ones.

use sidelight_config::setting_enum;

setting_enum! {
    /// Whose names metrics and attributes have.
    pub enum Semconv {
        /// The semantic conventions'.
        V1 = "v1",
        /// Those the Collector's receiver emits by default.
        Legacy = "legacy",
        /// Both.
        Dup = "dup",
    }
}

/// A word that telemetry consists of, the key of an attribute or one of its values, in both spellings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    /// In the semantic conventions.
    pub(crate) v1: &'static str,
    /// In the Collector's older names.
    pub(crate) legacy: &'static str,
}

impl Term {
    /// A word that was never renamed, or that only we have.
    pub(crate) const fn same(word: &'static str) -> Self {
        Self::renamed(word, word)
    }

    /// A word that was.
    pub(crate) const fn renamed(v1: &'static str, legacy: &'static str) -> Self {
        Self { v1, legacy }
    }
}

/// In which spelling points are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    V1,
    Legacy,
    /// Points of a metric whose own name did not change have the attributes of both spellings: so their sums stay
    /// what they are, which two sets of points under one name would double.
    Both,
}
