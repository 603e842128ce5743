//! Times as sources write them, in the three ways in which their layouts are written.

mod gotime;
mod java;

use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A layout, ready to read texts.
#[derive(Clone, Debug)]
pub struct Layout {
    form: Form,
    zone: TimeZone,
    /// The layout has no year: that of the reading is meant, or the one before.
    lacks_year: bool,
}

#[derive(Clone, Debug)]
enum Form {
    /// What `strptime` understands.
    Directives(String),
    /// `yyyy-MM-dd HH:mm:ss` with any two separators, and what may follow: read by hand.
    Fixed { between: u8, fraction: Option<u8> },
    /// A number, with so many nanoseconds in one.
    Epoch {
        nanos: i64,
        /// Digits behind the point count.
        has_fraction: bool,
    },
}

/// How a layout is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayoutKind {
    /// `%Y-%m-%d %H:%M:%S`
    Strptime,
    /// `2006-01-02 15:04:05`
    Gotime,
    /// `yyyy-MM-dd HH:mm:ss,SSS`
    Java,
    /// `s`, `ms`, `us`, `ns`, `s.ms`, `s.us`, `s.ns`
    Epoch,
}

impl Layout {
    /// Compiles a layout. `location` is a name of the IANA time zone database, for texts without a zone; without it they are in UTC.
    ///
    /// # Errors
    /// What cannot be understood.
    pub fn parse(layout: &str, kind: LayoutKind, location: Option<&str>) -> Result<Self, String> {
        let zone = match location {
            None | Some("" | "UTC") => TimeZone::UTC,
            Some("Local") => TimeZone::system(),
            Some(name) => {
                TimeZone::get(name).map_err(|_| format!("`{name}` is no time zone that this system knows"))?
            }
        };
        let directives = match kind {
            LayoutKind::Epoch => return Self::epoch(layout, zone),
            LayoutKind::Strptime => strptime(layout)?,
            LayoutKind::Gotime => gotime::directives(layout)?,
            LayoutKind::Java => java::directives(layout)?,
        };
        let lacks_year = !["%Y", "%y", "%s", "%F", "%G", "%c", "%D"]
            .iter()
            .any(|it| directives.contains(it));
        Ok(Self {
            form: fixed(&directives).unwrap_or(Form::Directives(directives)),
            zone,
            lacks_year,
        })
    }

    fn epoch(layout: &str, zone: TimeZone) -> Result<Self, String> {
        let (nanos, has_fraction) = match layout {
            "s" => (1_000_000_000, false),
            "ms" => (1_000_000, false),
            "us" => (1_000, false),
            "ns" => (1, false),
            "s.ms" | "s.us" | "s.ns" => (1_000_000_000, true),
            other => {
                return Err(format!(
                    "`{other}` is no unit: use s, ms, us, ns, s.ms, s.us or s.ns"
                ));
            }
        };
        Ok(Self {
            form: Form::Epoch { nanos, has_fraction },
            zone,
            lacks_year: false,
        })
    }

    /// Reads a time, in Unix nanoseconds. `now_unix_nano` says the year where the text has none: never more than a day ahead.
    ///
    /// # Errors
    /// What does not fit the layout.
    pub fn read(&self, text: &str, now_unix_nano: u64) -> Result<i64, String> {
        match &self.form {
            Form::Fixed { between, fraction } => match read_fixed(text.as_bytes(), *between, *fraction) {
                Some(time) => self.in_zone(time),
                None => Err("it is not as the layout says".to_owned()),
            },
            Form::Epoch { nanos, has_fraction } => read_epoch(text, *nanos, *has_fraction),
            Form::Directives(directives) => self.read_directives(directives, text, now_unix_nano),
        }
    }

