//! Attribute values as the text of a label.

use std::borrow::Cow;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sidelight_proto::schema::MAX_NESTING;
use sidelight_proto::views::ValueView;

/// A value as text: OpenTelemetry specification, "AnyValue representation for non-OTLP protocols". Text stays as it
/// is, bytes are base64, arrays and maps are JSON, no value is the empty text. A map is written in the order of its keys, so
/// that the order in which it was sent does not make another series.
///
/// Admitted values nest at most [`MAX_NESTING`] deep; of others, what lies deeper is `null`.
pub fn label_value(value: ValueView<'_>) -> Cow<'_, str> {
    Cow::Owned(match value {
        ValueView::String(text) => return Cow::Borrowed(text),
        ValueView::Empty => return Cow::Borrowed(""),
        ValueView::Bool(value) => return Cow::Borrowed(if value { "true" } else { "false" }),
        ValueView::Bytes(bytes) => BASE64.encode(bytes),
        ValueView::Int(value) => value.to_string(),
        ValueView::Double(value) => {
            let mut out = String::new();
            push_double(&mut out, value);
            out
        }
        ValueView::Array(_) | ValueView::KvList(_) => {
            let mut out = String::new();
            push_json(&mut out, value, MAX_NESTING);
            out
        }
    })
}

fn push_json(out: &mut String, value: ValueView<'_>, levels: u32) {
    match value {
        ValueView::Empty => out.push_str("null"),
        ValueView::String(text) => push_quoted(out, text),
        ValueView::Bytes(bytes) => push_quoted(out, &BASE64.encode(bytes)),
        // JSON has no such numbers.
        ValueView::Double(value) if !value.is_finite() => {
            push_quoted(out, &label_value(ValueView::Double(value)))
        }
        ValueView::Double(value) => push_double(out, value),
        ValueView::Bool(_) | ValueView::Int(_) => out.push_str(&label_value(value)),
        ValueView::Array(_) | ValueView::KvList(_) if levels == 0 => out.push_str("null"),
        ValueView::Array(array) => {
            out.push('[');
            for (nth, value) in array.values().enumerate() {
                separate(out, nth);
                push_json(out, value, levels - 1);
            }
            out.push(']');
        }
        ValueView::KvList(list) => {
            let mut entries: Vec<_> = list.entries().collect();
            entries.sort_by_key(|entry| entry.key());
            out.push('{');
            for (nth, entry) in entries.into_iter().enumerate() {
                separate(out, nth);
                push_quoted(out, entry.key());
                out.push(':');
                push_json(out, entry.value(), levels - 1);
            }
            out.push('}');
        }
    }
}

fn separate(out: &mut String, nth: usize) {
    if nth > 0 {
        out.push(',');
    }
}

fn push_quoted(out: &mut String, text: &str) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

/// JSON numbers as JavaScript writes them: an exponent below a millionth and from 10²¹ on.
fn push_double(out: &mut String, value: f64) {
    // Writing into a string cannot fail.
    let _ = match value {
        _ if value.is_nan() => write!(out, "NaN"),
        f64::INFINITY => write!(out, "Infinity"),
        f64::NEG_INFINITY => write!(out, "-Infinity"),
        _ if value.abs() >= 1e21 => write!(out, "{}", format!("{value:e}").replace('e', "e+")),
        _ if value != 0.0 && value.abs() < 1e-6 => write!(out, "{value:e}"),
        _ => write!(out, "{value}"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use sidelight_proto::encode::MetricsEncoder;
    use sidelight_proto::views::MetricsView;

    #[test]
    fn values_become_text_without_quotes_around_them() {
        for (value, text) in [
            (ValueView::String("a \"b\""), "a \"b\""),
            (ValueView::Empty, ""),
            (ValueView::Bool(true), "true"),
            (ValueView::Int(-5), "-5"),
            (ValueView::Double(0.25), "0.25"),
            (ValueView::Double(3.0), "3"),
            (ValueView::Double(1e-7), "1e-7"),
            (ValueView::Double(-1e21), "-1e+21"),
            (ValueView::Double(1.5e300), "1.5e+300"),
            (
                ValueView::Double(999_999_999_999_999_900_000.0),
                "999999999999999900000",
            ),
            (ValueView::Double(-0.0), "-0"),
            (ValueView::Double(f64::NAN), "NaN"),
            (ValueView::Double(f64::NEG_INFINITY), "-Infinity"),
            (ValueView::Bytes(b"hello world"), "aGVsbG8gd29ybGQ="),
        ] {
            assert_eq!(label_value(value), text);
        }
    }

    #[test]
    fn arrays_and_maps_are_json() {
        let mut request = MetricsEncoder::with_capacity(64);
        {
            let mut metrics = request.resource_metrics();
            let mut resource = metrics.resource();
            let mut attribute = resource.open_attribute("list");
            let mut value = attribute.value();
            let mut array = value.array();
            array
                .push("a\nb")
                .push(1_i64)
                .push(f64::NAN)
                .push(&b"hi"[..])
                .push(ValueView::Empty);
            array.open_value().kv_list().entry("k", true).entry("a", 1.5);
        }
        let bytes = request.finish();
        let resource = MetricsView::new(&bytes)
            .resource_metrics()
            .next()
            .expect("one")
            .resource();
        let value = resource.attributes().get("list").expect("there");
        assert_eq!(
            label_value(value),
            r#"["a\nb",1,"NaN","aGk=",null,{"a":1.5,"k":true}]"#
        );
    }
}
