//! The labels of a series, ordered by name, in one piece of bytes that also tells series apart.
//!
//! The bytes are those of `prometheus.TimeSeries.labels` (remote write 1.0): `Label` messages as field 1.

use std::borrow::Cow;
use std::collections::BTreeMap;

use sidelight_exposition::names::{TranslationStrategy, label_name, label_value};
use sidelight_proto::views::{AttributeView, Attributes};
use sidelight_proto::wire::{Fields, Value, Writer, varint_len};

/// Labels of one series by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Labels(BTreeMap<String, String>);

impl Labels {
    /// The attributes under the names that the strategy gives them, without those for which `keep` is false. Attributes
    /// whose names become equal are joined, their values in the order of the keys with `;` between. One of which no name
    /// is left is left out, and so is an empty value: to Prometheus that is no label.
    pub(super) fn of_attributes(
        attributes: Attributes<'_>,
        strategy: TranslationStrategy,
        keep: impl Fn(&str) -> bool,
    ) -> Self {
        let mut sorted: Vec<AttributeView<'_>> =
            attributes.filter(|attribute| keep(attribute.key())).collect();
        sorted.sort_by_key(AttributeView::key_bytes);
        let mut labels = Self::default();
        for attribute in sorted {
            let value = label_value(attribute.value());
            if let (Ok(name), false) = (label_name(attribute.key(), strategy), value.is_empty()) {
                labels.join(name, &value);
            }
        }
        labels
    }

    fn join(&mut self, name: String, value: &str) {
        match self.0.entry(name) {
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(value.to_owned());
            }
            std::collections::btree_map::Entry::Occupied(mut joined) => {
                joined.get_mut().push(';');
                joined.get_mut().push_str(value);
            }
        }
    }

    /// Gives a label this value, whatever it had; the empty one takes it away.
    pub(super) fn set(&mut self, name: &str, value: impl Into<Cow<'static, str>>) {
        let value = value.into();
        if value.is_empty() {
            self.0.remove(name);
        } else {
            self.0.insert(name.to_owned(), value.into_owned());
        }
    }

    /// Gives a label this value where it has none.
    pub(super) fn add(&mut self, name: &str, value: &str) {
        if !value.is_empty() && !self.0.contains_key(name) {
            self.0.insert(name.to_owned(), value.to_owned());
        }
    }

    /// Sets all of these.
    pub(super) fn set_all(&mut self, others: &Labels) {
        for (name, value) in &others.0 {
            self.0.insert(name.clone(), value.clone());
        }
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The labels of a series of this name, and with one more label, on the wire.
    pub(super) fn of_series(&self, name: &str, more: Option<(&str, &str)>) -> Vec<u8> {
        let fixed = [Some(("__name__", name)), more];
        let mut fixed: Vec<(&str, &str)> = fixed.into_iter().flatten().collect();
        fixed.sort_unstable();
        let own = self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let mut own = own
            .filter(|(name, _)| fixed.iter().all(|(other, _)| other != name))
            .peekable();
        let mut out = Writer::with_capacity(256);
        for label in &fixed {
            while let Some((name, value)) = own.next_if(|other| other < label) {
                write_label(&mut out, name, value);
            }
            write_label(&mut out, label.0, label.1);
        }
        own.for_each(|(name, value)| write_label(&mut out, name, value));
        out.into_bytes()
    }
}

/// Writes a `Label` as field 1 of a series.
pub(super) fn write_label(out: &mut Writer, name: &str, value: &str) {
    let delimited = |text: &str| 1 + varint_len(text.len() as u64) + text.len();
    out.len_header(1, delimited(name) + delimited(value));
    out.bytes_field(1, name.as_bytes());
    out.bytes_field(2, value.as_bytes());
}

/// Names and values of labels that were written.
pub(super) fn read(labels: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    Fields::new(labels).filter_map(|field| match field.value {
        Value::Len(label) => {
            let mut texts = Fields::new(label).map(|field| match field.value {
                Value::Len(text) => text,
                _ => &[],
            });
            Some((texts.next()?, texts.next()?))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use sidelight_proto::encode::MetricsEncoder;
    use sidelight_proto::views::MetricsView;

    use super::*;

    fn labels(attributes: &[(&str, &str)]) -> Labels {
        let mut metrics = MetricsEncoder::default();
        {
            let mut resource_metrics = metrics.resource_metrics();
            let mut resource = resource_metrics.resource();
            for (key, value) in attributes {
                resource.attribute(key, *value);
            }
        }
        let bytes = metrics.finish();
        let resource = MetricsView::new(&bytes)
            .resource_metrics()
            .next()
            .expect("one")
            .resource();
        Labels::of_attributes(resource.attributes(), TranslationStrategy::default(), |key| {
            key != "left.out"
        })
    }

    fn shown(bytes: &[u8]) -> String {
        let text = |bytes| std::str::from_utf8(bytes).expect("text");
        let labels = read(bytes).map(|(name, value)| format!("{}={}", text(name), text(value)));
        labels.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn labels_are_ordered_by_name_and_equal_names_are_joined_in_the_order_of_keys() {
        let labels = labels(&[
            ("z.a", "2"),
            ("b", ""),
            ("a", "1"),
            ("z-a", "1"),
            ("left.out", "x"),
            ("é", "y"),
        ]);
        assert_eq!(shown(&labels.of_series("m", None)), "__name__=m a=1 z_a=1;2");
        assert_eq!(
            shown(&labels.of_series("m", Some(("le", "5")))),
            "__name__=m a=1 le=5 z_a=1;2"
        );
    }

    #[test]
    fn what_a_series_needs_takes_the_place_of_an_attribute() {
        let labels = labels(&[("le", "mine"), ("__name__", "mine"), ("A", "1")]);
        assert_eq!(
            shown(&labels.of_series("m", Some(("le", "5")))),
            "A=1 __name__=m le=5"
        );
    }
}
