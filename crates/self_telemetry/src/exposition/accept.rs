//! Which text format a scraper gets.

use super::Style;

/// A text format that Prometheus reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus text, version 0.0.4.
    Text,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

/// Ranges of an `Accept` header that are looked at; a scraper sends five.
const MAX_RANGES: usize = 32;

impl Format {
    /// The format for a scraper that sent this `Accept` header.
    ///
    /// By weight where counters end in `_total`. Without the suffix OpenMetrics has no counters, so it is
    /// given only to those who do not take the text format. A header that asks for neither gets the text.
    pub fn negotiate(accept: Option<&str>, style: Style) -> Self {
        let Some(accept) = accept else { return Self::Text };
        let (mut text, mut open_metrics) = (0.0_f32, 0.0_f32);
        for range in accept.split(',').take(MAX_RANGES).filter_map(Range::parse) {
            match (range.media, range.version) {
                ("application/openmetrics-text", None | Some("1.0.0")) => {
                    open_metrics = open_metrics.max(range.weight);
                }
                ("text/plain" | "text/*" | "*/*", None | Some("0.0.4")) => text = text.max(range.weight),
                _ => {}
            }
        }
        let preferred = if style.type_suffix {
            open_metrics > text
        } else {
            text == 0.0 && open_metrics > 0.0
        };
        if preferred { Self::OpenMetrics } else { Self::Text }
    }

    /// The value of the `Content-Type` header.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

struct Range<'a> {
    media: &'a str,
    version: Option<&'a str>,
    weight: f32,
}

impl<'a> Range<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let media = parts.next().filter(|media| !media.is_empty())?;
        let mut range = Self {
            media,
            version: None,
            weight: 1.0,
        };
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            match name.trim() {
                "q" => range.weight = value.trim().parse().ok().filter(|q| (0.0..=1.0).contains(q))?,
                "version" => range.version = Some(value.trim().trim_matches('"')),
                _ => {}
            }
        }
        Some(range)
    }
}
