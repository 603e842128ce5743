//! One request of each signal with every field set. `text` is put wherever a sender can write text.

use bytes::Bytes;
use sidelight_component::{Chunk, Payload, Request, Signal};
use sidelight_proto::encode::{AttributeEncoder, LogsEncoder, MetricsEncoder, TracesEncoder};
use sidelight_proto::views::{NumberValue, ValueView};

const TRACE_ID: &[u8] = &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const SPAN_ID: &[u8] = &[0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18];
const START: u64 = 1_795_169_730_000_000_321;
const END: u64 = START + 12_500_000;

pub(super) fn request(signal: Signal, text: &str) -> Request {
    let (bytes, items) = match signal {
        Signal::Traces => (traces(text), 2),
        Signal::Metrics => (metrics(text), 7),
        Signal::Logs => (logs(text), 2),
    };
    request_of(signal, bytes, items)
}

fn request_of(signal: Signal, bytes: Bytes, items: usize) -> Request {
    let admitted = sidelight_proto::admit(signal, bytes).expect("the encoders write what is valid");
    assert_eq!(admitted.items, items);
    Request::verbatim(
        signal,
        &Payload::new(Chunk {
            bytes: admitted.bytes,
            items,
        }),
    )
}

/// Two chunks, as batching makes them.
pub(super) fn twice(request: &Request) -> Request {
    let mut twice = request.clone();
    twice.body.extend(request.body.iter().cloned());
    twice.items *= 2;
    twice
}

macro_rules! resource_and_scope {
    ($group:ident, $scopes:ident, $text:ident) => {{
        let mut resource = $group.resource();
        resource.attribute("service.name", $text).attribute($text, 7_i64);
        resource.dropped_attributes_count(3);
        drop(resource);
        $group.schema_url($text);
        let mut scopes = $group.$scopes();
        let mut scope = scopes.scope();
        scope.name($text).version("1.2").attribute("scope.key", true);
        drop(scope);
        scopes.schema_url($text);
        scopes
    }};
}

fn traces(text: &str) -> Bytes {
    let mut request = TracesEncoder::default();
    let mut group = request.resource_spans();
    let mut spans = resource_and_scope!(group, scope_spans, text);
    let mut span = spans.span();
    span.trace_id(TRACE_ID)
        .span_id(SPAN_ID)
        .parent_span_id(&[0x21; 8])
        .trace_state(text)
        .name(text);
    span.kind(2)
        .start_time_unix_nano(START)
        .end_time_unix_nano(END)
        .flags(0x101);
    span.attribute("http.response.status_code", 503_i64)
        .attribute("http.route", text);
    span.dropped_attributes_count(1)
        .dropped_events_count(2)
        .dropped_links_count(4);
    span.event()
        .time_unix_nano(START + 1)
        .name(text)
        .attribute("exception.message", text)
        .dropped_attributes_count(5);
    span.link()
        .trace_id(TRACE_ID)
        .span_id(SPAN_ID)
        .trace_state(text)
        .attribute("link.key", 1.5)
        .flags(1);
    span.status().code(2).message(text);
    drop(span);
    spans
        .span()
        .trace_id(TRACE_ID)
        .span_id(&[0x21; 8])
        .name("root")
        .kind(99);
    drop(spans);
    drop(group);
    request.finish()
}

fn logs(text: &str) -> Bytes {
    let mut request = LogsEncoder::default();
    let mut group = request.resource_logs();
    let mut records = resource_and_scope!(group, scope_logs, text);
    let mut record = records.log_record();
    record
        .time_unix_nano(START)
        .observed_time_unix_nano(END)
        .severity_number(17)
        .severity_text(text)
        .body(text);
    record
        .attribute("bytes", ValueView::Bytes(&[0xde, 0xad]))
        .attribute("user", text)
        .attribute("ratio", 0.1);
    record
        .trace_id(TRACE_ID)
        .span_id(SPAN_ID)
        .flags(1)
        .event_name(text)
        .dropped_attributes_count(9);
    nest(record.open_attribute("nested"), text);
    drop(record);
    records.log_record().severity_number(9);
    drop(records);
    drop(group);
    request.finish()
}

/// `[1, text, {text: [true]}, nothing]`
fn nest(mut attribute: AttributeEncoder<'_>, text: &str) {
    let mut value = attribute.value();
    let mut array = value.array();
    array.push(1_i64).push(text);
    let mut inner = array.open_value();
    let mut list = inner.kv_list();
    list.open_entry(text).value().array().push(true);
    drop(list);
    drop(inner);
    array.push(ValueView::Empty);
}

fn metrics(text: &str) -> Bytes {
    let mut request = MetricsEncoder::default();
    let mut group = request.resource_metrics();
    let mut metrics = resource_and_scope!(group, scope_metrics, text);

    let mut metric = metrics.metric();
    metric
        .name(text)
        .description(text)
        .unit(text)
        .metadata("meta.key", text);
    let mut gauge = metric.gauge();
    gauge
        .data_point()
        .time_unix_nano(END)
        .value(NumberValue::Double(0.25))
        .attribute("cpu", text);
    gauge.data_point().time_unix_nano(END).flags(1);
    drop(gauge);
    drop(metric);

    let mut metric = metrics.metric();
    metric.name("requests");
    let mut sum = metric.sum();
    sum.aggregation_temporality(2).is_monotonic(true);
    let mut point = sum.data_point();
    point
        .start_time_unix_nano(START)
        .time_unix_nano(END)
        .value(NumberValue::Int(42));
    let mut exemplar = point.exemplar();
    exemplar
        .time_unix_nano(END)
        .trace_id(TRACE_ID)
        .span_id(SPAN_ID)
        .value(NumberValue::Int(1));
    exemplar.filtered_attribute("user", text);
    drop(exemplar);
    drop(point);
    drop(sum);
    drop(metric);

    let mut metric = metrics.metric();
    metric.name("duration");
    let mut histogram = metric.histogram();
    histogram.aggregation_temporality(1);
    let mut point = histogram.data_point();
    point
        .time_unix_nano(END)
        .count(6)
        .sum(9.5)
        .min(0.5)
        .max(4.0)
        .attribute("route", "/a")
        .attribute("method", text);
    point
        .explicit_bounds([1.0, 2.5].into_iter())
        .bucket_counts([1, 2, 3].into_iter());
    point
        .exemplar()
        .value(NumberValue::Double(3.5))
        .time_unix_nano(END);
    drop(point);
    histogram.data_point().time_unix_nano(END).count(2);
    drop(histogram);
    drop(metric);

    let mut metric = metrics.metric();
    metric.name("sizes");
    let mut histogram = metric.exponential_histogram();
    histogram.aggregation_temporality(2);
    let mut point = histogram.data_point();
    point
        .time_unix_nano(END)
        .count(10)
        .sum(-1.5)
        .scale(0)
        .zero_count(4)
        .zero_threshold(0.125);
    point.positive().offset(-1).bucket_counts([1, 0, 2].into_iter());
    point.negative().offset(2).bucket_counts([3].into_iter());
    drop(point);
    drop(histogram);
    drop(metric);

    let mut metric = metrics.metric();
    metric.name("latency");
    let mut summary = metric.summary();
    let mut point = summary.data_point();
    point
        .time_unix_nano(END)
        .count(3)
        .sum(6.0)
        .attribute("route", "/b");
    point.quantile_value().quantile(0.5).value(1.0);
    point.quantile_value().quantile(0.99).value(4.0);
    drop(point);
    drop(summary);
    drop(metric);
    metrics.metric().name("empty");
    drop(metrics);
    drop(group);
    request.finish()
}
