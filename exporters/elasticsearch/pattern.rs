//! Names of indices with fields and dates of the event in them: `%{service}-%{+YYYY.MM.dd}`, as Logstash has them.

use std::fmt;

use super::time::{Calendar, Moment, digits};

/// A pattern, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Field(String),
    Date(DatePart),
}

/// A part of a date, in UTC, with a fixed number of digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DatePart {
    Year,
    ShortYear,
    /// Of the ISO week.
    WeekYear,
    Month,
    Day,
    DayOfYear,
    Hour,
    Minute,
    Week,
}

/// What is wrong with a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PatternError(String);

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Pattern {
    /// Reads a pattern in Logstash's notation.
    ///
    /// # Errors
    /// What cannot be read.
    pub(super) fn parse(text: &str) -> Result<Self, PatternError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find("%{") {
            push_text(&mut pieces, &rest[..start]);
            let inner = &rest[start + 2..];
            let end = inner
                .find('}')
                .ok_or_else(|| PatternError(format!("has `%{{{inner}` without the closing brace")))?;
            match &inner[..end] {
                "" => return Err(PatternError("has `%{}` without a field".into())),
                field => match field.strip_prefix('+') {
                    Some(format) => joda(format, &mut pieces)?,
                    None => pieces.push(Piece::Field(logstash_name(field))),
                },
            }
            rest = &inner[end + 1..];
        }
        push_text(&mut pieces, rest);
        Ok(Self(pieces))
    }

    /// Reads the format of a date in the notation of `strftime`, as `logstash_format.date_format` has it.
    ///
    /// # Errors
    /// What cannot be read.
    pub(super) fn strftime(format: &str) -> Result<Self, PatternError> {
        let mut pieces = Vec::new();
        let mut characters = format.chars();
        while let Some(c) = characters.next() {
            if c != '%' {
                push_text(&mut pieces, c.encode_utf8(&mut [0; 4]));
                continue;
            }
            let part = match characters.next() {
                Some('Y') => DatePart::Year,
                Some('y') => DatePart::ShortYear,
                Some('m') => DatePart::Month,
                Some('d') => DatePart::Day,
                Some('j') => DatePart::DayOfYear,
                Some('H') => DatePart::Hour,
                Some('M') => DatePart::Minute,
                Some('V') => DatePart::Week,
                Some('G') => DatePart::WeekYear,
                Some('%') => {
                    push_text(&mut pieces, "%");
                    continue;
                }
                other => {
                    let directive = other.map(String::from).unwrap_or_default();
                    return Err(PatternError(format!(
                        "has `%{directive}`; known are %Y %y %m %d %j %H %M %V %G"
                    )));
                }
            };
            pieces.push(Piece::Date(part));
        }
        Ok(Self(pieces))
    }

    /// True where it is the same name for every event.
    pub(super) fn is_fixed(&self) -> bool {
        self.0.iter().all(|piece| matches!(piece, Piece::Text(_)))
    }

    /// Appends the name for an event: its time and what its fields are.
    pub(super) fn write(
        &self,
        calendar: &mut Calendar,
        unix_nano: u64,
        mut field: impl FnMut(&str, &mut Vec<u8>) -> bool,
        out: &mut Vec<u8>,
    ) {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
                Piece::Field(name) => {
                    if !field(name, out) {
                        out.extend_from_slice(b"unknown");
                    }
                }
                Piece::Date(part) => part.write(calendar.moment(unix_nano), out),
            }
        }
    }
}

impl DatePart {
    fn write(self, moment: Moment, out: &mut Vec<u8>) {
        let date = moment.date;
        let number = |number: i16| u64::from(number.unsigned_abs());
        let small = |number: i8| u64::from(number.unsigned_abs());
        match self {
            Self::Year => digits(number(date.year()), 4, out),
            Self::ShortYear => digits(number(date.year()) % 100, 2, out),
            Self::WeekYear => digits(number(date.iso_week_date().year()), 4, out),
            Self::Month => digits(small(date.month()), 2, out),
            Self::Day => digits(small(date.day()), 2, out),
            Self::DayOfYear => digits(number(date.day_of_year()), 3, out),
            Self::Week => digits(small(date.iso_week_date().week()), 2, out),
            Self::Hour => digits(moment.hour(), 2, out),
            Self::Minute => digits(moment.minute(), 2, out),
        }
    }
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    match pieces.last_mut() {
        _ if text.is_empty() => {}
        Some(Piece::Text(before)) => before.push_str(text),
        _ => pieces.push(Piece::Text(text.to_owned())),
    }
}

