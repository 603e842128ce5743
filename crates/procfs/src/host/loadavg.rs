//! `/proc/loadavg`.

use crate::fields::{fraction, words};

/// Threads that run or wait for a disk, averaged over time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LoadAverage {
    /// Over a minute.
    pub one: f64,
    /// Over five.
    pub five: f64,
    /// Over fifteen.
    pub fifteen: f64,
}

impl LoadAverage {
    /// Reads the file's text; `None` where it does not begin with three numbers.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut fields = words(text).map(fraction);
        Some(Self {
            one: fields.next()??,
            five: fields.next()??,
            fifteen: fields.next()??,
        })
    }
}
