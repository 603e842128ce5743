//! What the receivers of log lines share: files, standard input.
//!
//! ```text
//! bytes of a LineSource ─▶ LogLines: Framer ─▶ Chain ─▶ Records ─▶ Payload ─▶ Deliveries: Output, again where refused
//! ```
//!
//! - `LineSettings` are the settings that all of them have: framing, `operators`, `attributes`, `resource`.
//! - `LogLines` makes requests of bytes, charged to the memory budget. It has no clock and reads nothing: it may work on
//!   any thread.
//! - `Deliveries` hands requests over and says, in their order, when each is settled for good: a refusal is repeated
//!   with the same bytes.

mod deliveries;
mod lines;
mod sample;
mod settings;

#[cfg(test)]
mod tests;

pub(crate) use deliveries::Deliveries;
pub(crate) use lines::{LineSource, LogLines, Numbering};
pub(crate) use sample::sample_attributes;
pub use settings::LineSettings;
