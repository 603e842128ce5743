//! Points of one series at one time become one.

mod exponential;
mod histogram;
mod numbers;

use std::collections::HashMap;

use sidelight_proto::views::{
    AggregationTemporality, ExpHistogramPointView, HistogramPointView, NumberPointView,
};
use sidelight_proto::wire::Writer;

use super::config::Aggregation;
use super::metric::Metric;
use super::point::{Kind, Point, copy_fields, has_no_value, series_key};
use super::skip::Skip;

/// The field of every kind of point that holds its start time.
const START: u32 = 2;

/// Joins the points of a metric that have the same labels and time. The order is that of the first of each.
///
/// Points of delta temporality are joined only where they begin at the same time too: others would be counted for a
/// time that they do not cover.
///
/// # Errors
/// The metric is not one that can be aggregated so; it is as it was.
pub(super) fn aggregate(metric: &mut Metric<'_>, aggregation: Aggregation) -> Result<(), Skip> {
    match metric.kind {
        Kind::Summary => return Err(Skip::SummaryAggregated),
        Kind::Histogram | Kind::ExponentialHistogram if aggregation != Aggregation::Sum => {
            return Err(Skip::HistogramTakesSum);
        }
        _ => {}
    }
    let kind = metric.kind;
    let by_start = metric.temporality() == Some(AggregationTemporality::Delta);
    let mut places: HashMap<Vec<u8>, usize> = HashMap::with_capacity(metric.points.len());
    let mut groups: Vec<Vec<Point<'_>>> = Vec::new();
    for point in std::mem::take(&mut metric.points) {
        let place = *places.entry(key(kind, &point, by_start)).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(place) {
            group.push(point);
        }
    }
    metric.points = groups
        .into_iter()
        .flat_map(|group| joined(kind, group, aggregation))
        .collect();
    Ok(())
}

/// What points have in common that become one.
fn key(kind: Kind, point: &[u8], by_start: bool) -> Vec<u8> {
    let mut key = Writer::from(series_key(kind, point));
    let (start, time) = times(kind, point);
    key.raw(&time.to_le_bytes());
    if by_start {
        key.raw(&start.to_le_bytes());
    }
    if kind == Kind::ExponentialHistogram {
        let threshold = ExpHistogramPointView::new(point).zero_threshold();
        key.raw(&threshold.to_le_bytes());
    }
    key.into_bytes()
}

/// Start time and time, in Unix nanoseconds.
fn times(kind: Kind, point: &[u8]) -> (u64, u64) {
    match kind {
        Kind::Gauge | Kind::Sum | Kind::Summary => {
            // The times of a summary are the same fields.
            let point = NumberPointView::new(point);
            (point.start_time_unix_nano(), point.time_unix_nano())
        }
        Kind::Histogram => {
            let point = HistogramPointView::new(point);
            (point.start_time_unix_nano(), point.time_unix_nano())
        }
        Kind::ExponentialHistogram => {
            let point = ExpHistogramPointView::new(point);
            (point.start_time_unix_nano(), point.time_unix_nano())
        }
    }
}

/// The points of a group as one. A point that says that there is no value takes no part, unless there are no others.
fn joined<'a>(kind: Kind, group: Vec<Point<'a>>, aggregation: Aggregation) -> Option<Point<'a>> {
    let (without, mut with): (Vec<_>, Vec<_>) =
        group.into_iter().partition(|point| has_no_value(kind, point));
    let always = kind.is_number()
        && !matches!(
            aggregation,
            Aggregation::Sum | Aggregation::Min | Aggregation::Max
        );
    if with.is_empty() {
        return without.into_iter().next();
    }
    if with.len() == 1 && !always {
        return with.pop();
    }
    let joined = match kind {
        Kind::Gauge | Kind::Sum => numbers::joined(&with, aggregation),
        Kind::Histogram => histogram::joined(&with),
        Kind::ExponentialHistogram => exponential::joined(&with),
        Kind::Summary => None,
    };
    joined.map(Point::Owned).or_else(|| with.into_iter().next())
}

/// The earliest start of points; 0, unknown, where one does not know it.
fn earliest_start(kind: Kind, points: &[Point<'_>]) -> u64 {
    let starts = points.iter().map(|point| times(kind, point).0);
    starts.min().unwrap_or(0)
}

/// Writes the fields of the first point that all have in common, and the start time.
fn begin(out: &mut Writer, points: &[Point<'_>], kind: Kind, keep: impl Fn(u32) -> bool) {
    if let Some(first) = points.first() {
        copy_fields(out, first, |field| field.number != START && keep(field.number));
    }
    let start = earliest_start(kind, points);
    if start != 0 {
        out.fixed64_field(START, start);
    }
}

/// `f` over the values that all points have; `None` where one has none.
fn of_all(
    points: &[Point<'_>],
    value: impl Fn(&[u8]) -> Option<f64>,
    f: impl Fn(f64, f64) -> f64,
) -> Option<f64> {
    let mut values = points.iter().map(|point| value(point));
    let first = values.next()??;
    values.try_fold(first, |so_far, value| Some(f(so_far, value?)))
}
