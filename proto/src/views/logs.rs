use super::{Attributes, Repeated, ResourceView, ScopeView, ValueView, get, text, view};
use crate::wire::{Fields, Value};

view! {
    /// A logs request (`ExportLogsServiceRequest`).
    LogsView {
        /// Log records by resource.
        resource_logs: repeated(1) -> Repeated<'a, ResourceLogsView<'a>>,
    }
}

view! {
    /// Log records of one resource.
    ResourceLogsView {
        /// The resource; reads as empty when absent.
        resource: message(1) -> ResourceView<'a>,
        /// Log records by scope.
        scope_logs: repeated(2) -> Repeated<'a, ScopeLogsView<'a>>,
        /// Schema of the resource's attributes.
        schema_url: text(3) -> &'a str,
    }
}

view! {
    /// Log records of one scope.
    ScopeLogsView {
        /// The scope; reads as empty when absent.
        scope: message(1) -> ScopeView<'a>,
        /// The log records.
        log_records: repeated(2) -> Repeated<'a, LogRecordView<'a>>,
        /// Schema of the records' attributes.
        schema_url: text(3) -> &'a str,
    }
}

view! {
    /// One log record.
    LogRecordView {
        /// When it happened, in Unix nanoseconds; 0 when unknown.
        time_unix_nano: fixed64(1) -> u64,
        /// `SeverityNumber`: 1–4 trace, 5–8 debug, 9–12 info, 13–16 warn, 17–20 error, 21–24 fatal, 0 unknown.
        severity_number: int32(2) -> i32,
        /// The severity as the source wrote it.
        severity_text: text(3) -> &'a str,
        /// What describes it.
        attributes: repeated(6) -> Attributes<'a>,
        /// Attributes that the sender left out.
        dropped_attributes_count: uint32(7) -> u32,
        /// Bits 0–7: W3C trace flags.
        flags: fixed32(8) -> u32,
        /// 16 bytes when valid.
        trace_id: bytes(9) -> &'a [u8],
        /// 8 bytes when valid.
        span_id: bytes(10) -> &'a [u8],
        /// When it was collected, in Unix nanoseconds.
        observed_time_unix_nano: fixed64(11) -> u64,
        /// Name of the event; empty when the record is not an event.
        event_name: text(12) -> &'a str,
    }
}

/// The singular fields of a log record, read in one pass; see [`LogRecordView`] for their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[expect(
    missing_docs,
    reason = "each field has the name of the accessor that explains it"
)]
pub struct LogRecordFields<'a> {
    pub time_unix_nano: u64,
    pub observed_time_unix_nano: u64,
    pub severity_number: i32,
    pub severity_text: &'a str,
    pub body: ValueView<'a>,
    pub dropped_attributes_count: u32,
    pub flags: u32,
    pub trace_id: &'a [u8],
    pub span_id: &'a [u8],
    pub event_name: &'a str,
}

impl<'a> LogRecordView<'a> {
    /// What was logged; [`ValueView::Empty`] when there is none.
    #[inline]
    pub fn body(&self) -> ValueView<'a> {
        ValueView::new(get::bytes(self.0, 5))
    }

    /// Reads all singular fields in one pass.
    pub fn fields(&self) -> LogRecordFields<'a> {
        let mut record = LogRecordFields::default();
        for field in Fields::new(self.0) {
            match (field.number, field.value) {
                (1, Value::Fixed64(value)) => record.time_unix_nano = value,
                (2, Value::Varint(value)) => record.severity_number = value as i32,
                (3, Value::Len(content)) => record.severity_text = text(content),
                (5, Value::Len(content)) => record.body = ValueView::new(content),
                (7, Value::Varint(value)) => record.dropped_attributes_count = value as u32,
                (8, Value::Fixed32(value)) => record.flags = value,
                (9, Value::Len(content)) => record.trace_id = content,
                (10, Value::Len(content)) => record.span_id = content,
                (11, Value::Fixed64(value)) => record.observed_time_unix_nano = value,
                (12, Value::Len(content)) => record.event_name = text(content),
                _ => {}
            }
        }
        record
    }
}
