//! The modes `none` and `raw`: the names of OTLP, every attribute a member of the document with its points in its name.

use sidelight_proto::json::write;
use sidelight_proto::views::{LogRecordFields, LogRecordView, SpanFields, SpanView, ValueView};

use super::kind;
use crate::elasticsearch::config::MappingMode;
use crate::elasticsearch::documents::{Group, Writer};
use crate::elasticsearch::fields::{Fields, Name};
use crate::elasticsearch::index::Destination;
use crate::elasticsearch::json::{self, id_member};

/// What all documents of a group have.
pub(in super::super) fn common(group: &Group<'_>, fields: &mut Fields) {
    fields.clear();
    fields.add_all("Resource.", group.resource.attributes());
    for (name, text) in [
        ("Scope.name", group.scope.name()),
        ("Scope.version", group.scope.version()),
    ] {
        fields.add(Name("", name), ValueView::String(text));
    }
    for attribute in group.scope.attributes() {
        if attribute.key() != "elastic.mapping.mode" {
            fields.add(Name("Scope.", attribute.key()), attribute.value());
        }
    }
    fields.end_common();
}

fn prefix(mode: MappingMode) -> &'static str {
    if mode == MappingMode::Raw {
        ""
    } else {
        "Attributes."
    }
}

fn data_stream(mode: MappingMode, destination: &Destination, fields: &mut Fields) {
    let Some(parts) = &destination.data_stream else {
        return;
    };
    let names = ["data_stream.type", "data_stream.dataset", "data_stream.namespace"];
    for (name, part) in names.iter().zip(parts) {
        fields.add(Name(prefix(mode), name), ValueView::String(part));
    }
}

pub(in super::super) fn log(
    writer: &mut Writer<'_>,
    mode: MappingMode,
    time: u64,
    record: LogRecordView<'_>,
    log: &LogRecordFields<'_>,
    destination: &Destination,
) {
    let (fields, calendar) = (&mut writer.fields, &mut writer.calendar);
    fields.forget_own();
    fields.add_with(Name("", "@timestamp"), |out| calendar.rfc3339(time, out));
    fields.add_id("TraceId", log.trace_id);
    fields.add_id("SpanId", log.span_id);
    fields.add(Name("", "TraceFlags"), ValueView::Int(log.flags.into()));
    fields.add_text("SeverityText", log.severity_text);
    fields.add(
        Name("", "SeverityNumber"),
        ValueView::Int(log.severity_number.into()),
    );
    fields.add_text("EventName", log.event_name);
    fields.add(Name("", "Body"), log.body);
    fields.add_all(prefix(mode), record.attributes());
    data_stream(mode, destination, fields);
    finish(writer);
}

pub(in super::super) fn span(
    writer: &mut Writer<'_>,
    mode: MappingMode,
    span: SpanView<'_>,
    about: &SpanFields<'_>,
    destination: &Destination,
) {
    const KINDS: [&str; 6] = [
        "SPAN_KIND_UNSPECIFIED",
        "SPAN_KIND_INTERNAL",
        "SPAN_KIND_SERVER",
        "SPAN_KIND_CLIENT",
        "SPAN_KIND_PRODUCER",
        "SPAN_KIND_CONSUMER",
    ];
    let (fields, calendar) = (&mut writer.fields, &mut writer.calendar);
    fields.forget_own();
    fields.add_with(Name("", "@timestamp"), |out| {
        calendar.rfc3339(about.start_time_unix_nano, out);
    });
    fields.add_with(Name("", "EndTimestamp"), |out| {
        calendar.rfc3339(about.end_time_unix_nano, out);
    });
    let micros = i64::try_from(span.duration_nano() / 1000).unwrap_or(i64::MAX);
    fields.add(Name("", "Duration"), ValueView::Int(micros));
    fields.add_id("TraceId", about.trace_id);
    fields.add_id("SpanId", about.span_id);
    fields.add_id("ParentSpanId", about.parent_span_id);
    fields.add_text("Name", about.name);
    fields.add_text("Kind", kind(about.kind, &KINDS));
    fields.add(
        Name("", "TraceStatus"),
        ValueView::Int(about.status.code().into()),
    );
    fields.add_text("TraceStatusDescription", about.status.message());
    fields.add_with(Name("", "Link"), |out| links(span, out));
    fields.add_all(prefix(mode), span.attributes());
    data_stream(mode, destination, fields);
    let events = if mode == MappingMode::Raw { "" } else { "Events." };
    for event in span.events() {
        let name = format!("{events}{}.", event.name());
        fields.add_with(Name(&name, "time"), |out| {
            calendar.rfc3339(event.time_unix_nano(), out)
        });
        fields.add_all(&name, event.attributes());
    }
    finish(writer);
}

/// The links as JSON in a text.
fn links(span: SpanView<'_>, out: &mut Vec<u8>) {
    let mut text = b"[".to_vec();
    for (nth, link) in span.links().enumerate() {
        text.extend_from_slice(if nth > 0 { b",{" } else { b"{" });
        json::key("attribute", &mut text);
        json::object(link.attributes(), |_| true, &mut text);
        id_member("spanID", link.span_id(), &mut text);
        id_member("traceID", link.trace_id(), &mut text);
        text.push(b'}');
    }
    text.push(b']');
    write::string(&String::from_utf8_lossy(&text), out);
}

fn finish(writer: &mut Writer<'_>) {
    let out = &mut writer.bulk.body;
    out.push(b'{');
    writer.fields.write_flat(out);
    out.push(b'}');
}
