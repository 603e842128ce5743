//! One data point on the wire, and what operations do to it.
//!
//! A point is the content of its serialized message. What an operation does not change stays the same bytes, fields
//! that this build does not know included.

use std::borrow::Cow;

use sidelight_proto::views::{AttributeView, Attributes, ValueView};
use sidelight_proto::views::{ExpHistogramPointView, HistogramPointView, NumberPointView, SummaryPointView};
use sidelight_proto::wire::{Field, Fields, Value, Writer};

use crate::value_text::text_of;

/// The type of a metric, which says how its points are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Gauge,
    Sum,
    Histogram,
    ExponentialHistogram,
    Summary,
}

impl Kind {
    /// The kind whose points are field `number` of a metric.
    pub(super) fn of_field(number: u32) -> Option<Self> {
        Some(match number {
            5 => Kind::Gauge,
            7 => Kind::Sum,
            9 => Kind::Histogram,
            10 => Kind::ExponentialHistogram,
            11 => Kind::Summary,
            _ => return None,
        })
    }

    /// The field of a metric that holds its points.
    pub(super) fn field(self) -> u32 {
        match self {
            Kind::Gauge => 5,
            Kind::Sum => 7,
            Kind::Histogram => 9,
            Kind::ExponentialHistogram => 10,
            Kind::Summary => 11,
        }
    }

    /// The field of a point that holds its attributes.
    pub(super) fn attributes_field(self) -> u32 {
        match self {
            Kind::Gauge | Kind::Sum | Kind::Summary => 7,
            Kind::Histogram => 9,
            Kind::ExponentialHistogram => 1,
        }
    }

    /// Whether its points hold one number.
    pub(super) fn is_number(self) -> bool {
        matches!(self, Kind::Gauge | Kind::Sum)
    }
}

/// A data point: its message, without tag and length.
pub(super) type Point<'a> = Cow<'a, [u8]>;

/// The attributes of a point.
pub(super) fn attributes(kind: Kind, point: &[u8]) -> Attributes<'_> {
    match kind {
        Kind::Gauge | Kind::Sum => NumberPointView::new(point).attributes(),
        Kind::Histogram => HistogramPointView::new(point).attributes(),
        Kind::ExponentialHistogram => ExpHistogramPointView::new(point).attributes(),
        Kind::Summary => SummaryPointView::new(point).attributes(),
    }
}

/// The value of a label as text, whatever its type.
pub(super) fn label<'p>(kind: Kind, point: &'p [u8], key: &str) -> Option<Cow<'p, str>> {
    attributes(kind, point).get(key).map(text_of)
}

/// The point with a label, in place of one of that name.
pub(super) fn with_label(kind: Kind, point: &[u8], key: &str, value: &str) -> Vec<u8> {
    let number = kind.attributes_field();
    let mut out = Writer::with_capacity(point.len() + key.len() + value.len() + 16);
    copy_fields(&mut out, point, |field| !is_label(field, number, key));
    write_label(&mut out, number, key, &text_value(value));
    out.into_bytes()
}

/// The point with a label renamed, in place of one that has the new name already. `None` where it has no such label.
pub(super) fn with_label_renamed(kind: Kind, point: &[u8], key: &str, new_key: &str) -> Option<Vec<u8>> {
    let number = kind.attributes_field();
    let value = attributes(kind, point)
        .find(|attribute| attribute.key_bytes() == key.as_bytes())?
        .value_bytes();
    let mut out = Writer::with_capacity(point.len() + new_key.len() + 8);
    copy_fields(&mut out, point, |field| {
        !is_label(field, number, key) && !is_label(field, number, new_key)
    });
    write_label(&mut out, number, new_key, value);
    Some(out.into_bytes())
}

