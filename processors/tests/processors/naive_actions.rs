//! Actions, done naively on decoded attributes.

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::generate;

pub(crate) fn otlp(value: &Json) -> Any {
    match value {
        Json::String(text) => Any::StringValue(text.clone()),
        Json::Bool(value) => Any::BoolValue(*value),
        Json::Number(number) => match number.as_i64() {
            Some(value) => Any::IntValue(value),
            None => Any::DoubleValue(number.as_f64().expect("a number")),
        },
        Json::Array(items) => Any::ArrayValue(ArrayValue {
            values: items
                .iter()
                .map(|item| AnyValue {
                    value: Some(otlp(item)),
                })
                .collect(),
        }),
        Json::Object(entries) => Any::KvlistValue(KeyValueList {
            values: entries
                .iter()
                .map(|(key, value)| generate::attribute(key, otlp(value)))
                .collect(),
        }),
        Json::Null => panic!("not generated"),
    }
}

pub(crate) fn get(attributes: &[KeyValue], key: &str) -> Option<Option<Any>> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    Some(found.value.clone().and_then(|value| value.value))
}

/// The key gets its only value.
fn put(attributes: &mut Vec<KeyValue>, key: &str, value: Option<Any>) {
    attributes.retain(|attribute| attribute.key != key);
    attributes.push(KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value }),
        key_strindex: 0,
    });
}

fn hash(attributes: &mut Vec<KeyValue>, key: &str) {
    let Some(value) = get(attributes, key) else { return };
    let hashed = match value {
        Some(Any::StringValue(text)) => Some(Sha256::digest(text)),
        Some(Any::BoolValue(value)) => Some(Sha256::digest([value as u8])),
        Some(Any::IntValue(value)) => Some(Sha256::digest(value.to_le_bytes())),
        Some(Any::DoubleValue(value)) => Some(Sha256::digest(value.to_le_bytes())),
        _ => None,
    };
    let text = hashed.map(|hash| format!("{hash:x}")).unwrap_or_default();
    put(attributes, key, Some(Any::StringValue(text)));
}

/// A value as text.
pub(crate) fn as_text(value: &Any) -> String {
    fn nested(value: &Option<Any>) -> Json {
        match value {
            None => Json::Null,
            Some(Any::StringValue(text)) => json!(text),
            Some(Any::BoolValue(value)) => json!(value),
            Some(Any::IntValue(value)) => json!(value),
            // Marked, to be replaced by the text of the number.
            Some(Any::DoubleValue(value)) if value.is_finite() => {
                json!(format!("\u{1}{}\u{1}", number(*value)))
            }
            Some(Any::DoubleValue(value)) => json!(number(*value)),
            Some(value @ Any::BytesValue(_)) => json!(as_text(value)),
            Some(Any::ArrayValue(list)) => list.values.iter().map(|value| nested(&value.value)).collect(),
            Some(Any::KvlistValue(map)) => {
                let entry = |e: &KeyValue| (e.key.clone(), nested(&e.value.clone().and_then(|v| v.value)));
                Json::Object(map.values.iter().map(entry).collect())
            }
            Some(_) => panic!("not generated"),
        }
    }
    fn number(value: f64) -> String {
        if value.is_nan() {
            return "NaN".to_owned();
        }
        if value.is_infinite() {
            return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
        }
        let scientific = format!("{value:e}");
        let exponent: i32 = scientific
            .split_once('e')
            .expect("an exponent")
            .1
            .parse()
            .expect("a number");
        match exponent {
            21.. => scientific.replace('e', "e+"),
            ..=-7 => scientific,
            _ => format!("{value}"),
        }
    }
    match value {
        Any::StringValue(text) => text.clone(),
        Any::BoolValue(value) => value.to_string(),
        Any::IntValue(value) => value.to_string(),
        Any::DoubleValue(value) => number(*value),
        Any::BytesValue(bytes) => {
            let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
            let alphabet: Vec<char> = ('A'..='Z')
                .chain('a'..='z')
                .chain('0'..='9')
                .chain(['+', '/'])
                .collect();
            let sextets = bits.as_bytes().chunks(6).map(|six| {
                let six = format!("{:0<6}", std::str::from_utf8(six).expect("digits"));
                alphabet[usize::from_str_radix(&six, 2).expect("binary")]
            });
            let text: String = sextets.collect();
            format!("{text}{}", "=".repeat((3 - bytes.len() % 3) % 3))
        }
        list => {
            let text = nested(&Some(list.clone())).to_string();
            text.replace("\"\\u0001", "").replace("\\u0001\"", "")
        }
    }
}

