//! The choice that `translation_strategy` gives.

use sidelight_config::setting_enum;

setting_enum! {
    /// How names of OTLP become names of Prometheus.
    pub enum TranslationStrategy {
        /// What is not a letter, digit or colon becomes `_`; unit and `_total` or `_ratio` are added.
        UnderscoreEscapingWithSuffixes = "UnderscoreEscapingWithSuffixes",
        /// What is not a letter, digit or colon becomes `_`; nothing is added.
        UnderscoreEscapingWithoutSuffixes = "UnderscoreEscapingWithoutSuffixes",
        /// All characters stay; unit and `_total` or `_ratio` are added.
        NoUtf8EscapingWithSuffixes = "NoUTF8EscapingWithSuffixes",
        /// Names stay as they are.
        NoTranslation = "NoTranslation",
    }
}

impl Default for TranslationStrategy {
    /// Prometheus' own and the Collector's.
    fn default() -> Self {
        Self::UnderscoreEscapingWithSuffixes
    }
}

impl TranslationStrategy {
    /// True where only `[a-zA-Z0-9_:]` is left of a name.
    pub const fn escapes(self) -> bool {
        matches!(
            self,
            Self::UnderscoreEscapingWithSuffixes | Self::UnderscoreEscapingWithoutSuffixes
        )
    }

    /// True where unit and type are put behind a name.
    pub const fn adds_suffixes(self) -> bool {
        matches!(
            self,
            Self::UnderscoreEscapingWithSuffixes | Self::NoUtf8EscapingWithSuffixes
        )
    }
}
