//! The text formats of Prometheus and OpenMetrics.
//!
//! One reader takes both: they differ in the end of the page, in times and in exemplars. It is a little more lenient than
//! Prometheus where no meaning is lost: blank lines and several blanks in OpenMetrics, `\r\n` at the end of a line.
//! What it refuses, Prometheus refuses.

pub(super) mod cursor;
mod metadata;
mod page;
mod sample;
#[cfg(test)]
mod tests;

pub use page::{Event, Page};
pub use sample::{Exemplar, Sample, Tail};

/// The longest name and labels of one series, in bytes. Prometheus has no such limit by default; a label this long is
/// always a mistake of the target.
pub const MAX_SERIES_BYTES: usize = 1 << 20;
/// The most labels of one series.
pub const MAX_LABELS: usize = 1024;
