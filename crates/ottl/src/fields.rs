//! What a condition asks an item for.

use std::borrow::Cow;

/// What kind of item a condition is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// A resource.
    Resource,
    /// An instrumentation scope.
    Scope,
    /// A span.
    Span,
    /// An event of a span.
    SpanEvent,
    /// A metric.
    Metric,
    /// A data point.
    DataPoint,
    /// A log record.
    Log,
}

/// A path, resolved when the condition was parsed: which field, and the keys behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {}

/// An index into a map or a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// `["name"]`
    Name(String),
    /// `[0]`
    Index(i64),
}

/// A value of a field.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value<'a> {
    /// `nil`
    #[default]
    Nil,
    /// True or false.
    Bool(bool),
    /// An integer, also of enums and times.
    Int(i64),
    /// A double.
    Double(f64),
    /// Text.
    Text(Cow<'a, str>),
    /// Bytes, also trace and span ids.
    Bytes(Cow<'a, [u8]>),
}

/// An item that can be asked for its fields: a view of the wire, or a record in the making.
pub trait Fields {
    /// The value of a field; [`Value::Nil`] where it is not there.
    fn get<'a>(&'a self, field: &Field) -> Value<'a>;
}
