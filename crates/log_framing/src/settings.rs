//! Settings in the Collector's words, flattened into those of the receivers.

use std::time::Duration;

use sidelight_config::settings;

settings! {
    /// How bytes become records.
    pub struct FramingSettings {
        /// The encoding of the source: a name of the WHATWG Encoding Standard, or `nop`.
        encoding: String = "utf-8",
        /// The beginning of a line is taken for a whole one when its rest does not come for so long. 0: never.
        force_flush_period: Duration = Duration::from_millis(500),
    }
}
