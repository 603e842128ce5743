//! Log records.

use sidelight_proto::rewrite::Context;
use sidelight_proto::views::LogRecordView;

use super::{id, of_attributes, of_context, unsigned, within};
use crate::path::{Field, Item, Path};
use crate::value::{Fields, Value};

/// A log record with its resource and scope.
#[derive(Clone, Copy, Debug)]
pub struct LogRecord<'r> {
    /// Its resource and scope.
    pub at: Context<'r>,
    /// The record.
    pub record: LogRecordView<'r>,
}

impl Fields for LogRecord<'_> {
    fn get<'a>(&'a self, path: Path, keys: &[String]) -> Value<'a> {
        if path.item != Item::Log {
            return of_context(self.at, path, keys);
        }
        let record = self.record;
        match path.field {
            Field::Body => within(record.body(), keys),
            Field::Attributes => of_attributes(record.attributes(), keys),
            Field::DroppedAttributes => Value::Int(record.dropped_attributes_count().into()),
            Field::SeverityNumber => Value::Int(record.severity_number().into()),
            Field::SeverityText => Value::Text(record.severity_text().into()),
            Field::Name => Value::Text(record.event_name().into()),
            Field::TraceId => id(record.trace_id()),
            Field::SpanId => id(record.span_id()),
            Field::Flags => Value::Int(record.flags().into()),
            Field::Time => unsigned(record.time_unix_nano()),
            Field::ObservedTime => unsigned(record.observed_time_unix_nano()),
            _ => Value::Nil,
        }
    }
}
