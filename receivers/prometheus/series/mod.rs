//! The series of one target, from one scrape to the next.
//!
//! ```text
//! page ─► record ─┬─ known order? ─► entry ─► point          (one comparison of memory a sample)
//!                 └─ text or labels ─► entries ─► point      (one look-up)
//!                          └─ new ─► resolve: labels, relabelling, metadata ─► entry, point
//! points ─► write ─► one OTLP request; what is not there any more gets its mark
//! ```
//!
//! An [`Entry`](entry::Entry) is a series as the page writes it; a [`Point`](point::Point) is a data point of OTLP, which
//! may take many entries: the buckets, count and sum of a histogram. Attributes are encoded once, when a point is first
//! seen. A page is recorded as a whole or counts for nothing: nothing of a point is final before it is written.

mod attributes;
mod entry;
mod exemplar;
mod metadata;
mod metrics;
mod native;
mod point;
mod record;
mod record_protobuf;
mod report;
mod resolve;
mod resource;
mod sequence;
mod state;
mod sweep;
#[cfg(test)]
mod tests;
mod units;
mod write;
mod write_points;

pub(super) use record::{Counts, RecordError};
pub(super) use report::Report;
pub(super) use state::SeriesState;
pub(super) use write::Written;
