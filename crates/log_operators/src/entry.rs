//! A record in the making.

use std::borrow::Cow;

use sidelight_log_formats::{Map, Value};
use sidelight_ottl::{self as ottl, Field, Fields, Item, Path};
use sidelight_proto::json::write::hexadecimal;

/// A record, whose texts borrow from the line where that is possible.
#[derive(Debug, Default)]
pub(crate) struct Entry<'a> {
    /// When it happened, in Unix nanoseconds, where the line says it.
    pub(crate) time_unix_nano: Option<u64>,
    /// When it was seen, in Unix nanoseconds.
    pub(crate) observed_unix_nano: u64,
    /// OTLP's number, 0 where it is not known.
    pub(crate) severity_number: u8,
    /// The severity as the source wrote it.
    pub(crate) severity_text: Cow<'a, str>,
    pub(crate) body: Value<'a>,
    pub(crate) attributes: Map<'a>,
    /// In addition to that of the source.
    pub(crate) resource: Map<'a>,
    pub(crate) scope_name: Cow<'a, str>,
    pub(crate) trace_id: Option<[u8; 16]>,
    pub(crate) span_id: Option<[u8; 8]>,
    pub(crate) trace_flags: Option<u8>,
    pub(crate) event_name: Cow<'a, str>,
}

impl Fields for Entry<'_> {
    fn get<'a>(&'a self, path: Path, keys: &[String]) -> ottl::Value<'a> {
        let text = |text: &'a str| match text {
            "" => ottl::Value::Nil,
            text => ottl::Value::Text(text.into()),
        };
        let number = |number: Option<u64>| match number {
            Some(number) => ottl::Value::Int(i64::try_from(number).unwrap_or(i64::MAX)),
            None => ottl::Value::Nil,
        };
        match (path.item, path.field) {
            (Item::Log, Field::Body) => within(Some(&self.body), keys),
            (Item::Log, Field::Attributes) => of_map(&self.attributes, keys),
            (Item::Log, Field::SeverityNumber) => ottl::Value::Int(self.severity_number.into()),
            (Item::Log, Field::SeverityText) => text(&self.severity_text),
            (Item::Log, Field::Name) => text(&self.event_name),
            (Item::Log, Field::TraceId) => self.trace_id.map_or(ottl::Value::Nil, |id| hex(&id)),
            (Item::Log, Field::SpanId) => self.span_id.map_or(ottl::Value::Nil, |id| hex(&id)),
            (Item::Log, Field::Flags) => number(self.trace_flags.map(u64::from)),
            (Item::Log, Field::Time) => number(self.time_unix_nano),
            (Item::Log, Field::ObservedTime) => number(Some(self.observed_unix_nano)),
            (Item::Resource, Field::Attributes) => of_map(&self.resource, keys),
            (Item::Scope, Field::Name) => text(&self.scope_name),
            _ => ottl::Value::Nil,
        }
    }
}

fn of_map<'a>(map: &'a Map<'_>, keys: &[String]) -> ottl::Value<'a> {
    match keys.split_first() {
        Some((first, rest)) => within(map.get(first), rest),
        None => {
            let entries = map
                .iter()
                .map(|(key, value)| (key.into(), within(Some(value), &[])));
            ottl::Value::Map(entries.collect())
        }
    }
}

fn within<'a>(value: Option<&'a Value<'_>>, keys: &[String]) -> ottl::Value<'a> {
    match (value, keys.split_first()) {
        (None, _) | (Some(Value::Empty), None) => ottl::Value::Nil,
        (Some(Value::Map(map)), Some((first, rest))) => within(map.get(first), rest),
        (Some(_), Some(_)) => ottl::Value::Nil,
        (Some(Value::Text(text)), None) => ottl::Value::Text(text.as_ref().into()),
        (Some(Value::Int(number)), None) => ottl::Value::Int(*number),
        (Some(Value::Double(number)), None) => ottl::Value::Double(*number),
        (Some(Value::Bool(is)), None) => ottl::Value::Bool(*is),
        (Some(Value::Bytes(bytes)), None) => hex(bytes),
        (Some(Value::List(list)), None) => {
            ottl::Value::List(list.iter().map(|value| within(Some(value), &[])).collect())
        }
        (Some(Value::Map(map)), None) => of_map(map, &[]),
    }
}

fn hex<'a>(bytes: &[u8]) -> ottl::Value<'a> {
    ottl::Value::Text(hexadecimal(bytes).into())
}

/// A value as text, where it is one that can be parsed.
pub(crate) fn text_of<'a>(value: &Value<'a>) -> Option<Cow<'a, str>> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Int(number) => Some(number.to_string().into()),
        Value::Double(number) => Some(number.to_string().into()),
        Value::Bool(is) => Some(if *is { "true" } else { "false" }.into()),
        _ => None,
    }
}
