//! Which format a scraper gets: RFC 9110 section 12.5.1, with Prometheus' parameters.

use crate::format::{Escaping, Format};

/// What can be had besides the text format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    /// OpenMetrics is given to who prefers it.
    pub open_metrics: bool,
    /// Protobuf is given to who prefers it.
    pub protobuf: bool,
    /// OpenMetrics is given only to who takes no text: there is something that it cannot say as well.
    pub text_first: bool,
}

/// Ranges of an `Accept` header that are looked at; a scraper sends five.
const MAX_RANGES: usize = 32;

/// The format and the escaping for a scraper that sent this `Accept` header: the range with the greatest weight, of
/// equal ones the first. A header that asks for nothing that is offered gets the text.
pub fn negotiate(accept: Option<&str>, offers: Offers) -> (Format, Escaping) {
    let ranges = accept.unwrap_or_default().split(',').take(MAX_RANGES);
    let offered = ranges.filter_map(Range::parse).filter_map(|range| {
        let format = range.format(offers)?;
        let last = offers.text_first && format.is_open_metrics();
        Some(((!last, range.weight), format, range.escaping))
    });
    let best = offered.reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.map_or((Format::Text, Escaping::default()), |(_, format, escaping)| {
        (format, escaping)
    })
}

struct Range<'a> {
    media: &'a str,
    version: Option<&'a str>,
    message: Option<&'a str>,
    encoding: Option<&'a str>,
    escaping: Escaping,
    weight: f32,
}

impl<'a> Range<'a> {
    /// `None` for what cannot be read and for what is not wanted (`q=0`).
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let mut range = Self {
            media: parts.next().filter(|media| !media.is_empty())?,
            version: None,
            message: None,
            encoding: None,
            escaping: Escaping::default(),
            weight: 1.0,
        };
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            let value = value.trim().trim_matches('"');
            match name.trim() {
                "q" => range.weight = value.parse().ok().filter(|q| (0.0..=1.0).contains(q))?,
                "version" => range.version = Some(value),
                "proto" => range.message = Some(value),
                "encoding" => range.encoding = Some(value),
                "escaping" => range.escaping = Escaping::from_word(value).unwrap_or_default(),
                _ => {}
            }
        }
        (range.weight > 0.0).then_some(range)
    }

    fn format(&self, offers: Offers) -> Option<Format> {
        Some(match (self.media, self.version) {
            ("application/openmetrics-text", None | Some("1.0.0")) if offers.open_metrics => {
                Format::OpenMetrics { old: false }
            }
            ("application/openmetrics-text", Some("0.0.1")) if offers.open_metrics => {
                Format::OpenMetrics { old: true }
            }
            ("application/vnd.google.protobuf", _) if offers.protobuf && self.is_metric_family() => {
                Format::Protobuf
            }
            ("text/plain", Some("1.0.0")) => Format::Text1,
            ("text/plain" | "text/*" | "*/*", None | Some("0.0.4")) => Format::Text,
            _ => return None,
        })
    }

    fn is_metric_family(&self) -> bool {
        self.message
            .is_none_or(|name| name == "io.prometheus.client.MetricFamily")
            && self.encoding.is_none_or(|encoding| encoding == "delimited")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Offers = Offers {
        open_metrics: true,
        protobuf: true,
        text_first: false,
    };

    #[test]
    fn the_greatest_weight_wins_and_of_equal_ones_the_first() {
        let open_metrics = Format::OpenMetrics { old: false };
        for (accept, format, escaping) in [
            ("", Format::Text, Escaping::Underscores),
            ("*/*", Format::Text, Escaping::Underscores),
            ("image/png", Format::Text, Escaping::Underscores),
            (
                "text/plain;version=1.0.0;escaping=allow-utf-8",
                Format::Text1,
                Escaping::AllowUtf8,
            ),
            (
                "text/plain;version=1.0.0;escaping=runes",
                Format::Text1,
                Escaping::Underscores,
            ),
            (
                "text/plain;version=0.0.4;q=0.4,application/openmetrics-text;q=0.5;version=1.0.0;escaping=dots",
                open_metrics,
                Escaping::Dots,
            ),
            (
                "text/plain, application/openmetrics-text",
                Format::Text,
                Escaping::Underscores,
            ),
            (
                "application/openmetrics-text;version=0.0.1, text/plain",
                Format::OpenMetrics { old: true },
                Escaping::Underscores,
            ),
            (
                "application/openmetrics-text;version=2.0.0, text/plain;q=0.1",
                Format::Text,
                Escaping::Underscores,
            ),
            (
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6;escaping=values,text/plain;q=0.5",
                Format::Protobuf,
                Escaping::Values,
            ),
            (
                "application/vnd.google.protobuf;proto=other.Message,text/plain;q=0.1",
                Format::Text,
                Escaping::Underscores,
            ),
            (
                "application/openmetrics-text;q=0",
                Format::Text,
                Escaping::Underscores,
            ),
            (";;;,,=,q=1", Format::Text, Escaping::Underscores),
        ] {
            assert_eq!(negotiate(Some(accept), ALL), (format, escaping), "{accept}");
        }
        assert_eq!(negotiate(None, ALL), (Format::Text, Escaping::Underscores));
    }

    #[test]
    fn what_is_not_offered_is_not_given() {
        // What Prometheus 3 sends with native histograms on.
        let prometheus = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,\
            application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
            application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,\
            text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
        let given = |open_metrics, protobuf, text_first| {
            let offers = Offers {
                open_metrics,
                protobuf,
                text_first,
            };
            negotiate(Some(prometheus), offers).0
        };
        assert_eq!(given(true, true, false), Format::Protobuf);
        assert_eq!(given(true, false, false), Format::OpenMetrics { old: false });
        assert_eq!(given(true, false, true), Format::Text1);
        assert_eq!(given(false, false, false), Format::Text1);
    }
}
