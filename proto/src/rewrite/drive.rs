use std::ops::Range;

use bytes::Bytes;

use super::{
    AttributeEdits, Context, EventEdits, Interest, Keep, LogRecordEdits, MetricEdits, PointView, Rewriter,
    Rewritten, SpanEdits, field_edits::FieldEdits, splice::Splice,
};
use crate::{
    Signal,
    validate::{data_points, items_of_resource, items_of_scope},
    views::{
        ExpHistogramPointView, HistogramPointView, LogRecordView, MetricView, NumberPointView, ResourceView,
        ScopeView, SpanEventView, SpanView, SummaryPointView,
    },
    wire::{Fields, Value},
};

/// Walks a request and calls the rewriter.
pub(super) struct Drive<'a, 'r, R> {
    signal: Signal,
    input: &'a [u8],
    rewriter: &'r mut R,
    interest: Interest,
    splice: Splice<'a>,
    dropped: usize,
    resource: AttributeEdits<'a>,
    scope: AttributeEdits<'a>,
    span: SpanEdits<'a>,
    event: EventEdits<'a>,
    record: LogRecordEdits<'a>,
    metric: MetricEdits<'a>,
    point: AttributeEdits<'a>,
}

/// A length-delimited field in the input.
#[derive(Debug, Clone)]
struct Nested<'a> {
    number: u32,
    start: usize,
    at: Range<usize>,
    content: &'a [u8],
}

/// How many items of a message stay, and whether it had any.
#[derive(Debug, Default)]
struct Tally {
    had: bool,
    kept: bool,
}

impl Tally {
    fn add(&mut self, keep: Keep) {
        self.had = true;
        self.kept |= keep == Keep::Yes;
    }

    /// A message that had items and lost all of them goes too; one that never had any is not our business.
    fn keep(&self) -> Keep {
        Keep::from(self.kept || !self.had)
    }
}

impl<'a, 'r, R: Rewriter> Drive<'a, 'r, R> {
    pub(super) fn new(signal: Signal, input: &'a [u8], rewriter: &'r mut R) -> Self {
        Drive {
            signal,
            input,
            interest: rewriter.interest(),
            rewriter,
            splice: Splice::new(input),
            dropped: 0,
            resource: AttributeEdits::new(input),
            scope: AttributeEdits::new(input),
            span: SpanEdits::new(input),
            event: EventEdits::new(input),
            record: LogRecordEdits::new(input),
            metric: MetricEdits::new(input),
            point: AttributeEdits::new(input),
        }
    }

    pub(super) fn run(mut self) -> Rewritten {
        let mut fields = Fields::new(self.input);
        while let Some(field) = nested(&mut fields, |number| number == 1) {
            self.enter(&field);
            let keep = self.resource_items(&field);
            self.exit(keep);
        }
        match self.splice.finish() {
            None => Rewritten::Unchanged,
            Some(bytes) => Rewritten::Changed {
                bytes: Bytes::from(bytes),
                dropped: self.dropped,
            },
        }
    }

    fn enter(&mut self, field: &Nested<'a>) {
        self.splice.enter(field.number, field.start, field.at.clone());
    }

    fn exit(&mut self, keep: Keep) {
        match keep {
            Keep::Yes => self.splice.leave(),
            Keep::No => self.splice.leave_out(),
        }
    }

    /// One `Resource…` message.
    fn resource_items(&mut self, message: &Nested<'a>) -> Keep {
        let found = self.first(message, 1);
        let resource = ResourceView::new(found.as_ref().map_or(&[], |field| field.content));
        let attributes = found
            .as_ref()
            .map_or(message.at.end..message.at.end, |field| field.at.clone());
        self.resource.turn_to(attributes, 1);
        if self.rewriter.resource(resource, &mut self.resource) == Keep::No {
            self.dropped += items_of_resource(self.signal, message.content);
            return Keep::No;
        }
        let walk_scopes = self.interest.scopes || self.interest.items;
        if !walk_scopes && !self.resource.is_changed() {
            return Keep::Yes;
        }
        let mut tally = Tally::default();
        let mut fields = Fields::within(self.input, message.at.clone());
        while let Some(field) = nested(&mut fields, |number| number <= 2) {
            match field.number {
                1 if self.resource.is_changed() => {
                    self.splice.enter(1, field.start, field.at.clone());
                    apply_attributes(&mut self.splice, &self.resource, field.at.end);
                    self.splice.leave();
                }
                2 if walk_scopes => {
                    self.enter(&field);
                    let keep = self.scope_items(resource, &field);
                    self.exit(keep);
                    tally.add(keep);
                }
                _ => {}
            }
        }
        if found.is_none() {
            add_message(&mut self.splice, &self.resource, message.at.end);
        }
        tally.keep()
    }

