//! Times as sources write them, in the ways in which their layouts are written.
//!
//! - What a layout leaves out: the year is this one, or the last one if that would be more than seven days ahead; of a date whatever is
//!   missing is the first; of a time, zero. A fraction of a second is read behind the seconds even where the layout has none.
//! - Zones: a time with an offset needs none. One without is in the layout's zone. A local time that was there twice, when
//!   clocks are put back, is the first of the two; one that was left out, when they are put forward, is as much later as they were
//!   put forward.
//! - A leap second (`:60`) is the first second of the next minute.

mod epoch;
mod fields;
mod gotime;
mod item;
mod java;
mod reader;
mod strptime;
mod zone;

use std::borrow::Cow;
use std::fmt;

use epoch::Unit;
use fields::Fields;
use item::{Digits, Item};
use reader::Reader;
use zone::{Zone, Zones};

/// How a layout is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayoutKind {
    /// `%Y-%m-%d %H:%M:%S`, with the Collector's directives.
    Strptime,
    /// `2006-01-02 15:04:05`
    Gotime,
    /// `yyyy-MM-dd HH:mm:ss,SSS`; Logstash's words `ISO8601`, `UNIX` and `UNIX_MS`.
    Java,
    /// `s`, `ms`, `us`, `ns`, `s.ms`, `s.us`, `s.ns`
    Epoch,
}

/// A layout, ready to read texts.
#[derive(Clone, Debug)]
pub struct Layout {
    form: Form,
    zones: Zones,
}

#[derive(Clone, Debug)]
enum Form {
    Epoch(Unit),
    Items {
        items: Vec<Item>,
        /// The first parts are those of [`Reader::fixed`].
        fixed: Option<Fixed>,
    },
}

/// `yyyy-MM-dd HH:mm:ss` at the beginning of a layout.
#[derive(Clone, Copy, Debug)]
struct Fixed {
    /// The byte in the middle; without it `T` or a space.
    between: Option<u8>,
    /// So many parts are done with it.
    count: usize,
}

/// What is wrong with a layout, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayoutError {
    /// Offset in bytes in the layout, if it is about a place.
    pub at: Option<usize>,
    near: String,
    problem: String,
}

impl LayoutError {
    fn at(layout: &str, at: usize, problem: String) -> Self {
        let near = layout.get(at..).unwrap_or_default();
        Self {
            at: Some(at),
            near: near.chars().take(12).collect(),
            problem,
        }
    }

    fn new(problem: String) -> Self {
        Self {
            at: None,
            near: String::new(),
            problem,
        }
    }
}

impl std::error::Error for LayoutError {}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(at) => write!(f, "{} (at byte {at}: `{}`)", self.problem, self.near),
            None => f.write_str(&self.problem),
        }
    }
}

impl From<LayoutError> for String {
    fn from(error: LayoutError) -> Self {
        error.to_string()
    }
}

/// Why a text is no time in a layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeError {
    /// Offset in bytes in the text up to which it was as expected.
    pub at: usize,
    expected: Cow<'static, str>,
    found: String,
}

impl TimeError {
    fn new(text: &str, at: usize, expected: impl Into<Cow<'static, str>>) -> Self {
        let found = text.get(at..).unwrap_or_default();
        Self {
            at,
            expected: expected.into(),
            found: found.chars().take(24).collect(),
        }
    }
}

impl std::error::Error for TimeError {}

impl fmt::Display for TimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, expected, found } = self;
        match found.is_empty() {
            true => write!(f, "expected {expected} at byte {at}, found the end"),
            false => write!(f, "expected {expected} at byte {at}, found {found:?}"),
        }
    }
}

