//! Sums of numbers as they were measured.

use sidelight_proto::views::NumberValue;

/// The sum: an integer where both are and it fits, else a double.
///
/// ```
/// use sidelight_proto::views::NumberValue::{Double, Int};
/// use sidelight_series::sum_of;
/// assert_eq!(sum_of(Int(2), Int(3)), Int(5));
/// assert_eq!(sum_of(Int(i64::MAX), Int(1)), Double(9.223372036854775807e18));
/// assert_eq!(sum_of(Int(2), Double(0.5)), Double(2.5));
/// ```
pub fn sum_of(a: NumberValue, b: NumberValue) -> NumberValue {
    if let (NumberValue::Int(a), NumberValue::Int(b)) = (a, b)
        && let Some(sum) = a.checked_add(b)
    {
        return NumberValue::Int(sum);
    }
    NumberValue::Double(a.as_f64() + b.as_f64())
}
