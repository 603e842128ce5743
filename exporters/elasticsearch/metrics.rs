//! Data points as documents: those of one series' time, attributes and unit share one, as time series data streams want it.

use hashbrown::HashMap;
use sha2::{Digest, Sha256};
use sidelight_component::Signal;
use sidelight_proto::json::write;
use sidelight_proto::views::{
    AggregationTemporality, Attributes, BucketsView, DataView, ExpHistogramPointView, HistogramPointView,
    MetricView, NumberPointView, NumberValue, Repeated, SummaryPointView, ValueView,
};

use super::bulk::Action;
use super::config::MappingMode;
use super::documents::{Group, Writer};
use super::index::{Destination, Event, Hints};
use super::json::{count_member, key, text_member};
use super::mapping::{ecs, otel};

const CUMULATIVE: &str = "a cumulative histogram has no form in Elasticsearch: let its source send deltas \
     (OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta)";

/// Bit 0 of a point's flags: the series has ended, there is no value.
const NO_RECORDED_VALUE: u32 = 1;

/// The points that are one document.
struct Shared<'a> {
    time: u64,
    start: u64,
    unit: &'a str,
    attributes: Attributes<'a>,
    values: Vec<Value<'a>>,
    doc_count: u64,
    items: u32,
}

struct Value<'a> {
    metric: &'a str,
    template: Template,
    json: Vec<u8>,
}

/// The template that a field is mapped by, where it is new.
#[derive(Clone, Copy)]
enum Template {
    GaugeLong,
    GaugeDouble,
    CounterLong,
    CounterDouble,
    Histogram,
    Summary,
}

impl Template {
    fn name(self, mode: MappingMode) -> &'static str {
        match (self, mode) {
            (Self::Histogram, MappingMode::Ecs) => "histogram_metrics",
            (Self::Summary, MappingMode::Ecs) => "summary_metrics",
            (_, MappingMode::Ecs) => "double_metrics",
            (Self::GaugeLong, _) => "gauge_long",
            (Self::GaugeDouble, _) => "gauge_double",
            (Self::CounterLong, _) => "counter_long",
            (Self::CounterDouble, _) => "counter_double",
            (Self::Histogram, _) => "histogram",
            (Self::Summary, _) => "summary",
        }
    }
}

/// A point as far as its document is concerned.
#[derive(Clone, Copy)]
struct Point<'a> {
    time: u64,
    start: u64,
    flags: u32,
    count: u64,
    attributes: Attributes<'a>,
}

impl Point<'_> {
    /// Whether the source asks for something of the document, with the attribute `elasticsearch.mapping.hints`.
    fn asks_for(&self, hint: &str) -> bool {
        match self.attributes.get("elasticsearch.mapping.hints") {
            Some(ValueView::Array(hints)) => hints.values().any(|value| value.as_str() == Some(hint)),
            _ => false,
        }
    }
}

/// The documents of one scope, in the making.
struct Documents<'a> {
    mode: MappingMode,
    shared: Vec<Shared<'a>>,
    by_key: HashMap<Vec<u8>, usize, std::hash::RandomState>,
}

/// Writes the documents of the metrics of one scope.
pub(super) fn write<'a>(writer: &mut Writer<'_>, group: &Group<'_>, metrics: Repeated<'a, MetricView<'a>>) {
    let mut documents = Documents {
        mode: group.mode,
        shared: Vec::new(),
        by_key: HashMap::default(),
    };
    let first = writer.bulk.documents.len();
    for metric in metrics {
        documents.add_metric(writer, first, metric);
    }
    for document in documents.shared {
        write_document(writer, group, &document);
    }
}

impl<'a> Documents<'a> {
    fn add_metric(&mut self, writer: &mut Writer<'_>, first: usize, metric: MetricView<'a>) {
        match metric.data() {
            DataView::Empty => {}
            DataView::Gauge(gauge) => {
                for point in gauge.data_points() {
                    self.add(writer, first, metric, number(point), number_value(point, false));
                }
            }
            DataView::Sum(sum) => {
                for point in sum.data_points() {
                    let value = number_value(point, sum.is_monotonic());
                    self.add(writer, first, metric, number(point), value);
                }
            }
            DataView::Histogram(histogram) => {
                let is_delta = histogram.aggregation_temporality() == AggregationTemporality::Delta;
                for view in histogram.data_points() {
                    let point = Point {
                        time: view.time_unix_nano(),
                        start: view.start_time_unix_nano(),
                        flags: view.flags(),
                        count: view.count(),
                        attributes: view.attributes(),
                    };
                    let value = if point.asks_for("aggregate_metric_double") {
                        Ok(aggregate(view.sum().unwrap_or_default(), view.count()))
                    } else if is_delta {
                        explicit(view)
                    } else {
                        Err(CUMULATIVE)
                    };
                    self.add(writer, first, metric, point, value);
                }
            }
            DataView::ExponentialHistogram(histogram) => {
                let is_delta = histogram.aggregation_temporality() == AggregationTemporality::Delta;
                for view in histogram.data_points() {
                    let point = Point {
                        time: view.time_unix_nano(),
                        start: view.start_time_unix_nano(),
                        flags: view.flags(),
                        count: view.count(),
                        attributes: view.attributes(),
                    };
                    let value = if point.asks_for("aggregate_metric_double") {
                        Ok(aggregate(view.sum().unwrap_or_default(), view.count()))
                    } else if is_delta {
                        Ok(exponential(view))
                    } else {
                        Err(CUMULATIVE)
                    };
                    self.add(writer, first, metric, point, value);
                }
            }
            DataView::Summary(summary) => {
                for view in summary.data_points() {
                    self.add(
                        writer,
                        first,
                        metric,
                        summary_point(view),
                        Ok(aggregate(view.sum(), view.count())),
                    );
                }
            }
        }
    }

