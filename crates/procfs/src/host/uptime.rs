//! `/proc/uptime`.

use crate::fields::{fraction, words};

/// Seconds since the boot, time suspended included; `None` where the text is not the file's.
pub fn parse(text: &[u8]) -> Option<f64> {
    words(text).next().and_then(fraction)
}
