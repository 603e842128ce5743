//! Summaries: quantiles, count and sum.

use sidelight_proto::wire::Value;

use super::message::{Checked, Step, timestamp};

/// A summary.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary<'a> {
    /// Number of values.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// Since when it counts, in Unix nanoseconds.
    pub created: Option<u64>,
    bytes: &'a [u8],
}

impl<'a> Summary<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Step<Self> {
        let mut summary = Self {
            count: 0,
            sum: 0.0,
            created: None,
            bytes,
        };
        for field in Checked::new(bytes) {
            match field? {
                (1, Value::Varint(count)) => summary.count = count,
                (2, Value::Fixed64(bits)) => summary.sum = f64::from_bits(bits),
                (3, Value::Len(quantile)) => {
                    two_numbers(quantile)?;
                }
                (4, Value::Len(bytes)) => summary.created = timestamp(bytes)?,
                _ => {}
            }
        }
        Ok(summary)
    }

    /// Quantiles and their values.
    pub fn quantiles(&self) -> impl Iterator<Item = (f64, f64)> + use<'a> {
        Checked::new(self.bytes).filter_map(|field| match field {
            Ok((3, Value::Len(bytes))) => two_numbers(bytes).ok(),
            _ => None,
        })
    }
}

fn two_numbers(bytes: &[u8]) -> Step<(f64, f64)> {
    let (mut first, mut second) = (0.0, 0.0);
    for field in Checked::new(bytes) {
        match field? {
            (1, Value::Fixed64(bits)) => first = f64::from_bits(bits),
            (2, Value::Fixed64(bits)) => second = f64::from_bits(bits),
            _ => {}
        }
    }
    Ok((first, second))
}
