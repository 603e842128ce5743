//! Writes samples as metrics requests.

use sidelight_component::{Budget, Chunk, Overloaded, Permit};
use sidelight_proto::encode::{
    GaugeEncoder, MetricsEncoder, NumberPointEncoder, ResourceEncoder, ScopeMetricsEncoder, SumEncoder,
};
use sidelight_proto::views::{NumberValue, ValueView};

use super::identity::SCHEMA_URL;
use super::naming::Spelling;
use super::{Kind, MetricDef, MetricSet, MetricTable, Sampled, Semconv, Term};

/// What a request has room for at first.
const FIRST_BYTES: usize = 4 << 10;

/// A request of this size is ended after the resource at hand and another begun: what is larger would have to be
/// split again on its way out.
const FULL_BYTES: usize = 1 << 20;

/// Cumulative, in OTLP's numbers.
const CUMULATIVE: i32 = 2;

/// The point has no value: its series ends here (OTLP `FLAG_NO_RECORDED_VALUE`).
const NO_RECORDED_VALUE: u32 = 1;

/// Writes one sample after the other. What a sample takes is charged to the budget, first as much as the last one
/// took; nothing is allocated but the request itself.
#[derive(Debug)]
pub(crate) struct SampleWriter {
    budget: Budget,
    semconv: Semconv,
    scope: &'static str,
    /// What the last request took.
    room: usize,
}

/// A sample that is being written.
#[derive(Debug)]
pub(crate) struct Sample<'w> {
    writer: &'w mut SampleWriter,
    time: u64,
    request: Option<(Permit, MetricsEncoder)>,
    /// Points of the request at hand.
    points: usize,
    /// What is finished, and what found no room.
    sampled: Sampled,
}

/// Takes the metrics of one resource.
#[derive(Debug)]
pub(crate) struct Sink<'w> {
    scope: ScopeMetricsEncoder<'w>,
    semconv: Semconv,
    start: u64,
    time: u64,
    points: usize,
}

/// Takes the points of one metric.
#[derive(Debug)]
pub(crate) struct Points<'w> {
    data: Data<'w>,
    spelling: Spelling,
    start: u64,
    time: u64,
    written: usize,
}

