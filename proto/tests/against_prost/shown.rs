//! A request as the views show it, and as `prost` shows it. Also part of the fuzz targets.

use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::{
        AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList,
        any_value::Value as Any,
    },
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    metrics::v1::{
        Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint,
        Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint, exemplar,
        exponential_histogram_data_point::Buckets, metric::Data, number_data_point,
        summary_data_point::ValueAtQuantile,
    },
    resource::v1::Resource,
    trace::v1::{
        ResourceSpans, ScopeSpans, Span, Status,
        span::{Event, Link},
    },
};
use prost::Message;
use sidelight_proto::{
    Signal,
    views::{
        Attributes, BucketsView, DataView, ExemplarView, LogRecordView, LogsView, MetricView, MetricsView,
        NumberPointView, NumberValue, ResourceView, ScopeView, SpanView, TracesView, ValueView,
    },
};

/// The request as the views show it, written by `prost`.
pub(crate) fn through_views(signal: Signal, bytes: &[u8]) -> Vec<u8> {
    match signal {
        Signal::Traces => traces(bytes).encode_to_vec(),
        Signal::Metrics => metrics(bytes).encode_to_vec(),
        Signal::Logs => logs(bytes).encode_to_vec(),
    }
}

fn traces(bytes: &[u8]) -> ExportTraceServiceRequest {
    let scope_spans = |view: sidelight_proto::views::ScopeSpansView<'_>| ScopeSpans {
        scope: scope(view.scope()),
        spans: view.spans().map(span).collect(),
        schema_url: view.schema_url().to_owned(),
    };
    let resource_spans = TracesView::new(bytes).resource_spans().map(|view| ResourceSpans {
        resource: resource(view.resource()),
        scope_spans: view.scope_spans().map(scope_spans).collect(),
        schema_url: view.schema_url().to_owned(),
    });
    ExportTraceServiceRequest {
        resource_spans: resource_spans.collect(),
    }
}

fn span(view: SpanView<'_>) -> Span {
    let fields = view.fields();
    let events = view.events().map(|event| Event {
        time_unix_nano: event.time_unix_nano(),
        name: event.name().to_owned(),
        attributes: attributes(event.attributes()),
        dropped_attributes_count: event.dropped_attributes_count(),
    });
    let links = view.links().map(|link| Link {
        trace_id: link.trace_id().to_vec(),
        span_id: link.span_id().to_vec(),
        trace_state: link.trace_state().to_owned(),
        attributes: attributes(link.attributes()),
        dropped_attributes_count: link.dropped_attributes_count(),
        flags: link.flags(),
    });
    Span {
        trace_id: fields.trace_id.to_vec(),
        span_id: fields.span_id.to_vec(),
        trace_state: view.trace_state().to_owned(),
        parent_span_id: view.parent_span_id().to_vec(),
        flags: fields.flags,
        name: fields.name.to_owned(),
        kind: fields.kind,
        start_time_unix_nano: view.start_time_unix_nano(),
        end_time_unix_nano: view.end_time_unix_nano(),
        attributes: attributes(view.attributes()),
        dropped_attributes_count: view.dropped_attributes_count(),
        events: events.collect(),
        dropped_events_count: view.dropped_events_count(),
        links: links.collect(),
        dropped_links_count: fields.dropped_links_count,
        status: Some(Status {
            message: view.status().message().to_owned(),
            code: view.status().code(),
        }),
    }
}

fn logs(bytes: &[u8]) -> ExportLogsServiceRequest {
    let scope_logs = |view: sidelight_proto::views::ScopeLogsView<'_>| ScopeLogs {
        scope: scope(view.scope()),
        log_records: view.log_records().map(log_record).collect(),
        schema_url: view.schema_url().to_owned(),
    };
    let resource_logs = LogsView::new(bytes).resource_logs().map(|view| ResourceLogs {
        resource: resource(view.resource()),
        scope_logs: view.scope_logs().map(scope_logs).collect(),
        schema_url: view.schema_url().to_owned(),
    });
    ExportLogsServiceRequest {
        resource_logs: resource_logs.collect(),
    }
}

