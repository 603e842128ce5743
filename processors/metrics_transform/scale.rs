//! Points times a factor: what is measured in the metric's unit changes, counts do not.

use sidelight_proto::views::{ExemplarView, ExpHistogramPointView, NumberPointView, NumberValue};
use sidelight_proto::wire::{Fields, Value, Writer};

use super::number::with_number;
use super::point::{Kind, copy_fields};

/// The point times a factor; `None` where it stays as it is.
pub(super) fn scaled_point(kind: Kind, point: &[u8], factor: f64) -> Option<Vec<u8>> {
    match kind {
        Kind::Gauge | Kind::Sum => {
            let value = NumberPointView::new(point).value()?;
            Some(with_number(point, scaled(value, factor)))
        }
        Kind::Histogram => Some(scaled_histogram(point, factor)),
        Kind::ExponentialHistogram => Some(scaled_exponential(point, factor)),
        Kind::Summary => Some(scaled_summary(point, factor)),
    }
}

/// Whether points of a kind can be multiplied by a factor: bounds of buckets rise, and a negative factor would turn them
/// round.
pub(super) fn can_scale(kind: Kind, factor: f64) -> bool {
    factor > 0.0 || kind.is_number()
}

/// A number times a factor. An integer stays one where the factor is whole and the result fits; otherwise it becomes a
/// double, so that nothing is cut off.
pub(super) fn scaled(value: NumberValue, factor: f64) -> NumberValue {
    match value {
        NumberValue::Double(value) => NumberValue::Double(value * factor),
        NumberValue::Int(value) => whole(factor)
            .and_then(|factor| value.checked_mul(factor))
            .map_or(NumberValue::Double(value as f64 * factor), NumberValue::Int),
    }
}

fn whole(factor: f64) -> Option<i64> {
    // Beyond 2^53 not every whole number is a double.
    (factor.fract() == 0.0 && factor.abs() < 9_007_199_254_740_992.0).then_some(factor as i64)
}

/// Sum, least, greatest, bounds and exemplars.
fn scaled_histogram(point: &[u8], factor: f64) -> Vec<u8> {
    rewritten(point, |out, number, value| {
        match (number, value) {
            (5 | 11 | 12, Value::Fixed64(bits)) => out.double_field(number, f64::from_bits(bits) * factor),
            (7, Value::Len(bounds)) => {
                out.len_header(7, bounds.len());
                for bound in bounds.as_chunks::<8>().0 {
                    let bound = f64::from_le_bytes(*bound) * factor;
                    out.raw(&bound.to_le_bytes());
                }
            }
            (8, Value::Len(exemplar)) => out.bytes_field(8, &scaled_exemplar(exemplar, factor)),
            _ => return false,
        }
        true
    })
}

/// As [`scaled_histogram`]; its bounds are powers of one base, so that a factor moves the index of the first bucket. The
/// nearest whole move is taken: every value lands within half a bucket of where it belongs.
fn scaled_exponential(point: &[u8], factor: f64) -> Vec<u8> {
    let scale = ExpHistogramPointView::new(point).scale();
    let moved_by = (factor.log2() * f64::from(scale).exp2()).round();
    rewritten(point, |out, number, value| {
        match (number, value) {
            (5 | 12..=14, Value::Fixed64(bits)) => out.double_field(number, f64::from_bits(bits) * factor),
            (8 | 9, Value::Len(buckets)) => {
                let opened = out.begin(number, 1);
                let offset = sidelight_proto::views::BucketsView::new(buckets).offset();
                // Beyond 32 bits the nearest: such a bound is no double any more.
                let offset = (f64::from(offset) + moved_by) as i32;
                if offset != 0 {
                    out.sint32_field(1, offset);
                }
                copy_fields(out, buckets, |field| field.number != 1);
                out.end(opened);
            }
            (11, Value::Len(exemplar)) => out.bytes_field(11, &scaled_exemplar(exemplar, factor)),
            _ => return false,
        }
        true
    })
}

/// Sum and quantiles' values.
fn scaled_summary(point: &[u8], factor: f64) -> Vec<u8> {
    rewritten(point, |out, number, value| {
        match (number, value) {
            (5, Value::Fixed64(bits)) => out.double_field(5, f64::from_bits(bits) * factor),
            (6, Value::Len(quantile)) => {
                let quantile = rewritten(quantile, |out, number, value| {
                    match (number, value) {
                        (2, Value::Fixed64(bits)) => out.double_field(2, f64::from_bits(bits) * factor),
                        _ => return false,
                    }
                    true
                });
                out.bytes_field(6, &quantile);
            }
            _ => return false,
        }
        true
    })
}

fn scaled_exemplar(exemplar: &[u8], factor: f64) -> Vec<u8> {
    let Some(value) = ExemplarView::new(exemplar).value() else {
        return exemplar.to_vec();
    };
    let mut out = Writer::with_capacity(exemplar.len());
    copy_fields(&mut out, exemplar, |field| !matches!(field.number, 3 | 6));
    match scaled(value, factor) {
        NumberValue::Double(value) => out.double_field(3, value),
        NumberValue::Int(value) => out.fixed64_field(6, value as u64),
    }
    out.into_bytes()
}

/// A message with some of its fields written anew: `write` says whether it wrote one, others are copied as they are.
fn rewritten(message: &[u8], write: impl Fn(&mut Writer, u32, Value<'_>) -> bool) -> Vec<u8> {
    let mut out = Writer::with_capacity(message.len() + 8);
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next() {
        if !write(&mut out, field.number, field.value) {
            out.raw(message.get(field.start..fields.offset()).unwrap_or_default());
        }
    }
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scaled_integer_is_cut_off_nowhere() {
        use NumberValue::{Double, Int};
        let table = [
            (Int(3), 1000.0, Int(3000)),
            (Int(-3), 2.0, Int(-6)),
            (Int(1_500_000), 1e-6, Double(1.5)),
            (Int(i64::MAX), 2.0, Double(1.844_674_407_370_955_2e19)),
            (Double(0.25), 100.0, Double(25.0)),
            (Int(3), 1e300, Double(3e300)),
        ];
        for (value, factor, expected) in table {
            assert_eq!(scaled(value, factor), expected, "{value:?} x {factor}");
        }
    }
}
