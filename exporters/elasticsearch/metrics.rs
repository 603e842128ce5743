//! Data points as documents: those of one series' time, attributes and unit share one, as time series data streams want it.

use std::hash::RandomState;

use hashbrown::{HashMap, HashSet};
use sha2::{Digest, Sha256};
use sidelight_component::Signal;
use sidelight_proto::json::write;
use sidelight_proto::views::{AggregationTemporality, Attributes, DataView, MetricView, Repeated, ValueView};

use super::bulk::Action;
use super::config::MappingMode;
use super::documents::{Group, Writer};
use super::id::first_bytes;
use super::index::{Destination, Event, Hints};
use super::json::{count_member, key, text_member};
use super::mapping::{ecs, otel};
use super::point_values::{CUMULATIVE, Template, aggregate, explicit, exponential, number_value};

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

/// A point as far as its document is concerned.
#[derive(Clone, Copy)]
struct Point<'a> {
    time: u64,
    start: u64,
    flags: u32,
    count: u64,
    attributes: Attributes<'a>,
}

/// A point of any kind as a [`Point`]; `$count` is how many values it stands for.
macro_rules! point {
    ($view:expr, $count:expr) => {
        Point {
            time: $view.time_unix_nano(),
            start: $view.start_time_unix_nano(),
            flags: $view.flags(),
            count: $count,
            attributes: $view.attributes(),
        }
    };
}

impl Point<'_> {
    /// Whether the source asks for something of the document, with the attribute `elasticsearch.mapping.hints`.
    fn asks_for(&self, hint: &str) -> bool {
        match self.attributes.get("elasticsearch.mapping.hints") {
            Some(ValueView::Array(hints)) => hints.values().any(|value| value.as_str() == Some(hint)),
            _ => false,
        }
    }

    /// The value of a histogram's point: its buckets, or sum and count where its source asks for these.
    fn distribution(
        &self,
        temporality: AggregationTemporality,
        sum: Option<f64>,
        buckets: impl FnOnce() -> Result<(Template, Vec<u8>), &'static str>,
    ) -> Result<(Template, Vec<u8>), &'static str> {
        if self.asks_for("aggregate_metric_double") {
            return Ok(aggregate(sum.unwrap_or_default(), self.count));
        }
        match temporality {
            AggregationTemporality::Delta => buckets(),
            _ => Err(CUMULATIVE),
        }
    }
}

/// The documents of one scope, in the making.
struct Documents<'a> {
    mode: MappingMode,
    shared: Vec<Shared<'a>>,
    by_key: HashMap<Vec<u8>, usize, RandomState>,
    /// Which metrics each has a value of.
    named: HashSet<(usize, &'a str), RandomState>,
}

/// Writes the documents of the metrics of one scope.
pub(super) fn write<'a>(writer: &mut Writer<'_>, group: &Group<'_>, metrics: Repeated<'a, MetricView<'a>>) {
    let mut documents = Documents {
        mode: group.mode,
        shared: Vec::new(),
        by_key: HashMap::default(),
        named: HashSet::default(),
    };
    for metric in metrics {
        documents.add_metric(writer, metric);
    }
    for document in documents.shared {
        write_document(writer, group, &document);
    }
}

impl<'a> Documents<'a> {
    fn add_metric(&mut self, writer: &mut Writer<'_>, metric: MetricView<'a>) {
        match metric.data() {
            DataView::Empty => {}
            DataView::Gauge(gauge) => {
                for view in gauge.data_points() {
                    self.add(writer, metric, point!(view, 0), number_value(view, false));
                }
            }
            DataView::Sum(sum) => {
                for view in sum.data_points() {
                    let value = number_value(view, sum.is_monotonic());
                    self.add(writer, metric, point!(view, 0), value);
                }
            }
            DataView::Histogram(histogram) => {
                let temporality = histogram.aggregation_temporality();
                for view in histogram.data_points() {
                    let point = point!(view, view.count());
                    let value = point.distribution(temporality, view.sum(), || explicit(view));
                    self.add(writer, metric, point, value);
                }
            }
            DataView::ExponentialHistogram(histogram) => {
                let temporality = histogram.aggregation_temporality();
                for view in histogram.data_points() {
                    let point = point!(view, view.count());
                    let value = point.distribution(temporality, view.sum(), || Ok(exponential(view)));
                    self.add(writer, metric, point, value);
                }
            }
            DataView::Summary(summary) => {
                for view in summary.data_points() {
                    let value = Ok(aggregate(view.sum(), view.count()));
                    self.add(writer, metric, point!(view, view.count()), value);
                }
            }
        }
    }

    fn add(
        &mut self,
        writer: &mut Writer<'_>,
        metric: MetricView<'a>,
        point: Point<'a>,
        value: Result<(Template, Vec<u8>), &str>,
    ) {
        if point.flags & NO_RECORDED_VALUE != 0 {
            // There is nothing to store, and nothing of it is missing.
            writer.bulk.items += 1;
            return;
        }
        let (template, json) = match value {
            Ok(value) => value,
            Err(reason) => return writer.bulk.leave_out(reason),
        };
        writer.bulk.items += 1;
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
        if let Some(at) = self.by_key.get(&key)
            && self.named.insert((*at, metric.name()))
        {
            return *at;
        }
        let new = self.shared.len();
        self.by_key.insert(key, new);
        self.named.insert((new, metric.name()));
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

fn write_document(writer: &mut Writer<'_>, group: &Group<'_>, document: &Shared<'_>) {
    let own = Hints::of(document.attributes);
    let event = Event {
        unix_nano: document.time,
        attributes: document.attributes,
        ..group.event()
    };
    let destination = writer.place(Signal::Metrics, group, &own, &event);
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
    first_bytes(hash)
}
