#![doc = include_str!("../README.md")]

mod accept;
mod escape;
mod format;
pub mod labels;
pub mod names;
mod number;
pub mod parse;
mod point;
pub mod write;

pub use accept::{Offers, negotiate};
pub use escape::{escape_name, is_legacy_label_name, is_legacy_metric_name};
pub use format::{Escaping, Format};
pub use number::Number;
