//! The values of data points as JSON, and the templates that their fields are mapped by.

use sidelight_proto::json::write;
use sidelight_proto::views::{
    BucketsView, ExpHistogramPointView, HistogramPointView, NumberPointView, NumberValue,
};

use super::config::MappingMode;

pub(super) const CUMULATIVE: &str = "a cumulative histogram has no form in Elasticsearch: let its source send deltas \
     (OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta)";

/// The template that a field is mapped by, where it is new.
#[derive(Clone, Copy)]
pub(super) enum Template {
    GaugeLong,
    GaugeDouble,
    CounterLong,
    CounterDouble,
    Histogram,
    Summary,
}

impl Template {
    pub(super) fn name(self, mode: MappingMode) -> &'static str {
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

pub(super) fn number_value(
    view: NumberPointView<'_>,
    is_counter: bool,
) -> Result<(Template, Vec<u8>), &'static str> {
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
pub(super) fn aggregate(sum: f64, count: u64) -> (Template, Vec<u8>) {
    let mut json = b"{\"sum\":".to_vec();
    write::double(sum, &mut json);
    json.extend_from_slice(b",\"value_count\":");
    write::unsigned(count, &mut json);
    json.push(b'}');
    (Template::Summary, json)
}

/// Counts at the middle of each bucket, as Elastic's own intake makes them: of the first bucket the half of its bound, of
/// the last its lower bound.
pub(super) fn explicit(view: HistogramPointView<'_>) -> Result<(Template, Vec<u8>), &'static str> {
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

pub(super) fn exponential(view: ExpHistogramPointView<'_>) -> (Template, Vec<u8>) {
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