#[derive(Debug)]
enum Data<'w> {
    Gauge(GaugeEncoder<'w>),
    Sum(SumEncoder<'w>),
}

/// The value of an attribute.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Attr<'a> {
    /// One of a few words.
    Word(Term),
    /// Any text.
    Text(&'a str),
    /// A number.
    Int(i64),
    /// A number that older names write as a name: `0`, `cpu0`.
    Numbered(i64, &'a str),
    /// Several texts.
    Texts(&'a [String]),
}

/// The value of a point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number(NumberValue);

// === impl SampleWriter ===

impl SampleWriter {
    /// A writer for the instrumentation scope `scope`.
    pub(crate) fn new(budget: Budget, semconv: Semconv, scope: &'static str) -> Self {
        Self {
            budget,
            semconv,
            scope,
            room: FIRST_BYTES,
        }
    }

    /// Begins a sample of this time.
    pub(crate) fn begin(&mut self, time_unix_nano: u64) -> Sample<'_> {
        Sample {
            writer: self,
            time: time_unix_nano,
            request: None,
            points: 0,
            sampled: Sampled::default(),
        }
    }
}

// === impl Sample ===

impl Sample<'_> {
    /// Writes the metrics of one resource. One without a point is not written at all; one for which the budget has no
    /// room is taken back and its points counted as refused.
    pub(crate) fn resource(
        &mut self,
        describe: impl FnOnce(&mut ResourceEncoder<'_>),
        measure: impl FnOnce(&mut Sink<'_>),
    ) {
        let Some((mut permit, mut request)) = self.open() else {
            self.sampled.refused += 1;
            return;
        };
        let mut resource_metrics = request.resource_metrics();
        describe(&mut resource_metrics.resource());
        resource_metrics.schema_url(SCHEMA_URL);
        let mut scope = resource_metrics.scope_metrics();
        scope.schema_url(SCHEMA_URL);
        scope.scope().name(self.writer.scope);
        let mut sink = Sink {
            scope,
            semconv: self.writer.semconv,
            start: 0,
            time: self.time,
            points: 0,
        };
        measure(&mut sink);
        let points = sink.points;
        drop(sink);
        if points == 0 {
            resource_metrics.cancel();
        } else if fits(&mut permit, resource_metrics.written()).is_err() {
            resource_metrics.cancel();
            self.sampled.refused += points;
        } else {
            drop(resource_metrics);
            self.points += points;
        }
        let full = request.len() >= FULL_BYTES;
        self.request = Some((permit, request));
        if full {
            self.seal();
        }
    }

    /// The request at hand, or a new one where the budget has room.
    fn open(&mut self) -> Option<(Permit, MetricsEncoder)> {
        if let Some(request) = self.request.take() {
            return Some(request);
        }
        let room = self.writer.room;
        let permit = self.writer.budget.charge(room).ok()?;
        Some((permit, MetricsEncoder::with_capacity(room)))
    }

    /// Ends the request at hand.
    fn seal(&mut self) {
        let Some((permit, request)) = self.request.take() else {
            return;
        };
        if self.points > 0 {
            self.writer.room = request.len().next_multiple_of(256).max(FIRST_BYTES);
            self.sampled.payload.push(Chunk {
                bytes: permit.own(request.finish().into()),
                items: std::mem::take(&mut self.points),
            });
        }
    }

    /// The sample.
    pub(crate) fn finish(mut self) -> Sampled {
        self.seal();
        self.sampled
    }
}

/// Makes the charge as large as what was written.
fn fits(permit: &mut Permit, written: usize) -> Result<(), Overloaded> {
    match written.checked_sub(permit.bytes()) {
        None | Some(0) => Ok(()),
        Some(more) => permit.grow(more),
    }
}

// === impl Sink ===

impl Sink<'_> {
    /// When the sums that follow began, in Unix nanoseconds: when the host booted, the process started. 0: unknown.
    pub(crate) fn sums_start(&mut self, unix_nanos: u64) {
        self.start = unix_nanos;
    }

    /// Writes a metric of a table where it is enabled. `points` is called once for each name that the metric is
    /// written under; one without a point is not written.
    pub(crate) fn metric<M: MetricTable>(
        &mut self,
        enabled: MetricSet<M>,
        metric: M,
        mut points: impl FnMut(&mut Points<'_>),
    ) {
        if !enabled.contains(metric) {
            return;
        }
        let definition = metric.definition();
        let (v1, legacy) = (definition.name, definition.legacy.unwrap_or(definition.name));
        match self.semconv {
            Semconv::V1 => self.write(definition, v1, Spelling::V1, &mut points),
            Semconv::Legacy => self.write(definition, legacy, Spelling::Legacy, &mut points),
            Semconv::Dup if v1 == legacy => self.write(definition, v1, Spelling::Both, &mut points),
            Semconv::Dup => {
                self.write(definition, v1, Spelling::V1, &mut points);
                self.write(definition, legacy, Spelling::Legacy, &mut points);
            }
        }
    }

    fn write(
        &mut self,
        definition: &MetricDef,
        name: &str,
        spelling: Spelling,
        points: &mut dyn FnMut(&mut Points<'_>),
    ) {
        let mut metric = self.scope.metric();
        metric
            .name(name)
            .description(definition.description)
            .unit(definition.unit);
        let data = match definition.kind {
            Kind::Gauge => Data::Gauge(metric.gauge()),
            kind => {
                let mut sum = metric.sum();
                sum.aggregation_temporality(CUMULATIVE)
                    .is_monotonic(kind == Kind::Counter);
                Data::Sum(sum)
            }
        };
        let mut sink = Points {
            data,
            spelling,
            start: self.start,
            time: self.time,
            written: 0,
        };
        points(&mut sink);
        let written = sink.written;
        drop(sink);
        if written == 0 {
            metric.cancel();
        }
        self.points += written;
    }
}

// === impl Points ===

impl Points<'_> {
    /// Writes a point.
    pub(crate) fn add(&mut self, value: impl Into<Number>, attributes: &[(Term, Attr<'_>)]) {
        let Number(value) = value.into();
        self.point(Some(value), attributes);
    }

    /// Ends a series: writes a point that says that there is no value any more.
    pub(crate) fn end(&mut self, attributes: &[(Term, Attr<'_>)]) {
        self.point(None, attributes);
    }

    /// Whether points are to be told apart as the Collector does, for a metric for which the conventions have other
    /// states.
    pub(crate) fn is_legacy(&self) -> bool {
        self.spelling != Spelling::V1
    }

    fn point(&mut self, value: Option<NumberValue>, attributes: &[(Term, Attr<'_>)]) {
        let mut point = match &mut self.data {
            Data::Gauge(gauge) => gauge.data_point(),
            Data::Sum(sum) => {
                let mut point = sum.data_point();
                point.start_time_unix_nano(self.start);
                point
            }
        };
        point.time_unix_nano(self.time);
        match value {
            Some(value) => point.value(value),
            None => point.flags(NO_RECORDED_VALUE),
        };
        for (key, value) in attributes {
            write_attribute(&mut point, self.spelling, *key, *value);
        }
        self.written += 1;
    }
}

fn write_attribute(point: &mut NumberPointEncoder<'_>, spelling: Spelling, key: Term, value: Attr<'_>) {
    let (v1, legacy) = match value {
        Attr::Word(term) => (ValueView::String(term.v1), ValueView::String(term.legacy)),
        Attr::Text(text) => (ValueView::String(text), ValueView::String(text)),
        Attr::Int(number) => (ValueView::Int(number), ValueView::Int(number)),
        Attr::Numbered(number, name) => (ValueView::Int(number), ValueView::String(name)),
        Attr::Texts(texts) => return write_texts(point, key, texts),
    };
    if spelling != Spelling::Legacy {
        point.attribute(key.v1, v1);
    }
    if spelling == Spelling::Legacy || (spelling == Spelling::Both && key.v1 != key.legacy) {
        point.attribute(key.legacy, legacy);
    }
}

/// Lists have one spelling: no metric that the Collector has too has one.
fn write_texts(point: &mut NumberPointEncoder<'_>, key: Term, texts: &[String]) {
    let mut attribute = point.open_attribute(key.v1);
    let mut value = attribute.value();
    let mut array = value.array();
    for text in texts {
        array.push(text);
    }
}

// === impl Attr, Number ===

impl From<Term> for Attr<'_> {
    fn from(word: Term) -> Self {
        Attr::Word(word)
    }
}

impl<'a> From<&'a str> for Attr<'a> {
    fn from(text: &'a str) -> Self {
        Attr::Text(text)
    }
}

impl From<u64> for Number {
    /// What is beyond 63 bits, which no counter of the kernel reaches, is cut to it.
    fn from(value: u64) -> Self {
        Self(NumberValue::Int(i64::try_from(value).unwrap_or(i64::MAX)))
    }
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        Self(NumberValue::Double(value))
    }
}
