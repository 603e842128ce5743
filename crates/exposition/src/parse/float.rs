//! Numbers as exposition formats have them.

/// A sample's value: what Go's `ParseFloat` takes without hexadecimal digits and underscores, which is what
/// Prometheus takes: decimals, `NaN`, `Inf`, `infinity` in any case, with a sign or without.
pub(super) fn value(text: &str) -> Option<f64> {
    text.parse().ok()
}

/// A time of OpenMetrics in seconds, as milliseconds; `None` for what is no finite number.
pub(super) fn seconds_as_millis(text: &str) -> Option<i64> {
    let seconds: f64 = value(text)?;
    // The cast saturates; a time that far away is refused by whoever compares it with the clock.
    seconds.is_finite().then_some((seconds * 1000.0).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_prometheus_reads_them() {
        for (text, expected) in [
            ("1", Some(1.0)),
            ("-0.5", Some(-0.5)),
            ("+3", Some(3.0)),
            (".5", Some(0.5)),
            ("5.", Some(5.0)),
            ("1e3", Some(1000.0)),
            ("1.7976931348623157e308", Some(f64::MAX)),
            ("+Inf", Some(f64::INFINITY)),
            ("-inf", Some(f64::NEG_INFINITY)),
            ("Infinity", Some(f64::INFINITY)),
            ("0x1p-2", None),
            ("1_000", None),
            ("1,5", None),
            ("", None),
            ("+", None),
        ] {
            assert_eq!(value(text), expected, "{text}");
        }
        assert!(value("NaN").is_some_and(f64::is_nan) && value("nan").is_some_and(f64::is_nan));
    }

    #[test]
    fn times_in_seconds_become_milliseconds() {
        for (text, expected) in [
            ("1520879607.789", Some(1_520_879_607_789)),
            ("-1", Some(-1000)),
            ("1e300", Some(i64::MAX)),
            ("NaN", None),
            ("x", None),
        ] {
            assert_eq!(seconds_as_millis(text), expected, "{text}");
        }
    }
}