    fn add(
        &mut self,
        writer: &mut Writer<'_>,
        first: usize,
        metric: MetricView<'a>,
        point: Point<'a>,
        value: Result<(Template, Vec<u8>), &str>,
    ) {
        if point.flags & NO_RECORDED_VALUE != 0 {
            return writer.bulk.nothing_of_item();
        }
        let (template, json) = match value {
            Ok(value) => value,
            Err(reason) => return writer.bulk.leave_out(reason),
        };
        let at = self.document_for(metric, point);
        let document = &mut self.shared[at];
        if point.asks_for("_doc_count") {
            document.doc_count = point.count;
        }
        document.items += 1;
        document.values.push(Value {
            metric: metric.name(),
            template,
            json,
        });
        writer.bulk.item_of((first + at) as u32);
    }

    /// The document that a point belongs to: a second value of one metric begins another one. Documents of `ecs` have
    /// neither a unit nor a start.
    fn document_for(&mut self, metric: MetricView<'a>, point: Point<'a>) -> usize {
        let unit = metric.unit();
        let mut key = Vec::with_capacity(64);
        key.extend_from_slice(&point.time.to_le_bytes());
        if self.mode == MappingMode::Otel {
            key.extend_from_slice(&point.start.to_le_bytes());
            key.extend_from_slice(&(unit.len() as u64).to_le_bytes());
            key.extend_from_slice(unit.as_bytes());
        }
        for attribute in point.attributes {
            let bytes = attribute.as_bytes();
            key.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
            key.extend_from_slice(bytes);
        }
        let new = self.shared.len();
        let at = *self.by_key.entry(key.clone()).or_insert(new);
        let repeats = self
            .shared
            .get(at)
            .is_some_and(|document| document.values.iter().any(|value| value.metric == metric.name()));
        if at < new && !repeats {
            return at;
        }
        self.by_key.insert(key, new);
        self.shared.push(Shared {
            time: point.time,
            start: point.start,
            unit,
            attributes: point.attributes,
            values: Vec::new(),
            doc_count: 0,
            items: 0,
        });
        new
    }
}

