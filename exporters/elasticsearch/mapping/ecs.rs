//! The mode `ecs`: names of the semantic conventions become those of Elastic Common Schema where it has others; all other
//! attributes keep their names. Documents are nested.
//!
//! Source: the Collector's `elasticsearch` exporter, "ECS Mapping"; Elastic Common Schema 8.

use sidelight_proto::Signal;
use sidelight_proto::json::write;
use sidelight_proto::views::{
    Attributes, LogRecordFields, LogRecordView, SpanEventView, SpanFields, SpanView, ValueView,
};

use super::kind;
use crate::elasticsearch::documents::{Group, Writer};
use crate::elasticsearch::fields::{Fields, Name};
use crate::elasticsearch::index::Destination;
use crate::elasticsearch::json::{self, id_member};

/// A name of the semantic conventions and that of ECS; an empty one leaves the attribute out.
type Names = &'static [(&'static str, &'static str)];

const RESOURCE: Names = &[
    ("client.address", "client.ip"),
    ("cloud.platform", "cloud.service.name"),
    ("container.image.tags", "container.image.tag"),
    ("deployment.environment", "service.environment"),
    ("deployment.environment.name", "service.environment"),
    ("faas.instance", "faas.id"),
    ("faas.trigger", "faas.trigger.type"),
    ("host.arch", "host.architecture"),
    ("k8s.cluster.name", "orchestrator.cluster.name"),
    ("k8s.container.name", "kubernetes.container.name"),
    ("k8s.cronjob.name", "kubernetes.cronjob.name"),
    ("k8s.daemonset.name", "kubernetes.daemonset.name"),
    ("k8s.deployment.name", "kubernetes.deployment.name"),
    ("k8s.job.name", "kubernetes.job.name"),
    ("k8s.namespace.name", "kubernetes.namespace"),
    ("k8s.node.name", "kubernetes.node.name"),
    ("k8s.pod.name", "kubernetes.pod.name"),
    ("k8s.pod.uid", "kubernetes.pod.uid"),
    ("k8s.replicaset.name", "kubernetes.replicaset.name"),
    ("k8s.statefulset.name", "kubernetes.statefulset.name"),
    ("os.description", "host.os.full"),
    ("os.name", "host.os.name"),
    ("os.type", "host.os.platform"),
    ("os.version", "host.os.version"),
    ("process.command_line", "process.args"),
    ("process.executable.name", "process.title"),
    ("process.executable.path", "process.executable"),
    ("process.runtime.name", "service.runtime.name"),
    ("process.runtime.version", "service.runtime.version"),
    ("service.instance.id", "service.node.name"),
    ("source.address", "source.ip"),
    ("telemetry.distro.name", ""),
    ("telemetry.distro.version", ""),
    ("telemetry.sdk.language", "service.language.name"),
    ("telemetry.sdk.name", ""),
    ("telemetry.sdk.version", "service.language.version"),
];

const LOG: Names = &[
    ("event.name", "event.action"),
    ("exception.message", "error.message"),
    ("exception.stacktrace", "error.stacktrace"),
    ("exception.type", "error.type"),
    ("exception.escaped", "event.error.exception.handled"),
    ("http.response.body.size", "http.response.encoded_body_size"),
];

const SPAN: Names = &[
    ("db.system", "span.db.type"),
    ("db.namespace", "span.db.instance"),
    ("db.query.text", "span.db.statement"),
    ("http.response.body.size", "http.response.encoded_body_size"),
];

const EXCEPTION: Names = &[
    ("exception.type", "error.exception.type"),
    ("exception.message", "error.exception.message"),
    ("exception.stacktrace", "error.stack_trace"),
    ("exception.escaped", "error.exception.handled"),
];

fn add(attributes: Attributes<'_>, names: Names, fields: &mut Fields) {
    for attribute in attributes {
        let key = attribute.key();
        match names.iter().find(|(name, _)| *name == key) {
            Some((_, "")) => {}
            Some((_, name)) => fields.add(Name("", name), attribute.value()),
            None if key == "elastic.mapping.mode" => {}
            None => fields.add(Name("", key), attribute.value()),
        }
    }
}

/// What all documents of a group have; those of metrics nothing of the scope.
pub(in super::super) fn common(group: &Group<'_>, signal: Signal, fields: &mut Fields) {
    fields.clear();
    add(group.resource.attributes(), RESOURCE, fields);
    if signal != Signal::Metrics {
        add(group.scope.attributes(), &[], fields);
    }
    let resource = group.resource.attributes();
    if resource.get("host.hostname").is_none()
        && let Some(name) = resource.get("host.name")
    {
        fields.add(Name("", "host.hostname"), name);
    }
    fields.end_common();
}

fn begin(writer: &mut Writer<'_>, time: u64) {
    let (fields, calendar) = (&mut writer.fields, &mut writer.calendar);
    fields.forget_own();
    fields.add_with(Name("", "@timestamp"), |out| calendar.rfc3339(time, out));
}

