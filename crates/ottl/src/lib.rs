#![doc = include_str!("../README.md")]

mod error;
mod functions;
mod lexer;
mod parser;
#[cfg(test)]
mod tests;
mod tree;
mod value;

pub use error::{EvalError, ParseError};
pub use tree::Condition;
pub use value::{Fields, Root, Value};
