//! Prometheus' names and exposition formats, both ways.
//!
//! ```text
//! OTLP name, unit, type ─► names::MetricNamer ─► family name     attribute ─► names::label_name, label_value
//! ```
//!
//! It is for everything that speaks Prometheus' language: exporters that show or send series and what shows the
//! program's own metrics. It keeps no state, opens no socket and does not know which series there are.

pub mod names;
