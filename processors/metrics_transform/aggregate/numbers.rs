//! Numbers as one.

use sidelight_proto::views::{NumberPointView, NumberValue};
use sidelight_proto::wire::Writer;

use super::super::config::Aggregation;
use super::super::point::{Kind, Point};

/// The points as one; `None` where none has a number.
///
/// Integers stay integers in a sum that fits, a least, a greatest and a count. A mean and a median are doubles, so that
/// their type does not change with their value.
pub(super) fn joined(points: &[Point<'_>], aggregation: Aggregation) -> Option<Vec<u8>> {
    let values: Vec<NumberValue> = points
        .iter()
        .filter_map(|point| NumberPointView::new(point).value())
        .collect();
    let value = value(&values, aggregation)?;
    let mut out = Writer::with_capacity(points.first().map_or(0, |first| first.len()) + 9);
    super::begin(&mut out, points, Kind::Gauge, |number| !matches!(number, 4 | 6));
    match value {
        NumberValue::Double(value) => out.double_field(4, value),
        NumberValue::Int(value) => out.fixed64_field(6, value as u64),
    }
    Some(out.into_bytes())
}

fn value(values: &[NumberValue], aggregation: Aggregation) -> Option<NumberValue> {
    if values.is_empty() {
        return None;
    }
    let integers: Option<Vec<i64>> = values
        .iter()
        .map(|value| match value {
            NumberValue::Int(value) => Some(*value),
            NumberValue::Double(_) => None,
        })
        .collect();
    if let Some(integers) = &integers
        && let Some(exact) = of_integers(integers, aggregation)
    {
        return Some(NumberValue::Int(exact));
    }
    let doubles: Vec<f64> = values.iter().map(|value| value.as_f64()).collect();
    Some(NumberValue::Double(of_doubles(doubles, aggregation)))
}

/// What stays an integer.
fn of_integers(values: &[i64], aggregation: Aggregation) -> Option<i64> {
    match aggregation {
        Aggregation::Sum => values
            .iter()
            .try_fold(0_i64, |sum, value| sum.checked_add(*value)),
        Aggregation::Min => values.iter().copied().min(),
        Aggregation::Max => values.iter().copied().max(),
        Aggregation::Count => i64::try_from(values.len()).ok(),
        Aggregation::Mean | Aggregation::Median => None,
    }
}

fn of_doubles(mut values: Vec<f64>, aggregation: Aggregation) -> f64 {
    let count = values.len() as f64;
    match aggregation {
        Aggregation::Sum => values.iter().sum(),
        Aggregation::Mean => values.iter().sum::<f64>() / count,
        Aggregation::Min => values.into_iter().fold(f64::NAN, f64::min),
        Aggregation::Max => values.into_iter().fold(f64::NAN, f64::max),
        Aggregation::Count => count,
        Aggregation::Median => {
            values.sort_by(f64::total_cmp);
            let at = |nth: usize| values.get(nth).copied().unwrap_or(f64::NAN);
            let middle = values.len() / 2;
            if values.len() % 2 == 1 {
                at(middle)
            } else {
                f64::midpoint(at(middle - 1), at(middle))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_aggregation_of_integers_and_doubles() {
        use Aggregation::{Count, Max, Mean, Median, Min, Sum};
        use NumberValue::{Double, Int};
        let ints = [Int(5), Int(1), Int(2), Int(4)];
        let doubles = [Double(0.5), Int(3), Double(1.0)];
        let table = [
            (&ints[..], Sum, Int(12)),
            (&ints, Mean, Double(3.0)),
            (&ints, Min, Int(1)),
            (&ints, Max, Int(5)),
            (&ints, Count, Int(4)),
            (&ints, Median, Double(3.0)),
            (&ints[..3], Median, Double(2.0)),
            (&ints[..1], Mean, Double(5.0)),
            (&doubles, Sum, Double(4.5)),
            (&doubles, Mean, Double(1.5)),
            (&doubles, Min, Double(0.5)),
            (&doubles, Max, Double(3.0)),
            (&doubles, Count, Double(3.0)),
            (&doubles, Median, Double(1.0)),
            (
                &[Int(i64::MAX), Int(i64::MAX)],
                Sum,
                Double(1.844_674_407_370_955_2e19),
            ),
        ];
        for (values, aggregation, expected) in table {
            assert_eq!(
                value(values, aggregation),
                Some(expected),
                "{values:?} {aggregation:?}"
            );
        }
        assert_eq!(value(&[], Sum), None);
    }
}
