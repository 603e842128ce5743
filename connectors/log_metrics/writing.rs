//! What was counted, as a metrics request.

use std::collections::{BTreeMap, BTreeSet};

use sidelight_proto::encode::{ExemplarEncoder, MetricEncoder, MetricsEncoder};
use sidelight_proto::views::{NumberPointView, NumberValue, ResourceView};
use sidelight_series::SeriesId;

use super::counted::{Counted, Exemplar, Series, State};
use super::definition::{Definition, Kind};
use super::resource_of;
use super::settings::Temporality;

/// The series' point has no value: it ends here (OTLP `FLAG_NO_RECORDED_VALUE`).
const NO_RECORDED_VALUE: u32 = 1;

/// When the points are, and what they are relative to.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) temporality: Temporality,
    /// Of points that are relative to the previous ones: when those were.
    pub(super) previous: u64,
    pub(super) now: u64,
    /// Series that were touched before end.
    pub(super) expired_before: u64,
}

/// Writes everything that was counted, and says how many points that are.
pub(super) fn request(
    definitions: &[Definition],
    counted: &[Counted],
    span: Span,
    room: usize,
) -> (MetricsEncoder, usize) {
    // By resource, in which the metrics stand in their order.
    let mut by_resource: BTreeMap<&[u8], BTreeMap<usize, BTreeSet<SeriesId>>> = BTreeMap::new();
    for (nth, series) in counted.iter().enumerate() {
        for (id, _) in series.table.iter() {
            let (resource, _) = resource_of(series.table.identity(id).unwrap_or_default());
            let metrics = by_resource.entry(resource).or_default();
            metrics.entry(nth).or_default().insert(id);
        }
    }
    let (mut request, mut points) = (MetricsEncoder::with_capacity(room), 0);
    for (resource, metrics) in by_resource {
        let mut of_resource = request.resource_metrics();
        let mut written = of_resource.resource();
        for attribute in ResourceView::new(resource).attributes() {
            written.attribute(attribute.key(), attribute.value());
        }
        drop(written);
        let mut scope = of_resource.scope_metrics();
        scope.scope().name("sidelight/log_metrics");
        for (nth, definition) in definitions.iter().enumerate() {
            match (&definition.kind, metrics.get(&nth), counted.get(nth)) {
                (Kind::Ratio { of, to }, ..) => {
                    let of_metric = |place: &usize| Some((counted.get(*place)?, metrics.get(place)?));
                    let sum = |places: &[usize]| -> f64 {
                        let each = places.iter().filter_map(of_metric);
                        each.map(|(counted, ids)| counted.sum_of(ids)).sum()
                    };
                    let (of, to) = (sum(of), sum(to));
                    if to != 0.0 {
                        let mut metric = scope.metric();
                        describe(&mut metric, definition);
                        let mut gauge = metric.gauge();
                        let mut point = gauge.data_point();
                        point.time_unix_nano(span.now).value(NumberValue::Double(of / to));
                        points += 1;
                    }
                }
                (kind, Some(ids), Some(series)) => {
                    let mut metric = scope.metric();
                    describe(&mut metric, definition);
                    let each = ids.iter().filter_map(|id| {
                        let (_, attributes) = resource_of(series.table.identity(*id)?);
                        Some((attributes, series.table.get(*id)?))
                    });
                    points += write(&mut metric, kind, span, each);
                }
                _ => {}
            }
        }
    }
    (request, points)
}

fn describe(metric: &mut MetricEncoder<'_>, definition: &Definition) {
    metric
        .name(&definition.name)
        .description(&definition.description)
        .unit(&definition.unit);
}

/// Writes the points of a metric; how many.
fn write<'s>(
    metric: &mut MetricEncoder<'_>,
    kind: &Kind,
    span: Span,
    series: impl Iterator<Item = (&'s [u8], &'s Series)>,
) -> usize {
    let temporality = match span.temporality {
        Temporality::Delta => 1,
        Temporality::Cumulative => 2,
    };
    let start = |series: &Series| match span.temporality {
        Temporality::Delta => span.previous,
        Temporality::Cumulative => series.start,
    };
    macro_rules! points {
        ($data:ident, $has_start:expr, $point:ident, $series:ident => $value:expr) => {{
            let mut written = 0;
            for (attributes, $series) in series {
                let mut $point = $data.data_point();
                if $has_start {
                    $point.start_time_unix_nano(start($series));
                }
                $point.time_unix_nano(span.now);
                if $series.touched < span.expired_before {
                    $point.flags(NO_RECORDED_VALUE);
                } else {
                    $value;
                    if let Some(exemplar) = &$series.exemplar {
                        write_exemplar(&mut $point.exemplar(), exemplar);
                    }
                }
                for attribute in NumberPointView::new(attributes).attributes() {
                    $point.attribute(attribute.key(), attribute.value());
                }
                written += 1;
            }
            written
        }};
    }
    match kind {
        Kind::Histogram { bounds, .. } => {
            let mut data = metric.histogram();
            data.aggregation_temporality(temporality);
            points!(data, true, point, series => {
                if let State::Histogram { count, sum, min, max, buckets } = &series.state {
                    point.count(*count).sum(*sum).min(*min).max(*max);
                    point.bucket_counts(buckets.iter().copied()).explicit_bounds(bounds.iter().copied());
                }
            })
        }
        Kind::Gauge(_) => {
            let mut data = metric.gauge();
            points!(data, false, point, series => write_number(&series.state, |number| { point.value(number); }))
        }
        kind => {
            let mut data = metric.sum();
            let is_monotonic = !matches!(
                kind,
                Kind::Sum {
                    is_monotonic: false,
                    ..
                }
            );
            data.aggregation_temporality(temporality)
                .is_monotonic(is_monotonic);
            points!(data, true, point, series => write_number(&series.state, |number| { point.value(number); }))
        }
    }
}

fn write_number(state: &State, write: impl FnOnce(NumberValue)) {
    if let State::Number(number) = state {
        write(*number);
    }
}

fn write_exemplar(written: &mut ExemplarEncoder<'_>, exemplar: &Exemplar) {
    written
        .time_unix_nano(exemplar.time)
        .span_id(&exemplar.span_id)
        .trace_id(&exemplar.trace_id)
        .value(exemplar.value);
}
