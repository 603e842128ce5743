//! What every receiver that samples shares: host, processes.
//!
//! ```text
//! Timing ─▶ run: tick ─▶ Sampler::sample (beside the workers) ─▶ SampleWriter ─▶ Output
//!                           └ reads files, writes metrics of its tables ┘
//! ```
//!
//! - `Timing` is the settings that say when; `run` is the loop that keeps to them.
//! - `metric_table!` declares what a sampler measures: one text for the code, the `metrics:` settings
//!   (`MetricSettings`) and the README (`readme_table`).
//! - `SampleWriter` writes metrics straight into a request that is charged to the budget, in the names that
//!   `Semconv` asks for.
//! - `HostIdentity` says whose figures they are, `FailedReads` counts what could not be read.
//! - `Users`, `creation_time` and `cut` are what a process is described with.

mod failed_reads;
mod identity;
mod metric_settings;
mod metric_table;
mod naming;
mod process_text;
mod sampler;
mod timing;
mod users;
mod writer;

#[cfg(test)]
mod tests;

pub(crate) use failed_reads::FailedReads;
pub(crate) use identity::{HostIdentity, Instance};
pub use metric_settings::{MetricSettings, MetricSwitch};
pub(crate) use metric_table::metric_table;
pub use metric_table::{Kind, MetricDef, MetricSet, MetricTable};
pub use naming::Semconv;
pub(crate) use naming::Term;
pub(crate) use process_text::{creation_time, cut};
pub(crate) use sampler::{Sampled, Sampler, run};
pub use timing::Timing;
pub(crate) use users::Users;
pub(crate) use writer::{Attr, Number, Points, Sample, SampleWriter, Sink};

#[cfg(test)]
pub(crate) use metric_table::readme_table;
