//! Comment lines: types, help and units of families, and comments that mean nothing.

use std::borrow::Cow;

use super::cursor::{Cursor, Step, is_space};
use super::page::Event;
use crate::parse::labels::unescaped;
use crate::parse::{Format, MetricType};

/// What a line that begins with `#` is.
pub(super) enum Comment<'a> {
    Event(Event<'a>),
    /// `# EOF` of OpenMetrics.
    End,
    /// Nothing that means something.
    Other,
}

/// Reads a comment line and steps over it; the cursor is on the `#`.
pub(super) fn comment<'a>(cursor: &mut Cursor<'a>, format: Format) -> Step<Comment<'a>> {
    let mut ahead = *cursor;
    ahead.at += 1;
    if format == Format::OpenMetrics && is_end(&ahead) {
        ahead.line();
        *cursor = ahead;
        return Ok(Comment::End);
    }
    let has_space = ahead.peek().is_some_and(is_space);
    ahead.skip_spaces();
    let keyword = ahead.token();
    if !has_space || !matches!(keyword, "TYPE" | "HELP" | "UNIT") || !ahead.peek().is_some_and(is_space) {
        cursor.line();
        return Ok(Comment::Other);
    }
    // An error is told where it is.
    *cursor = ahead;
    cursor.skip_spaces();
    let family = family_name(cursor)?;
    if !cursor
        .peek()
        .is_none_or(|byte| is_space(byte) || byte == b'\n' || byte == b'\r')
    {
        return Err("expected a blank behind the family's name");
    }
    if cursor.peek().is_some_and(is_space) {
        cursor.at += 1;
    }
    let at = cursor.at;
    let line = cursor.line();
    let text = line.trim_matches([' ', '\t']);
    let event = match keyword {
        "TYPE" => {
            let Some(kind) = MetricType::from_name(text) else {
                cursor.at = at;
                return Err("there is no such type of metric");
            };
            Event::Type { family, kind }
        }
        "HELP" => Event::Help {
            family,
            text: unescaped(line.trim_start_matches([' ', '\t'])),
        },
        _ => Event::Unit { family, unit: text },
    };
    Ok(Comment::Event(event))
}

/// ` EOF` alone on its line.
fn is_end(cursor: &Cursor<'_>) -> bool {
    let rest = cursor.rest();
    rest.strip_prefix(b" EOF")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"\n") || rest.starts_with(b"\r\n"))
}

fn family_name<'a>(cursor: &mut Cursor<'a>) -> Step<Cow<'a, str>> {
    if cursor.peek() == Some(b'"') {
        return cursor.quoted().map(unescaped);
    }
    match cursor.name() {
        "" => Err("expected a metric's name"),
        name => Ok(Cow::Borrowed(name)),
    }
}
