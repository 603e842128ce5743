//! `service: telemetry:` of `pipeline.yaml`, in the Collector's words.

mod logs;
mod metrics;
mod resource;
mod traces;

use sidelight_config::settings;

pub use logs::{LogEncoding, LogLevel, LogSettings};
pub use metrics::{MetricLevel, MetricReader, MetricSettings, PrometheusReader, PullExporter, PullReader};
pub use resource::ResourceSettings;
pub use traces::{
    OtlpProtocol, OtlpTraces, TraceBatch, TraceExporter, TraceLevel, TraceProcessor, TraceSettings,
};

settings! {
    /// What the program tells about itself.
    pub struct TelemetrySettings {
        /// Its log.
        logs: LogSettings,
        /// Its metrics, shown to Prometheus.
        metrics: MetricSettings,
        /// Its own spans; off unless a processor is given.
        traces: TraceSettings,
        /// Attributes of everything above: names to texts; nothing as a value takes an attribute away.
        resource: ResourceSettings,
    }
}

#[cfg(test)]
mod tests;
