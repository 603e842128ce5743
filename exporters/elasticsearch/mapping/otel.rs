//! The mode `otel`: Elastic's form for OTLP, which the templates `*-otel@template` of Elasticsearch 8.16 and later map.

use sidelight_proto::json::write;
use sidelight_proto::views::{
    Attributes, LogRecordFields, LogRecordView, SPAN_KINDS, SpanEventView, SpanFields, SpanView, ValueView,
};

use super::kind;
use crate::elasticsearch::documents::{Group, Writer};
use crate::elasticsearch::index::{Destination, is_routing};
use crate::elasticsearch::json::{self, count_member, id_member, key, text_member};
use crate::elasticsearch::time::millis_text;

/// Writes what all documents of a group have: `"resource":{…},"scope":{…}`.
pub(in super::super) fn tail(group: &Group<'_>, out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(b"\"resource\":{");
    text_member("schema_url", group.resource_schema, out);
    attributes(group.resource.attributes(), out);
    count_member(
        "dropped_attributes_count",
        group.resource.dropped_attributes_count().into(),
        out,
    );
    out.extend_from_slice(b"},\"scope\":{");
    text_member("schema_url", group.scope_schema, out);
    text_member("name", group.scope.name(), out);
    text_member("version", group.scope.version(), out);
    attributes(group.scope.attributes(), out);
    count_member(
        "dropped_attributes_count",
        group.scope.dropped_attributes_count().into(),
        out,
    );
    out.push(b'}');
}

/// Appends the attributes, but for those that say where a document goes, unless there are none.
pub(in super::super) fn attributes(attributes: Attributes<'_>, out: &mut Vec<u8>) {
    let mark = out.len();
    key("attributes", out);
    if json::object(attributes, |key| !is_routing(key), out) == 0 {
        out.truncate(mark);
    }
}

pub(in super::super) fn data_stream(destination: &Destination, out: &mut Vec<u8>) {
    if let Some([data_type, dataset, namespace]) = &destination.data_stream {
        key("data_stream", out);
        out.push(b'{');
        text_member("type", data_type, out);
        text_member("dataset", dataset, out);
        text_member("namespace", namespace, out);
        out.push(b'}');
    }
}

fn time_member(name: &str, unix_nano: u64, out: &mut Vec<u8>) {
    key(name, out);
    millis_text(unix_nano, out);
}

pub(in super::super) fn log(
    writer: &mut Writer<'_>,
    time: u64,
    record: LogRecordView<'_>,
    fields: &LogRecordFields<'_>,
    destination: &Destination,
) {
    let out = &mut writer.bulk.body;
    out.push(b'{');
    time_member("@timestamp", time, out);
    if fields.observed_time_unix_nano != 0 {
        time_member("observed_timestamp", fields.observed_time_unix_nano, out);
    }
    data_stream(destination, out);
    text_member("severity_text", fields.severity_text, out);
    count_member(
        "severity_number",
        u64::try_from(fields.severity_number).unwrap_or_default(),
        out,
    );
    id_member("trace_id", fields.trace_id, out);
    id_member("span_id", fields.span_id, out);
    attributes(record.attributes(), out);
    count_member(
        "dropped_attributes_count",
        fields.dropped_attributes_count.into(),
        out,
    );
    let event_name = match fields.event_name {
        "" => record
            .attributes()
            .get("event.name")
            .and_then(|name| name.as_str())
            .unwrap_or_default(),
        name => name,
    };
    text_member("event_name", event_name, out);
    out.push(b',');
    out.extend_from_slice(&writer.tail);
    body(fields.body, out);
    out.push(b'}');
}

/// Text under `body.text`, maps and lists of maps under `body.structured`.
fn body(body: ValueView<'_>, out: &mut Vec<u8>) {
    match body {
        ValueView::Empty => {}
        ValueView::KvList(_) => {
            out.extend_from_slice(b",\"body\":{\"structured\":");
            json::value(body, out);
            out.push(b'}');
        }
        ValueView::Array(array) => {
            // A field is of one type: a list of anything else goes into an object.
            let of_maps = array.values().all(|value| matches!(value, ValueView::KvList(_)));
            out.extend_from_slice(if of_maps {
                b",\"body\":{\"structured\":"
            } else {
                b",\"body\":{\"structured\":{\"value\":"
            });
            json::value(body, out);
            out.extend_from_slice(if of_maps { b"}" } else { b"}}" });
        }
        scalar => {
            out.extend_from_slice(b",\"body\":{\"text\":");
            json::value(scalar, out);
            out.push(b'}');
        }
    }
}

pub(in super::super) fn span(
    writer: &mut Writer<'_>,
    span: SpanView<'_>,
    fields: &SpanFields<'_>,
    destination: &Destination,
) {
    let out = &mut writer.bulk.body;
    out.push(b'{');
    time_member("@timestamp", fields.start_time_unix_nano, out);
    data_stream(destination, out);
    id_member("trace_id", fields.trace_id, out);
    id_member("span_id", fields.span_id, out);
    text_member("trace_state", fields.trace_state, out);
    id_member("parent_span_id", fields.parent_span_id, out);
    text_member("name", fields.name, out);
    text_member("kind", kind(fields.kind, &SPAN_KINDS), out);
    key("duration", out);
    write::unsigned(span.duration_nano(), out);
    attributes(span.attributes(), out);
    count_member(
        "dropped_attributes_count",
        fields.dropped_attributes_count.into(),
        out,
    );
    count_member("dropped_events_count", fields.dropped_events_count.into(), out);
    links(span, out);
    count_member("dropped_links_count", fields.dropped_links_count.into(), out);
    key("status", out);
    out.push(b'{');
    text_member("message", fields.status.message(), out);
    text_member(
        "code",
        match fields.status.code() {
            1 => "Ok",
            2 => "Error",
            _ => "",
        },
        out,
    );
    out.extend_from_slice(b"},");
    out.extend_from_slice(&writer.tail);
    out.push(b'}');
}

fn links(span: SpanView<'_>, out: &mut Vec<u8>) {
    key("links", out);
    out.push(b'[');
    for (nth, link) in span.links().enumerate() {
        out.extend_from_slice(if nth > 0 { b",{" } else { b"{" });
        id_member("trace_id", link.trace_id(), out);
        id_member("span_id", link.span_id(), out);
        text_member("trace_state", link.trace_state(), out);
        attributes(link.attributes(), out);
        count_member(
            "dropped_attributes_count",
            link.dropped_attributes_count().into(),
            out,
        );
        out.push(b'}');
    }
    out.push(b']');
}

/// The event of a span is a document among the logs.
pub(in super::super) fn span_event(
    writer: &mut Writer<'_>,
    span: SpanView<'_>,
    event: SpanEventView<'_>,
    destination: &Destination,
) {
    let out = &mut writer.bulk.body;
    out.push(b'{');
    time_member("@timestamp", event.time_unix_nano(), out);
    data_stream(destination, out);
    id_member("trace_id", span.trace_id(), out);
    id_member("span_id", span.span_id(), out);
    text_member("event_name", event.name(), out);
    key("attributes", out);
    let members = json::object(
        event.attributes(),
        |key| !is_routing(key) && key != "event.name",
        out,
    );
    // The name is an attribute too, where searches for older events look for it.
    out.pop();
    if members > 0 {
        out.push(b',');
    }
    out.extend_from_slice(b"\"event.name\":");
    write::string(event.name(), out);
    out.push(b'}');
    count_member(
        "dropped_attributes_count",
        event.dropped_attributes_count().into(),
        out,
    );
    out.push(b',');
    out.extend_from_slice(&writer.tail);
    out.push(b'}');
}
