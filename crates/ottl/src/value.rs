//! What a condition asks for, and what it is told.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::path::Path;

/// A value.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value<'a> {
    /// `nil`: the field is not there.
    #[default]
    Nil,
    /// True or false.
    Bool(bool),
    /// An integer. Times are Unix nanoseconds, durations nanoseconds.
    Int(i64),
    /// A double.
    Double(f64),
    /// Text. Bytes are hexadecimal digits.
    Text(Cow<'a, str>),
    /// A map, in the order of its keys as they came.
    Map(Vec<(Cow<'a, str>, Value<'a>)>),
    /// A list.
    List(Vec<Value<'a>>),
}

/// Something that can be asked for its fields.
pub trait Fields {
    /// The value of a field, or of what its keys lead to; [`Value::Nil`] where it is not there.
    fn get<'a>(&'a self, path: Path, keys: &[String]) -> Value<'a>;
}

impl<'a> Value<'a> {
    /// Equality as OTTL has it: numbers are compared as such, other types are not equal to each other.
    pub(crate) fn equals(&self, other: &Value<'_>) -> bool {
        match (self, other) {
            (Value::Nil, Value::Nil) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Text(a), Value::Text(b)) => a == b,
            (Value::List(a), Value::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.equals(b))
            }
            (Value::Map(a), Value::Map(b)) => {
                let same = |(key, value): &(Cow<'_, str>, Value<'_>)| {
                    b.iter().any(|(other, found)| other == key && value.equals(found))
                };
                a.len() == b.len() && a.iter().all(same)
            }
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

    /// An integer or a double as a double.
    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Int(number) => Some(*number as f64),
            Value::Double(number) => Some(*number),
            _ => None,
        }
    }

    /// What a map has under a key.
    pub(crate) fn under(self, key: &str) -> Value<'a> {
        match self {
            Value::Map(map) => {
                let found = map.into_iter().find(|(known, _)| known == key);
                found.map_or(Value::Nil, |(_, value)| value)
            }
            _ => Value::Nil,
        }
    }

    /// What a list has at a place.
    pub(crate) fn nth(self, place: i64) -> Value<'a> {
        match (self, usize::try_from(place)) {
            (Value::List(list), Ok(place)) => list.into_iter().nth(place).unwrap_or_default(),
            _ => Value::Nil,
        }
    }

    /// In a sentence.
    pub fn kind(&self) -> &'static str {
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