/// `[a][b]` is `a.b`.
fn logstash_name(field: &str) -> String {
    match field.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => inner.replace("][", "."),
        None => field.to_owned(),
    }
}

/// The format of a date as Joda-Time has it: runs of letters.
fn joda(format: &str, pieces: &mut Vec<Piece>) -> Result<(), PatternError> {
    let mut rest = format;
    while let Some(letter) = rest.chars().next() {
        if letter == '\'' {
            let quoted = &rest[1..];
            let end = quoted
                .find('\'')
                .ok_or_else(|| PatternError(format!("has `%{{+{format}}}` with an open quote")))?;
            push_text(pieces, if end == 0 { "'" } else { &quoted[..end] });
            rest = &quoted[end + 1..];
            continue;
        }
        let length = rest.find(|c| c != letter).unwrap_or(rest.len());
        let run = &rest[..length];
        if letter.is_ascii_alphabetic() {
            let part = match run {
                "YYYY" | "yyyy" => DatePart::Year,
                "YY" | "yy" => DatePart::ShortYear,
                "xxxx" => DatePart::WeekYear,
                "MM" => DatePart::Month,
                "dd" => DatePart::Day,
                "DDD" => DatePart::DayOfYear,
                "HH" => DatePart::Hour,
                "mm" => DatePart::Minute,
                "ww" => DatePart::Week,
                _ => {
                    return Err(PatternError(format!(
                        "has `{run}` in `%{{+{format}}}`; known are YYYY yyyy YY yy xxxx MM dd DDD HH mm ww and 'text'"
                    )));
                }
            };
            pieces.push(Piece::Date(part));
        } else {
            push_text(pieces, run);
        }
        rest = &rest[length..];
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2024-12-30 07:05:09 UTC, in the first ISO week of 2025.
    const TIME: u64 = 1_735_542_309_000_000_000;

    fn written(pattern: &Pattern) -> String {
        let mut out = Vec::new();
        let field = |name: &str, out: &mut Vec<u8>| {
            let known = name == "service" || name == "a.b";
            if known {
                out.extend_from_slice(b"shop");
            }
            known
        };
        pattern.write(&mut Calendar::default(), TIME, field, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn fields_and_dates_are_those_of_the_event() {
        for (pattern, name) in [
            ("plain", "plain"),
            ("%{service}-%{+YYYY.MM.dd}", "shop-2024.12.30"),
            ("logs-%{[a][b]}-%{+yyyy.MM}", "logs-shop-2024.12"),
            ("%{+xxxx.ww}", "2025.01"),
            ("%{+YY'y'DDD''HH-mm}x", "24y365'07-05x"),
            ("%{nothing}-%{+YYYY}", "unknown-2024"),
            ("100%", "100%"),
        ] {
            assert_eq!(written(&Pattern::parse(pattern).unwrap()), name, "{pattern}");
        }
        assert_eq!(
            written(&Pattern::strftime("%Y.%m.%d-%H%M%%").unwrap()),
            "2024.12.30-0705%"
        );
        assert!(Pattern::parse("plain").unwrap().is_fixed());
        assert!(!Pattern::parse("%{a}").unwrap().is_fixed());
    }

    #[test]
    fn mistakes_are_told() {
        for (pattern, told) in [
            ("%{service", "without the closing brace"),
            ("%{}", "without a field"),
            ("%{+YYYY.M}", "has `M`"),
            ("%{+YYYY'x}", "open quote"),
        ] {
            let error = Pattern::parse(pattern).unwrap_err().to_string();
            assert!(error.contains(told), "{pattern}: {error}");
        }
        assert!(Pattern::strftime("%Q").unwrap_err().to_string().contains("%Q"));
    }
}
