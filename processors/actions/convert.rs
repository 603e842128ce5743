use sidelight_proto::views::ValueView;

use super::ConvertedType;
use crate::value_text::write_text;

/// The result of a conversion; text is in the buffer that the caller gave.
#[derive(Debug, PartialEq)]
pub(super) enum Converted {
    Int(i64),
    Double(f64),
    Text,
}

/// Converts a value. `None` where it has the type already or has no meaning in it: it stays as it is then.
pub(super) fn convert(value: ValueView<'_>, to: ConvertedType, text: &mut String) -> Option<Converted> {
    match (to, value) {
        (ConvertedType::String, ValueView::String(_)) => None,
        (ConvertedType::String, value) => {
            text.clear();
            write_text(text, value);
            Some(Converted::Text)
        }
        // Toward zero; what does not fit becomes the nearest integer that does.
        (ConvertedType::Int, ValueView::Double(value)) => Some(Converted::Int(value as i64)),
        (ConvertedType::Int, ValueView::Bool(value)) => Some(Converted::Int(i64::from(value))),
        (ConvertedType::Int, ValueView::String(text)) => text.parse().ok().map(Converted::Int),
        (ConvertedType::Double, ValueView::Int(value)) => Some(Converted::Double(value as f64)),
        (ConvertedType::Double, ValueView::Bool(value)) => {
            Some(Converted::Double(f64::from(u8::from(value))))
        }
        (ConvertedType::Double, ValueView::String(text)) => parse_double(text).map(Converted::Double),
        _ => None,
    }
}

fn parse_double(text: &str) -> Option<f64> {
    let value: f64 = text.parse().ok()?;
    // Digits that overflow are no number; `Inf` is.
    let overflows = value.is_infinite() && text.bytes().any(|byte| byte.is_ascii_digit());
    (!overflows).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_a_number_where_it_is_one() {
        let int = [
            ("12", Some(12)),
            ("+12", Some(12)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("1.0", None),
            (" 1", None),
            ("1_000", None),
            ("", None),
        ];
        for (text, expected) in int {
            let found = convert(ValueView::String(text), ConvertedType::Int, &mut String::new());
            assert_eq!(found, expected.map(Converted::Int), "{text:?}");
        }
        let double = [
            ("1.5e3", Some(1500.0)),
            (".5", Some(0.5)),
            ("-Inf", Some(f64::NEG_INFINITY)),
            ("1e999", None),
            ("1,5", None),
            ("", None),
        ];
        for (text, expected) in double {
            let found = convert(ValueView::String(text), ConvertedType::Double, &mut String::new());
            assert_eq!(found, expected.map(Converted::Double), "{text:?}");
        }
    }

    #[test]
    fn doubles_lose_their_fraction_and_stay_within_64_bits() {
        for (value, expected) in [
            (2.9, 2),
            (-2.9, -2),
            (1e300, i64::MAX),
            (f64::NEG_INFINITY, i64::MIN),
            (f64::NAN, 0),
        ] {
            let found = convert(ValueView::Double(value), ConvertedType::Int, &mut String::new());
            assert_eq!(found, Some(Converted::Int(expected)), "{value}");
        }
    }
}
