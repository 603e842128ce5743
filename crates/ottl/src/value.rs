//! What a condition asks a record for.

use std::borrow::Cow;
use std::cmp::Ordering;

/// A field of a log record, without the keys behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// The body, and what is in it.
    Body,
    /// The attributes.
    Attributes,
    /// The attributes of the resource.
    Resource,
    /// OTLP's number of the severity.
    SeverityNumber,
    /// The severity as the source wrote it.
    SeverityText,
    /// The name of the event.
    EventName,
    /// 32 hexadecimal digits.
    TraceId,
    /// 16 hexadecimal digits.
    SpanId,
    /// Trace flags.
    Flags,
    /// When it happened, in Unix nanoseconds.
    Time,
    /// When it was seen, in Unix nanoseconds.
    ObservedTime,
    /// The name of the scope.
    ScopeName,
}

/// A value.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value<'a> {
    /// `nil`: the field is not there.
    #[default]
    Nil,
    /// True or false.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A double.
    Double(f64),
    /// Text.
    Text(Cow<'a, str>),
    /// A map with so many keys.
    Map(usize),
    /// A list with so many values.
    List(usize),
}

/// A record that can be asked for its fields.
pub trait Fields {
    /// The value of a field; [`Value::Nil`] where it is not there.
    fn get<'a>(&'a self, root: Root, keys: &[String]) -> Value<'a>;
}

impl Value<'_> {
    /// Equality as OTTL has it: numbers are compared as such, other types are not equal to each other.
    pub(crate) fn equals(&self, other: &Value<'_>) -> bool {
        match (self, other) {
            (Value::Nil, Value::Nil) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Text(a), Value::Text(b)) => a == b,
            _ => self.order(other) == Some(Ordering::Equal),
        }
    }

    /// The order of two numbers or two texts.
    pub(crate) fn order(&self, other: &Value<'_>) -> Option<Ordering> {
        match (self, other) {
            (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
            (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
            (Value::Int(_) | Value::Double(_), Value::Int(_) | Value::Double(_)) => {
                self.number()?.partial_cmp(&other.number()?)
            }
            _ => None,
        }
    }

    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Value::Int(number) => Some(*number as f64),
            Value::Double(number) => Some(*number),
            _ => None,
        }
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Nil => "nil",
            Value::Bool(_) => "a boolean",
            Value::Int(_) => "an integer",
            Value::Double(_) => "a double",
            Value::Text(_) => "a text",
            Value::Map(_) => "a map",
            Value::List(_) => "a list",
        }
    }
}
