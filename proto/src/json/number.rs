//! Numbers: the JSON grammar, exact integers out of any spelling, and the shortest way back to text.

use std::io::Write as _;

/// Why the text of a number has no value in the wanted type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberError {
    /// Has a fraction.
    NotIntegral,
    /// Larger or smaller than the type can hold.
    OutOfRange,
}

/// An integer of either sign; zero is never negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Integer {
    negative: bool,
    magnitude: u64,
}

impl Integer {
    /// Into any integer type of at most 64 bits.
    #[inline]
    pub(super) fn fit<T: TryFrom<i128>>(self) -> Result<T, NumberError> {
        let value = i128::from(self.magnitude);
        T::try_from(if self.negative { -value } else { value }).map_err(|_| NumberError::OutOfRange)
    }
}

/// The length of the number at the start of `text`, by the grammar of RFC 8259 section 6, or `None` if there is none.
#[inline]
pub(super) fn length(text: &[u8]) -> Option<usize> {
    let digits = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        rest.iter()
            .position(|b| !b.is_ascii_digit())
            .unwrap_or(rest.len())
    };
    let mut at = usize::from(text.first() == Some(&b'-'));
    let whole = digits(at);
    if whole == 0 || (whole > 1 && text[at] == b'0') {
        return None;
    }
    at += whole;
    if text.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return None;
        }
        at += 1 + fraction;
    }
    if let Some(b'e' | b'E') = text.get(at) {
        let sign = usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at + 1 + sign);
        if exponent == 0 {
            return None;
        }
        at += 1 + sign + exponent;
    }
    Some(at)
}

/// The value of the usual spelling: at most 19 digits, no leading zero. `None` says nothing about other spellings.
#[inline]
pub(super) fn plain_integer(text: &[u8]) -> Option<Integer> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    // 19 digits cannot overflow 64 bits.
    if digits.is_empty() || digits.len() > 19 || (digits[0] == b'0' && digits.len() > 1) {
        return None;
    }
    let mut magnitude = 0u64;
    for &digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        magnitude = magnitude * 10 + u64::from(digit - b'0');
    }
    Some(Integer {
        negative: negative && magnitude != 0,
        magnitude,
    })
}

/// The exact value of `text`, which follows the grammar. `5.0` and `1e3` are integers, `5.5` and `1e-1` are not.
pub(super) fn integer(text: &[u8]) -> Result<Integer, NumberError> {
    plain_integer(text).map_or_else(|| scaled_integer(text), Ok)
}

/// [`integer`] for twenty digits and more, fractions and exponents. Linear in the length of the text, whatever the
/// exponent says.
#[cold]
fn scaled_integer(text: &[u8]) -> Result<Integer, NumberError> {
    let negative = text.first() == Some(&b'-');
    let (mantissa, exponent) = match text.iter().position(|b| matches!(b, b'e' | b'E')) {
        Some(e) => (&text[..e], saturating_exponent(&text[e + 1..])),
        None => (text, 0),
    };
    let fraction_digits = mantissa
        .iter()
        .position(|&b| b == b'.')
        .map_or(0, |dot| mantissa.len() - dot - 1);
    let mut scale = exponent.saturating_sub(fraction_digits as i64);

    let significant = mantissa
        .iter()
        .rposition(|b| matches!(b, b'1'..=b'9'))
        .map_or(0, |last| last + 1);
    scale = scale.saturating_add(
        mantissa[significant..]
            .iter()
            .filter(|b| b.is_ascii_digit())
            .count() as i64,
    );

    let mut magnitude = 0u64;
    for digit in mantissa[..significant].iter().filter(|b| b.is_ascii_digit()) {
        magnitude = shift_in(magnitude, digit - b'0').ok_or(if scale < 0 {
            NumberError::NotIntegral
        } else {
            NumberError::OutOfRange
        })?;
    }
    if magnitude == 0 {
        return Ok(Integer {
            negative: false,
            magnitude,
        });
    }
    if scale < 0 {
        return Err(NumberError::NotIntegral);
    }
    for _ in 0..scale.min(20) {
        magnitude = shift_in(magnitude, 0).ok_or(NumberError::OutOfRange)?;
    }
    Ok(Integer { negative, magnitude })
}

