//! A plan of edits, done by the rewriter and done on decoded messages. Also part of the fuzz targets.

use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::{AnyValue, KeyValue, any_value::Value as Any},
    metrics::v1::metric::Data,
    trace::v1::Status,
};
use prost::Message;
use sidelight_proto::{
    Signal,
    rewrite::{
        AttributeEdits, Context, EventEdits, Interest, Keep, LogRecordEdits, MetricEdits, PointView,
        Rewriter, SpanEdits,
    },
    views::{LogRecordView, MetricView, ResourceView, SpanEventView, SpanView, ValueView},
};

use crate::shown::value;

#[derive(Debug, Clone)]
pub(crate) enum Action {
    Set(String, String),
    Insert(String, i64),
    Update(String, bool),
    Copy(String, String),
    Remove(String),
    /// Removes what holds an integer.
    RemoveIntegers,
    /// Replaces a text by its length, reading what earlier actions wrote.
    Measure(String),
}

fn edit(actions: &[Action], edits: &mut AttributeEdits<'_>) {
    for action in actions {
        match action {
            Action::Set(key, value) => edits.set(key, value.as_str()),
            Action::Insert(key, value) => _ = edits.insert(key, *value),
            Action::Update(key, value) => _ = edits.update(key, *value),
            Action::Copy(key, source) => _ = edits.set_from(key, source),
            Action::Remove(key) => _ = edits.remove(key),
            Action::RemoveIntegers => _ = edits.retain(|_, value| !matches!(value, ValueView::Int(_))),
            Action::Measure(key) => {
                let len = edits.get(key).and_then(|value| value.as_str()).map(str::len);
                if let Some(len) = len {
                    edits.set(key, len as i64);
                }
            }
        }
    }
}

