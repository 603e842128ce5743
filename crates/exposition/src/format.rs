//! The exposition formats and the ways to write names in them.

/// A format that Prometheus scrapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus text 0.0.4.
    Text,
    /// Prometheus text 1.0.0: the same, and names of all characters between quotation marks.
    Text1,
    /// OpenMetrics text 1.0.0, or 0.0.1 by name: what is written is the same.
    OpenMetrics {
        /// The scraper asked for 0.0.1.
        old: bool,
    },
    /// `io.prometheus.client.MetricFamily`, each with its length before it. The only one with native histograms.
    Protobuf,
}

/// What becomes of the characters of a name that older Prometheus servers do not read.
///
/// Source: Prometheus, "Content Negotiation", escaping schemes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Escaping {
    /// They stay; in text such names stand between quotation marks.
    AllowUtf8,
    /// Each becomes `_`. For scrapers that ask for nothing.
    #[default]
    Underscores,
    /// `.` becomes `_dot_`, `_` becomes `__`, others `__`.
    Dots,
    /// `U__` in front and `_<hexadecimal>_` for each: nothing is lost.
    Values,
}

impl Escaping {
    const ALL: [Self; 4] = [Self::AllowUtf8, Self::Underscores, Self::Dots, Self::Values];

    /// The word of the `escaping` parameter.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::AllowUtf8 => "allow-utf-8",
            Self::Underscores => "underscores",
            Self::Dots => "dots",
            Self::Values => "values",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.word() == word)
    }
}

impl Format {
    /// True for OpenMetrics of either version.
    pub const fn is_open_metrics(self) -> bool {
        matches!(self, Self::OpenMetrics { .. })
    }

    /// The media type with its version, as `Content-Type` had it before there were escaping schemes.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::Text1 => "text/plain; version=1.0.0; charset=utf-8",
            Self::OpenMetrics { old: true } => "application/openmetrics-text; version=0.0.1; charset=utf-8",
            Self::OpenMetrics { old: false } => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Protobuf => {
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
            }
        }
    }

    /// The value of the `Content-Type` header.
    pub fn content_type(self, escaping: Escaping) -> String {
        format!("{}; escaping={}", self.media_type(), escaping.word())
    }
}
