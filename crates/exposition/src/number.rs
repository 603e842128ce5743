//! Numbers as the text formats have them.

pub use sidelight_proto::views::NumberValue as Number;

/// Whole numbers up to here are written without a fraction; beyond, not every one of them is a double.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Appends a number: the shortest text that reads back as the same.
pub(crate) fn push_number(out: &mut Vec<u8>, number: Number) {
    match number {
        Number::Int(value) => push_int(out, value),
        Number::Double(value) => push_double(out, value),
    }
}

/// Appends an integer of any type.
pub(crate) fn push_int(out: &mut Vec<u8>, value: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Appends a double. Whole ones have no fraction.
pub(crate) fn push_double(out: &mut Vec<u8>, value: f64) {
    if value.fract() == 0.0 && value.abs() <= EXACT && (value != 0.0 || value.is_sign_positive()) {
        push_int(out, value as i64);
    } else {
        push_fraction(out, value);
    }
}

/// Appends a double that is seen to be one: whole ones have `.0`, as OpenMetrics wants bounds and quantiles.
pub(crate) fn push_fraction(out: &mut Vec<u8>, value: f64) {
    match value {
        f64::INFINITY => out.extend_from_slice(b"+Inf"),
        f64::NEG_INFINITY => out.extend_from_slice(b"-Inf"),
        _ => out.extend_from_slice(zmij::Buffer::new().format(value).as_bytes()),
    }
}

/// Appends Unix nanoseconds as seconds with milliseconds, as OpenMetrics has time stamps.
pub(crate) fn push_seconds(out: &mut Vec<u8>, unix_nanos: u64) {
    let millis = unix_nanos / 1_000_000;
    push_int(out, millis / 1000);
    let rest = millis % 1000;
    if rest > 0 {
        let digits = [
            b'0' + (rest / 100) as u8,
            b'0' + (rest / 10 % 10) as u8,
            b'0' + (rest % 10) as u8,
        ];
        out.push(b'.');
        out.extend_from_slice(&digits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(push: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        push(&mut out);
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn numbers_are_short_and_whole_ones_have_no_fraction() {
        for (value, text, fraction) in [
            (0.0, "0", "0.0"),
            (-0.0, "-0.0", "-0.0"),
            (1e15, "1000000000000000", "1000000000000000.0"),
            (0.25, "0.25", "0.25"),
            (-3.0, "-3", "-3.0"),
            (f64::NAN, "NaN", "NaN"),
            (f64::INFINITY, "+Inf", "+Inf"),
            (f64::NEG_INFINITY, "-Inf", "-Inf"),
        ] {
            assert_eq!(written(|out| push_double(out, value)), text);
            assert_eq!(written(|out| push_fraction(out, value)), fraction);
        }
        assert_eq!(
            written(|out| push_number(out, Number::Int(i64::MIN))),
            i64::MIN.to_string()
        );
    }

    #[test]
    fn times_are_seconds_with_milliseconds() {
        for (nanos, text) in [
            (0, "0"),
            (1_500_000_000_000_000_000, "1500000000"),
            (1_500_000_000_007_999_999, "1500000000.007"),
            (999_999, "0"),
        ] {
            assert_eq!(written(|out| push_seconds(out, nanos)), text);
        }
    }

    proptest! {
        #[test]
        fn every_double_reads_back_as_the_same(value in any::<f64>()) {
            let read: f64 = written(|out| push_double(out, value)).parse().expect("a number");
            prop_assert!(read.to_bits() == value.to_bits() || (read.is_nan() && value.is_nan()));
        }
    }
}
