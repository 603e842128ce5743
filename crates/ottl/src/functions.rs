//! The functions of conditions: the Collector's converters that people use in them, and `MessagePattern`.

use std::borrow::Cow;
use std::net::IpAddr;

use regex::Regex;

use crate::error::EvalError;
use crate::path::{Field, Item, Path};
use crate::tree::Node;
use crate::value::Value;

/// A function. Those with a pattern have it as a literal, compiled.
#[derive(Clone, Debug)]
pub(crate) enum Function {
    IsMatch(Regex),
    ExtractPatterns(Regex),
    Concat,
    Contains,
    ConvertCase,
    Double,
    Duration,
    HasPrefix,
    HasSuffix,
    Hours,
    Id,
    Index,
    Int,
    IsBool,
    IsDouble,
    IsInCidr,
    IsInt,
    IsList,
    IsMap,
    IsString,
    Len,
    Lookup,
    MessagePattern,
    Milliseconds,
    Minutes,
    ParseInt,
    Seconds,
    Split,
    String,
    Substring,
    ToLowerCase,
    ToUpperCase,
    Trim,
}

/// Name and number of arguments, but for those with a pattern.
pub(crate) const FUNCTIONS: [(&str, usize, Function); 32] = [
    ("Concat", 2, Function::Concat),
    ("ContainsValue", 2, Function::Contains),
    ("ConvertCase", 2, Function::ConvertCase),
    ("Double", 1, Function::Double),
    ("Duration", 1, Function::Duration),
    ("HasPrefix", 2, Function::HasPrefix),
    ("HasSuffix", 2, Function::HasSuffix),
    ("Hours", 1, Function::Hours),
    ("Index", 2, Function::Index),
    ("Int", 1, Function::Int),
    ("IsBool", 1, Function::IsBool),
    ("IsDouble", 1, Function::IsDouble),
    ("IsInCIDR", 2, Function::IsInCidr),
    ("IsInt", 1, Function::IsInt),
    ("IsList", 1, Function::IsList),
    ("IsMap", 1, Function::IsMap),
    ("IsString", 1, Function::IsString),
    ("Len", 1, Function::Len),
    ("MessagePattern", 1, Function::MessagePattern),
    ("Milliseconds", 1, Function::Milliseconds),
    ("Minutes", 1, Function::Minutes),
    ("Nanoseconds", 1, Function::Int),
    ("ParseInt", 2, Function::ParseInt),
    ("Seconds", 1, Function::Seconds),
    ("SpanID", 1, Function::Id),
    ("Split", 2, Function::Split),
    ("String", 1, Function::String),
    ("Substring", 3, Function::Substring),
    ("ToLowerCase", 1, Function::ToLowerCase),
    ("ToUpperCase", 1, Function::ToUpperCase),
    ("TraceID", 1, Function::Id),
    ("Trim", 1, Function::Trim),
];

/// Functions of the filter processor that stand for an expression: what they say of a span or a data point.
pub(crate) fn shorthand(name: &str) -> Option<(Item, usize)> {
    Some(match name {
        "IsRootSpan" => (Item::Span, 0),
        "HasAttrKeyOnDatapoint" => (Item::DataPoint, 1),
        "HasAttrOnDatapoint" => (Item::DataPoint, 2),
        _ => return None,
    })
}

/// The expression of a [`shorthand`].
pub(crate) fn spelled_out(name: &str, mut arguments: Vec<Node>) -> Node {
    use crate::tree::Comparison::{Equal, NotEqual};
    let path = |item, field| Box::new(Node::Path(Path { item, field }, Vec::new()));
    let attributes = || path(Item::DataPoint, Field::Attributes);
    let nil = || Box::new(Node::Literal(Value::Nil));
    let value = (arguments.len() > 1).then(|| arguments.pop()).flatten();
    match (name, arguments.pop()) {
        ("HasAttrKeyOnDatapoint", Some(key)) => {
            let there = Node::Call(Function::Lookup, vec![*attributes(), key]);
            Node::Compare(NotEqual, Box::new(there), nil())
        }
        ("HasAttrOnDatapoint", Some(key)) => {
            let there = Node::Call(Function::Lookup, vec![*attributes(), key]);
            Node::Compare(Equal, Box::new(there), value.map_or_else(nil, Box::new))
        }
        _ => Node::Compare(Equal, path(Item::Span, Field::ParentSpanId), nil()),
    }
}

