//! Settings of the operators.

use sidelight_config::settings;

settings! {
    /// One operator.
    pub struct OperatorSettings {
        /// Which operator it is.
        r#type: String = "noop",
    }
}
