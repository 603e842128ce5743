//! A metric that is being changed: its message taken apart as far as transformations look.

use std::borrow::Cow;

use sidelight_proto::views::{AggregationTemporality, MetricView};
use sidelight_proto::wire::{Fields, Value, Writer};

use super::point::{Kind, Point, copy_fields};

/// A metric of a scope: as it came, or taken apart.
#[derive(Clone, Debug)]
pub(super) enum Slot<'a> {
    /// Its message and name.
    AsIs { name: &'a str, message: &'a [u8] },
    /// Being changed.
    Open(Metric<'a>),
}

/// Name, unit and points of a metric; everything else is copied from its source.
#[derive(Clone, Debug)]
pub(super) struct Metric<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) unit: Cow<'a, str>,
    pub(super) kind: Kind,
    pub(super) points: Vec<Point<'a>>,
    /// The metric as it came.
    source: &'a [u8],
}

impl<'a> Slot<'a> {
    pub(super) fn new(metric: MetricView<'a>) -> Self {
        Slot::AsIs {
            name: metric.name(),
            message: metric.as_bytes(),
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Slot::AsIs { name, .. } => name,
            Slot::Open(metric) => &metric.name,
        }
    }

    /// A copy, taken apart; `None` where the metric is of a type that is not known, or without any.
    pub(super) fn opened(&self) -> Option<Metric<'a>> {
        match self {
            Slot::AsIs { message, .. } => Metric::open(message),
            Slot::Open(metric) => Some(metric.clone()),
        }
    }

    /// Writes the metric as field 2 of its scope.
    pub(super) fn write(&self, out: &mut Writer) {
        match self {
            Slot::AsIs { message, .. } => out.bytes_field(2, message),
            Slot::Open(metric) => metric.write(out),
        }
    }
}

impl<'a> Metric<'a> {
    fn open(source: &'a [u8]) -> Option<Self> {
        let view = MetricView::new(source);
        let (kind, data) = data(source)?;
        let points = Fields::new(data).filter_map(|field| match field.value {
            Value::Len(point) if field.number == 1 => Some(Cow::Borrowed(point)),
            _ => None,
        });
        Some(Metric {
            name: Cow::Borrowed(view.name()),
            unit: Cow::Borrowed(view.unit()),
            kind,
            points: points.collect(),
            source,
        })
    }

    /// The same metric without points.
    pub(super) fn without_points(&self) -> Self {
        Metric {
            points: Vec::new(),
            ..self.clone()
        }
    }

    /// What its points are relative to; `None` for those that have nothing of the kind.
    pub(super) fn temporality(&self) -> Option<AggregationTemporality> {
        let number = match self.kind {
            Kind::Gauge | Kind::Summary => return None,
            Kind::Sum | Kind::Histogram | Kind::ExponentialHistogram => self.data_field(2),
        };
        Some(AggregationTemporality::from(number as i32))
    }

    /// Whether it is a sum that never decreases.
    pub(super) fn is_monotonic(&self) -> bool {
        self.kind == Kind::Sum && self.data_field(3) != 0
    }

    fn data_field(&self, number: u32) -> u64 {
        let Some((_, data)) = data(self.source) else {
            return 0;
        };
        Fields::new(data)
            .find_map(|field| match field.value {
                Value::Varint(value) if field.number == number => Some(value),
                _ => None,
            })
            .unwrap_or(0)
    }

    fn write(&self, out: &mut Writer) {
        let metric = out.begin(2, 2);
        if !self.name.is_empty() {
            out.bytes_field(1, self.name.as_bytes());
        }
        if !self.unit.is_empty() {
            out.bytes_field(3, self.unit.as_bytes());
        }
        let field = self.kind.field();
        copy_fields(out, self.source, |other| {
            !matches!(other.number, 1 | 3) && other.number != field
        });
        let opened = out.begin(field, 2);
        if let Some((_, data)) = data(self.source) {
            copy_fields(out, data, |other| other.number != 1);
        }
        for point in &self.points {
            out.bytes_field(1, point);
        }
        out.end(opened);
        out.end(metric);
    }
}

/// The data of a metric, and of which kind it is.
fn data(metric: &[u8]) -> Option<(Kind, &[u8])> {
    Fields::new(metric).find_map(|field| match field.value {
        Value::Len(content) => Some((Kind::of_field(field.number)?, content)),
        _ => None,
    })
}