/// The point with only those labels for which `keep` is true; `None` where that are all.
pub(super) fn with_labels_kept(
    kind: Kind,
    point: &[u8],
    keep: impl Fn(AttributeView<'_>) -> bool,
) -> Option<Vec<u8>> {
    if attributes(kind, point).all(&keep) {
        return None;
    }
    let number = kind.attributes_field();
    let mut out = Writer::with_capacity(point.len());
    copy_fields(&mut out, point, |field| match field.value {
        Value::Len(content) if field.number == number => keep(AttributeView::new(content)),
        _ => true,
    });
    Some(out.into_bytes())
}

/// The text of an attribute's value.
pub(super) fn attribute_text(attribute: AttributeView<'_>) -> Cow<'_, str> {
    text_of(attribute.value())
}

/// Copies the fields of a message for which `keep` is true, as they are.
pub(super) fn copy_fields(out: &mut Writer, message: &[u8], keep: impl Fn(&Field<'_>) -> bool) {
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next() {
        if keep(&field) {
            out.raw(message.get(field.start..fields.offset()).unwrap_or_default());
        }
    }
}

fn is_label(field: &Field<'_>, number: u32, key: &str) -> bool {
    match field.value {
        Value::Len(content) if field.number == number => {
            AttributeView::new(content).key_bytes() == key.as_bytes()
        }
        _ => false,
    }
}

/// Writes an attribute whose value is a serialized `AnyValue`.
pub(super) fn write_label(out: &mut Writer, number: u32, key: &str, value: &[u8]) {
    let label = out.begin(number, 1);
    if !key.is_empty() {
        out.bytes_field(1, key.as_bytes());
    }
    out.bytes_field(2, value);
    out.end(label);
}

/// A text as a serialized `AnyValue`.
pub(super) fn text_value(text: &str) -> Vec<u8> {
    let mut value = Writer::with_capacity(text.len() + 4);
    value.bytes_field(1, text.as_bytes());
    value.into_bytes()
}

/// What tells the series of two points apart: their attributes, in an order of their own.
pub(super) fn series_key(kind: Kind, point: &[u8]) -> Vec<u8> {
    let mut sorted: Vec<(&[u8], &[u8])> = attributes(kind, point)
        .map(|attribute| (attribute.key_bytes(), attribute.value_bytes()))
        .collect();
    sorted.sort_unstable();
    let mut key = Writer::with_capacity(point.len());
    for (name, value) in sorted {
        key.bytes_field(1, name);
        key.bytes_field(2, value);
    }
    key.into_bytes()
}

/// Whether the point says that there is no value (data point flag 1).
pub(super) fn has_no_value(kind: Kind, point: &[u8]) -> bool {
    let flags = match kind {
        Kind::Gauge | Kind::Sum => NumberPointView::new(point).flags(),
        Kind::Histogram => HistogramPointView::new(point).flags(),
        Kind::ExponentialHistogram => ExpHistogramPointView::new(point).flags(),
        Kind::Summary => SummaryPointView::new(point).flags(),
    };
    flags & 1 != 0
}

/// Whether a label's value is this text.
pub(super) fn is_text(value: ValueView<'_>, text: &str) -> bool {
    text_of(value) == text
}

#[cfg(test)]
mod tests {
    use sidelight_proto::encode::MetricsEncoder;
    use sidelight_proto::views::{DataView, MetricsView, NumberValue};

    use super::*;

    /// A gauge's point with these labels and a value.
    fn point(labels: &[(&str, &str)]) -> Vec<u8> {
        let mut metrics = MetricsEncoder::default();
        {
            let mut resource = metrics.resource_metrics();
            let mut scope = resource.scope_metrics();
            let mut metric = scope.metric();
            let mut gauge = metric.gauge();
            let mut point = gauge.data_point();
            point.value(NumberValue::Int(7)).time_unix_nano(1);
            for (key, value) in labels {
                point.attribute(key, *value);
            }
        }
        let request = metrics.finish();
        let resource = MetricsView::new(&request).resource_metrics().next().expect("one");
        let scope = resource.scope_metrics().next().expect("one");
        let DataView::Gauge(gauge) = scope.metrics().next().expect("one").data() else {
            panic!("a gauge")
        };
        gauge.data_points().next().expect("one").as_bytes().to_vec()
    }

    fn labels(point: &[u8]) -> Vec<(String, String)> {
        attributes(Kind::Gauge, point)
            .map(|attribute| (attribute.key().to_owned(), attribute_text(attribute).into_owned()))
            .collect()
    }

    fn owned(labels: &[(&str, &str)]) -> Vec<(String, String)> {
        labels
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn a_label_is_set_renamed_and_removed_and_the_value_stays() {
        let start = point(&[("a", "1"), ("b", "2")]);
        let set = with_label(Kind::Gauge, &start, "a", "x");
        assert_eq!(labels(&set), owned(&[("b", "2"), ("a", "x")]));
        let renamed = with_label_renamed(Kind::Gauge, &start, "a", "b").expect("there");
        assert_eq!(
            labels(&renamed),
            owned(&[("b", "1")]),
            "the new name is there once"
        );
        assert_eq!(with_label_renamed(Kind::Gauge, &start, "c", "d"), None);
        let kept = with_labels_kept(Kind::Gauge, &start, |attribute| attribute.key() == "b");
        let kept = kept.expect("changed");
        assert_eq!(labels(&kept), owned(&[("b", "2")]));
        assert_eq!(with_labels_kept(Kind::Gauge, &start, |_| true), None);
        for point in [set, renamed, kept] {
            assert_eq!(NumberPointView::new(&point).value(), Some(NumberValue::Int(7)));
        }
    }

    #[test]
    fn the_order_of_labels_does_not_make_another_series() {
        let one = point(&[("a", "1"), ("b", "2")]);
        let other = point(&[("b", "2"), ("a", "1")]);
        assert_eq!(series_key(Kind::Gauge, &one), series_key(Kind::Gauge, &other));
        let third = point(&[("a", "2"), ("b", "1")]);
        assert_ne!(series_key(Kind::Gauge, &one), series_key(Kind::Gauge, &third));
    }
}
