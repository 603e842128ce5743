//! Values as Prometheus has them.

use sidelight_proto::views::{NumberPointView, NumberValue};

/// The marker of a series that ended. Source: Prometheus `model/value`, `StaleNaN`.
pub(super) const STALE_BITS: u64 = 0x7ff0_0000_0000_0002;

/// Data point flag 1 of OTLP: no recorded value.
pub(super) fn is_stale(flags: u32) -> bool {
    flags & 1 != 0
}

/// The value, or the marker of a series that ended.
pub(super) fn or_stale(value: f64, flags: u32) -> f64 {
    if is_stale(flags) {
        f64::from_bits(STALE_BITS)
    } else {
        value
    }
}

/// The value of a point; without one it is 0, as to all receivers of OTLP.
pub(super) fn of_number(point: NumberPointView<'_>) -> f64 {
    or_stale(point.value().map_or(0.0, NumberValue::as_f64), point.flags())
}

/// Unix nanoseconds as milliseconds.
pub(super) fn milliseconds(unix_nanos: u64) -> i64 {
    // Of 64 bits of nanoseconds, milliseconds take 45.
    (unix_nanos / 1_000_000) as i64
}

/// A bound or quantile as a label's value: the shortest text without an exponent.
pub(super) fn bound(value: f64) -> String {
    match value {
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_have_no_exponent() {
        for (value, text) in [
            (0.005, "0.005"),
            (5.0, "5"),
            (1e21, "1000000000000000000000"),
            (2.5e-7, "0.00000025"),
            (f64::INFINITY, "+Inf"),
        ] {
            assert_eq!(bound(value), text);
        }
    }
}
