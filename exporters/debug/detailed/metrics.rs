use std::fmt::{self, Write};

use sidelight_proto::views::{
    Attributes, BucketsView, DataView, ExemplarView, ExpHistogramPointView, HistogramPointView, MetricView,
    NumberPointView, ResourceMetricsView, SummaryPointView,
};

use crate::debug::text::{Colon, Text};
use crate::debug::value::{Number, TEMPORALITIES, Time, Word, attribute_lines};

use super::{resource, scope};

pub(super) fn write(nth: usize, metrics: ResourceMetricsView<'_>, out: &mut Text<'_>) -> fmt::Result {
    resource("Metrics", nth, metrics.schema_url(), metrics.resource(), out)?;
    for (nth, metrics) in metrics.scope_metrics().enumerate() {
        scope("Metrics", nth, metrics.schema_url(), metrics.scope(), out)?;
        metrics
            .metrics()
            .enumerate()
            .try_for_each(|(nth, view)| metric(nth, view, out))?;
    }
    Ok(())
}

fn metric(nth: usize, metric: MetricView<'_>, out: &mut Text<'_>) -> fmt::Result {
    let data = metric.data();
    writeln!(out, "Metric #{nth}")?;
    writeln!(out, "Descriptor:")?;
    writeln!(out, "     -> Name{}", Colon(metric.name()))?;
    writeln!(out, "     -> Description{}", Colon(metric.description()))?;
    writeln!(out, "     -> Unit{}", Colon(metric.unit()))?;
    writeln!(out, "     -> DataType: {}", data_type(data))?;
    attribute_lines("     ", "-> Metadata", metric.metadata(), out)?;
    match data {
        DataView::Empty => Ok(()),
        DataView::Gauge(data) => each(data.data_points(), number, out),
        DataView::Sum(data) => {
            writeln!(out, "     -> IsMonotonic: {}", data.is_monotonic())?;
            temporality(data.aggregation_temporality_number(), out)?;
            each(data.data_points(), number, out)
        }
        DataView::Histogram(data) => {
            temporality(data.aggregation_temporality_number(), out)?;
            each(data.data_points(), histogram, out)
        }
        DataView::ExponentialHistogram(data) => {
            temporality(data.aggregation_temporality_number(), out)?;
            each(data.data_points(), exponential_histogram, out)
        }
        DataView::Summary(data) => each(data.data_points(), summary, out),
    }
}