    fn read_directives(&self, directives: &str, text: &str, now_unix_nano: u64) -> Result<i64, String> {
        let mut read = BrokenDownTime::parse(directives, text).map_err(|error| error.to_string())?;
        if !self.lacks_year {
            return self.resolve(&read);
        }
        let now = i64::try_from(now_unix_nano).unwrap_or(i64::MAX);
        let today = self.zone.to_datetime(timestamp(now)?);
        read.set_year(Some(today.year()))
            .map_err(|error| error.to_string())?;
        let this_year = self.resolve(&read)?;
        // Of December, read in January.
        if this_year <= now.saturating_add(86_400_000_000_000) {
            return Ok(this_year);
        }
        read.set_year(Some(today.year() - 1))
            .map_err(|error| error.to_string())?;
        self.resolve(&read)
    }

    fn resolve(&self, read: &BrokenDownTime) -> Result<i64, String> {
        if let Ok(timestamp) = read.to_timestamp() {
            return nanos(timestamp);
        }
        let date = read
            .to_date()
            .or_else(|error| match (read.year(), read.month(), read.day()) {
                // As the Collector: what is not given is the first, and the beginning.
                (Some(year), month, day) => Date::new(year, month.unwrap_or(1), day.unwrap_or(1)),
                _ => Err(error),
            });
        let date = date.map_err(|error| error.to_string())?;
        let time = read.to_time().unwrap_or_else(|_| {
            let part = |part: Option<i8>| part.unwrap_or(0);
            Time::new(
                part(read.hour()),
                part(read.minute()),
                part(read.second()),
                read.subsec_nanosecond().unwrap_or(0),
            )
            .unwrap_or(Time::midnight())
        });
        let local = DateTime::from_parts(date, time);
        if let Some(offset) = read.offset() {
            return nanos(offset.to_timestamp(local).map_err(|error| error.to_string())?);
        }
        self.in_zone(local)
    }

    /// A local time; of two that it can mean the earlier one, and one that was skipped is moved on.
    fn in_zone(&self, local: DateTime) -> Result<i64, String> {
        if self.zone == TimeZone::UTC {
            let since = local.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0));
            return i64::try_from(since.as_nanos()).map_err(|_| "it is too far away".to_owned());
        }
        nanos(self.zone.to_timestamp(local).map_err(|error| error.to_string())?)
    }
}

fn nanos(timestamp: Timestamp) -> Result<i64, String> {
    i64::try_from(timestamp.as_nanosecond()).map_err(|_| "it is too far away".to_owned())
}

fn timestamp(nanos: i64) -> Result<Timestamp, String> {
    Timestamp::from_nanosecond(nanos.into()).map_err(|error| error.to_string())
}

/// The Collector's directives as those of the library below.
fn strptime(layout: &str) -> Result<String, String> {
    let mut directives = String::with_capacity(layout.len());
    let mut chars = layout.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            directives.push(c);
            continue;
        }
        match chars.next() {
            // Fractions of a second, in three, six and nine digits.
            Some('L' | 'f' | 'N') => directives.push_str("%f"),
            Some('i') => directives.push_str("%z"),
            Some('g') => directives.push_str("%m"),
            Some('o') => directives.push_str("%e"),
            Some('q') => directives.push_str("%d"),
            Some('l') => directives.push_str("%I"),
            Some('h') => directives.push_str("%b"),
            Some(
                known @ ('Y' | 'y' | 'm' | 'd' | 'e' | 'H' | 'k' | 'I' | 'M' | 'S' | 'p' | 'P' | 'z' | 'Z'
                | 'b' | 'B' | 'a' | 'A' | 'j' | 's' | 'D' | 'F' | 'T' | 'R' | 'n' | 't' | '%'),
            ) => {
                directives.push('%');
                directives.push(known);
            }
            Some(other) => return Err(format!("`%{other}` is no directive that is understood")),
            None => return Err("there is nothing behind the last `%`".to_owned()),
        }
    }
    Ok(directives)
}

