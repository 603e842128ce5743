//! OTTL conditions, the Collector's expression language: parsed once to a typed tree, evaluated on whatever can name its
//! fields.
//!
//! ```text
//! text ─▶ Condition::parse(context) ─▶ typed tree ─▶ matches(fields) ─▶ bool
//! ```

mod condition;
mod error;
mod fields;

pub use condition::Condition;
pub use error::{EvalError, ParseError};
pub use fields::{Context, Field, Fields, Key, Value};
