//! The functions of conditions.

use regex::Regex;

use crate::error::EvalError;
use crate::value::Value;

/// A function.
#[derive(Clone, Debug)]
pub(crate) enum Function {
    /// With its pattern, which is a literal.
    IsMatch(Regex),
    HasPrefix,
    HasSuffix,
    Contains,
    IsString,
    IsInt,
    IsDouble,
    IsBool,
    IsMap,
    IsList,
    Len,
    ToLowerCase,
    ToUpperCase,
    Int,
    Double,
    String,
}

/// Name and number of arguments, but for `IsMatch`.
pub(crate) const FUNCTIONS: [(&str, usize, Function); 15] = [
    ("HasPrefix", 2, Function::HasPrefix),
    ("HasSuffix", 2, Function::HasSuffix),
    ("ContainsValue", 2, Function::Contains),
    ("IsString", 1, Function::IsString),
    ("IsInt", 1, Function::IsInt),
    ("IsDouble", 1, Function::IsDouble),
    ("IsBool", 1, Function::IsBool),
    ("IsMap", 1, Function::IsMap),
    ("IsList", 1, Function::IsList),
    ("Len", 1, Function::Len),
    ("ToLowerCase", 1, Function::ToLowerCase),
    ("ToUpperCase", 1, Function::ToUpperCase),
    ("Int", 1, Function::Int),
    ("Double", 1, Function::Double),
    ("String", 1, Function::String),
];

impl Function {
    pub(crate) fn call<'a>(&self, arguments: Vec<Value<'a>>) -> Result<Value<'a>, EvalError> {
        let mut arguments = arguments.into_iter();
        let (first, second) = (
            arguments.next().unwrap_or_default(),
            arguments.next().unwrap_or_default(),
        );
        Ok(match self {
            Self::IsMatch(pattern) => match text(first) {
                Value::Text(text) => Value::Bool(pattern.is_match(&text)),
                _ => Value::Bool(false),
            },
            Self::HasPrefix | Self::HasSuffix | Self::Contains => {
                let (Value::Text(whole), Value::Text(part)) = (&first, &second) else {
                    return Ok(Value::Bool(false));
                };
                Value::Bool(match self {
                    Self::HasPrefix => whole.starts_with(&**part),
                    Self::HasSuffix => whole.ends_with(&**part),
                    _ => whole.contains(&**part),
                })
            }
            Self::IsString => Value::Bool(matches!(first, Value::Text(_))),
            Self::IsInt => Value::Bool(matches!(first, Value::Int(_))),
            Self::IsDouble => Value::Bool(matches!(first, Value::Double(_))),
            Self::IsBool => Value::Bool(matches!(first, Value::Bool(_))),
            Self::IsMap => Value::Bool(matches!(first, Value::Map(_))),
            Self::IsList => Value::Bool(matches!(first, Value::List(_))),
            Self::Len => Value::Int(len(&first)?),
            Self::ToLowerCase => case(first, |text| text.to_lowercase()),
            Self::ToUpperCase => case(first, |text| text.to_uppercase()),
            Self::Int => int(first),
            Self::Double => match first {
                Value::Text(text) => text.trim().parse().map_or(Value::Nil, Value::Double),
                other => other.number().map_or(Value::Nil, Value::Double),
            },
            Self::String => text(first),
        })
    }
}

fn len(value: &Value<'_>) -> Result<i64, EvalError> {
    let len = match value {
        Value::Text(text) => text.len(),
        Value::Map(len) | Value::List(len) => *len,
        other => return Err(EvalError(format!("{} has no length", other.kind()))),
    };
    Ok(i64::try_from(len).unwrap_or(i64::MAX))
}

fn case<'a>(value: Value<'a>, change: impl Fn(&str) -> String) -> Value<'a> {
    match value {
        Value::Text(text) => Value::Text(change(&text).into()),
        other => other,
    }
}

fn int(value: Value<'_>) -> Value<'_> {
    match value {
        Value::Int(number) => Value::Int(number),
        Value::Double(number) => Value::Int(number as i64),
        Value::Bool(is) => Value::Int(is.into()),
        Value::Text(text) => text.trim().parse().map_or(Value::Nil, Value::Int),
        _ => Value::Nil,
    }
}

fn text(value: Value<'_>) -> Value<'_> {
    match value {
        Value::Int(number) => Value::Text(number.to_string().into()),
        Value::Double(number) => Value::Text(number.to_string().into()),
        Value::Bool(is) => Value::Text(is.to_string().into()),
        other => other,
    }
}