fn convert(attributes: &mut Vec<KeyValue>, key: &str, to: &str) {
    let Some(value) = get(attributes, key) else { return };
    let converted = match (to, value) {
        ("string", Some(Any::StringValue(_))) => return,
        ("string", None) => Any::StringValue(String::new()),
        ("string", Some(value)) => Any::StringValue(as_text(&value)),
        ("int", Some(Any::DoubleValue(value))) => Any::IntValue(value as i64),
        ("int", Some(Any::BoolValue(value))) => Any::IntValue(value.into()),
        ("int", Some(Any::StringValue(text))) => match text.parse() {
            Ok(value) => Any::IntValue(value),
            Err(_) => return,
        },
        ("double", Some(Any::IntValue(value))) => Any::DoubleValue(value as f64),
        ("double", Some(Any::BoolValue(value))) => Any::DoubleValue(f64::from(u8::from(value))),
        ("double", Some(Any::StringValue(text))) => match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Any::DoubleValue(value),
            _ => return,
        },
        _ => return,
    };
    put(attributes, key, Some(converted));
}

pub(crate) fn apply(actions: &[Json], attributes: &mut Vec<KeyValue>) {
    for action in actions {
        let text = |setting: &str| action[setting].as_str().unwrap_or_default();
        let (key, verb, pattern) = (text("key"), text("action"), text("pattern"));
        let keys: Vec<String> = match pattern {
            "" => vec![],
            pattern => {
                let pattern = regex::Regex::new(pattern).expect("compiles");
                let mut keys: Vec<String> = attributes
                    .iter()
                    .map(|a| a.key.clone())
                    .filter(|key| pattern.is_match(key))
                    .collect();
                keys.sort();
                keys.dedup();
                keys
            }
        };
        match verb {
            "delete" => attributes.retain(|a| a.key != key && !keys.contains(&a.key)),
            "hash" => {
                hash(attributes, key);
                keys.iter().for_each(|key| hash(attributes, key));
            }
            "convert" => convert(attributes, key, text("converted_type")),
            "extract" => {
                let pattern = regex::Regex::new(pattern).expect("compiles");
                let Some(Some(Any::StringValue(source))) = get(attributes, key) else {
                    continue;
                };
                let Some(captures) = pattern.captures(&source) else {
                    continue;
                };
                for name in pattern.capture_names().flatten() {
                    let found = captures.name(name).map_or("", |found| found.as_str());
                    put(attributes, name, Some(generate::text(found)));
                }
            }
            verb => {
                let default = action.get("default_value").map(|value| Some(otlp(value)));
                let from = text("from_attribute");
                let value = match action.get("value") {
                    Some(value) => Some(Some(otlp(value))),
                    None => get(attributes, from).or(default),
                };
                let present = get(attributes, key).is_some();
                let writes = match verb {
                    "insert" => !present,
                    "update" => present,
                    _ => true,
                };
                if let (Some(value), true) = (value, writes)
                    && !(from == key && present)
                {
                    put(attributes, key, value);
                }
            }
        }
    }
}

/// The order of attributes means nothing, and an absent value is an empty one.
pub(crate) fn canonical(attributes: &mut [KeyValue]) {
    attributes.sort_by(|a, b| a.key.cmp(&b.key));
    attributes
        .iter_mut()
        .for_each(|attribute| _ = attribute.value.get_or_insert_default());
}
