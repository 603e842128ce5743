//! Reading what a target exposes: the text formats of Prometheus and OpenMetrics, and delimited protobuf.
//!
//! ```text
//! Content-Type ─► Format ─┬─► text::Page ────► Event (type, help, unit, sample), one at a time, borrowed
//!                         └─► protobuf::Families ─► Family ─► Metric (labels, value, native histogram)
//! ```
//!
//! Nothing is allocated for a sample: names, labels and texts are slices of the page; text with escapes in it is the
//! one exception. Errors of text say line and column. Neither reader looks at more than the page it was given, and both
//! end: every call moves forward or fails.
//!
//! Sources: Prometheus "Exposition formats" (text 0.0.4 and 1.0.0 with quoted UTF-8 names), OpenMetrics 1.0.0,
//! `io/prometheus/client/metrics.proto` of prometheus/client_model.

mod error;
mod float;
mod format;
mod kind;
mod labels;
pub mod protobuf;
pub mod text;

pub use error::ParseError;
pub use format::Format;
pub use kind::MetricType;
pub use labels::{LabelSet, SeriesText};
