//! Metrics and their points.

use sidelight_proto::rewrite::{Context, PointView};
use sidelight_proto::views::{DataView, MetricView, NumberValue};

use super::{of_attributes, of_context, unsigned};
use crate::path::{Field, Item, Path};
use crate::value::{Fields, Value};

/// A metric with its resource and scope.
#[derive(Clone, Copy, Debug)]
pub struct Metric<'r> {
    /// Its resource and scope.
    pub at: Context<'r>,
    /// The metric.
    pub metric: MetricView<'r>,
}

/// A point with its metric.
#[derive(Clone, Copy, Debug)]
pub struct DataPoint<'r> {
    /// The metric.
    pub metric: Metric<'r>,
    /// The point.
    pub point: PointView<'r>,
}

impl Fields for Metric<'_> {
    fn get<'a>(&'a self, path: Path, keys: &[String]) -> Value<'a> {
        if path.item != Item::Metric {
            return of_context(self.at, path, keys);
        }
        let metric = self.metric;
        match path.field {
            Field::Name => Value::Text(metric.name().into()),
            Field::Description => Value::Text(metric.description().into()),
            Field::Unit => Value::Text(metric.unit().into()),
            Field::Metadata => of_attributes(metric.metadata(), keys),
            Field::Type => Value::Int(match metric.data() {
                DataView::Empty => 0,
                DataView::Gauge(_) => 1,
                DataView::Sum(_) => 2,
                DataView::Histogram(_) => 3,
                DataView::ExponentialHistogram(_) => 4,
                DataView::Summary(_) => 5,
            }),
            Field::Temporality => match metric.data() {
                DataView::Sum(sum) => Value::Int(sum.aggregation_temporality_number().into()),
                DataView::Histogram(data) => Value::Int(data.aggregation_temporality_number().into()),
                DataView::ExponentialHistogram(data) => {
                    Value::Int(data.aggregation_temporality_number().into())
                }
                _ => Value::Nil,
            },
            Field::IsMonotonic => match metric.data() {
                DataView::Sum(sum) => Value::Bool(sum.is_monotonic()),
                _ => Value::Nil,
            },
            _ => Value::Nil,
        }
    }
}

impl Fields for DataPoint<'_> {
    fn get<'a>(&'a self, path: Path, keys: &[String]) -> Value<'a> {
        if path.item != Item::DataPoint {
            return self.metric.get(path, keys);
        }
        let point = self.point;
        let optional = |number: Option<f64>| number.map_or(Value::Nil, Value::Double);
        match (path.field, point) {
            (Field::Attributes, _) => of_attributes(point.attributes(), keys),
            (Field::Time, _) => unsigned(point.time_unix_nano()),
            (Field::StartTime, _) => unsigned(match point {
                PointView::Number(point) => point.start_time_unix_nano(),
                PointView::Histogram(point) => point.start_time_unix_nano(),
                PointView::ExponentialHistogram(point) => point.start_time_unix_nano(),
                PointView::Summary(point) => point.start_time_unix_nano(),
            }),
            (Field::Flags, _) => Value::Int(i64::from(match point {
                PointView::Number(point) => point.flags(),
                PointView::Histogram(point) => point.flags(),
                PointView::ExponentialHistogram(point) => point.flags(),
                PointView::Summary(point) => point.flags(),
            })),
            (Field::ValueInt, PointView::Number(point)) => match point.value() {
                Some(NumberValue::Int(number)) => Value::Int(number),
                _ => Value::Nil,
            },
            (Field::ValueDouble, PointView::Number(point)) => match point.value() {
                Some(NumberValue::Double(number)) => Value::Double(number),
                _ => Value::Nil,
            },
            (Field::Count, PointView::Histogram(point)) => unsigned(point.count()),
            (Field::Count, PointView::ExponentialHistogram(point)) => unsigned(point.count()),
            (Field::Count, PointView::Summary(point)) => unsigned(point.count()),
            (Field::Sum, PointView::Histogram(point)) => optional(point.sum()),
            (Field::Sum, PointView::ExponentialHistogram(point)) => optional(point.sum()),
            (Field::Sum, PointView::Summary(point)) => Value::Double(point.sum()),
            (Field::BucketCounts, PointView::Histogram(point)) => {
                Value::List(point.bucket_counts().map(unsigned).collect())
            }
            (Field::ExplicitBounds, PointView::Histogram(point)) => {
                Value::List(point.explicit_bounds().map(Value::Double).collect())
            }
            (Field::Scale, PointView::ExponentialHistogram(point)) => Value::Int(point.scale().into()),
            (Field::ZeroCount, PointView::ExponentialHistogram(point)) => unsigned(point.zero_count()),
            _ => Value::Nil,
        }
    }
}
