//! Settings in the Collector's words, flattened into those of the receivers.

use sidelight_config::settings;

settings! {
    /// How bytes become records.
    pub struct FramingSettings {
        /// The encoding of the source: a name of the WHATWG Encoding Standard, or `nop`.
        encoding: String = "utf-8",
    }
}
