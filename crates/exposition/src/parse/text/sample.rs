//! One line with a value: series, value, time, exemplar.

use super::cursor::{Cursor, Step};
use super::{MAX_LABELS, MAX_SERIES_BYTES};
use crate::parse::labels::SeriesText;
use crate::parse::{Format, float};

/// What follows a series on its line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tail<'a> {
    /// The value.
    pub value: f64,
    /// The time that the target gave it, in Unix milliseconds.
    pub timestamp_ms: Option<i64>,
    /// A measurement behind it; OpenMetrics only.
    pub exemplar: Option<Exemplar<'a>>,
}

/// A series and its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample<'a> {
    /// Name and labels.
    pub series: SeriesText<'a>,
    /// The rest of the line.
    pub tail: Tail<'a>,
}

/// A single measurement with labels of its own, `trace_id` and `span_id` among them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exemplar<'a> {
    /// Its labels.
    pub labels: SeriesText<'a>,
    /// What was measured.
    pub value: f64,
    /// When, in Unix milliseconds.
    pub timestamp_ms: Option<i64>,
}

/// Reads name and labels; the cursor is at their first byte.
pub(super) fn series<'a>(cursor: &mut Cursor<'a>) -> Step<SeriesText<'a>> {
    let start = cursor.at;
    let has_name = !cursor.name().is_empty();
    let mut end = cursor.at;
    cursor.skip_spaces();
    if cursor.peek() == Some(b'{') {
        label_set(cursor, !has_name)?;
        end = cursor.at;
    } else if !has_name {
        return Err("expected a metric's name");
    }
    if end - start > MAX_SERIES_BYTES {
        return Err("name and labels are longer than 1 MiB");
    }
    Ok(SeriesText(&cursor.page[start..end]))
}

/// Reads `{…}`. A quoted text without a value is the metric's name, where that may stand here.
fn label_set(cursor: &mut Cursor<'_>, mut may_name: bool) -> Step<()> {
    cursor.at += 1;
    for _ in 0..=MAX_LABELS {
        cursor.skip_spaces();
        if cursor.take(b'}') {
            return Ok(());
        }
        let is_quoted = cursor.peek() == Some(b'"');
        if is_quoted {
            cursor.quoted()?;
        } else {
            let name = cursor.name();
            if name.is_empty() || name.contains(':') {
                return Err("expected a label's name");
            }
        }
        cursor.skip_spaces();
        if cursor.take(b'=') {
            cursor.skip_spaces();
            if cursor.peek() != Some(b'"') {
                return Err("expected a label's value in quotes");
            }
            cursor.quoted()?;
            cursor.skip_spaces();
        } else if is_quoted && may_name {
            may_name = false;
        } else {
            return Err("expected `=` behind a label's name");
        }
        if !cursor.take(b',') && cursor.peek() != Some(b'}') {
            return Err("expected `,` or `}` behind a label");
        }
    }
    Err("more than 1,024 labels")
}

/// Reads value, time and exemplar up to the end of the line, and steps over it.
#[inline]
pub(super) fn tail<'a>(cursor: &mut Cursor<'a>, format: Format) -> Step<Tail<'a>> {
    cursor.skip_spaces();
    let start = cursor.at;
    let Some(value) = float::value(cursor.token()) else {
        cursor.at = start;
        return Err("expected a number behind the series");
    };
    cursor.skip_spaces();
    let mut tail = Tail {
        value,
        timestamp_ms: None,
        exemplar: None,
    };
    if cursor.end_of_line() {
        return Ok(tail);
    }
    if cursor.peek() != Some(b'#') {
        tail.timestamp_ms = Some(timestamp(cursor, format)?);
        cursor.skip_spaces();
    }
    if format == Format::OpenMetrics && cursor.take(b'#') {
        tail.exemplar = Some(exemplar(cursor)?);
        cursor.skip_spaces();
    }
    match cursor.end_of_line() {
        true => Ok(tail),
        false => Err("expected the end of the line"),
    }
}

/// Whole milliseconds in Prometheus' format, seconds in OpenMetrics.
fn timestamp(cursor: &mut Cursor<'_>, format: Format) -> Step<i64> {
    let start = cursor.at;
    let text = cursor.token();
    let parsed = match format {
        Format::OpenMetrics => float::seconds_as_millis(text),
        Format::Text | Format::Protobuf => text.parse().ok(),
    };
    parsed.ok_or_else(|| {
        cursor.at = start;
        "expected a time behind the value"
    })
}

fn exemplar<'a>(cursor: &mut Cursor<'a>) -> Step<Exemplar<'a>> {
    cursor.skip_spaces();
    let start = cursor.at;
    if cursor.peek() != Some(b'{') {
        return Err("expected the labels of an exemplar");
    }
    label_set(cursor, false)?;
    let labels = SeriesText(&cursor.page[start..cursor.at]);
    cursor.skip_spaces();
    let value_at = cursor.at;
    let Some(value) = float::value(cursor.token()) else {
        cursor.at = value_at;
        return Err("expected the number of an exemplar");
    };
    cursor.skip_spaces();
    let timestamp_ms = match cursor.peek() {
        None | Some(b'\n' | b'\r') => None,
        Some(_) => Some(timestamp(cursor, Format::OpenMetrics)?),
    };
    Ok(Exemplar {
        labels,
        value,
        timestamp_ms,
    })
}
