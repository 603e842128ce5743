//! encode = encode: a `prost` request written through the encoders decodes to the same request.

use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::{AnyValue, KeyValue, any_value::Value as Any},
    metrics::v1::{
        Exemplar, Metric, NumberDataPoint, exemplar, exponential_histogram_data_point, metric::Data,
        number_data_point,
    },
    resource::v1::Resource,
    trace::v1::Span,
};
use proptest::prelude::*;
use prost::Message;
use sidelight_proto::{
    Signal, admit,
    encode::{
        ExemplarEncoder, LogsEncoder, MetricEncoder, MetricsEncoder, NumberPointEncoder, ResourceEncoder,
        SpanEncoder, TracesEncoder, ValueEncoder,
    },
    views::{NumberValue, ValueView},
};

use crate::payloads::{canonical, logs, metrics, traces};

/// A value at hand, if it is one; arrays and maps are written piece by piece.
fn plain(value: &AnyValue) -> Option<ValueView<'_>> {
    Some(match &value.value {
        None => ValueView::Empty,
        Some(Any::StringValue(text)) => ValueView::String(text),
        Some(Any::BoolValue(value)) => ValueView::Bool(*value),
        Some(Any::IntValue(value)) => ValueView::Int(*value),
        Some(Any::DoubleValue(value)) => ValueView::Double(*value),
        Some(Any::BytesValue(bytes)) => ValueView::Bytes(bytes),
        _ => return None,
    })
}

fn write_value(mut encoder: ValueEncoder<'_>, value: &AnyValue) {
    match &value.value {
        Some(Any::ArrayValue(array)) => {
            let mut encoder = encoder.array();
            for value in &array.values {
                match plain(value) {
                    Some(plain) => _ = encoder.push(plain),
                    None => write_value(encoder.open_value(), value),
                }
            }
        }
        Some(Any::KvlistValue(list)) => {
            let mut encoder = encoder.kv_list();
            for entry in &list.values {
                let value = entry.value.clone().unwrap_or_default();
                match plain(&value) {
                    Some(plain) => _ = encoder.entry(&entry.key, plain),
                    None => write_value(encoder.open_entry(&entry.key).value(), &value),
                }
            }
        }
        _ => encoder.set(plain(value).expect("all others are plain")),
    }
}

/// Writes attributes with an encoder that has `attribute` and `open_attribute`.
macro_rules! write_attributes {
    ($encoder:expr, $attributes:expr) => {
        write_attributes!($encoder, $attributes, attribute)
    };
    ($encoder:expr, $attributes:expr, $attribute:ident) => {
        for KeyValue { key, value, .. } in $attributes {
            let value = value.clone().unwrap_or_default();
            match plain(&value) {
                Some(plain) => _ = $encoder.$attribute(key, plain),
                None => write_value($encoder.open_attribute(key).value(), &value),
            }
        }
    };
}