fn data_type(data: DataView<'_>) -> &'static str {
    match data {
        DataView::Empty => "Empty",
        DataView::Gauge(_) => "Gauge",
        DataView::Sum(_) => "Sum",
        DataView::Histogram(_) => "Histogram",
        DataView::ExponentialHistogram(_) => "ExponentialHistogram",
        DataView::Summary(_) => "Summary",
    }
}

fn temporality(number: i32, out: &mut Text<'_>) -> fmt::Result {
    writeln!(
        out,
        "     -> AggregationTemporality: {}",
        Word(number, &TEMPORALITIES)
    )
}

fn each<P>(
    points: impl Iterator<Item = P>,
    write: fn(usize, P, &mut Text<'_>) -> fmt::Result,
    out: &mut Text<'_>,
) -> fmt::Result {
    points
        .enumerate()
        .try_for_each(|(nth, point)| write(nth, point, out))
}

/// What all points have.
fn head(
    kind: &str,
    nth: usize,
    attributes: Attributes<'_>,
    [start, time]: [u64; 2],
    flags: u32,
    out: &mut Text<'_>,
) -> fmt::Result {
    writeln!(out, "{kind} #{nth}")?;
    attribute_lines("", "Data point attributes", attributes, out)?;
    writeln!(out, "StartTimestamp: {}", Time(start))?;
    writeln!(out, "Timestamp: {}", Time(time))?;
    if flags == 0 {
        Ok(())
    } else {
        writeln!(out, "Flags: {flags:#x}")
    }
}

fn number(nth: usize, point: NumberPointView<'_>, out: &mut Text<'_>) -> fmt::Result {
    let times = [point.start_time_unix_nano(), point.time_unix_nano()];
    head(
        "NumberDataPoints",
        nth,
        point.attributes(),
        times,
        point.flags(),
        out,
    )?;
    match point.value() {
        Some(value) => writeln!(out, "Value: {}", Number(value))?,
        None => writeln!(out, "Value:")?,
    }
    exemplars(point.exemplars(), out)
}

fn histogram(nth: usize, point: HistogramPointView<'_>, out: &mut Text<'_>) -> fmt::Result {
    let times = [point.start_time_unix_nano(), point.time_unix_nano()];
    head(
        "HistogramDataPoints",
        nth,
        point.attributes(),
        times,
        point.flags(),
        out,
    )?;
    writeln!(out, "Count: {}", point.count())?;
    optional("Sum", point.sum(), out)?;
    optional("Min", point.min(), out)?;
    optional("Max", point.max(), out)?;
    for (nth, bound) in point.explicit_bounds().enumerate() {
        writeln!(out, "ExplicitBounds #{nth}: {bound:?}")?;
    }
    for (nth, count) in point.bucket_counts().enumerate() {
        writeln!(out, "Buckets #{nth}, Count: {count}")?;
    }
    exemplars(point.exemplars(), out)
}

fn exponential_histogram(nth: usize, point: ExpHistogramPointView<'_>, out: &mut Text<'_>) -> fmt::Result {
    let times = [point.start_time_unix_nano(), point.time_unix_nano()];
    head(
        "ExponentialHistogramDataPoints",
        nth,
        point.attributes(),
        times,
        point.flags(),
        out,
    )?;
    writeln!(out, "Count: {}", point.count())?;
    optional("Sum", point.sum(), out)?;
    optional("Min", point.min(), out)?;
    optional("Max", point.max(), out)?;
    writeln!(out, "Scale: {}", point.scale())?;
    for bucket in buckets(point.scale(), point.negative()) {
        writeln!(
            out,
            "Bucket [{:?}, {:?}), Count: {}",
            -bucket.upper, -bucket.lower, bucket.count
        )?;
    }
    if point.zero_count() != 0 {
        let threshold = point.zero_threshold();
        writeln!(
            out,
            "Bucket [{:?}, {threshold:?}], Count: {}",
            0.0 - threshold,
            point.zero_count()
        )?;
    }
    for bucket in buckets(point.scale(), point.positive()) {
        writeln!(
            out,
            "Bucket ({:?}, {:?}], Count: {}",
            bucket.lower, bucket.upper, bucket.count
        )?;
    }
    exemplars(point.exemplars(), out)
}

struct Bucket {
    lower: f64,
    upper: f64,
    count: u64,
}

/// The buckets with their bounds: bucket `i` holds what lies above base^i, up to base^(i+1), where base is
/// 2^(2^-scale) (OTLP data model, "Exponential Buckets"). Offset and scale are foreign: bounds beyond what a double
/// holds are 0 or infinite.
fn buckets<'a>(scale: i32, buckets: Option<BucketsView<'a>>) -> impl Iterator<Item = Bucket> + use<'a> {
    let log_base = (-f64::from(scale)).exp2();
    buckets.into_iter().flat_map(move |buckets| {
        let offset = f64::from(buckets.offset());
        buckets.bucket_counts().enumerate().map(move |(nth, count)| {
            let index = offset + nth as f64;
            Bucket {
                lower: (index * log_base).exp2(),
                upper: ((index + 1.0) * log_base).exp2(),
                count,
            }
        })
    })
}

fn summary(nth: usize, point: SummaryPointView<'_>, out: &mut Text<'_>) -> fmt::Result {
    let times = [point.start_time_unix_nano(), point.time_unix_nano()];
    head(
        "SummaryDataPoints",
        nth,
        point.attributes(),
        times,
        point.flags(),
        out,
    )?;
    writeln!(out, "Count: {}", point.count())?;
    writeln!(out, "Sum: {:?}", point.sum())?;
    for (nth, quantile) in point.quantile_values().enumerate() {
        let (at, value) = (quantile.quantile(), quantile.value());
        writeln!(out, "QuantileValue #{nth}: Quantile {at:?}, Value {value:?}")?;
    }
    Ok(())
}

fn optional(name: &str, value: Option<f64>, out: &mut Text<'_>) -> fmt::Result {
    match value {
        Some(value) => writeln!(out, "{name}: {value:?}"),
        None => Ok(()),
    }
}

fn exemplars<'a>(exemplars: impl Iterator<Item = ExemplarView<'a>>, out: &mut Text<'_>) -> fmt::Result {
    for (nth, exemplar) in exemplars.enumerate() {
        if nth == 0 {
            writeln!(out, "Exemplars:")?;
        }
        writeln!(out, "Exemplar #{nth}")?;
        writeln!(out, "     -> Trace ID{}", Colon(exemplar.trace_id()))?;
        writeln!(out, "     -> Span ID{}", Colon(exemplar.span_id()))?;
        writeln!(out, "     -> Timestamp: {}", Time(exemplar.time_unix_nano()))?;
        if let Some(value) = exemplar.value() {
            writeln!(out, "     -> Value: {}", Number(value))?;
        }
        attribute_lines(
            "     ",
            "-> FilteredAttributes",
            exemplar.filtered_attributes(),
            out,
        )?;
    }
    Ok(())
}
