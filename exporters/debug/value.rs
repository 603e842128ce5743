//! Values, attributes and times as text.

use std::fmt::{self, Display, Write};
use std::time::Duration;

use sidelight_proto::schema::MAX_NESTING;
use sidelight_proto::views::{Attributes, NumberValue, ValueView};

use super::text::{Foreign, Hex, Quoted, Text};

/// A value with its type: `Str(get)`, `Int(5)`, `Map({"a":1})`.
pub(super) struct Typed<'a>(pub(super) ValueView<'a>);

impl Display for Typed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.0 {
            ValueView::Empty => "Empty",
            ValueView::String(_) => "Str",
            ValueView::Bool(_) => "Bool",
            ValueView::Int(_) => "Int",
            ValueView::Double(_) => "Double",
            ValueView::Bytes(_) => "Bytes",
            ValueView::Array(_) => "Slice",
            ValueView::KvList(_) => "Map",
        };
        write!(f, "{word}({})", Plain(self.0))
    }
}

/// A value without its type; text without quotes, nothing for no value.
pub(super) struct Plain<'a>(pub(super) ValueView<'a>);

impl Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ValueView::String(text) => Foreign(text).fmt(f),
            ValueView::Empty => Ok(()),
            value => nested(value, MAX_NESTING, f),
        }
    }
}

/// Writes a value as in JSON. `levels` bounds the recursion; admitted values never reach it.
fn nested(value: ValueView<'_>, levels: u32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match value {
        ValueView::Empty => f.write_str("null"),
        ValueView::String(text) => Quoted(text).fmt(f),
        ValueView::Bool(value) => write!(f, "{value}"),
        ValueView::Int(value) => write!(f, "{value}"),
        ValueView::Double(value) => write!(f, "{value:?}"),
        ValueView::Bytes(bytes) => Hex(bytes).fmt(f),
        ValueView::Array(_) | ValueView::KvList(_) if levels == 0 => f.write_char('…'),
        ValueView::Array(array) => {
            f.write_char('[')?;
            for (nth, value) in array.values().enumerate() {
                separate(nth, f)?;
                nested(value, levels - 1, f)?;
            }
            f.write_char(']')
        }
        ValueView::KvList(list) => {
            f.write_char('{')?;
            for (nth, entry) in list.entries().enumerate() {
                separate(nth, f)?;
                write!(f, "{}:", Quoted(entry.key()))?;
                nested(entry.value(), levels - 1, f)?;
            }
            f.write_char('}')
        }
    }
}

fn separate(nth: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if nth > 0 { f.write_char(',') } else { Ok(()) }
}

/// ` key=value` for each attribute.
pub(super) struct Spaced<'a>(pub(super) Attributes<'a>);

impl Display for Spaced<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut attributes = self.0;
        attributes.try_for_each(|a| write!(f, " {}={}", Foreign(a.key()), Plain(a.value())))
    }
}

/// `key=value,key=value`.
pub(super) struct Listed<'a>(pub(super) Attributes<'a>);

impl Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.enumerate().try_for_each(|(nth, a)| {
            separate(nth, f)?;
            write!(f, "{}={}", Foreign(a.key()), Plain(a.value()))
        })
    }
}

/// A heading and one line per attribute; nothing without attributes.
pub(super) fn attribute_lines(
    indent: &str,
    heading: &str,
    attributes: Attributes<'_>,
    out: &mut Text<'_>,
) -> fmt::Result {
    for (nth, attribute) in attributes.enumerate() {
        if nth == 0 {
            writeln!(out, "{indent}{heading}:")?;
        }
        writeln!(
            out,
            "{indent}     -> {}: {}",
            Foreign(attribute.key()),
            Typed(attribute.value())
        )?;
    }
    Ok(())
}

/// A number as it was measured.
pub(super) struct Number(pub(super) NumberValue);

impl Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            NumberValue::Int(value) => write!(f, "{value}"),
            NumberValue::Double(value) => write!(f, "{value:?}"),
        }
    }
}

/// Unix nanoseconds as RFC 3339 in UTC; 0 is what the protocol has for an unknown time.
pub(super) struct Time(pub(super) u64);

impl Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_nanosecond(i128::from(self.0)) {
            Ok(_) if self.0 == 0 => f.write_str("not set"),
            Ok(time) => time.fmt(f),
            // Not before 64 bits of nanoseconds lie outside of jiff's years.
            Err(_) => write!(f, "{} ns", self.0),
        }
    }
}

/// A duration of nanoseconds in the unit that suits it: `12.5ms`.
pub(super) struct Took(pub(super) u64);

impl Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", Duration::from_nanos(self.0))
    }
}

/// A number of the protocol's enumerations as a word, else the number.
pub(super) struct Word<'a>(pub(super) i32, pub(super) &'a [&'a str]);

impl Display for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match usize::try_from(self.0).ok().and_then(|number| self.1.get(number)) {
            Some(word) => f.write_str(word),
            None => write!(f, "{}", self.0),
        }
    }
}

/// `Status.StatusCode`.
pub(super) const STATUS_CODES: [&str; 3] = ["Unset", "Ok", "Error"];

/// `AggregationTemporality`.
pub(super) const TEMPORALITIES: [&str; 3] = ["Unspecified", "Delta", "Cumulative"];

/// `SeverityNumber` as text.
pub(super) const SEVERITIES: [&str; 25] = [
    "Unspecified",
    "Trace",
    "Trace2",
    "Trace3",
    "Trace4",
    "Debug",
    "Debug2",
    "Debug3",
    "Debug4",
    "Info",
    "Info2",
    "Info3",
    "Info4",
    "Warn",
    "Warn2",
    "Warn3",
    "Warn4",
    "Error",
    "Error2",
    "Error3",
    "Error4",
    "Fatal",
    "Fatal2",
    "Fatal3",
    "Fatal4",
];