impl Layout {
    /// Compiles a layout. `location` is a name of the IANA time zone database, for texts without a zone; without it, and as `Local`, they
    /// are in the zone of this machine, and in UTC if the layout ends in a `Z` (as the Collector has it).
    ///
    /// # Errors
    /// [`LayoutError`]: what cannot be understood, and where.
    pub fn parse(layout: &str, kind: LayoutKind, location: Option<&str>) -> Result<Self, LayoutError> {
        if layout.is_empty() {
            return Err(LayoutError::new("the layout is empty".to_owned()));
        }
        let form = match kind {
            LayoutKind::Epoch => Form::Epoch(Unit::parse(layout).ok_or_else(|| {
                LayoutError::new(format!(
                    "`{layout}` is no unit: use s, ms, us, ns, s.ms, s.us or s.ns"
                ))
            })?),
            LayoutKind::Java if layout.starts_with("UNIX") && Unit::parse(layout).is_some() => {
                Unit::parse(layout).map_or_else(|| Form::items(Vec::new()), Form::Epoch)
            }
            LayoutKind::Strptime => Form::items(strptime::items(layout)?),
            LayoutKind::Gotime => Form::items(gotime::items(layout)?),
            LayoutKind::Java => Form::items(java::items(layout)?),
        };
        let is_utc = matches!(&form, Form::Items { items, .. } if ends_in_z(items));
        let zone = match location {
            None | Some("") if is_utc => Zone::utc_itself(),
            Some("UTC") => Zone::utc_itself(),
            None | Some("" | "Local") => Zone::system(),
            Some(name) => located(name)?,
        };
        Ok(Self {
            form,
            zones: Zones::new(zone),
        })
    }

    /// What an abbreviation in a text means: a name of the IANA time zone database (`time_zone_locations`).
    ///
    /// # Errors
    /// [`LayoutError`]: the location is not known.
    pub fn with_zone(mut self, abbreviation: &str, location: &str) -> Result<Self, LayoutError> {
        self.zones.name(abbreviation.to_owned(), located(location)?);
        Ok(self)
    }

    /// Reads a time, in Unix nanoseconds. `now_unix_nano` says the year where the text has none.
    ///
    /// # Errors
    /// [`TimeError`]: what was expected where.
    pub fn read(&self, text: &str, now_unix_nano: u64) -> Result<i64, TimeError> {
        let (items, fixed) = match &self.form {
            Form::Items { items, fixed } => (items.as_slice(), fixed),
            Form::Epoch(unit) => {
                return unit
                    .read(text)
                    .ok_or_else(|| TimeError::new(text, 0, "a number of this age"));
            }
        };
        let mut fields = Fields::default();
        let mut reader = Reader::new(text);
        let done = fixed.filter(|fixed| reader.fixed(fixed.between, &mut fields));
        let rest = items
            .get(done.map_or(0, |fixed| fixed.count)..)
            .unwrap_or_default();
        reader.items(rest, &mut fields)?;
        let now = i64::try_from(now_unix_nano / 1_000_000_000).unwrap_or(i64::MAX);
        fields.resolve(text, &self.zones, now)
    }
}

impl Form {
    fn items(items: Vec<Item>) -> Self {
        Self::Items {
            fixed: fixed(&items),
            items,
        }
    }
}

fn located(name: &str) -> Result<Zone, LayoutError> {
    Zone::get(name).ok_or_else(|| {
        LayoutError::new(format!(
            "`{name}` is no time zone that this system knows: names are those of the IANA time zone database (package tzdata)"
        ))
    })
}

fn ends_in_z(items: &[Item]) -> bool {
    matches!(items.last(), Some(Item::Literal(text)) if text.ends_with('Z'))
}

/// Whether the layout begins with `yyyy-MM-dd HH:mm:ss`, its parts separated by those bytes.
fn fixed(items: &[Item]) -> Option<Fixed> {
    let is_literal = |item: &Item, wanted: &str| matches!(item, Item::Literal(text) if **text == *wanted);
    let is_exact = |digits: &Digits| matches!(digits, Digits::Two | Digits::OneOrTwo);
    let [
        Item::Year,
        dash1,
        Item::Month(month),
        dash2,
        Item::Day(day),
        middle,
        Item::Hour(hour),
        colon1,
        Item::Minute(minute),
        colon2,
        Item::Second(second),
        ..,
    ] = items
    else {
        return None;
    };
    let between = match middle {
        Item::Separator => None,
        Item::Literal(text) => match text.as_bytes() {
            // Of spaces there may be several: then the parts are read one by one.
            [byte] => Some(*byte),
            _ => return None,
        },
        _ => return None,
    };
    let dashes = is_literal(dash1, "-") && is_literal(dash2, "-");
    let colons = is_literal(colon1, ":") && is_literal(colon2, ":");
    let exact = [month, day, hour, minute, second].into_iter().all(is_exact);
    (dashes && colons && exact).then_some(Fixed { between, count: 11 })
}

#[cfg(test)]
mod tests;
