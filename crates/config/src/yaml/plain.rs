//! The type of a plain scalar: core schema of YAML 1.2.2, section 10.3.2.

use crate::tree::Value;

/// Types a plain scalar. `yes`, `on` and `0777` are not special, unlike in YAML 1.1.
pub(crate) fn resolve_plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        ".nan" | ".NaN" | ".NAN" => Value::Float(f64::NAN),
        _ => resolve_number(text).unwrap_or_else(|| Value::String(text.to_owned())),
    }
}

fn resolve_number(text: &str) -> Option<Value> {
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
        return Some(Value::Float(sign * f64::INFINITY));
    }
    if !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return match text.parse::<i64>() {
            Ok(value) => Some(Value::Int(value)),
            Err(_) => text.parse().ok().map(Value::Float),
        };
    }
    is_float(unsigned)
        .then(|| text.parse().ok().map(Value::Float))
        .flatten()
}

fn radix(digits: &str, radix: u32) -> Option<Value> {
    // from_str_radix would take a sign.
    let valid = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    valid
        .then(|| i64::from_str_radix(digits, radix).ok().map(Value::Int))
        .flatten()
}

/// `( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
fn is_float(unsigned: &str) -> bool {
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (
            mantissa,
            Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)),
        ),
        None => (unsigned, None),
    };
    let mantissa_is_number = match mantissa.split_once('.') {
        Some((whole, fraction)) => {
            all_digits(whole) && all_digits(fraction) && !(whole.is_empty() && fraction.is_empty())
        }
        None => !mantissa.is_empty() && all_digits(mantissa),
    };
    mantissa_is_number && exponent.is_none_or(|digits| !digits.is_empty() && all_digits(digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_have_the_types_of_the_core_schema() {
        let text = |text: &str| Value::String(text.to_owned());
        for (plain, value) in [
            ("", Value::Null),
            ("null", Value::Null),
            ("nuLL", text("nuLL")),
            ("True", Value::Bool(true)),
            ("yes", text("yes")),
            ("on", text("on")),
            ("0123", Value::Int(123)),
            ("-7", Value::Int(-7)),
            ("+7", Value::Int(7)),
            ("0o17", Value::Int(15)),
            ("0xfF", Value::Int(255)),
            ("0x-1", text("0x-1")),
            ("9223372036854775808", Value::Float(9_223_372_036_854_775_808.0)),
            ("1e5", Value::Float(1e5)),
            ("1.", Value::Float(1.0)),
            (".5", Value::Float(0.5)),
            ("-.inf", Value::Float(f64::NEG_INFINITY)),
            (".", text(".")),
            ("1e", text("1e")),
            ("e1", text("e1")),
            ("-", text("-")),
            ("1_000", text("1_000")),
            ("inf", text("inf")),
            ("NaN", text("NaN")),
            ("5s", text("5s")),
            ("1.2.3", text("1.2.3")),
        ] {
            assert_eq!(resolve_plain(plain), value, "{plain}");
        }
    }
}
