//! What OTLP calls a metric, a unit, an attribute and a resource, as Prometheus calls them.
//!
//! The rules are those of the OpenTelemetry specification, "Prometheus and OpenMetrics Compatibility", in the reading
//! of Prometheus 3 and the Collector 0.157 (`github.com/prometheus/otlptranslator`), so that a series has the same name
//! whether Prometheus scrapes it, gets it by remote write, or takes OTLP itself.
//!
//! ```
//! use sidelight_exposition::names::{Kind, MetricNamer, TranslationStrategy, label_name};
//!
//! let strategy = TranslationStrategy::default();
//! let namer = MetricNamer::new("", strategy);
//! let name = namer.name("http.server.request.duration", "s", Kind::Other);
//! assert_eq!(name.as_deref(), Ok("http_server_request_duration_seconds"));
//! assert_eq!(namer.name("system.disk.io", "By", Kind::Counter).as_deref(), Ok("system_disk_io_bytes_total"));
//! assert_eq!(label_name("http.route", strategy).as_deref(), Ok("http_route"));
//! ```

mod label;
mod metric;
mod strategy;
mod target;
mod unit;
mod value;

pub use label::{label_name, scope_label_name};
pub use metric::{Kind, MetricNamer};
pub use strategy::TranslationStrategy;
pub use target::{IDENTIFYING, Target};
pub use unit::unit_words;
pub use value::label_value;

/// A name of which nothing is left that Prometheus could tell from others: empty, or underscores alone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` has no character that a name can be made of")]
pub struct UnusableName(
    /// The name as it came.
    pub String,
);

/// Letters, digits: what both kinds of names keep. The underscore is the separator of what is kept.
fn is_alphanumeric(c: char) -> bool {
    c.is_ascii_alphanumeric()
}

fn is_underscores(name: &str) -> bool {
    name.bytes().all(|byte| byte == b'_')
}