impl Function {
    pub(crate) fn call<'a>(&self, arguments: Vec<Value<'a>>) -> Result<Value<'a>, EvalError> {
        let mut arguments = arguments.into_iter();
        let mut next = || arguments.next().unwrap_or_default();
        let (first, second) = (next(), next());
        Ok(match self {
            Self::IsMatch(pattern) => match text(first) {
                Value::Text(text) => Value::Bool(pattern.is_match(&text)),
                _ => Value::Bool(false),
            },
            Self::ExtractPatterns(pattern) => match first {
                Value::Text(text) => captures(pattern, &text),
                _ => Value::Nil,
            },
            Self::Concat => concat(first, second),
            Self::Contains => match (&first, &second) {
                (Value::List(list), item) => Value::Bool(list.iter().any(|value| value.equals(item))),
                (Value::Text(whole), Value::Text(part)) => Value::Bool(whole.contains(&**part)),
                _ => Value::Bool(false),
            },
            Self::HasPrefix | Self::HasSuffix => {
                let (Value::Text(whole), Value::Text(part)) = (&first, &second) else {
                    return Ok(Value::Bool(false));
                };
                Value::Bool(match self {
                    Self::HasPrefix => whole.starts_with(&**part),
                    _ => whole.ends_with(&**part),
                })
            }
            // An identifier of zeros is none.
            Self::Id => match case(first, |text| text.to_lowercase()) {
                Value::Text(id) if id.bytes().all(|digit| digit == b'0') => Value::Nil,
                id => id,
            },
            Self::Index => index(&first, &second),
            Self::IsString => Value::Bool(matches!(first, Value::Text(_))),
            Self::IsInt => Value::Bool(matches!(first, Value::Int(_))),
            Self::IsDouble => Value::Bool(matches!(first, Value::Double(_))),
            Self::IsBool => Value::Bool(matches!(first, Value::Bool(_))),
            Self::IsMap => Value::Bool(matches!(first, Value::Map(_))),
            Self::IsList => Value::Bool(matches!(first, Value::List(_))),
            Self::IsInCidr => is_in_cidr(&first, &second)?,
            Self::Len => Value::Int(len(&first)?),
            Self::Lookup => match second {
                Value::Text(key) => first.under(&key),
                _ => Value::Nil,
            },
            Self::MessagePattern => match first {
                Value::Text(text) => Value::Text(sidelight_log_formats::message_pattern(&text).into()),
                _ => Value::Nil,
            },
            Self::ToLowerCase => case(first, |text| text.to_lowercase()),
            Self::ToUpperCase => case(first, |text| text.to_uppercase()),
            Self::ConvertCase => convert_case(first, &second)?,
            Self::Int => int(first),
            Self::ParseInt => parse_int(&first, &second)?,
            Self::Double => match first {
                Value::Text(text) => text.trim().parse().map_or(Value::Nil, Value::Double),
                other => other.number().map_or(Value::Nil, Value::Double),
            },
            Self::Duration => duration(&first)?,
            Self::Milliseconds => match first {
                Value::Int(nanos) => Value::Int(nanos / 1_000_000),
                _ => Value::Nil,
            },
            Self::Seconds => in_units(&first, 1e9),
            Self::Minutes => in_units(&first, 60e9),
            Self::Hours => in_units(&first, 3600e9),
            Self::Split => split(&first, &second),
            Self::String => text(first),
            Self::Substring => substring(first, &second, &next())?,
            Self::Trim => case(first, |text| text.trim().to_owned()),
        })
    }
}

/// The named groups that took part, by name. None of them where the pattern does not match.
fn captures<'a>(pattern: &Regex, text: &str) -> Value<'a> {
    let Some(found) = pattern.captures(text) else {
        return Value::Map(Vec::new());
    };
    let named = pattern.capture_names().flatten().filter_map(|name| {
        let part = found.name(name)?.as_str().to_owned();
        Some((Cow::Owned(name.to_owned()), Value::Text(part.into())))
    });
    Value::Map(named.collect())
}

fn concat<'a>(list: Value<'a>, between: Value<'a>) -> Value<'a> {
    let (Value::List(list), Value::Text(between)) = (list, between) else {
        return Value::Nil;
    };
    let parts = list.into_iter().map(|value| match text(value) {
        Value::Text(text) => text.into_owned(),
        Value::Nil => "<nil>".to_owned(),
        _ => String::new(),
    });
    Value::Text(parts.collect::<Vec<_>>().join(&between).into())
}

/// Where something is in a text or in a list; -1 where it is not.
fn index<'a>(whole: &Value<'_>, part: &Value<'_>) -> Value<'a> {
    let found = match (whole, part) {
        (Value::Text(whole), Value::Text(part)) => whole.find(&**part),
        (Value::List(list), item) => list.iter().position(|value| value.equals(item)),
        _ => return Value::Nil,
    };
    Value::Int(found.and_then(|at| i64::try_from(at).ok()).unwrap_or(-1))
}

fn split<'a>(whole: &Value<'_>, by: &Value<'_>) -> Value<'a> {
    match (whole, by) {
        (Value::Text(whole), Value::Text(by)) => {
            let parts = whole.split(&**by).map(|part| Value::Text(part.to_owned().into()));
            Value::List(parts.collect())
        }
        _ => Value::Nil,
    }
}