    /// One `Scope…` message.
    fn scope_items(&mut self, resource: ResourceView<'a>, message: &Nested<'a>) -> Keep {
        let found = self.first(message, 1);
        let scope = ScopeView::new(found.as_ref().map_or(&[], |field| field.content));
        let at = Context { resource, scope };
        let attributes = found
            .as_ref()
            .map_or(message.at.end..message.at.end, |field| field.at.clone());
        self.scope.turn_to(attributes, 3);
        if self.interest.scopes && self.rewriter.scope(at, &mut self.scope) == Keep::No {
            self.dropped += items_of_scope(self.signal, message.content);
            return Keep::No;
        }
        if !self.interest.items && !self.scope.is_changed() {
            return Keep::Yes;
        }
        let mut tally = Tally::default();
        let mut fields = Fields::within(self.input, message.at.clone());
        while let Some(field) = nested(&mut fields, |number| number <= 2) {
            match field.number {
                1 if self.scope.is_changed() => {
                    self.splice.enter(1, field.start, field.at.clone());
                    apply_attributes(&mut self.splice, &self.scope, field.at.end);
                    self.splice.leave();
                }
                2 if self.interest.items => {
                    self.enter(&field);
                    let keep = match self.signal {
                        Signal::Traces => self.one_span(at, &field),
                        Signal::Logs => self.one_record(at, &field),
                        Signal::Metrics => self.one_metric(at, &field),
                    };
                    self.exit(keep);
                    tally.add(keep);
                }
                _ => {}
            }
        }
        if found.is_none() {
            add_message(&mut self.splice, &self.scope, message.at.end);
        }
        tally.keep()
    }

    fn one_span(&mut self, at: Context<'a>, message: &Nested<'a>) -> Keep {
        let span = SpanView::new(message.content);
        self.span.attributes.turn_to(message.at.clone(), 9);
        self.span.fields.clear();
        if self.rewriter.span(at, span, &mut self.span) == Keep::No {
            self.dropped += 1;
            return Keep::No;
        }
        if !self.interest.span_events {
            apply(
                &mut self.splice,
                &self.span.attributes,
                &self.span.fields,
                message,
            );
            return Keep::Yes;
        }
        let mut next = 0;
        let mut fields = Fields::within(self.input, message.at.clone());
        while let Some(field) = fields.next() {
            next = self
                .span
                .attributes
                .apply_until(&mut self.splice, next, field.start);
            if self.span.fields.replaces(field.number) {
                self.splice.skip(field.start..fields.offset());
            } else if field.number == 11
                && let Value::Len(content) = field.value
            {
                let end = fields.offset();
                let event = Nested {
                    number: 11,
                    start: field.start,
                    at: end - content.len()..end,
                    content,
                };
                self.enter(&event);
                let keep = self.one_event(at, span, &event);
                self.exit(keep);
            }
        }
        self.span
            .attributes
            .apply_until(&mut self.splice, next, message.at.end);
        append(
            &mut self.splice,
            &self.span.attributes,
            &self.span.fields,
            message.at.end,
        );
        Keep::Yes
    }

    fn one_event(&mut self, at: Context<'a>, span: SpanView<'a>, message: &Nested<'a>) -> Keep {
        self.event.attributes.turn_to(message.at.clone(), 3);
        self.event.fields.clear();
        let keep = self
            .rewriter
            .span_event(at, span, SpanEventView::new(message.content), &mut self.event);
        if keep == Keep::Yes {
            apply(
                &mut self.splice,
                &self.event.attributes,
                &self.event.fields,
                message,
            );
        }
        keep
    }

    fn one_record(&mut self, at: Context<'a>, message: &Nested<'a>) -> Keep {
        self.record.attributes.turn_to(message.at.clone(), 6);
        self.record.fields.clear();
        let keep = self
            .rewriter
            .log_record(at, LogRecordView::new(message.content), &mut self.record);
        match keep {
            Keep::Yes => apply(
                &mut self.splice,
                &self.record.attributes,
                &self.record.fields,
                message,
            ),
            Keep::No => self.dropped += 1,
        }
        keep
    }

