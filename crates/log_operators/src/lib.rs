//! A line becomes a record: the Collector's log operators, in the order of the settings.
//!
//! ```text
//! Line ─▶ Chain (operators) ─▶ Records (an ExportLogsServiceRequest that grows)
//! ```

mod chain;
mod line;
mod records;
mod settings;

pub use chain::{Chain, Step};
pub use line::{Line, Source};
pub use records::Records;
pub use settings::OperatorSettings;
