//! What can be wrong.

/// Why a text is no condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at byte {at}")]
pub struct ParseError {
    /// Where, in bytes from the beginning of the text.
    pub at: usize,
    /// What is wrong, and what was meant where that is known.
    pub message: String,
}

/// Why a condition has no answer for a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EvalError(pub String);