fn log_record(view: LogRecordView<'_>) -> LogRecord {
    let fields = view.fields();
    LogRecord {
        time_unix_nano: fields.time_unix_nano,
        observed_time_unix_nano: view.observed_time_unix_nano(),
        severity_number: view.severity_number(),
        severity_text: fields.severity_text.to_owned(),
        body: Some(value(view.body())),
        attributes: attributes(view.attributes()),
        dropped_attributes_count: view.dropped_attributes_count(),
        flags: view.flags(),
        trace_id: fields.trace_id.to_vec(),
        span_id: fields.span_id.to_vec(),
        event_name: view.event_name().to_owned(),
    }
}

fn metrics(bytes: &[u8]) -> ExportMetricsServiceRequest {
    let scope_metrics = |view: sidelight_proto::views::ScopeMetricsView<'_>| ScopeMetrics {
        scope: scope(view.scope()),
        metrics: view.metrics().map(metric).collect(),
        schema_url: view.schema_url().to_owned(),
    };
    let resource_metrics = MetricsView::new(bytes)
        .resource_metrics()
        .map(|view| ResourceMetrics {
            resource: resource(view.resource()),
            scope_metrics: view.scope_metrics().map(scope_metrics).collect(),
            schema_url: view.schema_url().to_owned(),
        });
    ExportMetricsServiceRequest {
        resource_metrics: resource_metrics.collect(),
    }
}

fn metric(view: MetricView<'_>) -> Metric {
    let data = match view.data() {
        DataView::Empty => None,
        DataView::Gauge(data) => Some(Data::Gauge(Gauge {
            data_points: data.data_points().map(number_point).collect(),
        })),
        DataView::Sum(data) => Some(Data::Sum(Sum {
            data_points: data.data_points().map(number_point).collect(),
            aggregation_temporality: data.aggregation_temporality_number(),
            is_monotonic: data.is_monotonic(),
        })),
        DataView::Histogram(data) => Some(Data::Histogram(Histogram {
            data_points: data.data_points().map(histogram_point).collect(),
            aggregation_temporality: data.aggregation_temporality_number(),
        })),
        DataView::ExponentialHistogram(data) => Some(Data::ExponentialHistogram(ExponentialHistogram {
            data_points: data.data_points().map(exp_histogram_point).collect(),
            aggregation_temporality: data.aggregation_temporality_number(),
        })),
        DataView::Summary(data) => Some(Data::Summary(Summary {
            data_points: data.data_points().map(summary_point).collect(),
        })),
    };
    Metric {
        name: view.name().to_owned(),
        description: view.description().to_owned(),
        unit: view.unit().to_owned(),
        metadata: attributes(view.metadata()),
        data,
    }
}

fn number_point(view: NumberPointView<'_>) -> NumberDataPoint {
    NumberDataPoint {
        attributes: attributes(view.attributes()),
        start_time_unix_nano: view.start_time_unix_nano(),
        time_unix_nano: view.time_unix_nano(),
        exemplars: view.exemplars().map(exemplar).collect(),
        flags: view.flags(),
        value: view.value().map(|value| match value {
            NumberValue::Int(value) => number_data_point::Value::AsInt(value),
            NumberValue::Double(value) => number_data_point::Value::AsDouble(value),
        }),
    }
}

fn histogram_point(view: sidelight_proto::views::HistogramPointView<'_>) -> HistogramDataPoint {
    HistogramDataPoint {
        attributes: attributes(view.attributes()),
        start_time_unix_nano: view.start_time_unix_nano(),
        time_unix_nano: view.time_unix_nano(),
        count: view.count(),
        sum: view.sum(),
        bucket_counts: view.bucket_counts().collect(),
        explicit_bounds: view.explicit_bounds().collect(),
        exemplars: view.exemplars().map(exemplar).collect(),
        flags: view.flags(),
        min: view.min(),
        max: view.max(),
    }
}