pub(in super::super) fn log(
    writer: &mut Writer<'_>,
    time: u64,
    record: LogRecordView<'_>,
    log: &LogRecordFields<'_>,
    destination: &Destination,
) {
    begin(writer, time);
    let fields = &mut writer.fields;
    fields.add_text("event.action", log.event_name);
    add(record.attributes(), LOG, fields);
    fields.add_id("trace.id", log.trace_id);
    fields.add_id("span.id", log.span_id);
    if log.severity_number != 0 {
        fields.add(
            Name("", "event.severity"),
            ValueView::Int(log.severity_number.into()),
        );
    }
    fields.add_text("log.level", log.severity_text);
    match log.body {
        ValueView::Empty => {}
        ValueView::String(_) => fields.add(Name("", "message"), log.body),
        // The schema's message is text.
        structured => fields.add_with(Name("", "message"), |out| {
            let mut text = Vec::new();
            json::value(structured, &mut text);
            write::string(&String::from_utf8_lossy(&text), out);
        }),
    }
    finish(writer, destination);
}

pub(in super::super) fn span(
    writer: &mut Writer<'_>,
    span: SpanView<'_>,
    about: &SpanFields<'_>,
    destination: &Destination,
) {
    const KINDS: [&str; 6] = ["", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];
    begin(writer, about.start_time_unix_nano);
    let fields = &mut writer.fields;
    add(span.attributes(), SPAN, fields);
    fields.add_id("trace.id", about.trace_id);
    fields.add_id("span.id", about.span_id);
    fields.add_id("parent.id", about.parent_span_id);
    fields.add_text("span.name", about.name);
    fields.add_text("span.kind", kind(about.kind, &KINDS));
    let duration = i64::try_from(span.duration_nano()).unwrap_or(i64::MAX);
    fields.add(Name("", "event.duration"), ValueView::Int(duration));
    match about.status.code() {
        1 => fields.add_text("event.outcome", "success"),
        2 => fields.add_text("event.outcome", "failure"),
        _ => {}
    }
    fields.add_text("error.message", about.status.message());
    if span.links().next().is_some() {
        fields.add_with(Name("", "span.links"), |out| links(span, out));
    }
    finish(writer, destination);
}

fn links(span: SpanView<'_>, out: &mut Vec<u8>) {
    out.push(b'[');
    for (nth, link) in span.links().enumerate() {
        out.extend_from_slice(if nth > 0 { b",{\"span\":{" } else { b"{\"span\":{" });
        id_member("id", link.span_id(), out);
        out.extend_from_slice(b"},\"trace\":{");
        id_member("id", link.trace_id(), out);
        out.extend_from_slice(b"}}");
    }
    out.push(b']');
}

fn is_exception(event: SpanEventView<'_>) -> bool {
    let has = |key| event.attributes().get(key).is_some();
    event.name() == "exception" && (has("exception.type") || has("exception.message"))
}

/// Exceptions go to `apm.error`, other events to `apm.app.` and the service.
pub(in super::super) fn dataset_of_event(event: SpanEventView<'_>, group: &Group<'_>) -> String {
    if is_exception(event) {
        return "apm.error".to_owned();
    }
    let service = group.resource.attributes().get("service.name");
    match service.and_then(|service| service.as_str()).unwrap_or_default() {
        "" => "apm.app".to_owned(),
        service => format!("apm.app.{service}"),
    }
}

pub(in super::super) fn span_event(
    writer: &mut Writer<'_>,
    span: SpanView<'_>,
    event: SpanEventView<'_>,
    destination: &Destination,
) {
    begin(writer, event.time_unix_nano());
    let fields = &mut writer.fields;
    fields.add_id("trace.id", span.trace_id());
    if is_exception(event) {
        add(event.attributes(), EXCEPTION, fields);
        fields.add_id("parent.id", span.span_id());
    } else {
        add(event.attributes(), &[], fields);
        fields.add_id("span.id", span.span_id());
        fields.add_text("event.kind", "event");
        fields.add_text("message", event.name());
    }
    finish(writer, destination);
}

/// What the data stream came to counts, whatever an attribute says of it.
fn finish(writer: &mut Writer<'_>, destination: &Destination) {
    let fields = &mut writer.fields;
    if let Some([data_type, dataset, namespace]) = &destination.data_stream {
        fields.add_text("data_stream.type", data_type);
        fields.add_text("data_stream.dataset", dataset);
        fields.add_text("data_stream.namespace", namespace);
    }
    let out = &mut writer.bulk.body;
    out.push(b'{');
    writer.fields.write_nested(out);
    out.push(b'}');
}

/// The document of points: what they have in common, then the values.
pub(in super::super) fn points<'a>(
    writer: &mut Writer<'_>,
    time: u64,
    attributes: Attributes<'_>,
    doc_count: u64,
    destination: &Destination,
    values: impl Iterator<Item = (&'a str, &'a [u8])>,
) {
    begin(writer, time);
    add(attributes, &[], &mut writer.fields);
    if let Some(count) = i64::try_from(doc_count).ok().filter(|count| *count > 0) {
        writer.fields.add(Name("", "_doc_count"), ValueView::Int(count));
    }
    for (name, value) in values {
        writer
            .fields
            .add_with(Name("", name), |out| out.extend_from_slice(value));
    }
    finish(writer, destination);
}
