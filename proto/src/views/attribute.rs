use super::{Repeated, View, get, text, view};
use crate::wire::{Fields, Value};

/// The attributes of a resource, scope, item, event, link or exemplar.
pub type Attributes<'a> = Repeated<'a, AttributeView<'a>>;

impl<'a> Attributes<'a> {
    /// The value of the first attribute with this key.
    pub fn get(mut self, key: &str) -> Option<ValueView<'a>> {
        self.find(|attribute| attribute.key_bytes() == key.as_bytes())
            .map(|attribute| attribute.value())
    }
}

view! {
    /// A key and its value (`KeyValue`).
    AttributeView {
        /// The key.
        key: text(1) -> &'a str,
        /// The key as bytes: cheaper to compare than [`AttributeView::key`], which checks UTF-8 once more.
        key_bytes: bytes(1) -> &'a [u8],
    }
}

impl<'a> AttributeView<'a> {
    /// The value; [`ValueView::Empty`] when there is none.
    #[inline]
    pub fn value(&self) -> ValueView<'a> {
        ValueView::new(get::bytes(self.0, 2))
    }

    /// The value still serialized (`AnyValue`); empty when there is none.
    #[inline]
    pub fn value_bytes(&self) -> &'a [u8] {
        get::bytes(self.0, 2)
    }
}

/// A value (`AnyValue`).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum ValueView<'a> {
    /// Nothing, which is not the empty string. Also the string index that only profiles use.
    #[default]
    Empty,
    /// Text.
    String(&'a str),
    /// True or false.
    Bool(bool),
    /// A 64-bit integer.
    Int(i64),
    /// A floating-point number.
    Double(f64),
    /// Bytes.
    Bytes(&'a [u8]),
    /// Values, not necessarily of one type.
    Array(ArrayView<'a>),
    /// Keys and values.
    KvList(KvListView<'a>),
}

impl<'a> ValueView<'a> {
    /// Reads the content of a serialized `AnyValue`. Of several values the last counts; admitted bytes hold one.
    #[inline]
    pub fn new(any_value: &'a [u8]) -> Self {
        let mut found = ValueView::Empty;
        for field in Fields::new(any_value) {
            found = match (field.number, field.value) {
                (1, Value::Len(content)) => ValueView::String(text(content)),
                (2, Value::Varint(value)) => ValueView::Bool(value != 0),
                (3, Value::Varint(value)) => ValueView::Int(value as i64),
                (4, Value::Fixed64(value)) => ValueView::Double(f64::from_bits(value)),
                (5, Value::Len(content)) => ValueView::Array(ArrayView(content)),
                (6, Value::Len(content)) => ValueView::KvList(KvListView(content)),
                (7, Value::Len(content)) => ValueView::Bytes(content),
                _ => found,
            };
        }
        found
    }

    /// The text, if it is text.
    pub const fn as_str(&self) -> Option<&'a str> {
        match self {
            ValueView::String(text) => Some(text),
            _ => None,
        }
    }

    /// The integer, if it is one.
    pub const fn as_int(&self) -> Option<i64> {
        match self {
            ValueView::Int(value) => Some(*value),
            _ => None,
        }
    }
}

/// The values of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ArrayView<'a>(&'a [u8]);

impl<'a> ArrayView<'a> {
    /// The values in order.
    pub fn values(&self) -> impl Iterator<Item = ValueView<'a>> + use<'a> {
        Fields::new(self.0).filter_map(|field| match field {
            crate::wire::Field {
                number: 1,
                value: Value::Len(content),
                ..
            } => Some(ValueView::new(content)),
            _ => None,
        })
    }

    /// The serialized `ArrayValue`.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }
}

/// The entries of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KvListView<'a>(&'a [u8]);

impl<'a> KvListView<'a> {
    /// The entries in order.
    pub fn entries(&self) -> Attributes<'a> {
        Repeated::of(self.0, 1)
    }

    /// The serialized `KeyValueList`.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }
}

impl<'a> From<AttributeView<'a>> for (&'a str, ValueView<'a>) {
    fn from(attribute: AttributeView<'a>) -> Self {
        (attribute.key(), attribute.value())
    }
}

const _: () = {
    const fn is_copy_and_send<'a, T: Copy + Send + View<'a>>() {}
    is_copy_and_send::<AttributeView<'_>>();
};