fn write_resource(mut encoder: ResourceEncoder<'_>, resource: &Resource) {
    write_attributes!(encoder, &resource.attributes);
    encoder.dropped_attributes_count(resource.dropped_attributes_count);
    for entity in &resource.entity_refs {
        let mut encoder = encoder.entity_ref();
        encoder.schema_url(&entity.schema_url).entity_type(&entity.r#type);
        entity.id_keys.iter().for_each(|key| _ = encoder.id_key(key));
        entity
            .description_keys
            .iter()
            .for_each(|key| _ = encoder.description_key(key));
    }
}

macro_rules! write_scope {
    ($encoder:expr, $scope:expr) => {
        if let Some(scope) = $scope {
            let mut encoder = $encoder.scope();
            encoder
                .name(&scope.name)
                .version(&scope.version)
                .dropped_attributes_count(scope.dropped_attributes_count);
            write_attributes!(encoder, &scope.attributes);
        }
    };
}

fn write_span(mut encoder: SpanEncoder<'_>, span: &Span) {
    encoder
        .trace_id(&span.trace_id)
        .span_id(&span.span_id)
        .parent_span_id(&span.parent_span_id);
    encoder
        .trace_state(&span.trace_state)
        .name(&span.name)
        .kind(span.kind)
        .flags(span.flags);
    encoder
        .start_time_unix_nano(span.start_time_unix_nano)
        .end_time_unix_nano(span.end_time_unix_nano);
    encoder
        .dropped_attributes_count(span.dropped_attributes_count)
        .dropped_events_count(span.dropped_events_count);
    encoder.dropped_links_count(span.dropped_links_count);
    write_attributes!(encoder, &span.attributes);
    for event in &span.events {
        let mut encoder = encoder.event();
        encoder.time_unix_nano(event.time_unix_nano).name(&event.name);
        encoder.dropped_attributes_count(event.dropped_attributes_count);
        write_attributes!(encoder, &event.attributes);
    }
    for link in &span.links {
        let mut encoder = encoder.link();
        encoder
            .trace_id(&link.trace_id)
            .span_id(&link.span_id)
            .trace_state(&link.trace_state)
            .flags(link.flags);
        encoder.dropped_attributes_count(link.dropped_attributes_count);
        write_attributes!(encoder, &link.attributes);
    }
    if let Some(status) = &span.status {
        encoder.status().message(&status.message).code(status.code);
        // A second status is ignored, as every singular field that is set again.
        encoder.status().code(99);
        encoder
            .name("ignored once a name was written")
            .kind(if span.kind == 0 { 0 } else { 99 });
    }
}

fn write_traces(request: &ExportTraceServiceRequest) -> bytes::Bytes {
    let mut encoder = TracesEncoder::default();
    for resource_spans in &request.resource_spans {
        let mut encoder = encoder.resource_spans();
        if let Some(resource) = &resource_spans.resource {
            write_resource(encoder.resource(), resource);
        }
        for scope_spans in &resource_spans.scope_spans {
            let mut encoder = encoder.scope_spans();
            write_scope!(encoder, &scope_spans.scope);
            scope_spans
                .spans
                .iter()
                .for_each(|span| write_span(encoder.span(), span));
            encoder.schema_url(&scope_spans.schema_url);
        }
        encoder.schema_url(&resource_spans.schema_url);
    }
    encoder.finish()
}

fn write_logs(request: &ExportLogsServiceRequest) -> bytes::Bytes {
    let mut encoder = LogsEncoder::with_capacity(100);
    for resource_logs in &request.resource_logs {
        let mut encoder = encoder.resource_logs();
        if let Some(resource) = &resource_logs.resource {
            write_resource(encoder.resource(), resource);
        }
        for scope_logs in &resource_logs.scope_logs {
            let mut encoder = encoder.scope_logs();
            write_scope!(encoder, &scope_logs.scope);
            for record in &scope_logs.log_records {
                let mut encoder = encoder.log_record();
                encoder
                    .time_unix_nano(record.time_unix_nano)
                    .observed_time_unix_nano(record.observed_time_unix_nano);
                encoder
                    .severity_number(record.severity_number)
                    .severity_text(&record.severity_text);
                encoder
                    .dropped_attributes_count(record.dropped_attributes_count)
                    .flags(record.flags);
                encoder
                    .trace_id(&record.trace_id)
                    .span_id(&record.span_id)
                    .event_name(&record.event_name);
                match record.body.as_ref().map(|body| (plain(body), body)) {
                    None => {}
                    Some((Some(plain), _)) => _ = encoder.body(plain).body("ignored"),
                    Some((None, body)) => write_value(encoder.open_body(), body),
                }
                write_attributes!(encoder, &record.attributes);
            }
            encoder.schema_url(&scope_logs.schema_url);
        }
        encoder.schema_url(&resource_logs.schema_url);
    }
    encoder.finish()
}

fn write_exemplars(mut open: impl FnMut(&mut dyn FnMut(ExemplarEncoder<'_>)), exemplars: &[Exemplar]) {
    for exemplar in exemplars {
        open(&mut |mut encoder| {
            encoder
                .time_unix_nano(exemplar.time_unix_nano)
                .span_id(&exemplar.span_id)
                .trace_id(&exemplar.trace_id);
            match exemplar.value {
                None => {}
                Some(exemplar::Value::AsDouble(value)) => _ = encoder.value(NumberValue::Double(value)),
                Some(exemplar::Value::AsInt(value)) => _ = encoder.value(NumberValue::Int(value)),
            }
            write_attributes!(encoder, &exemplar.filtered_attributes, filtered_attribute);
        });
    }
}

fn write_number_point(mut encoder: NumberPointEncoder<'_>, point: &NumberDataPoint) {
    encoder
        .start_time_unix_nano(point.start_time_unix_nano)
        .time_unix_nano(point.time_unix_nano)
        .flags(point.flags);
    write_attributes!(encoder, &point.attributes);
    match point.value {
        None => {}
        Some(number_data_point::Value::AsDouble(value)) => _ = encoder.value(NumberValue::Double(value)),
        Some(number_data_point::Value::AsInt(value)) => _ = encoder.value(NumberValue::Int(value)),
    }
    write_exemplars(|write| write(encoder.exemplar()), &point.exemplars);
}

fn write_metric(mut encoder: MetricEncoder<'_>, metric: &Metric) {
    encoder
        .name(&metric.name)
        .description(&metric.description)
        .unit(&metric.unit);
    write_attributes!(encoder, &metric.metadata, metadata);
    match &metric.data {
        None => return,
        Some(Data::Gauge(data)) => {
            let mut encoder = encoder.gauge();
            data.data_points
                .iter()
                .for_each(|point| write_number_point(encoder.data_point(), point));
        }
        Some(Data::Sum(data)) => {
            let mut encoder = encoder.sum();
            encoder
                .aggregation_temporality(data.aggregation_temporality)
                .is_monotonic(data.is_monotonic);
            data.data_points
                .iter()
                .for_each(|point| write_number_point(encoder.data_point(), point));
        }
        Some(Data::Histogram(data)) => {
            let mut encoder = encoder.histogram();
            encoder.aggregation_temporality(data.aggregation_temporality);
            for point in &data.data_points {
                let mut encoder = encoder.data_point();
                encoder
                    .start_time_unix_nano(point.start_time_unix_nano)
                    .time_unix_nano(point.time_unix_nano);
                encoder.count(point.count).flags(point.flags);
                point.sum.into_iter().for_each(|sum| _ = encoder.sum(sum));
                point.min.into_iter().for_each(|min| _ = encoder.min(min));
                point.max.into_iter().for_each(|max| _ = encoder.max(max));
                encoder.bucket_counts(point.bucket_counts.iter().copied());
                encoder.explicit_bounds(point.explicit_bounds.iter().copied());
                write_attributes!(encoder, &point.attributes);
                write_exemplars(|write| write(encoder.exemplar()), &point.exemplars);
            }
        }
        Some(Data::ExponentialHistogram(data)) => {
            let mut encoder = encoder.exponential_histogram();
            encoder.aggregation_temporality(data.aggregation_temporality);
            for point in &data.data_points {
                let mut encoder = encoder.data_point();
                encoder
                    .start_time_unix_nano(point.start_time_unix_nano)
                    .time_unix_nano(point.time_unix_nano);
                encoder
                    .count(point.count)
                    .flags(point.flags)
                    .scale(point.scale)
                    .zero_count(point.zero_count);
                encoder.zero_threshold(point.zero_threshold);
                point.sum.into_iter().for_each(|sum| _ = encoder.sum(sum));
                point.min.into_iter().for_each(|min| _ = encoder.min(min));
                point.max.into_iter().for_each(|max| _ = encoder.max(max));
                let write =
                    |mut encoder: sidelight_proto::encode::BucketsEncoder<'_>,
                     buckets: &exponential_histogram_data_point::Buckets| {
                        encoder
                            .offset(buckets.offset)
                            .bucket_counts(buckets.bucket_counts.iter().copied());
                    };
                point
                    .positive
                    .iter()
                    .for_each(|buckets| write(encoder.positive(), buckets));
                point
                    .negative
                    .iter()
                    .for_each(|buckets| write(encoder.negative(), buckets));
                write_attributes!(encoder, &point.attributes);
                write_exemplars(|write| write(encoder.exemplar()), &point.exemplars);
            }
        }
        Some(Data::Summary(data)) => {
            let mut encoder = encoder.summary();
            for point in &data.data_points {
                let mut encoder = encoder.data_point();
                encoder
                    .start_time_unix_nano(point.start_time_unix_nano)
                    .time_unix_nano(point.time_unix_nano);
                encoder.count(point.count).flags(point.flags).sum(point.sum);
                for value in &point.quantile_values {
                    encoder
                        .quantile_value()
                        .quantile(value.quantile)
                        .value(value.value);
                }
                write_attributes!(encoder, &point.attributes);
            }
        }
    }
    // A metric has one type.
    encoder.gauge().data_point().flags(1);
}

fn write_metrics(request: &ExportMetricsServiceRequest) -> bytes::Bytes {
    let mut encoder = MetricsEncoder::default();
    for resource_metrics in &request.resource_metrics {
        let mut encoder = encoder.resource_metrics();
        if let Some(resource) = &resource_metrics.resource {
            write_resource(encoder.resource(), resource);
        }
        for scope_metrics in &resource_metrics.scope_metrics {
            let mut encoder = encoder.scope_metrics();
            write_scope!(encoder, &scope_metrics.scope);
            scope_metrics
                .metrics
                .iter()
                .for_each(|metric| write_metric(encoder.metric(), metric));
            encoder.schema_url(&scope_metrics.schema_url);
        }
        encoder.schema_url(&resource_metrics.schema_url);
    }
    encoder.finish()
}

/// What the encoders write is canonical and shows the same as what `prost` writes.
fn same(signal: Signal, written: &bytes::Bytes, expected: &[u8]) -> Result<(), TestCaseError> {
    let admitted = admit(signal, written.clone()).expect("admitted");
    prop_assert!(!admitted.recoded);
    let shown = crate::shown::through_views;
    prop_assert_eq!(
        shown(signal, &canonical(signal, written).expect("decodes")),
        shown(signal, expected)
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn spans_are_written_as_prost_writes_them(mut request in traces()) {
        // The encoder ignores a name only after one was written.
        let spans = request.resource_spans.iter_mut().flat_map(|r| &mut r.scope_spans).flat_map(|s| &mut s.spans);
        spans.for_each(|span| span.name.push('x'));
        same(Signal::Traces, &write_traces(&request), &request.encode_to_vec())?;
    }

    #[test]
    fn log_records_are_written_as_prost_writes_them(request in logs()) {
        same(Signal::Logs, &write_logs(&request), &request.encode_to_vec())?;
    }

    #[test]
    fn data_points_are_written_as_prost_writes_them(request in metrics()) {
        same(Signal::Metrics, &write_metrics(&request), &request.encode_to_vec())?;
    }
}
