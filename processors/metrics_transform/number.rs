//! The number of a point of a gauge or sum.

use sidelight_proto::views::{NumberPointView, NumberValue};
use sidelight_proto::wire::Writer;

use super::point::copy_fields;

/// The point with another number.
pub(super) fn with_number(point: &[u8], value: NumberValue) -> Vec<u8> {
    let mut out = Writer::with_capacity(point.len() + 9);
    copy_fields(&mut out, point, |field| !matches!(field.number, 4 | 6));
    match value {
        NumberValue::Double(value) => out.double_field(4, value),
        NumberValue::Int(value) => out.fixed64_field(6, value as u64),
    }
    out.into_bytes()
}

/// The point with its number in the other type; `None` where it has none.
pub(super) fn toggled(point: &[u8]) -> Option<Vec<u8>> {
    let value = match NumberPointView::new(point).value()? {
        NumberValue::Int(value) => NumberValue::Double(value as f64),
        // The fraction is dropped; what is beyond 64 bits becomes the nearest, NaN 0.
        NumberValue::Double(value) => NumberValue::Int(value as i64),
    };
    Some(with_number(point, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_double_beyond_64_bits_becomes_the_nearest_integer() {
        let point = |value| with_number(&[], value);
        for (value, expected) in [
            (2.9, 2),
            (-2.9, -2),
            (1e30, i64::MAX),
            (f64::NEG_INFINITY, i64::MIN),
            (f64::NAN, 0),
        ] {
            let toggled = toggled(&point(NumberValue::Double(value))).expect("a number");
            assert_eq!(
                NumberPointView::new(&toggled).value(),
                Some(NumberValue::Int(expected))
            );
        }
        assert_eq!(toggled(&[]), None);
    }
}