/// The layouts that are read by hand.
fn fixed(directives: &str) -> Option<Form> {
    let rest = directives.strip_prefix("%Y-%m-%d")?;
    let between = *rest
        .as_bytes()
        .first()
        .filter(|byte| byte.is_ascii() && **byte != b'%')?;
    let rest = rest.get(1..)?.strip_prefix("%H:%M:%S")?;
    let fraction = match rest.as_bytes() {
        [] => None,
        [point @ (b'.' | b','), b'%', b'f'] => Some(*point),
        _ => return None,
    };
    Some(Form::Fixed { between, fraction })
}

fn read_fixed(text: &[u8], between: u8, fraction: Option<u8>) -> Option<DateTime> {
    let two = |at: usize| -> Option<i8> {
        let [tens, ones] = text.get(at..at + 2)? else {
            return None;
        };
        (tens.is_ascii_digit() && ones.is_ascii_digit())
            .then(|| ((tens - b'0') * 10 + (ones - b'0')).cast_signed())
    };
    let is = |at: usize, byte: u8| text.get(at) == Some(&byte);
    if !(is(4, b'-') && is(7, b'-') && is(10, between) && is(13, b':') && is(16, b':')) {
        return None;
    }
    let year = i16::from(two(0)?) * 100 + i16::from(two(2)?);
    let subsecond = match (fraction, text.get(19..)?) {
        (None, []) => 0,
        (Some(point), [found, digits @ ..]) if *found == point => read_fraction(digits)?,
        _ => return None,
    };
    DateTime::new(year, two(5)?, two(8)?, two(11)?, two(14)?, two(17)?, subsecond).ok()
}

/// One to nine digits as nanoseconds.
fn read_fraction(digits: &[u8]) -> Option<i32> {
    if digits.is_empty() || digits.len() > 9 {
        return None;
    }
    let mut nanos = 0;
    for place in 0..9 {
        let digit = digits.get(place).copied().unwrap_or(b'0');
        if !digit.is_ascii_digit() {
            return None;
        }
        nanos = nanos * 10 + i32::from(digit - b'0');
    }
    Some(nanos)
}

