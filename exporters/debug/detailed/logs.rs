use std::fmt::{self, Write};

use sidelight_proto::views::{LogRecordView, ResourceLogsView};

use crate::debug::text::{Colon, Text};
use crate::debug::value::{SEVERITIES, Time, Typed, Word, attribute_lines};

use super::{dropped, resource, scope};

pub(super) fn write(nth: usize, records: ResourceLogsView<'_>, out: &mut Text<'_>) -> fmt::Result {
    resource("Log", nth, records.schema_url(), records.resource(), out)?;
    for (nth, records) in records.scope_logs().enumerate() {
        scope("Logs", nth, records.schema_url(), records.scope(), out)?;
        records
            .log_records()
            .enumerate()
            .try_for_each(|(nth, view)| record(nth, view, out))?;
    }
    Ok(())
}

fn record(nth: usize, view: LogRecordView<'_>, out: &mut Text<'_>) -> fmt::Result {
    let record = view.fields();
    writeln!(out, "LogRecord #{nth}")?;
    writeln!(out, "ObservedTimestamp: {}", Time(record.observed_time_unix_nano))?;
    writeln!(out, "Timestamp: {}", Time(record.time_unix_nano))?;
    writeln!(out, "SeverityText{}", Colon(record.severity_text))?;
    let severity = record.severity_number;
    writeln!(out, "SeverityNumber: {}({severity})", Word(severity, &SEVERITIES))?;
    if !record.event_name.is_empty() {
        writeln!(out, "EventName{}", Colon(record.event_name))?;
    }
    writeln!(out, "Body: {}", Typed(record.body))?;
    attribute_lines("", "Attributes", view.attributes(), out)?;
    dropped("Dropped attributes", record.dropped_attributes_count, out)?;
    writeln!(out, "Trace ID{}", Colon(record.trace_id))?;
    writeln!(out, "Span ID{}", Colon(record.span_id))?;
    writeln!(out, "Flags: {}", record.flags)
}
