#![doc = include_str!("../README.md")]

mod chain;
mod entry;
mod field;
mod line;
mod operators;
mod records;
mod settings;
#[cfg(test)]
mod tests;

pub use chain::{Chain, Step};
pub use line::{Line, Source};
pub use records::Records;
pub use settings::{OperatorSettings, check_operators};

/// The attribute of a record that was longer than the limit and is cut.
pub const CUT: &str = "sidelight.cut";

/// The attribute with the ids of the operators that could not do their work on the record.
pub const UNPARSED: &str = "sidelight.unparsed_by";
