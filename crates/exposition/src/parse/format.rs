//! Which format a page is in.

/// A format of exposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus' text format, 0.0.4 or 1.0.0: one reader takes both.
    Text,
    /// OpenMetrics: `# EOF` at the end, exemplars, times in seconds.
    OpenMetrics,
    /// `MetricFamily` messages, each behind its length.
    Protobuf,
}

impl Format {
    /// The format that a `Content-Type` names; `None` where it is missing or names something else, such as
    /// `text/html`.
    pub fn of_content_type(value: &str) -> Option<Self> {
        let mut parts = value.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default().to_ascii_lowercase();
        let parameter = |name: &str| {
            parts.clone().find_map(|part| {
                let (key, value) = part.split_once('=')?;
                (key.trim().eq_ignore_ascii_case(name)).then(|| value.trim().trim_matches('"').to_owned())
            })
        };
        match media.as_str() {
            "text/plain" => Some(Self::Text),
            "application/openmetrics-text" => Some(Self::OpenMetrics),
            "application/vnd.google.protobuf" => {
                let family =
                    parameter("proto").is_none_or(|name| name == "io.prometheus.client.MetricFamily");
                let delimited = parameter("encoding").is_none_or(|name| name == "delimited");
                (family && delimited).then_some(Self::Protobuf)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types_name_formats() {
        for (value, expected) in [
            ("text/plain", Some(Format::Text)),
            ("text/plain; version=0.0.4; charset=utf-8", Some(Format::Text)),
            (
                "Text/Plain;version=1.0.0;escaping=allow-utf-8",
                Some(Format::Text),
            ),
            (
                "application/openmetrics-text; version=1.0.0",
                Some(Format::OpenMetrics),
            ),
            (
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
                Some(Format::Protobuf),
            ),
            (
                "application/vnd.google.protobuf; proto=other; encoding=delimited",
                None,
            ),
            ("application/vnd.google.protobuf; encoding=text", None),
            ("text/html; charset=utf-8", None),
            ("application/json", None),
            ("", None),
        ] {
            assert_eq!(Format::of_content_type(value), expected, "{value}");
        }
    }
}