/// The same on decoded attributes.
fn model(actions: &[Action], attributes: &mut Vec<KeyValue>) {
    fn put(attributes: &mut Vec<KeyValue>, key: &str, value: Option<AnyValue>) {
        match attributes.iter_mut().find(|attribute| attribute.key == key) {
            Some(found) => {
                *found = KeyValue {
                    key: key.to_owned(),
                    value,
                    key_strindex: 0,
                }
            }
            None => attributes.push(KeyValue {
                key: key.to_owned(),
                value,
                key_strindex: 0,
            }),
        }
    }
    let some = |value: Any| Some(AnyValue { value: Some(value) });
    for action in actions {
        let has = |key: &str| attributes.iter().find(|attribute| attribute.key == key).cloned();
        match action {
            Action::Set(key, value) => put(attributes, key, some(Any::StringValue(value.clone()))),
            Action::Insert(key, value) if has(key).is_none() => {
                put(attributes, key, some(Any::IntValue(*value)))
            }
            Action::Update(key, value) if has(key).is_some() => {
                put(attributes, key, some(Any::BoolValue(*value)))
            }
            Action::Copy(key, source) => {
                if let Some(source) = has(source) {
                    put(attributes, key, Some(source.value.unwrap_or_default()));
                }
            }
            Action::Remove(key) => attributes.retain(|attribute| attribute.key != *key),
            Action::RemoveIntegers => attributes.retain(|attribute| {
                !matches!(
                    attribute.value,
                    Some(AnyValue {
                        value: Some(Any::IntValue(_))
                    })
                )
            }),
            Action::Measure(key) => {
                if let Some(KeyValue {
                    value:
                        Some(AnyValue {
                            value: Some(Any::StringValue(text)),
                        }),
                    ..
                }) = has(key)
                {
                    put(attributes, key, some(Any::IntValue(text.len() as i64)));
                }
            }
            Action::Insert(..) | Action::Update(..) => {}
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) resource: Vec<Action>,
    pub(crate) scope: Vec<Action>,
    pub(crate) item: Vec<Action>,
    pub(crate) event: Vec<Action>,
    /// New name, severity text, unit.
    pub(crate) rename: Option<String>,
    /// New status, severity, body.
    pub(crate) judge: Option<i32>,
    /// Items whose time is divisible by this are dropped.
    pub(crate) drop: Option<u64>,
    pub(crate) drop_event: bool,
    pub(crate) drop_resource: bool,
}

impl Plan {
    fn keeps(&self, time: u64) -> bool {
        self.drop.is_none_or(|divisor| !time.is_multiple_of(divisor))
    }

    fn keeps_resource(&self, dropped_attributes_count: u32) -> bool {
        !self.drop_resource || dropped_attributes_count == 0
    }
}

impl Rewriter for Plan {
    fn interest(&self) -> Interest {
        Interest::ALL
    }

    fn resource(&mut self, resource: ResourceView<'_>, edits: &mut AttributeEdits<'_>) -> Keep {
        edit(&self.resource, edits);
        self.keeps_resource(resource.dropped_attributes_count()).into()
    }

    fn scope(&mut self, _at: Context<'_>, edits: &mut AttributeEdits<'_>) -> Keep {
        edit(&self.scope, edits);
        Keep::Yes
    }

    fn span(&mut self, _at: Context<'_>, span: SpanView<'_>, edits: &mut SpanEdits<'_>) -> Keep {
        edit(&self.item, &mut edits.attributes);
        if let Some(name) = &self.rename {
            edits.set_name("first");
            edits.set_name(name);
        }
        if let Some(code) = self.judge {
            edits.set_status(code, "judged");
        }
        self.keeps(span.end_time_unix_nano()).into()
    }

    fn span_event(
        &mut self,
        _at: Context<'_>,
        _span: SpanView<'_>,
        event: SpanEventView<'_>,
        edits: &mut EventEdits<'_>,
    ) -> Keep {
        edit(&self.event, &mut edits.attributes);
        if let Some(name) = &self.rename {
            edits.set_name(name);
        }
        (!self.drop_event || event.time_unix_nano() != 0).into()
    }

    fn log_record(
        &mut self,
        _at: Context<'_>,
        record: LogRecordView<'_>,
        edits: &mut LogRecordEdits<'_>,
    ) -> Keep {
        edit(&self.item, &mut edits.attributes);
        if let Some(text) = &self.rename {
            edits.set_severity_text(text);
        }
        if let Some(number) = self.judge {
            edits.set_severity_number(number);
            edits.set_body(i64::from(number));
        }
        self.keeps(record.time_unix_nano()).into()
    }

    fn metric(&mut self, _at: Context<'_>, _metric: MetricView<'_>, edits: &mut MetricEdits<'_>) -> Keep {
        edit(&self.event, &mut edits.metadata);
        if let Some(name) = &self.rename {
            edits.set_name(name);
            edits.set_unit(name);
        }
        Keep::Yes
    }

    fn data_point(
        &mut self,
        _at: Context<'_>,
        _metric: MetricView<'_>,
        point: PointView<'_>,
        edits: &mut AttributeEdits<'_>,
    ) -> Keep {
        edit(&self.item, edits);
        self.keeps(point.time_unix_nano()).into()
    }
}

/// Applies the plan to decoded messages.
pub(crate) mod expected {
    use super::*;

    /// Applies the plan to a serialized request.
    pub(crate) fn request(plan: &Plan, signal: Signal, request: &[u8]) -> Vec<u8> {
        match signal {
            Signal::Traces => traces(plan, request),
            Signal::Metrics => metrics(plan, request),
            Signal::Logs => logs(plan, request),
        }
    }

    /// Attributes of an optional message, which comes into being when it gets some.
    macro_rules! optional {
        ($actions:expr, $message:expr) => {
            let before = $message.is_some();
            let inner = $message.get_or_insert_default();
            model($actions, &mut inner.attributes);
            if !before && inner.attributes.is_empty() {
                $message = None;
            }
        };
    }

    /// Keeps what matches; says whether the list is still worth having.
    fn retain<T>(list: &mut Vec<T>, keep: impl FnMut(&mut T) -> bool) -> bool {
        let had = !list.is_empty();
        list.retain_mut(keep);
        !had || !list.is_empty()
    }

    fn traces(plan: &Plan, request: &[u8]) -> Vec<u8> {
        let mut request = ExportTraceServiceRequest::decode(request).expect("decodes");
        request.resource_spans.retain_mut(|resource| {
            let dropped = resource
                .resource
                .as_ref()
                .map_or(0, |resource| resource.dropped_attributes_count);
            optional!(&plan.resource, resource.resource);
            plan.keeps_resource(dropped)
                && retain(&mut resource.scope_spans, |scope| {
                    optional!(&plan.scope, scope.scope);
                    retain(&mut scope.spans, |span| {
                        model(&plan.item, &mut span.attributes);
                        if let Some(name) = &plan.rename {
                            span.name.clone_from(name);
                        }
                        if let Some(code) = plan.judge {
                            span.status = Some(Status {
                                message: "judged".to_owned(),
                                code,
                            });
                        }
                        span.events.retain_mut(|event| {
                            model(&plan.event, &mut event.attributes);
                            if let Some(name) = &plan.rename {
                                event.name.clone_from(name);
                            }
                            !plan.drop_event || event.time_unix_nano != 0
                        });
                        plan.keeps(span.end_time_unix_nano)
                    })
                })
        });
        request.encode_to_vec()
    }

    fn logs(plan: &Plan, request: &[u8]) -> Vec<u8> {
        let mut request = ExportLogsServiceRequest::decode(request).expect("decodes");
        request.resource_logs.retain_mut(|resource| {
            let dropped = resource
                .resource
                .as_ref()
                .map_or(0, |resource| resource.dropped_attributes_count);
            optional!(&plan.resource, resource.resource);
            plan.keeps_resource(dropped)
                && retain(&mut resource.scope_logs, |scope| {
                    optional!(&plan.scope, scope.scope);
                    retain(&mut scope.log_records, |record| {
                        model(&plan.item, &mut record.attributes);
                        if let Some(text) = &plan.rename {
                            record.severity_text.clone_from(text);
                        }
                        if let Some(number) = plan.judge {
                            record.severity_number = number;
                            record.body = Some(value(ValueView::Int(number.into())));
                        }
                        plan.keeps(record.time_unix_nano)
                    })
                })
        });
        request.encode_to_vec()
    }

    fn metrics(plan: &Plan, request: &[u8]) -> Vec<u8> {
        let mut request = ExportMetricsServiceRequest::decode(request).expect("decodes");
        macro_rules! points {
            ($data:expr) => {
                retain(&mut $data.data_points, |point| {
                    model(&plan.item, &mut point.attributes);
                    plan.keeps(point.time_unix_nano)
                })
            };
        }
        request.resource_metrics.retain_mut(|resource| {
            let dropped = resource
                .resource
                .as_ref()
                .map_or(0, |resource| resource.dropped_attributes_count);
            optional!(&plan.resource, resource.resource);
            plan.keeps_resource(dropped)
                && retain(&mut resource.scope_metrics, |scope| {
                    optional!(&plan.scope, scope.scope);
                    retain(&mut scope.metrics, |metric| {
                        model(&plan.event, &mut metric.metadata);
                        if let Some(name) = &plan.rename {
                            metric.name.clone_from(name);
                            metric.unit.clone_from(name);
                        }
                        match &mut metric.data {
                            None => true,
                            Some(Data::Gauge(data)) => points!(data),
                            Some(Data::Sum(data)) => points!(data),
                            Some(Data::Histogram(data)) => points!(data),
                            Some(Data::ExponentialHistogram(data)) => points!(data),
                            Some(Data::Summary(data)) => points!(data),
                        }
                    })
                })
        });
        request.encode_to_vec()
    }
}
