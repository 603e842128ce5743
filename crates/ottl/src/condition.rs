//! A condition.

use crate::error::{EvalError, ParseError};
use crate::fields::{Context, Fields};

/// A condition, parsed.
#[derive(Clone, Debug)]
pub struct Condition {}

impl Condition {
    /// Parses a condition about items of a context.
    ///
    /// # Errors
    /// [`ParseError`] with the place in the text.
    pub fn parse(text: &str, context: Context) -> Result<Self, ParseError> {
        todo!("{text} {context:?}")
    }

    /// True where the item meets the condition.
    ///
    /// # Errors
    /// [`EvalError`] where a function or a comparison has no answer for its values.
    pub fn matches(&self, item: &impl Fields) -> Result<bool, EvalError> {
        let _ = item;
        todo!()
    }
}
