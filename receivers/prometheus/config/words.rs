//! Settings that are one of a few words.

use sidelight_config::setting_enum;

setting_enum! {
    /// A format that a target is asked for.
    pub enum Protocol {
        /// Delimited `MetricFamily` messages.
        PrometheusProto = "PrometheusProto",
        /// OpenMetrics 0.0.1.
        OpenMetricsText0 = "OpenMetricsText0.0.1",
        /// OpenMetrics 1.0.0.
        OpenMetricsText1 = "OpenMetricsText1.0.0",
        /// Prometheus' text format 0.0.4.
        PrometheusText0 = "PrometheusText0.0.4",
        /// Prometheus' text format 1.0.0.
        PrometheusText1 = "PrometheusText1.0.0",
    }
}

setting_enum! {
    /// Which names of metrics and labels are valid.
    pub enum NameScheme {
        /// Any UTF-8.
        Utf8 = "utf8",
        /// `[a-zA-Z_:][a-zA-Z0-9_:]*`, labels without the colon.
        Legacy = "legacy",
    }
}

setting_enum! {
    /// How a target is asked to write names with other characters than letters, digits, `_` and `:`.
    pub enum Escaping {
        /// As they are.
        AllowUtf8 = "allow-utf-8",
        /// Those characters as `_`.
        Underscores = "underscores",
        /// Dots as `_dot_`, other characters as `__`.
        Dots = "dots",
        /// With their code points: `U__…`.
        Values = "values",
    }
}
