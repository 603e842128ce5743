#![doc = include_str!("../README.md")]

mod error;
mod functions;
mod lexer;
mod parser;
mod path;
#[cfg(test)]
mod tests;
mod tree;
mod value;
pub mod wire;

pub use error::{EvalError, ParseError};
pub use lexer::quoted_text;
pub use path::{Context, Field, Item, Path};
pub use tree::{Condition, Expression};
pub use value::{Fields, Value};
