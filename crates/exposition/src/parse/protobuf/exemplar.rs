//! Exemplars: single measurements.

use sidelight_proto::wire::Value;

use super::message::{Checked, Step, label, pairs, timestamp};

/// A single measurement with labels of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exemplar<'a> {
    /// What was measured.
    pub value: f64,
    /// When, in Unix nanoseconds.
    pub time: Option<u64>,
    bytes: &'a [u8],
}

impl<'a> Exemplar<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Step<Self> {
        let mut exemplar = Self {
            value: 0.0,
            time: None,
            bytes,
        };
        for field in Checked::new(bytes) {
            match field? {
                (1, Value::Len(pair)) => {
                    label(pair)?;
                }
                (2, Value::Fixed64(bits)) => exemplar.value = f64::from_bits(bits),
                (3, Value::Len(bytes)) => exemplar.time = timestamp(bytes)?,
                _ => {}
            }
        }
        Ok(exemplar)
    }

    /// The labels in their order: name and value.
    pub fn labels(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        pairs(self.bytes, 1)
    }
}