fn exp_histogram_point(
    view: sidelight_proto::views::ExpHistogramPointView<'_>,
) -> ExponentialHistogramDataPoint {
    let buckets = |view: BucketsView<'_>| Buckets {
        offset: view.offset(),
        bucket_counts: view.bucket_counts().collect(),
    };
    ExponentialHistogramDataPoint {
        attributes: attributes(view.attributes()),
        start_time_unix_nano: view.start_time_unix_nano(),
        time_unix_nano: view.time_unix_nano(),
        count: view.count(),
        sum: view.sum(),
        scale: view.scale(),
        zero_count: view.zero_count(),
        positive: view.positive().map(buckets),
        negative: view.negative().map(buckets),
        flags: view.flags(),
        exemplars: view.exemplars().map(exemplar).collect(),
        min: view.min(),
        max: view.max(),
        zero_threshold: view.zero_threshold(),
    }
}

fn summary_point(view: sidelight_proto::views::SummaryPointView<'_>) -> SummaryDataPoint {
    let quantiles = view.quantile_values().map(|view| ValueAtQuantile {
        quantile: view.quantile(),
        value: view.value(),
    });
    SummaryDataPoint {
        attributes: attributes(view.attributes()),
        start_time_unix_nano: view.start_time_unix_nano(),
        time_unix_nano: view.time_unix_nano(),
        count: view.count(),
        sum: view.sum(),
        quantile_values: quantiles.collect(),
        flags: view.flags(),
    }
}

fn exemplar(view: ExemplarView<'_>) -> Exemplar {
    Exemplar {
        filtered_attributes: attributes(view.filtered_attributes()),
        time_unix_nano: view.time_unix_nano(),
        span_id: view.span_id().to_vec(),
        trace_id: view.trace_id().to_vec(),
        value: view.value().map(|value| match value {
            NumberValue::Int(value) => exemplar::Value::AsInt(value),
            NumberValue::Double(value) => exemplar::Value::AsDouble(value),
        }),
    }
}

fn resource(view: ResourceView<'_>) -> Option<Resource> {
    let entities = view.entity_refs().map(|entity| EntityRef {
        schema_url: entity.schema_url().to_owned(),
        r#type: entity.entity_type().to_owned(),
        id_keys: entity.id_keys().map(str::to_owned).collect(),
        description_keys: entity.description_keys().map(str::to_owned).collect(),
    });
    Some(Resource {
        attributes: attributes(view.attributes()),
        dropped_attributes_count: view.dropped_attributes_count(),
        entity_refs: entities.collect(),
    })
}

fn scope(view: ScopeView<'_>) -> Option<InstrumentationScope> {
    Some(InstrumentationScope {
        name: view.name().to_owned(),
        version: view.version().to_owned(),
        attributes: attributes(view.attributes()),
        dropped_attributes_count: view.dropped_attributes_count(),
    })
}

fn attributes(view: Attributes<'_>) -> Vec<KeyValue> {
    view.map(|attribute| KeyValue {
        key: attribute.key().to_owned(),
        value: Some(value(attribute.value())),
        key_strindex: 0,
    })
    .collect()
}

pub(crate) fn value(view: ValueView<'_>) -> AnyValue {
    let value = match view {
        ValueView::Empty => None,
        ValueView::String(text) => Some(Any::StringValue(text.to_owned())),
        ValueView::Bool(value) => Some(Any::BoolValue(value)),
        ValueView::Int(value) => Some(Any::IntValue(value)),
        ValueView::Double(value) => Some(Any::DoubleValue(value)),
        ValueView::Bytes(bytes) => Some(Any::BytesValue(bytes.to_vec())),
        ValueView::Array(array) => Some(Any::ArrayValue(ArrayValue {
            values: array.values().map(self::value).collect(),
        })),
        ValueView::KvList(list) => Some(Any::KvlistValue(KeyValueList {
            values: attributes(list.entries()),
        })),
    };
    AnyValue { value }
}

