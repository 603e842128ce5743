//! The points of one metric as samples of series.

use sidelight_exposition::names::label_value;
use sidelight_proto::views::{
    Attributes, DataView, ExemplarView, ExpHistogramPointView, HistogramPointView, NumberPointView,
    NumberValue, Repeated, SummaryPointView,
};
use sidelight_proto::wire::Writer;

use super::dropped::Reason;
use super::labels::{Labels, write_label};
use super::native::NativeHistogram;
use super::series::{Exemplar, HistogramSample, Sample};
use super::translate::{Rules, TargetLabels, Translated};
use super::value::{bound, is_stale, milliseconds, of_number, or_stale};

/// Most characters of an exemplar's labels. Source: OpenMetrics 1.0, section "Exemplars".
const MAX_EXEMPLAR_CHARS: usize = 128;

/// Where the points stand.
pub(super) struct Points<'a> {
    pub(super) rules: &'a Rules,
    pub(super) target: &'a TargetLabels,
    pub(super) scope: &'a Labels,
}

/// Name and place of a family.
#[derive(Clone, Copy)]
struct In<'a> {
    name: &'a str,
    family: usize,
}

impl Points<'_> {
    pub(super) fn add(
        &self,
        data: DataView<'_>,
        name: &str,
        family: usize,
        latest: &mut Option<i64>,
        into: &mut Translated,
    ) {
        let at = In { name, family };
        let mut seen = |unix_nanos: u64| *latest = (*latest).max(Some(milliseconds(unix_nanos)));
        match data {
            DataView::Gauge(gauge) => gauge.data_points().for_each(|point| {
                seen(point.time_unix_nano());
                self.number(point, at, false, into);
            }),
            DataView::Sum(sum) => sum.data_points().for_each(|point| {
                seen(point.time_unix_nano());
                self.number(point, at, sum.is_monotonic(), into);
            }),
            DataView::Histogram(histogram) => histogram.data_points().for_each(|point| {
                seen(point.time_unix_nano());
                self.histogram(point, at, into);
            }),
            DataView::ExponentialHistogram(histogram) => histogram.data_points().for_each(|point| {
                seen(point.time_unix_nano());
                self.exponential(point, at, into);
            }),
            DataView::Summary(summary) => summary.data_points().for_each(|point| {
                seen(point.time_unix_nano());
                self.summary(point, at, into);
            }),
            DataView::Empty => {}
        }
    }

    fn labels(&self, attributes: Attributes<'_>) -> Labels {
        self.target.of_point(self.rules, self.scope, attributes)
    }

    fn number(&self, point: NumberPointView<'_>, at: In<'_>, counts: bool, into: &mut Translated) {
        let labels = self.labels(point.attributes()).of_series(at.name, None);
        let sample = Sample {
            time: milliseconds(point.time_unix_nano()),
            value: of_number(point),
            // A value that does not count up has no beginning.
            start: if counts {
                milliseconds(point.start_time_unix_nano())
            } else {
                0
            },
        };
        let exemplars = if counts {
            exemplars(point.exemplars())
        } else {
            Vec::new()
        };
        into.series.add_sample(labels, at.family, sample, exemplars);
    }

    /// `_count`, `_sum` and a series of each bucket, whose counts add up.
    fn histogram(&self, point: HistogramPointView<'_>, at: In<'_>, into: &mut Translated) {
        let labels = self.labels(point.attributes());
        let flags = point.flags();
        let sample = |value: f64| Sample {
            time: milliseconds(point.time_unix_nano()),
            value: or_stale(value, flags),
            start: milliseconds(point.start_time_unix_nano()),
        };
        let (sum, count, bucket) = parts(at.name);
        if point.sum().is_some() || is_stale(flags) {
            let value = point.sum().unwrap_or(0.0);
            into.series
                .add_sample(labels.of_series(&sum, None), at.family, sample(value), Vec::new());
        }
        let total = point.count() as f64;
        into.series.add_sample(
            labels.of_series(&count, None),
            at.family,
            sample(total),
            Vec::new(),
        );

        let mut exemplars = exemplars(point.exemplars());
        exemplars.sort_by(|a, b| a.value.total_cmp(&b.value));
        let mut exemplars = exemplars.into_iter().peekable();
        let mut so_far = 0_u64;
        for (upper, counted) in point.explicit_bounds().zip(point.bucket_counts()) {
            so_far = so_far.saturating_add(counted);
            let of_bucket = std::iter::from_fn(|| exemplars.next_if(|exemplar| exemplar.value <= upper));
            let of_bucket = of_bucket.collect();
            let labels = labels.of_series(&bucket, Some(("le", &bound(upper))));
            into.series
                .add_sample(labels, at.family, sample(so_far as f64), of_bucket);
        }
        let labels = labels.of_series(&bucket, Some(("le", "+Inf")));
        into.series
            .add_sample(labels, at.family, sample(total), exemplars.collect());
    }

    fn exponential(&self, point: ExpHistogramPointView<'_>, at: In<'_>, into: &mut Translated) {
        let Some(histogram) = NativeHistogram::new(point) else {
            return into.dropped.add(Reason::Scale, 1);
        };
        let labels = self.labels(point.attributes()).of_series(at.name, None);
        let sample = HistogramSample {
            time: milliseconds(point.time_unix_nano()),
            start: milliseconds(point.start_time_unix_nano()),
            histogram,
        };
        into.series
            .add_histogram(labels, at.family, sample, exemplars(point.exemplars()));
    }

    /// `_count`, `_sum` and a series of each quantile.
    fn summary(&self, point: SummaryPointView<'_>, at: In<'_>, into: &mut Translated) {
        let labels = self.labels(point.attributes());
        let start = milliseconds(point.start_time_unix_nano());
        let mut add = |labels: Vec<u8>, value: f64, start: i64| {
            let sample = Sample {
                time: milliseconds(point.time_unix_nano()),
                value: or_stale(value, point.flags()),
                start,
            };
            into.series.add_sample(labels, at.family, sample, Vec::new());
        };
        let (sum, count, _) = parts(at.name);
        add(labels.of_series(&sum, None), point.sum(), start);
        add(labels.of_series(&count, None), point.count() as f64, start);
        for quantile in point.quantile_values() {
            let label = bound(quantile.quantile());
            add(
                labels.of_series(at.name, Some(("quantile", &label))),
                quantile.value(),
                0,
            );
        }
    }
}

