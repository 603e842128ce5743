//! From OTLP to documents: walks a payload and writes the lines of a bulk request.

use std::borrow::Cow;

use sidelight_component::{Payload, Signal};
use sidelight_proto::views::{
    LogRecordView, LogsView, MetricsView, ResourceView, ScopeView, SpanView, TracesView, ValueView,
};

use super::bulk::{Action, ActionSettings, Bulk, Id};
use super::config::{DocumentId, MappingMode};
use super::fields::Fields;
use super::id::Hasher;
use super::index::{Destination, Event, Hints, Routing};
use super::mapping::{ecs, otel, plain};
use super::metrics;
use super::time::Calendar;

/// What decides about documents.
#[derive(Clone, Debug)]
pub(super) struct DocumentSettings {
    pub(super) mode: MappingMode,
    /// The modes that a scope may ask for; empty for all.
    pub(super) allowed: Vec<MappingMode>,
    /// The record's time is in documents of the mode `bodymap`.
    pub(super) bodymap_timestamp: bool,
    /// In the order of [`Signal`].
    pub(super) routing: [Routing; 3],
    /// In the order of [`Signal`].
    pub(super) dynamic_id: [bool; 3],
    pub(super) document_id: DocumentId,
    pub(super) actions: ActionSettings,
}

/// What the items of one scope have in common.
pub(super) struct Group<'a> {
    pub(super) resource: ResourceView<'a>,
    pub(super) resource_schema: &'a str,
    pub(super) scope: ScopeView<'a>,
    pub(super) scope_schema: &'a str,
    pub(super) mode: MappingMode,
    /// Of the scope, then the resource.
    pub(super) hints: Hints<'a>,
    /// Of items that say nothing of their own, where it is one for all.
    destination: Option<Destination>,
    hasher: Option<Hasher>,
}

/// Writes documents.
pub(super) struct Writer<'s> {
    pub(super) settings: &'s DocumentSettings,
    pub(super) bulk: Bulk,
    pub(super) calendar: Calendar,
    /// The members of a document of the modes that sort them.
    pub(super) fields: Fields,
    /// What all documents of a group end with in the mode `otel`.
    pub(super) tail: Vec<u8>,
}

/// The documents of a payload.
pub(super) fn write(settings: &DocumentSettings, signal: Signal, payload: &Payload) -> Bulk {
    let mut writer = Writer {
        settings,
        bulk: Bulk::default(),
        calendar: Calendar::default(),
        fields: Fields::default(),
        tail: Vec::new(),
    };
    writer.bulk.body.reserve(payload.len() * 2);
    for chunk in payload.chunks() {
        match signal {
            Signal::Logs => writer.logs(LogsView::new(&chunk.bytes)),
            Signal::Traces => writer.traces(TracesView::new(&chunk.bytes)),
            Signal::Metrics => writer.metrics(MetricsView::new(&chunk.bytes)),
        }
    }
    writer.bulk
}