    fn one_metric(&mut self, at: Context<'a>, message: &Nested<'a>) -> Keep {
        let metric = MetricView::new(message.content);
        self.metric.metadata.turn_to(message.at.clone(), 12);
        self.metric.fields.clear();
        if self.rewriter.metric(at, metric, &mut self.metric) == Keep::No {
            self.dropped += data_points(message.content);
            return Keep::No;
        }
        if !self.interest.data_points {
            apply(
                &mut self.splice,
                &self.metric.metadata,
                &self.metric.fields,
                message,
            );
            return Keep::Yes;
        }
        let mut tally = Tally::default();
        let mut next = 0;
        let mut fields = Fields::within(self.input, message.at.clone());
        while let Some(field) = fields.next() {
            next = self
                .metric
                .metadata
                .apply_until(&mut self.splice, next, field.start);
            if self.metric.fields.replaces(field.number) {
                self.splice.skip(field.start..fields.offset());
            } else if let (5 | 7 | 9 | 10 | 11, Value::Len(content)) = (field.number, field.value) {
                let end = fields.offset();
                let data = Nested {
                    number: field.number,
                    start: field.start,
                    at: end - content.len()..end,
                    content,
                };
                self.enter(&data);
                self.points(at, metric, &data, &mut tally);
                self.exit(Keep::Yes);
            }
        }
        self.metric
            .metadata
            .apply_until(&mut self.splice, next, message.at.end);
        append(
            &mut self.splice,
            &self.metric.metadata,
            &self.metric.fields,
            message.at.end,
        );
        tally.keep()
    }

    /// The points of a metric, whose data is field `data.number`.
    fn points(&mut self, at: Context<'a>, metric: MetricView<'a>, data: &Nested<'a>, tally: &mut Tally) {
        let attributes = match data.number {
            9 => 9,
            10 => 1,
            _ => 7,
        };
        let mut fields = Fields::within(self.input, data.at.clone());
        while let Some(field) = nested(&mut fields, |number| number == 1) {
            let point = match data.number {
                9 => PointView::Histogram(HistogramPointView::new(field.content)),
                10 => PointView::ExponentialHistogram(ExpHistogramPointView::new(field.content)),
                11 => PointView::Summary(SummaryPointView::new(field.content)),
                _ => PointView::Number(NumberPointView::new(field.content)),
            };
            self.enter(&field);
            self.point.turn_to(field.at.clone(), attributes);
            let keep = self.rewriter.data_point(at, metric, point, &mut self.point);
            match keep {
                Keep::Yes if self.point.is_changed() => {
                    apply_attributes(&mut self.splice, &self.point, field.at.end);
                }
                Keep::Yes => {}
                Keep::No => self.dropped += 1,
            }
            self.exit(keep);
            tally.add(keep);
        }
    }

    /// The first field `number` of a message.
    fn first(&self, message: &Nested<'a>, number: u32) -> Option<Nested<'a>> {
        nested(&mut Fields::within(self.input, message.at.clone()), |candidate| {
            candidate == number
        })
    }
}

/// The next length-delimited field with a number that is `wanted`.
#[inline]
fn nested<'a>(fields: &mut Fields<'a>, wanted: impl Fn(u32) -> bool) -> Option<Nested<'a>> {
    loop {
        let field = fields.next()?;
        if let Value::Len(content) = field.value
            && wanted(field.number)
        {
            let end = fields.offset();
            return Some(Nested {
                number: field.number,
                start: field.start,
                at: end - content.len()..end,
                content,
            });
        }
    }
}

/// Writes the changes of one message that has attributes and singular fields.
#[inline]
fn apply<'a>(
    splice: &mut Splice<'a>,
    attributes: &AttributeEdits<'a>,
    edits: &FieldEdits,
    message: &Nested<'a>,
) {
    if edits.is_empty() {
        if attributes.is_changed() {
            apply_attributes(splice, attributes, message.at.end);
        }
        return;
    }
    let mut next = 0;
    let before = message.at.end - message.content.len();
    let mut fields = Fields::new(message.content);
    while let Some(field) = fields.next() {
        let start = before + field.start;
        next = attributes.apply_until(splice, next, start);
        if edits.replaces(field.number) {
            splice.skip(start..before + fields.offset());
        }
    }
    attributes.apply_until(splice, next, message.at.end);
    append(splice, attributes, edits, message.at.end);
}

fn apply_attributes<'a>(splice: &mut Splice<'a>, attributes: &AttributeEdits<'a>, end: usize) {
    attributes.apply_until(splice, 0, end);
    attributes.apply_added(splice, end);
}

fn append<'a>(splice: &mut Splice<'a>, attributes: &AttributeEdits<'a>, edits: &FieldEdits, end: usize) {
    attributes.apply_added(splice, end);
    if !edits.serialized().is_empty() {
        splice.write_at(end).raw(edits.serialized());
    }
}

/// Writes a resource or scope (field 1 of its parent) that the input does not have, if it got attributes.
fn add_message<'a>(splice: &mut Splice<'a>, attributes: &AttributeEdits<'a>, end: usize) {
    if attributes.has_added() {
        let writer = splice.write_at(end);
        let mark = writer.begin(1, 1);
        attributes.write_added(writer);
        writer.end(mark);
    }
}
