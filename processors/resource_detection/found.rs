//! Attributes that were detected, ready to be written.

use sidelight_proto::rewrite::{AttributeEdits, Interest, Keep, Rewriter};
use sidelight_proto::views::{ResourceView, ValueView};
use sidelight_proto::wire::Writer;

/// An attribute that was detected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    key: String,
    /// A serialized `AnyValue`.
    value: Vec<u8>,
    /// Whether it never replaces what a resource says of itself.
    only_added: bool,
}

impl Found {
    pub(super) fn text(key: &str, value: &str) -> Self {
        let mut any_value = Writer::with_capacity(value.len() + 4);
        any_value.bytes_field(1, value.as_bytes());
        Self::new(key, any_value)
    }

    pub(super) fn integer(key: &str, value: i64) -> Self {
        let mut any_value = Writer::default();
        any_value.varint_field(3, value as u64);
        Self::new(key, any_value)
    }

    pub(super) fn texts(key: &str, values: &[String]) -> Self {
        let mut any_value = Writer::default();
        let array = any_value.begin(5, 1);
        for text in values {
            let value = any_value.begin(1, 1);
            any_value.bytes_field(1, text.as_bytes());
            any_value.end(value);
        }
        any_value.end(array);
        Self::new(key, any_value)
    }

    fn new(key: &str, any_value: Writer) -> Self {
        Self {
            key: key.to_owned(),
            value: any_value.into_bytes(),
            only_added: false,
        }
    }

    /// The same, but it never replaces what a resource says of itself.
    pub(super) fn only_added(mut self) -> Self {
        self.only_added = true;
        self
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn value(&self) -> ValueView<'_> {
        ValueView::new(&self.value)
    }
}

/// Adds what another detector found, where it is new.
pub(super) fn merge(all: &mut Vec<Found>, found: Vec<Found>) {
    for attribute in found {
        if all.iter().all(|other| other.key != attribute.key) {
            all.push(attribute);
        }
    }
}

/// Writes the attributes to every resource.
pub(super) struct Written<'f> {
    pub(super) found: &'f [Found],
    /// Whether they replace those of the same name.
    pub(super) replaces: bool,
}

impl Rewriter for Written<'_> {
    fn interest(&self) -> Interest {
        Interest::RESOURCES
    }

    fn resource(&mut self, _: ResourceView<'_>, edits: &mut AttributeEdits<'_>) -> Keep {
        for attribute in self.found {
            let (key, value) = (attribute.key(), attribute.value());
            // A resource that says the same already is left alone: a batch of them goes on as it is.
            let write = match edits.get(key) {
                None => true,
                Some(old) => self.replaces && !attribute.only_added && old != value,
            };
            if write {
                edits.set(key, value);
            }
        }
        Keep::Yes
    }
}
