//! What a text says: formats of log lines, timestamps, severities.
//!
//! Everything here is a function of a text (and of a pattern compiled before): no settings, no records, no clock.

pub mod access_log;
pub mod csv;
pub mod grok;
pub mod json;
pub mod key_value;
mod message_pattern;
mod pattern;
mod severity;
pub mod syslog;
mod timestamp;
pub mod uri;
mod value;

pub use message_pattern::{MAX_PATTERN, message_pattern, write_message_pattern};
pub use pattern::{Miss, Pattern, PatternError};
pub use severity::{Preset, SeverityMap};
pub use timestamp::{Layout, LayoutError, LayoutKind, TimeError};
pub use value::{Key, Map, Value};

/// Longest text in bytes that a regular expression captures from. A longer one counts as not matched.
pub const CAPTURE_LIMIT: usize = 64 << 10;