fn number(view: NumberPointView<'_>) -> Point<'_> {
    Point {
        time: view.time_unix_nano(),
        start: view.start_time_unix_nano(),
        flags: view.flags(),
        count: 0,
        attributes: view.attributes(),
    }
}

fn summary_point(view: SummaryPointView<'_>) -> Point<'_> {
    Point {
        time: view.time_unix_nano(),
        start: view.start_time_unix_nano(),
        flags: view.flags(),
        count: view.count(),
        attributes: view.attributes(),
    }
}

fn number_value(view: NumberPointView<'_>, is_counter: bool) -> Result<(Template, Vec<u8>), &'static str> {
    let mut json = Vec::new();
    match view.value() {
        Some(NumberValue::Int(value)) => {
            write::signed(value, &mut json);
            Ok((
                if is_counter {
                    Template::CounterLong
                } else {
                    Template::GaugeLong
                },
                json,
            ))
        }
        Some(NumberValue::Double(value)) if value.is_finite() => {
            write::double(value, &mut json);
            Ok((
                if is_counter {
                    Template::CounterDouble
                } else {
                    Template::GaugeDouble
                },
                json,
            ))
        }
        Some(NumberValue::Double(_)) => Err("NaN and infinite values have no form in JSON"),
        None => Err("a point has no value"),
    }
}

/// Sum and count, as `aggregate_metric_double` holds them.
fn aggregate(sum: f64, count: u64) -> (Template, Vec<u8>) {
    let mut json = b"{\"sum\":".to_vec();
    write::double(sum, &mut json);
    json.extend_from_slice(b",\"value_count\":");
    write::unsigned(count, &mut json);
    json.push(b'}');
    (Template::Summary, json)
}

/// Counts at the middle of each bucket, as Elastic's own intake makes them: of the first bucket the half of its bound, of
/// the last its lower bound.
fn explicit(view: HistogramPointView<'_>) -> Result<(Template, Vec<u8>), &'static str> {
    let bounds: Vec<f64> = view.explicit_bounds().collect();
    let counts: Vec<u64> = view.bucket_counts().collect();
    if bounds.is_empty() {
        let mean = view.sum().unwrap_or_default() / view.count().max(1) as f64;
        let all = [(view.count(), mean)];
        return Ok(histogram(all.into_iter()));
    }
    if counts.len() != bounds.len() + 1 {
        return Err("a histogram has not one bucket more than bounds");
    }
    let middle = |at: usize| match (
        at.checked_sub(1).and_then(|below| bounds.get(below)),
        bounds.get(at),
    ) {
        (None, Some(upper)) if *upper > 0.0 => upper / 2.0,
        (None, Some(upper)) => *upper,
        (Some(lower), Some(upper)) => lower + (upper - lower) / 2.0,
        (Some(lower), None) => *lower,
        (None, None) => 0.0,
    };
    Ok(histogram(
        counts.iter().enumerate().map(|(at, count)| (*count, middle(at))),
    ))
}

fn exponential(view: ExpHistogramPointView<'_>) -> (Template, Vec<u8>) {
    // Bucket `i` begins at 2^(i * 2^-scale).
    let width = f64::from(-view.scale()).exp2();
    let bound = |index: i64| (index as f64 * width).exp2().min(f64::MAX);
    let middle = |buckets: BucketsView<'_>, at: usize| {
        let index = i64::from(buckets.offset()) + at as i64;
        let (lower, upper) = (bound(index), bound(index + 1));
        lower + (upper - lower) / 2.0
    };
    let values = |buckets: Option<BucketsView<'_>>| -> Vec<(u64, f64)> {
        let Some(buckets) = buckets else { return Vec::new() };
        let counts = buckets.bucket_counts().enumerate();
        counts.map(|(at, count)| (count, middle(buckets, at))).collect()
    };
    let negative = values(view.negative())
        .into_iter()
        .rev()
        .map(|(count, value)| (count, -value));
    let zero = std::iter::once((view.zero_count(), 0.0));
    histogram(negative.chain(zero).chain(values(view.positive())))
}

/// What the field type `histogram` takes: values that rise, and how many there are of each.
fn histogram(buckets: impl Iterator<Item = (u64, f64)>) -> (Template, Vec<u8>) {
    let (mut counts, mut values) = (Vec::new(), Vec::new());
    for (count, value) in buckets.filter(|(count, _)| *count > 0) {
        if !counts.is_empty() {
            counts.push(b',');
            values.push(b',');
        }
        write::unsigned(count, &mut counts);
        write::double(value, &mut values);
    }
    let json = [
        b"{\"counts\":[",
        &counts[..],
        b"],\"values\":[",
        &values[..],
        b"]}",
    ]
    .concat();
    (Template::Histogram, json)
}

fn write_document(writer: &mut Writer<'_>, group: &Group<'_>, document: &Shared<'_>) {
    let own = Hints::of(document.attributes);
    let event = Event {
        unix_nano: document.time,
        attributes: document.attributes,
        ..group.event()
    };
    let destination = writer.destination(Signal::Metrics, group, &own, &event);
    let prefix = if group.mode == MappingMode::Otel {
        "metrics."
    } else {
        ""
    };
    let templates: Vec<(String, &'static str)> = document
        .values
        .iter()
        .map(|value| {
            (
                format!("{prefix}{}", value.metric),
                value.template.name(group.mode),
            )
        })
        .collect();
    let action = Action {
        destination: &destination,
        mode: group.mode,
        id: None,
        pipeline: None,
        templates: &templates,
    };
    writer.bulk.action(&writer.settings.actions, &action);
    if group.mode == MappingMode::Otel {
        write_otel(writer, document, &destination);
    } else {
        let values = document
            .values
            .iter()
            .map(|value| (value.metric, &value.json[..]));
        let (time, count) = (document.time, document.doc_count);
        ecs::points(writer, time, document.attributes, count, &destination, values);
    }
    writer.bulk.end(document.items);
}

fn write_otel(writer: &mut Writer<'_>, document: &Shared<'_>, destination: &Destination) {
    let out = &mut writer.bulk.body;
    out.push(b'{');
    key("@timestamp", out);
    write::unsigned(document.time / 1_000_000, out);
    count_member("start_timestamp", document.start / 1_000_000, out);
    text_member("unit", document.unit, out);
    otel::data_stream(destination, out);
    otel::attributes(document.attributes, out);
    out.push(b',');
    out.extend_from_slice(&writer.tail);
    key("metrics", out);
    out.push(b'{');
    for value in &document.values {
        key(value.metric, out);
        out.extend_from_slice(&value.json);
    }
    out.push(b'}');
    count_member("_doc_count", document.doc_count, out);
    key("_metric_names_hash", out);
    write::hex(&names_hash(&document.values), out);
    out.push(b'}');
}

/// Tells documents of one time and one set of attributes apart: without it a time series data stream takes the second for
/// the first again.
fn names_hash(values: &[Value<'_>]) -> [u8; 8] {
    let mut names: Vec<&str> = values.iter().map(|value| value.metric).collect();
    names.sort_unstable();
    let mut hash = Sha256::new();
    for name in names {
        hash.update(name.as_bytes());
        hash.update([0]);
    }
    let mut first = [0; 8];
    first
        .iter_mut()
        .zip(hash.finalize())
        .for_each(|(to, from)| *to = from);
    first
}
