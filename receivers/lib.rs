//! What brings data in: one folder per receiver, and the list of them.
//!
//! A receiver is added with its folder and its two lines here; CONTRIBUTING.md goes through an example.

use sidelight_component::registry;

pub mod file_log;
pub mod host_metrics;
pub mod log_lines;
mod name_pattern;
pub mod otlp;
pub mod process;
pub mod prometheus;
pub mod sampling;
pub mod stdin;

registry! { ReceiverEntry: file_log, host_metrics, otlp, process, prometheus, stdin }
