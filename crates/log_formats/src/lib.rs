//! What a text says: formats of log lines, timestamps, severities.
//!
//! Everything here is a function of a text (and of a pattern compiled before): no settings, no records, no clock.

pub mod grok;
pub mod json;
pub mod key_value;
mod pattern;
mod severity;
mod timestamp;
mod value;

pub use pattern::{Miss, Pattern, PatternError};
pub use severity::Severities;
pub use timestamp::{Layout, LayoutKind};
pub use value::{Map, Value};

/// Longest text in bytes that a regular expression captures from. A longer one counts as not matched.
pub const CAPTURE_LIMIT: usize = 64 << 10;
