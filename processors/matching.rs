//! How `include` and `exclude` compare: settings that several processors have.

use sidelight_config::{setting_enum, settings};

use crate::actions::Literal;

setting_enum! {
    /// How names and values are compared.
    pub enum MatchType {
        /// Equal.
        Strict = "strict",
        /// As regular expressions, found anywhere in the text.
        Regexp = "regexp",
    }
}

settings! {
    /// An attribute that must be there.
    pub struct AttributeMatch {
        /// Its key, which is never an expression.
        required key: String,
        /// Its value; any value when left out. `strict` compares type and value, `regexp` the value as text.
        value: Option<Literal>,
    }
}
