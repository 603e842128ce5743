//! From data points to series.
//!
//! Source of the rules: OpenTelemetry specification, "Prometheus and OpenMetrics Compatibility", in the reading of
//! Prometheus 3 and the Collector 0.157, so that a series is the same whichever way it came.

mod classic;
mod exemplar;
mod labels;
mod native;
mod numbers;

use sidelight_component::Payload;
use sidelight_exposition::names::{Kind, MetricNamer, TranslationStrategy, unit_words};
use sidelight_proto::views::{
    AggregationTemporality, Attributes, DataView, MetricView, MetricsView, ResourceMetricsView,
};

use super::left_out::{LeftOut, Reason};
use super::series::{Family, MetricType, SeriesSet};
use super::symbols::Symbol;

use labels::LabelBuilder;
pub(super) use labels::ResourceLabels;

/// `NoRecordedValue` of `DataPointFlags`.
const NO_RECORDED_VALUE: u32 = 1;

/// What tells Prometheus that a series has ended (`model/value`, `StaleNaN`).
const STALE: f64 = f64::from_bits(0x7ff0_0000_0000_0002);

/// The key in a metric's metadata that says which type it had for Prometheus.
const TYPE_KEY: &str = "prometheus.type";

/// Series of one batch may take so many bytes together, written out in full: some sixty times what a batch usually is.
/// It is a bound for points with thousands of buckets and labels.
const MAX_WRITTEN_BYTES: usize = 64 << 20;

/// What a label takes beside its texts: tags and lengths, and its place in memory.
const LABEL_OVERHEAD: usize = 8;

/// How data points become series.
#[derive(Debug)]
pub(super) struct Translator {
    pub(super) namer: MetricNamer,
    pub(super) strategy: TranslationStrategy,
    /// Names as they are sent, and values.
    pub(super) external_labels: Vec<(String, String)>,
    pub(super) resource_labels: ResourceLabels,
    pub(super) scope_info: bool,
    pub(super) target_info: bool,
}

/// What became of a batch.
#[derive(Debug)]
pub(super) struct Translated<'a> {
    pub(super) set: SeriesSet<'a>,
    pub(super) left_out: LeftOut,
    /// Samples that another one of the same series and time took the place of.
    pub(super) replaced: u64,
}

impl Translator {
    /// Makes series of all data points. Takes time and memory in proportion to the payload and its buckets.
    pub(super) fn translate<'a>(&'a self, payload: &'a Payload) -> Translated<'a> {
        let mut set = SeriesSet::new();
        let external = self.external_labels.iter();
        let external = external.map(|(name, value)| {
            (
                set.symbols.intern(name.as_str()),
                set.symbols.intern(value.as_str()),
            )
        });
        let external = external.collect();
        let mut walk = Walk {
            translator: self,
            labels: LabelBuilder::new(self.strategy, external),
            metric_name: set.symbols.intern("__name__"),
            set,
            left_out: LeftOut::default(),
            room: MAX_WRITTEN_BYTES,
            latest_ms: 0,
        };
        for chunk in payload.chunks() {
            for resource in MetricsView::new(&chunk.bytes).resource_metrics() {
                walk.resource(resource);
            }
        }
        let replaced = walk.set.put_in_order();
        Translated {
            set: walk.set,
            left_out: walk.left_out,
            replaced,
        }
    }
}

/// The walk over a batch.
struct Walk<'a> {
    translator: &'a Translator,
    set: SeriesSet<'a>,
    labels: LabelBuilder<'a>,
    metric_name: Symbol,
    left_out: LeftOut,
    /// Bytes that series may still take, written out in full.
    room: usize,
    /// The latest point of the resource.
    latest_ms: i64,
}

impl<'a> Walk<'a> {
    fn resource(&mut self, metrics: ResourceMetricsView<'a>) {
        let resource = metrics.resource();
        self.labels
            .resource(&mut self.set.symbols, resource, self.translator.resource_labels);
        self.latest_ms = 0;
        for scope in metrics.scope_metrics() {
            let info = self.translator.scope_info.then_some(scope);
            self.labels.scope(&mut self.set.symbols, info);
            for metric in scope.metrics() {
                self.metric(metric);
            }
        }
        if self.translator.target_info && self.latest_ms > 0 {
            self.target_info(metrics);
        }
    }

