//! What goes out.

use bytes::Bytes;
use sidelight_log_formats::{Map, Value};
use sidelight_proto::wire::{Mark, Writer};

use crate::entry::Entry;
use crate::line::{Line, Source};

/// Nested lengths of what holds records: up to 2 MiB in three bytes, a record in two.
const GROUP_LENGTH: usize = 3;
const RECORD_LENGTH: usize = 2;

/// An `ExportLogsServiceRequest` that grows record by record (field numbers: opentelemetry-proto, `logs.proto`). Records that follow
/// each other and are of one source and resource share one `ResourceLogs`.
#[derive(Debug, Default)]
pub struct Records {
    writer: Writer,
    items: usize,
    open: Option<Open>,
    /// The resource of a record, written to be compared with that of the group.
    scratch: Writer,
}

/// The group at hand.
#[derive(Debug)]
struct Open {
    source: u64,
    /// Whether the record that it was opened for had a resource of its own beside that of the source.
    has_own: bool,
    /// Where its resource lies, without tag and length.
    resource: std::ops::Range<usize>,
    scope_name: String,
    resource_logs: Mark,
    scope_logs: Mark,
}

impl Records {
    /// Records in it.
    pub fn items(&self) -> usize {
        self.items
    }

    /// Bytes in it.
    pub fn bytes(&self) -> usize {
        self.writer.len()
    }

    /// Takes the request out.
    pub fn take(&mut self) -> Bytes {
        self.close();
        self.items = 0;
        let bytes = std::mem::take(&mut self.writer).into_bytes();
        self.writer = Writer::with_capacity(bytes.len());
        bytes.into()
    }

    /// Writes a line as it is.
    pub(crate) fn line(&mut self, line: &Line<'_>, source: &Source) {
        if !self
            .open
            .as_ref()
            .is_some_and(|open| open.source == source.id && open.scope_name.is_empty())
        {
            self.open(source, &Map::new(), "");
        }
        let writer = &mut self.writer;
        let record = writer.begin(2, RECORD_LENGTH);
        writer.fixed64_field(11, line.observed_unix_nano);
        let text = line.text.as_bytes();
        writer.len_header(5, text_value_len(text));
        writer.bytes_field(1, text);
        for (key, value) in source.attributes.iter() {
            attribute(writer, 6, key, value);
        }
        if line.cut {
            attribute(writer, 6, crate::CUT, &Value::Bool(true));
        }
        writer.end(record);
        self.items += 1;
    }

    /// Writes a record.
    pub(crate) fn entry(&mut self, entry: &Entry<'_>, source: &Source) {
        let is_open = self
            .open
            .as_ref()
            .is_some_and(|open| open.source == source.id && open.scope_name == entry.scope_name);
        if !is_open || !self.has_resource_of(source, &entry.resource) {
            self.open(source, &entry.resource, &entry.scope_name);
        }
        let writer = &mut self.writer;
        let record = writer.begin(2, RECORD_LENGTH);
        if let Some(time) = entry.time_unix_nano {
            writer.fixed64_field(1, time);
        }
        if entry.severity_number > 0 {
            writer.varint_field(2, entry.severity_number.into());
        }
        if !entry.severity_text.is_empty() {
            writer.bytes_field(3, entry.severity_text.as_bytes());
        }
        if entry.body != Value::Empty {
            let body = writer.begin(5, RECORD_LENGTH);
            any_value(writer, &entry.body);
            writer.end(body);
        }
        for (key, value) in entry.attributes.iter() {
            attribute(writer, 6, key, value);
        }
        if let Some(flags) = entry.trace_flags {
            writer.fixed32_field(8, flags.into());
        }
        if let Some(id) = &entry.trace_id {
            writer.bytes_field(9, id);
        }
        if let Some(id) = &entry.span_id {
            writer.bytes_field(10, id);
        }
        writer.fixed64_field(11, entry.observed_unix_nano);
        if !entry.event_name.is_empty() {
            writer.bytes_field(12, entry.event_name.as_bytes());
        }
        writer.end(record);
        self.items += 1;
    }