/// Names of the series of a histogram: `_sum`, `_count`, `_bucket`.
fn parts(name: &str) -> (String, String, String) {
    (
        format!("{name}_sum"),
        format!("{name}_count"),
        format!("{name}_bucket"),
    )
}

fn exemplars(views: Repeated<'_, ExemplarView<'_>>) -> Vec<Exemplar> {
    views.filter_map(exemplar).collect()
}

/// An exemplar with its trace and span, and with its attributes where all of them fit.
fn exemplar(view: ExemplarView<'_>) -> Option<Exemplar> {
    let mut labels: Vec<(String, String)> = Vec::new();
    for (name, id) in [("span_id", view.span_id()), ("trace_id", view.trace_id())] {
        if id.iter().any(|byte| *byte != 0) {
            labels.push((
                name.to_owned(),
                id.iter().map(|byte| format!("{byte:02x}")).collect(),
            ));
        }
    }
    let ids = labels.len();
    for attribute in view.filtered_attributes() {
        labels.push((
            attribute.key().to_owned(),
            label_value(attribute.value()).into_owned(),
        ));
    }
    let chars = |(name, value): &(String, String)| name.chars().count() + value.chars().count();
    if labels.iter().map(chars).sum::<usize>() > MAX_EXEMPLAR_CHARS {
        labels.truncate(ids);
    }
    labels.sort();
    labels.dedup_by(|a, b| a.0 == b.0);
    let mut bytes = Writer::with_capacity(MAX_EXEMPLAR_CHARS);
    labels
        .iter()
        .for_each(|(name, value)| write_label(&mut bytes, name, value));
    Some(Exemplar {
        time: milliseconds(view.time_unix_nano()),
        value: view.value().map(NumberValue::as_f64)?,
        labels: bytes.into_bytes(),
    })
}