impl Writer<'_> {
    fn logs(&mut self, logs: LogsView<'_>) {
        for resource in logs.resource_logs() {
            for scope in resource.scope_logs() {
                let about = (resource.resource(), resource.schema_url());
                let group = self.group(Signal::Logs, about, (scope.scope(), scope.schema_url()));
                for record in scope.log_records() {
                    match &group {
                        Ok(group) => self.log(group, record),
                        Err(reason) => self.bulk.leave_out(reason),
                    }
                }
            }
        }
    }

    fn traces(&mut self, traces: TracesView<'_>) {
        for resource in traces.resource_spans() {
            for scope in resource.scope_spans() {
                let about = (resource.resource(), resource.schema_url());
                let group = self.group(Signal::Traces, about, (scope.scope(), scope.schema_url()));
                for span in scope.spans() {
                    match &group {
                        Ok(group) => self.span(group, span),
                        Err(reason) => self.bulk.leave_out(reason),
                    }
                }
            }
        }
    }

    fn metrics(&mut self, metrics: MetricsView<'_>) {
        for resource in metrics.resource_metrics() {
            for scope in resource.scope_metrics() {
                let about = (resource.resource(), resource.schema_url());
                let group = self.group(Signal::Metrics, about, (scope.scope(), scope.schema_url()));
                match group {
                    Ok(group) => metrics::write(self, &group, scope.metrics()),
                    Err(reason) => {
                        let points = scope.metrics().map(|metric| metric.data_points()).sum();
                        (0..points).for_each(|_| self.bulk.leave_out(&reason));
                    }
                }
            }
        }
    }

    /// What the items of a scope have in common.
    fn group<'a>(
        &mut self,
        signal: Signal,
        (resource, resource_schema): (ResourceView<'a>, &'a str),
        (scope, scope_schema): (ScopeView<'a>, &'a str),
    ) -> Result<Group<'a>, String> {
        let mode = self.mode(scope)?;
        match (signal, mode) {
            (Signal::Metrics, MappingMode::None | MappingMode::Raw | MappingMode::Bodymap)
            | (Signal::Traces, MappingMode::Bodymap) => {
                return Err(format!(
                    "the mapping mode `{}` has no form for {signal}",
                    mode.as_str()
                ));
            }
            _ => {}
        }
        let hints = Hints::of(scope.attributes()).or(Hints::of(resource.attributes()));
        let by_hash = self.settings.document_id == DocumentId::Hash && signal != Signal::Metrics;
        let mut group = Group {
            resource,
            resource_schema,
            scope,
            scope_schema,
            mode,
            hints,
            destination: None,
            hasher: by_hash.then(|| Hasher::of_group(resource.as_bytes(), scope.as_bytes())),
        };
        if self.settings.routing[signal as usize].is_of_group() {
            group.destination = Some(self.destination(signal, &group, &Hints::default(), &group.event()));
        }
        match mode {
            MappingMode::Otel => otel::tail(&group, &mut self.tail),
            MappingMode::Ecs => ecs::common(&group, signal, &mut self.fields),
            MappingMode::None | MappingMode::Raw => plain::common(&group, &mut self.fields),
            MappingMode::Bodymap => {}
        }
        Ok(group)
    }

    fn mode(&self, scope: ScopeView<'_>) -> Result<MappingMode, String> {
        let said = scope.attributes().get("elastic.mapping.mode");
        let Some(said) = said.and_then(|value| value.as_str()) else {
            return Ok(self.settings.mode);
        };
        let allowed = &self.settings.allowed;
        MappingMode::ALL
            .iter()
            .copied()
            .find(|mode| mode.as_str() == said && (allowed.is_empty() || allowed.contains(mode)))
            .ok_or_else(|| format!("elastic.mapping.mode is `{said}`, which is no allowed mapping mode"))
    }

    /// Where a document goes: where all of its group go, unless it says otherwise.
    pub(super) fn place<'g>(
        &mut self,
        signal: Signal,
        group: &'g Group<'_>,
        own: &Hints<'_>,
        event: &Event<'_>,
    ) -> Cow<'g, Destination> {
        match &group.destination {
            Some(destination) if own.says_nothing_of_the_place() => Cow::Borrowed(destination),
            _ => Cow::Owned(self.destination(signal, group, own, event)),
        }
    }

    fn destination(
        &mut self,
        signal: Signal,
        group: &Group<'_>,
        own: &Hints<'_>,
        event: &Event<'_>,
    ) -> Destination {
        let hints = own.or(group.hints);
        let routing = &self.settings.routing[signal as usize];
        routing.destination(group.mode, &hints, event, &mut self.calendar)
    }

    fn log(&mut self, group: &Group<'_>, record: LogRecordView<'_>) {
        let fields = record.fields();
        let time = match fields.time_unix_nano {
            0 => fields.observed_time_unix_nano,
            time => time,
        };
        if group.mode == MappingMode::Bodymap && !matches!(fields.body, ValueView::KvList(_)) {
            return self
                .bulk
                .leave_out("the body is no map, which the mapping mode `bodymap` needs");
        }
        let own = Hints::of(record.attributes());
        let event = Event {
            unix_nano: time,
            body: fields.body,
            attributes: record.attributes(),
            ..group.event()
        };
        let destination = self.place(Signal::Logs, group, &own, &event);
        let action = Action {
            destination: &destination,
            mode: group.mode,
            id: self.id(Signal::Logs, group, &own, record.as_bytes(), 0),
            pipeline: own.pipeline,
            templates: &[],
        };
        self.bulk.action(&self.settings.actions, &action);
        match group.mode {
            MappingMode::Otel => otel::log(self, time, record, &fields, &destination),
            MappingMode::Ecs => ecs::log(self, time, record, &fields, &destination),
            MappingMode::None | MappingMode::Raw => {
                plain::log(self, group.mode, time, record, &fields, &destination);
            }
            MappingMode::Bodymap => self.body_map(time, fields.body),
        }
        self.bulk.end_item();
    }

    /// The body as it is, with the record's time where that is asked for and missing.
    fn body_map(&mut self, time: u64, body: ValueView<'_>) {
        let out = &mut self.bulk.body;
        let ValueView::KvList(map) = body else { return };
        if !self.settings.bodymap_timestamp || map.entries().get("@timestamp").is_some() {
            return super::json::value(body, out);
        }
        out.extend_from_slice(b"{\"@timestamp\":");
        self.calendar.rfc3339_millis(time, out);
        if map.entries().next().is_some() {
            out.push(b',');
        }
        // The opening brace of the body is the one above.
        let start = out.len();
        super::json::value(body, out);
        out.remove(start);
    }

    fn span(&mut self, group: &Group<'_>, span: SpanView<'_>) {
        let fields = span.fields();
        let own = Hints::of(span.attributes());
        let event = Event {
            unix_nano: fields.start_time_unix_nano,
            attributes: span.attributes(),
            ..group.event()
        };
        let destination = self.place(Signal::Traces, group, &own, &event);
        let action = Action {
            destination: &destination,
            mode: group.mode,
            id: self.id(Signal::Traces, group, &own, span.as_bytes(), 0),
            pipeline: None,
            templates: &[],
        };
        self.bulk.action(&self.settings.actions, &action);
        match group.mode {
            MappingMode::Otel => otel::span(self, span, &fields, &destination),
            MappingMode::Ecs => ecs::span(self, span, &fields, &destination),
            MappingMode::None | MappingMode::Raw | MappingMode::Bodymap => {
                plain::span(self, group.mode, span, &fields, &destination);
            }
        }
        self.bulk.end_item();
        if matches!(group.mode, MappingMode::Otel | MappingMode::Ecs) {
            self.span_events(group, span);
        }
    }

    /// The events of a span, as documents among the logs.
    fn span_events(&mut self, group: &Group<'_>, span: SpanView<'_>) {
        for (nth, event) in span.events().enumerate() {
            let own = Hints::of(event.attributes());
            let dataset = match group.mode {
                MappingMode::Ecs => Some(ecs::dataset_of_event(event, group)),
                _ => None,
            };
            let own = own.with_dataset(dataset.as_deref());
            let about = Event {
                unix_nano: event.time_unix_nano(),
                attributes: event.attributes(),
                ..group.event()
            };
            let destination = self.destination(Signal::Logs, group, &own, &about);
            let action = Action {
                destination: &destination,
                mode: group.mode,
                id: self.id(Signal::Traces, group, &own, span.as_bytes(), nth as u32 + 1),
                pipeline: None,
                templates: &[],
            };
            self.bulk.action(&self.settings.actions, &action);
            match group.mode {
                MappingMode::Otel => otel::span_event(self, span, event, &destination),
                _ => ecs::span_event(self, span, event, &destination),
            }
            self.bulk.end(0);
        }
    }

    /// The id of a document, where the settings give it one.
    fn id<'i>(
        &self,
        signal: Signal,
        group: &Group<'_>,
        own: &Hints<'i>,
        item: &[u8],
        nth: u32,
    ) -> Option<Id<'i>> {
        let said = own
            .document_id
            .filter(|_| self.settings.dynamic_id[signal as usize]);
        let uid = own
            .record_uid
            .filter(|_| self.settings.document_id == DocumentId::RecordUid);
        let hash = || group.hasher.as_ref().map(|hasher| Id::Hash(hasher.id(item, nth)));
        said.or(uid).map(Id::Said).or_else(hash)
    }
}

impl<'a> Group<'a> {
    /// An event that has nothing of its own.
    pub(super) fn event(&self) -> Event<'a> {
        Event {
            unix_nano: 0,
            body: ValueView::Empty,
            attributes: ResourceView::default().attributes(),
            scope: self.scope,
            resource: self.resource,
        }
    }
}