    /// Whether the group at hand, which is of this source, has the resource of a record.
    fn has_resource_of(&mut self, source: &Source, own: &Map<'_>) -> bool {
        if own.is_empty() && self.open.as_ref().is_some_and(|open| !open.has_own) {
            return true;
        }
        self.scratch.clear();
        resource(&mut self.scratch, source, own);
        let open = self
            .open
            .as_ref()
            .and_then(|open| self.writer.as_slice().get(open.resource.clone()));
        open == Some(self.scratch.as_slice())
    }

    fn open(&mut self, source: &Source, own: &Map<'_>, scope_name: &str) {
        self.close();
        self.scratch.clear();
        resource(&mut self.scratch, source, own);
        let resource_logs = self.writer.begin(1, GROUP_LENGTH);
        self.writer.bytes_field(1, self.scratch.as_slice());
        let end = self.writer.len();
        let scope_logs = self.writer.begin(2, GROUP_LENGTH);
        if !scope_name.is_empty() {
            let scope = self.writer.begin(1, 1);
            self.writer.bytes_field(1, scope_name.as_bytes());
            self.writer.end(scope);
        }
        self.open = Some(Open {
            source: source.id,
            has_own: !own.is_empty(),
            resource: end - self.scratch.len()..end,
            scope_name: scope_name.to_owned(),
            resource_logs,
            scope_logs,
        });
    }

    fn close(&mut self) {
        if let Some(open) = self.open.take() {
            self.writer.end(open.scope_logs);
            self.writer.end(open.resource_logs);
        }
    }
}

fn resource(writer: &mut Writer, source: &Source, own: &Map<'_>) {
    for (key, value) in source.resource.iter().filter(|(key, _)| own.get(key).is_none()) {
        attribute(writer, 1, key, value);
    }
    for (key, value) in own.iter() {
        attribute(writer, 1, key, value);
    }
}

fn text_value_len(text: &[u8]) -> usize {
    1 + sidelight_proto::wire::varint_len(text.len() as u64) + text.len()
}

fn attribute(writer: &mut Writer, number: u32, key: &str, value: &Value<'_>) {
    if let Value::Text(text) = value {
        // All lengths are known.
        let value_len = text_value_len(text.as_bytes());
        let key_len = text_value_len(key.as_bytes());
        writer.len_header(
            number,
            key_len + 1 + sidelight_proto::wire::varint_len(value_len as u64) + value_len,
        );
        writer.bytes_field(1, key.as_bytes());
        writer.len_header(2, value_len);
        writer.bytes_field(1, text.as_bytes());
        return;
    }
    let pair = writer.begin(number, 1);
    writer.bytes_field(1, key.as_bytes());
    let inner = writer.begin(2, 1);
    any_value(writer, value);
    writer.end(inner);
    writer.end(pair);
}

/// An `AnyValue`, without tag and length.
fn any_value(writer: &mut Writer, value: &Value<'_>) {
    match value {
        Value::Empty => {}
        Value::Text(text) => writer.bytes_field(1, text.as_bytes()),
        Value::Bool(is) => writer.varint_field(2, u64::from(*is)),
        Value::Int(number) => writer.varint_field(3, number.cast_unsigned()),
        Value::Double(number) => writer.double_field(4, *number),
        Value::Bytes(bytes) => writer.bytes_field(7, bytes),
        Value::List(list) => {
            let array = writer.begin(5, 1);
            for value in list {
                let inner = writer.begin(1, 1);
                any_value(writer, value);
                writer.end(inner);
            }
            writer.end(array);
        }
        Value::Map(map) => {
            let list = writer.begin(6, 1);
            for (key, value) in map.iter() {
                attribute(writer, 1, key, value);
            }
            writer.end(list);
        }
    }
}