fn read_epoch(text: &str, nanos: i64, has_fraction: bool) -> Result<i64, String> {
    let not_a_number = || "it is no number".to_owned();
    let text = text.trim();
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let whole: i64 = whole.parse().map_err(|_| not_a_number())?;
    let scaled = whole
        .checked_mul(nanos)
        .ok_or_else(|| "it is too far away".to_owned())?;
    let Some(fraction) = fraction.filter(|_| has_fraction || nanos > 1) else {
        return Ok(scaled);
    };
    let digits = read_fraction(
        fraction
            .get(..fraction.len().min(9))
            .unwrap_or_default()
            .as_bytes(),
    );
    let part = i64::from(digits.ok_or_else(not_a_number)?) / (1_000_000_000 / nanos);
    let part = if text.starts_with('-') { -part } else { part };
    Ok(SignedDuration::from_nanos(scaled)
        .saturating_add(SignedDuration::from_nanos(part))
        .as_nanos()
        .try_into()
        .unwrap_or(scaled))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_764_000_000_000_000_000; // 2025-11-24T16:00:00Z

    fn read(kind: LayoutKind, layout: &str, text: &str, zone: Option<&str>) -> Result<String, String> {
        let layout = Layout::parse(layout, kind, zone)?;
        let nanos = layout.read(text, NOW)?;
        Ok(Timestamp::from_nanosecond(nanos.into())
            .expect("in range")
            .to_string())
    }

    #[test]
    fn layouts_of_all_kinds_are_read() {
        use LayoutKind::{Epoch, Gotime, Java, Strptime};
        for (kind, layout, text, zone, expected) in [
            (
                Strptime,
                "%Y-%m-%d %H:%M:%S,%L",
                "2026-11-20 10:15:01,123",
                None,
                "2026-11-20T10:15:01.123Z",
            ),
            (
                Strptime,
                "%Y-%m-%dT%H:%M:%S.%f",
                "2026-11-20T10:15:01.123456",
                Some("Asia/Shanghai"),
                "2026-11-20T02:15:01.123456Z",
            ),
            (
                Strptime,
                "%d/%b/%Y:%H:%M:%S %z",
                "10/Oct/2000:13:55:36 -0700",
                None,
                "2000-10-10T20:55:36Z",
            ),
            (
                Strptime,
                "%b %d %H:%M:%S",
                "Nov 24 10:15:01",
                None,
                "2025-11-24T10:15:01Z",
            ),
            (
                Strptime,
                "%b %e %H:%M:%S",
                "Dec  3 10:15:01",
                None,
                "2024-12-03T10:15:01Z",
            ),
            (Strptime, "%Y-%m-%d", "2026-11-20", None, "2026-11-20T00:00:00Z"),
            (
                Strptime,
                "%I:%M:%S %p %Y-%m-%d",
                "01:15:01 PM 2026-11-20",
                None,
                "2026-11-20T13:15:01Z",
            ),
            (
                Gotime,
                "2006-01-02T15:04:05.000Z07:00",
                "2026-11-20T10:15:01.123+08:00",
                None,
                "2026-11-20T02:15:01.123Z",
            ),
            (
                Gotime,
                "Jan 2 15:04:05 2006",
                "Nov 3 10:15:01 2026",
                None,
                "2026-11-03T10:15:01Z",
            ),
            (
                Gotime,
                "02/Jan/2006:15:04:05 -0700",
                "10/Oct/2000:13:55:36 -0700",
                None,
                "2000-10-10T20:55:36Z",
            ),
            (
                Java,
                "yyyy-MM-dd HH:mm:ss,SSS",
                "2026-11-20 10:15:01,123",
                None,
                "2026-11-20T10:15:01.123Z",
            ),
            (
                Java,
                "dd/MMM/yyyy:HH:mm:ss Z",
                "10/Oct/2000:13:55:36 -0700",
                None,
                "2000-10-10T20:55:36Z",
            ),
            (
                Java,
                "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
                "2026-11-20T10:15:01.5+01:00",
                None,
                "2026-11-20T09:15:01.5Z",
            ),
            (Epoch, "s", "1700000000", None, "2023-11-14T22:13:20Z"),
            (Epoch, "ms", "1700000000123", None, "2023-11-14T22:13:20.123Z"),
            (
                Epoch,
                "s.us",
                "1700000000.123456",
                None,
                "2023-11-14T22:13:20.123456Z",
            ),
            // The hour that was there twice, and the one that was not there.
            (
                Strptime,
                "%Y-%m-%d %H:%M:%S",
                "2026-10-25 02:30:00",
                Some("Europe/Berlin"),
                "2026-10-25T00:30:00Z",
            ),
            (
                Strptime,
                "%Y-%m-%d %H:%M:%S",
                "2026-03-29 02:30:00",
                Some("Europe/Berlin"),
                "2026-03-29T01:30:00Z",
            ),
        ] {
            assert_eq!(
                read(kind, layout, text, zone).as_deref(),
                Ok(expected),
                "{layout} {text}"
            );
        }
    }

    #[test]
    fn what_does_not_fit_is_said() {
        for (kind, layout, text) in [
            (LayoutKind::Strptime, "%Y-%m-%d %H:%M:%S", "2026-11-20"),
            (LayoutKind::Strptime, "%Y-%m-%d %H:%M:%S", "2026-13-20 10:15:01"),
            (LayoutKind::Strptime, "%Y-%m-%d %H:%M:%S", "2026-11-20 10:15:01 x"),
            (LayoutKind::Epoch, "s", "soon"),
            (LayoutKind::Epoch, "s", "9999999999999"),
            (LayoutKind::Strptime, "%Q", "x"),
            (LayoutKind::Epoch, "h", "1"),
            (LayoutKind::Java, "bbb", "1"),
        ] {
            assert!(read(kind, layout, text, None).is_err(), "{layout} {text}");
        }
        assert!(read(LayoutKind::Strptime, "%Y", "2026", Some("Mars/Olympus")).is_err());
    }
}