fn substring<'a>(whole: Value<'a>, start: &Value<'_>, length: &Value<'_>) -> Result<Value<'a>, EvalError> {
    let (Value::Text(whole), Value::Int(start), Value::Int(length)) = (&whole, start, length) else {
        return Ok(Value::Nil);
    };
    let part = usize::try_from(*start).ok().and_then(|start| {
        let end = start.checked_add(usize::try_from(*length).ok()?)?;
        whole.get(start..end)
    });
    let part = part.ok_or_else(|| EvalError("a text has no such part".to_owned()))?;
    Ok(Value::Text(part.to_owned().into()))
}

fn convert_case<'a>(value: Value<'a>, how: &Value<'_>) -> Result<Value<'a>, EvalError> {
    match how {
        Value::Text(how) if how == "lower" => Ok(case(value, |text| text.to_lowercase())),
        Value::Text(how) if how == "upper" => Ok(case(value, |text| text.to_uppercase())),
        _ => Err(EvalError("a case is `lower` or `upper` here".to_owned())),
    }
}

fn is_in_cidr<'a>(address: &Value<'_>, networks: &Value<'_>) -> Result<Value<'a>, EvalError> {
    let Value::Text(address) = address else {
        return Ok(Value::Bool(false));
    };
    let Ok(address) = address.parse::<IpAddr>() else {
        return Ok(Value::Bool(false));
    };
    let Value::List(networks) = networks else {
        return Err(EvalError("networks are a list".to_owned()));
    };
    for network in networks {
        let inside = match network {
            Value::Text(network) => is_in_network(address, network),
            _ => None,
        };
        match inside {
            Some(true) => return Ok(Value::Bool(true)),
            Some(false) => {}
            None => return Err(EvalError("a network is written as `10.0.0.0/8`".to_owned())),
        }
    }
    Ok(Value::Bool(false))
}

/// `None` where it is no network.
fn is_in_network(address: IpAddr, network: &str) -> Option<bool> {
    let (base, length) = network.split_once('/')?;
    let (base, length) = (base.parse::<IpAddr>().ok()?, length.parse::<u32>().ok()?);
    let (a, b, width) = match (address, base) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(a.to_bits()), u128::from(b.to_bits()), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits(), b.to_bits(), 128),
        _ => return Some(false),
    };
    let beyond = u32::checked_sub(width, length)?;
    Some((a ^ b).checked_shr(beyond).unwrap_or(0) == 0)
}

fn parse_int<'a>(value: &Value<'_>, base: &Value<'_>) -> Result<Value<'a>, EvalError> {
    let (Value::Text(text), Value::Int(base)) = (value, base) else {
        return Ok(Value::Nil);
    };
    let base = u32::try_from(*base).ok().filter(|base| (2..=36).contains(base));
    let base = base.ok_or_else(|| EvalError("a base is between 2 and 36".to_owned()))?;
    let parsed = i64::from_str_radix(text.trim(), base);
    parsed
        .map(Value::Int)
        .map_err(|_| EvalError(format!("`{text}` is no integer of base {base}")))
}

/// Go's notation, as the Collector has it: `1h30m`, `250ms`.
fn duration<'a>(value: &Value<'_>) -> Result<Value<'a>, EvalError> {
    let Value::Text(text) = value else {
        return Ok(Value::Nil);
    };
    nanoseconds(text).map(Value::Int).ok_or_else(|| {
        EvalError(format!(
            "`{text}` is no duration: it is written as `1h30m` or `250ms`"
        ))
    })
}

fn nanoseconds(text: &str) -> Option<i64> {
    const UNITS: [(&str, f64); 7] = [
        ("ns", 1.0),
        ("us", 1e3),
        ("µs", 1e3),
        ("ms", 1e6),
        ("s", 1e9),
        ("m", 60e9),
        ("h", 3600e9),
    ];
    let (mut rest, mut total) = (text, 0.0);
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let number: f64 = rest.get(..end)?.parse().ok()?;
        rest = rest.get(end..)?;
        let unit_end = rest
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(rest.len());
        let (_, nanos) = UNITS
            .iter()
            .find(|(unit, _)| rest.get(..unit_end) == Some(unit))?;
        total += number * nanos;
        rest = rest.get(unit_end..)?;
    }
    (!text.is_empty()).then_some(total as i64)
}

fn in_units<'a>(nanos: &Value<'_>, unit: f64) -> Value<'a> {
    match nanos {
        Value::Int(nanos) => Value::Double(*nanos as f64 / unit),
        _ => Value::Nil,
    }
}

fn len(value: &Value<'_>) -> Result<i64, EvalError> {
    let len = match value {
        Value::Text(text) => text.len(),
        Value::Map(map) => map.len(),
        Value::List(list) => list.len(),
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
