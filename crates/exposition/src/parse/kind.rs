//! Types of metrics.

/// The type of a metric family, as OpenMetrics has them. Prometheus' text format knows five of them and calls
/// [`MetricType::Unknown`] `untyped`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MetricType {
    /// Not said, or said to be unknown.
    Unknown,
    /// Only grows, until a reset.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts in buckets, growing.
    Histogram,
    /// Counts in buckets, going up and down.
    GaugeHistogram,
    /// Quantiles, count and sum.
    Summary,
    /// Text in labels, value 1.
    Info,
    /// One series per state, 1 or 0.
    StateSet,
}

impl MetricType {
    /// The type with this name; `None` for a word that is no type.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "counter" => Self::Counter,
            "gauge" => Self::Gauge,
            "histogram" => Self::Histogram,
            "gaugehistogram" => Self::GaugeHistogram,
            "summary" => Self::Summary,
            "info" => Self::Info,
            "stateset" => Self::StateSet,
            "unknown" | "untyped" => Self::Unknown,
            _ => return None,
        })
    }

    /// The name in OpenMetrics, which is also the value of OTLP's `prometheus.type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::GaugeHistogram => "gaugehistogram",
            Self::Summary => "summary",
            Self::Info => "info",
            Self::StateSet => "stateset",
        }
    }
}