fn shift_in(magnitude: u64, digit: u8) -> Option<u64> {
    magnitude.checked_mul(10)?.checked_add(u64::from(digit))
}

/// The exponent in `text`; one that no 64-bit integer can have stops at a million million.
fn saturating_exponent(text: &[u8]) -> i64 {
    const ENOUGH: i64 = 1_000_000_000_000;
    let magnitude = text
        .iter()
        .filter(|b| b.is_ascii_digit())
        .fold(0i64, |sum, b| (sum * 10 + i64::from(b - b'0')).min(ENOUGH));
    if text.first() == Some(&b'-') {
        -magnitude
    } else {
        magnitude
    }
}

/// The nearest double to `text`, which follows the grammar. What rounds to infinity is out of range.
pub(super) fn double(text: &[u8]) -> Result<f64, NumberError> {
    // The grammar allows ASCII only, so the conversion cannot fail.
    let value: f64 = std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(f64::INFINITY);
    if value.is_finite() {
        Ok(value)
    } else {
        Err(NumberError::OutOfRange)
    }
}

const DIGIT_PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut n = 0;
    while n < 100 {
        pairs[n] = [b'0' + (n / 10) as u8, b'0' + (n % 10) as u8];
        n += 1;
    }
    pairs
};

/// Appends `value` in decimal.
pub(super) fn write_unsigned(mut value: u64, out: &mut Vec<u8>) {
    let mut text = [0u8; 20];
    let mut at = text.len();
    while value >= 100 {
        at -= 2;
        text[at..at + 2].copy_from_slice(&DIGIT_PAIRS[(value % 100) as usize]);
        value /= 100;
    }
    if value >= 10 {
        at -= 2;
        text[at..at + 2].copy_from_slice(&DIGIT_PAIRS[value as usize]);
    } else {
        at -= 1;
        text[at] = b'0' + value as u8;
    }
    out.extend_from_slice(&text[at..]);
}

/// Appends `value` in decimal.
pub(super) fn write_signed(value: i64, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    write_unsigned(value.unsigned_abs(), out);
}

