//! A log record on the wire, as conditions ask for it.

use sidelight_ottl::{Fields, Root, Value};
use sidelight_proto::rewrite::Context;
use sidelight_proto::views::{Attributes, LogRecordView, ValueView};

/// A log record with its resource and scope.
pub(super) struct Record<'r> {
    at: Context<'r>,
    record: LogRecordView<'r>,
}

impl<'r> Record<'r> {
    pub(super) fn new(at: Context<'r>, record: LogRecordView<'r>) -> Self {
        Self { at, record }
    }
}

impl Fields for Record<'_> {
    fn get<'a>(&'a self, root: Root, keys: &[String]) -> Value<'a> {
        match root {
            Root::Body => within(self.record.body(), keys),
            Root::Attributes => of_attributes(self.record.attributes(), keys),
            Root::Resource => of_attributes(self.at.resource.attributes(), keys),
            Root::SeverityNumber => Value::Int(self.record.severity_number().into()),
            Root::SeverityText => Value::Text(self.record.severity_text().into()),
            Root::EventName => Value::Text(self.record.event_name().into()),
            Root::ScopeName => Value::Text(self.at.scope.name().into()),
            Root::TraceId => id(self.record.trace_id()),
            Root::SpanId => id(self.record.span_id()),
            Root::Flags => Value::Int(self.record.flags().into()),
            Root::Time => time(self.record.time_unix_nano()),
            Root::ObservedTime => time(self.record.observed_time_unix_nano()),
        }
    }
}

fn of_attributes<'a>(attributes: Attributes<'a>, keys: &[String]) -> Value<'a> {
    match keys.split_first() {
        Some((first, rest)) => attributes
            .get(first)
            .map_or(Value::Nil, |value| within(value, rest)),
        None => Value::Map(attributes.count()),
    }
}

fn within<'a>(value: ValueView<'a>, keys: &[String]) -> Value<'a> {
    match (value, keys) {
        (ValueView::KvList(list), keys) => of_attributes(list.entries(), keys),
        (_, [_, ..]) | (ValueView::Empty, _) => Value::Nil,
        (ValueView::String(text), _) => Value::Text(text.into()),
        (ValueView::Bool(is), _) => Value::Bool(is),
        (ValueView::Int(number), _) => Value::Int(number),
        (ValueView::Double(number), _) => Value::Double(number),
        (ValueView::Bytes(bytes), _) => id(bytes),
        (ValueView::Array(array), _) => Value::List(array.values().count()),
    }
}

/// Hexadecimal digits.
fn id<'a>(bytes: &[u8]) -> Value<'a> {
    Value::Text(
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
            .into(),
    )
}

fn time<'a>(nanos: u64) -> Value<'a> {
    Value::Int(i64::try_from(nanos).unwrap_or(i64::MAX))
}