/// Views show an absent resource, scope, status or value like an empty one, and no string index: makes `prost` do the
/// same, by its own means.
#[allow(dead_code, reason = "not every fuzz target compares with it")]
pub(crate) mod normal {
    use super::*;

    fn values(attributes: &mut [KeyValue]) {
        for attribute in attributes {
            attribute.key_strindex = 0;
            any(attribute.value.get_or_insert_default());
        }
    }

    fn any(value: &mut AnyValue) {
        match &mut value.value {
            Some(Any::ArrayValue(array)) => array.values.iter_mut().for_each(any),
            Some(Any::KvlistValue(list)) => values(&mut list.values),
            // Belongs to profiles; views show an empty value.
            Some(Any::StringValueStrindex(_)) => value.value = None,
            _ => {}
        }
    }

    pub(crate) fn request(signal: Signal, bytes: &[u8]) -> Vec<u8> {
        match signal {
            Signal::Traces => {
                traces(ExportTraceServiceRequest::decode(bytes).expect("decodes")).encode_to_vec()
            }
            Signal::Metrics => {
                metrics(ExportMetricsServiceRequest::decode(bytes).expect("decodes")).encode_to_vec()
            }
            Signal::Logs => logs(ExportLogsServiceRequest::decode(bytes).expect("decodes")).encode_to_vec(),
        }
    }

    fn traces(mut request: ExportTraceServiceRequest) -> ExportTraceServiceRequest {
        for resource in &mut request.resource_spans {
            values(&mut resource.resource.get_or_insert_default().attributes);
            for scope in &mut resource.scope_spans {
                values(&mut scope.scope.get_or_insert_default().attributes);
                for span in &mut scope.spans {
                    values(&mut span.attributes);
                    span.events
                        .iter_mut()
                        .for_each(|event| values(&mut event.attributes));
                    span.links
                        .iter_mut()
                        .for_each(|link| values(&mut link.attributes));
                    span.status.get_or_insert_default();
                }
            }
        }
        request
    }

    fn logs(mut request: ExportLogsServiceRequest) -> ExportLogsServiceRequest {
        for resource in &mut request.resource_logs {
            values(&mut resource.resource.get_or_insert_default().attributes);
            for scope in &mut resource.scope_logs {
                values(&mut scope.scope.get_or_insert_default().attributes);
                for record in &mut scope.log_records {
                    values(&mut record.attributes);
                    any(record.body.get_or_insert_default());
                }
            }
        }
        request
    }

    fn metrics(mut request: ExportMetricsServiceRequest) -> ExportMetricsServiceRequest {
        let exemplars = |all: &mut [Exemplar]| {
            all.iter_mut()
                .for_each(|one| values(&mut one.filtered_attributes))
        };
        for resource in &mut request.resource_metrics {
            values(&mut resource.resource.get_or_insert_default().attributes);
            for scope in &mut resource.scope_metrics {
                values(&mut scope.scope.get_or_insert_default().attributes);
                for metric in &mut scope.metrics {
                    values(&mut metric.metadata);
                    match metric.data.as_mut() {
                        None => {}
                        Some(Data::Gauge(Gauge { data_points }) | Data::Sum(Sum { data_points, .. })) => {
                            for point in data_points {
                                values(&mut point.attributes);
                                exemplars(&mut point.exemplars);
                            }
                        }
                        Some(Data::Histogram(data)) => {
                            for point in &mut data.data_points {
                                values(&mut point.attributes);
                                exemplars(&mut point.exemplars);
                            }
                        }
                        Some(Data::ExponentialHistogram(data)) => {
                            for point in &mut data.data_points {
                                values(&mut point.attributes);
                                exemplars(&mut point.exemplars);
                            }
                        }
                        Some(Data::Summary(data)) => {
                            data.data_points
                                .iter_mut()
                                .for_each(|point| values(&mut point.attributes));
                        }
                    }
                }
            }
        }
        request
    }
}