/// Appends the shortest text that reads back as the same double; NaN and the infinities become the strings of the
/// protobuf JSON mapping.
pub(super) fn write_double(value: f64, out: &mut Vec<u8>) {
    /// Doubles below this are exact integers when they have no fraction.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.is_nan() {
        out.extend_from_slice(b"\"NaN\"");
    } else if value.is_infinite() {
        let text: &[u8] = if value > 0.0 {
            b"\"Infinity\""
        } else {
            b"\"-Infinity\""
        };
        out.extend_from_slice(text);
    } else if value.abs() < EXACT && value.trunc() == value && (value != 0.0 || value.is_sign_positive()) {
        write_signed(value as i64, out);
    } else {
        // `{:?}` is the shortest form, with an exponent where that is shorter; a `Vec` takes every write.
        let _ = write!(out, "{value:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse<T: TryFrom<i128>>(text: &str) -> Result<T, NumberError> {
        assert_eq!(length(text.as_bytes()), Some(text.len()), "{text}");
        integer(text.as_bytes())?.fit()
    }

    #[test]
    fn integers_are_exact_in_every_spelling() {
        for (text, value) in [
            ("0", 0i64),
            ("-0", 0),
            ("0.0", 0),
            ("-0e99999999999999999999", 0),
            ("0e-5", 0),
            ("7", 7),
            ("5.0", 5),
            ("1e3", 1000),
            ("1E+3", 1000),
            ("1.25e2", 125),
            ("12500e-2", 125),
            ("100.00e-2", 1),
            ("-1.0", -1),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
            ("9223372036854775807.000", i64::MAX),
            ("9223372036854775.807e3", i64::MAX),
            ("0.00000000000000000000000001e26", 1),
            ("100000000000000000000000000e-26", 1),
        ] {
            assert_eq!(parse::<i64>(text), Ok(value), "{text}");
        }
        assert_eq!(parse::<u64>("18446744073709551615"), Ok(u64::MAX));
        assert_eq!(parse::<u64>("1.8446744073709551615e19"), Ok(u64::MAX));
    }

    #[test]
    fn what_is_no_integer_of_the_type_is_refused() {
        use NumberError::{NotIntegral, OutOfRange};
        for (text, error) in [
            ("0.5", NotIntegral),
            ("1e-1", NotIntegral),
            ("1.5e0", NotIntegral),
            ("1e-99999999999999", NotIntegral),
            ("9223372036854775807.5", NotIntegral),
            ("123456789012345678901234.5", NotIntegral),
            ("9223372036854775808", OutOfRange),
            ("-9223372036854775809", OutOfRange),
            ("1e19", OutOfRange),
            ("1e99999999999999999999", OutOfRange),
            ("123456789012345678901234", OutOfRange),
        ] {
            assert_eq!(parse::<i64>(text), Err(error), "{text}");
        }
        assert_eq!(parse::<u64>("18446744073709551616"), Err(OutOfRange));
        assert_eq!(parse::<u64>("-1"), Err(OutOfRange));
        assert_eq!(parse::<i32>("2147483648"), Err(OutOfRange));
        assert_eq!(parse::<i32>("-2147483648"), Ok(i32::MIN));
        assert_eq!(parse::<u32>("4294967296"), Err(OutOfRange));
    }

    #[test]
    fn a_million_digits_take_linear_time() {
        let mut text = "1".repeat(1_000_000);
        assert_eq!(parse::<u64>(&text), Err(NumberError::OutOfRange));
        text = format!("1{}e-1000000", "0".repeat(1_000_000));
        assert_eq!(parse::<u64>(&text), Ok(1));
    }

    #[test]
    fn doubles_too_large_are_refused_and_too_small_become_zero() {
        assert_eq!(double(b"1e400"), Err(NumberError::OutOfRange));
        assert_eq!(double(b"-1e400"), Err(NumberError::OutOfRange));
        assert_eq!(double(b"1e-400"), Ok(0.0));
        assert_eq!(double(b"1.7976931348623157e308"), Ok(f64::MAX));
        assert!(double(b"-0").is_ok_and(|zero| zero.is_sign_negative()));
    }

    #[test]
    fn doubles_are_written_short() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "-0.0"),
            (5.0, "5"),
            (-3.0, "-3"),
            (0.1, "0.1"),
            (1e300, "1e300"),
            (1e-7, "1e-7"),
            (f64::NAN, "\"NaN\""),
            (f64::INFINITY, "\"Infinity\""),
            (f64::NEG_INFINITY, "\"-Infinity\""),
            (9_007_199_254_740_993.0, "9007199254740992.0"),
            (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
        ] {
            let mut out = Vec::new();
            write_double(value, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), text);
        }
    }

    proptest! {
        #[test]
        fn integers_come_back(value: i64, unsigned: u64) {
            let mut out = Vec::new();
            write_signed(value, &mut out);
            prop_assert_eq!(String::from_utf8_lossy(&out), value.to_string());
            prop_assert_eq!(integer(&out).and_then(Integer::fit), Ok(value));
            out.clear();
            write_unsigned(unsigned, &mut out);
            prop_assert_eq!(String::from_utf8_lossy(&out), unsigned.to_string());
            prop_assert_eq!(integer(&out).and_then(Integer::fit), Ok(unsigned));
        }

        #[test]
        fn finite_doubles_come_back_to_the_bit(bits: u64) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            let mut out = Vec::new();
            write_double(value, &mut out);
            prop_assert_eq!(length(&out), Some(out.len()));
            prop_assert_eq!(double(&out).map(f64::to_bits), Ok(bits));
        }

        #[test]
        fn scaling_agrees_with_arithmetic(mantissa in -99_999i64..99_999, exponent in -6i32..16) {
            let text = format!("{mantissa}e{exponent}");
            let scaled = i128::from(mantissa) * 10i128.pow(exponent.max(0) as u32);
            let divisor = 10i128.pow((-exponent).max(0) as u32);
            let expected = if scaled % divisor == 0 {
                i64::try_from(scaled / divisor).map_err(|_| NumberError::OutOfRange)
            } else {
                Err(NumberError::NotIntegral)
            };
            prop_assert_eq!(parse::<i64>(&text), expected);
        }
    }
}