    fn metric(&mut self, metric: MetricView<'a>) {
        let data = metric.data();
        if !is_cumulative(data) {
            return self.left_out.add(Reason::Temporality, metric.data_points());
        }
        let (name, unit) = (metric.name(), metric.unit());
        let Ok(name) = self.translator.namer.name(name, unit, Kind::of(&metric)) else {
            return self.left_out.add(Reason::Name, metric.data_points());
        };
        let symbols = &mut self.set.symbols;
        self.set.families.push(Family {
            name: symbols.intern(name.clone()),
            metric_type: type_of(&metric),
            help: symbols.intern(metric.description()),
            unit: symbols.intern(unit_words(unit, self.translator.strategy.escapes())),
        });
        match data {
            DataView::Empty => {}
            DataView::Gauge(gauge) => gauge.data_points().for_each(|point| self.gauge(point)),
            DataView::Sum(sum) => {
                let is_counter = sum.is_monotonic();
                sum.data_points().for_each(|point| self.sum(point, is_counter));
            }
            DataView::Histogram(histogram) => self.histograms(&name, histogram),
            DataView::ExponentialHistogram(histogram) => {
                histogram.data_points().for_each(|point| self.exponential(point));
            }
            DataView::Summary(summary) => self.summaries(&name, summary),
        }
    }

    /// The metric under way, by its place.
    fn family(&self) -> usize {
        self.set.families.len() - 1
    }

    /// The name of the metric under way.
    fn family_name(&self) -> Symbol {
        self.set
            .families
            .last()
            .map_or(Symbol::EMPTY, |family| family.name)
    }

    /// The time of a point in milliseconds; one without a time is left out.
    fn time_of(&mut self, unix_nano: u64) -> Option<i64> {
        let time = milliseconds(unix_nano);
        if time == 0 {
            self.left_out.add(Reason::Time, 1);
            return None;
        }
        self.latest_ms = self.latest_ms.max(time);
        Some(time)
    }

    /// Makes the labels of a point. False, and the point is left out, where so many series with them have no room.
    fn point_labels(&mut self, attributes: Attributes<'a>, series: usize) -> bool {
        let symbols = &mut self.set.symbols;
        self.labels.point(symbols, attributes);
        let labels = self.labels.current().iter();
        let bytes = labels
            .map(|(name, value)| symbols.text(*name).len() + symbols.text(*value).len() + LABEL_OVERHEAD);
        let needed = bytes.sum::<usize>().saturating_mul(series);
        match self.room.checked_sub(needed) {
            Some(rest) => {
                self.room = rest;
                true
            }
            None => {
                self.left_out.add(Reason::TooLarge, 1);
                false
            }
        }
    }

    fn target_info(&mut self, metrics: ResourceMetricsView<'a>) {
        let Ok(name) = self.translator.namer.name("target_info", "", Kind::Other) else {
            return;
        };
        let symbols = &mut self.set.symbols;
        let Some(labels) = self.labels.target_info(symbols, metrics.resource()) else {
            return;
        };
        let name = symbols.intern(name);
        self.set.families.push(Family {
            name,
            // As Prometheus itself calls it: remote write knows no info metric whose name ends otherwise.
            metric_type: MetricType::Gauge,
            help: symbols.intern("Target metadata"),
            unit: Symbol::EMPTY,
        });
        let family = self.set.families.len() - 1;
        let series = self.set.series(family, labels, &[(self.metric_name, name)]);
        self.set.push(series, self.latest_ms, 0, 1.0);
    }
}

/// Gauges and summaries have no temporality.
fn is_cumulative(data: DataView<'_>) -> bool {
    let temporality = match data {
        DataView::Empty | DataView::Gauge(_) | DataView::Summary(_) => return true,
        DataView::Sum(sum) => sum.aggregation_temporality(),
        DataView::Histogram(histogram) => histogram.aggregation_temporality(),
        DataView::ExponentialHistogram(histogram) => histogram.aggregation_temporality(),
    };
    temporality == AggregationTemporality::Cumulative
}

/// What the metric is to Prometheus; what it was, where it came from there.
fn type_of(metric: &MetricView<'_>) -> MetricType {
    let was = metric.metadata().get(TYPE_KEY);
    let was = was.as_ref().and_then(|value| value.as_str()).unwrap_or_default();
    match (metric.data(), was) {
        (DataView::Gauge(_), "unknown") | (DataView::Empty, _) => MetricType::Unknown,
        (DataView::Sum(sum), _) if sum.is_monotonic() => MetricType::Counter,
        (DataView::Sum(_), "info") => MetricType::Info,
        (DataView::Sum(_), "stateset") => MetricType::StateSet,
        (DataView::Gauge(_) | DataView::Sum(_), _) => MetricType::Gauge,
        (DataView::Histogram(_) | DataView::ExponentialHistogram(_), _) => MetricType::Histogram,
        (DataView::Summary(_), _) => MetricType::Summary,
    }
}

fn milliseconds(unix_nano: u64) -> i64 {
    // 2^64 ns are less than 2^63 ms.
    (unix_nano / 1_000_000) as i64
}
