//! A text is read by the parts of a layout.

use super::TimeError;
use super::fields::Fields;
use super::item::{Digits, Item};

/// A place in a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'t> {
    text: &'t str,
    at: usize,
}

const MONTHS: [&[u8; 3]; 12] = [
    b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec",
];
const LONG_MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// `yyyy-MM-dd HH:mm:ss`, and the byte in its middle.
fn date_and_time<'t>(text: &[u8; 19]) -> Option<(Fields<'t>, u8)> {
    let [
        y1,
        y2,
        y3,
        y4,
        b'-',
        m1,
        m2,
        b'-',
        d1,
        d2,
        middle,
        h1,
        h2,
        b':',
        n1,
        n2,
        b':',
        s1,
        s2,
    ] = text
    else {
        return None;
    };
    let two = |tens: &u8, ones: &u8| {
        let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
        (tens < 10 && ones < 10).then(|| tens * 10 + ones)
    };
    let fields = Fields {
        year: Some(i32::from(two(y1, y2)?) * 100 + i32::from(two(y3, y4)?)),
        month: Some(two(m1, m2)?),
        day: Some(two(d1, d2)?),
        hour: two(h1, h2)?,
        minute: two(n1, n2)?,
        second: two(s1, s2)?,
        ..Fields::default()
    };
    Some((fields, *middle))
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// `yyyy-MM-dd HH:mm:ss` with that byte in the middle (without one `T` or a space), at the beginning of the text, in one look.
    pub(super) fn fixed(&mut self, between: Option<u8>, fields: &mut Fields<'t>) -> bool {
        let Some((read, middle)) = self.text.as_bytes().first_chunk::<19>().and_then(date_and_time) else {
            return false;
        };
        let is_between = match between {
            Some(byte) => middle == byte,
            None => matches!(middle, b'T' | b't' | b' '),
        };
        if is_between {
            (*fields, self.at) = (read, 19);
        }
        is_between
    }

    /// Reads the parts in their order, up to the end of the text.
    pub(super) fn items(&mut self, items: &[Item], fields: &mut Fields<'t>) -> Result<(), TimeError> {
        for item in items {
            if self.item(item, fields).is_none() {
                return Err(self.error(item));
            }
        }
        match self.at == self.text.len() {
            true => Ok(()),
            false => Err(TimeError::new(self.text, self.at, "the end")),
        }
    }

    fn error(&self, item: &Item) -> TimeError {
        match item {
            Item::Literal(text) => TimeError::new(self.text, self.at, format!("`{text}`")),
            item => TimeError::new(self.text, self.at, item.expected()),
        }
    }

    fn item(&mut self, item: &Item, fields: &mut Fields<'t>) -> Option<()> {
        match item {
            Item::Literal(text) => self.literal(text)?,
            Item::Separator => {
                self.peek().filter(|byte| matches!(byte, b'T' | b't' | b' '))?;
                self.at += 1;
            }
            Item::Year => fields.year = Some(self.digits(4)?),
            Item::ShortYear => {
                let year = self.digits(2)?;
                fields.year = Some(if year >= 69 { 1900 + year } else { 2000 + year });
            }
            Item::Month(digits) => fields.month = Some(self.number(*digits)?),
            Item::MonthName => fields.month = Some(self.month_name()?),
            Item::Day(digits) => fields.day = Some(self.number(*digits)?),
            Item::DayOfYear => fields.day_of_year = Some(self.day_of_year()?),
            Item::WeekdayName => self.weekday_name()?,
            Item::Hour(digits) => fields.hour = self.number(*digits)?,
            Item::Hour12(digits) => {
                fields.hour = self.number(*digits).filter(|hour| *hour <= 12)?;
                fields.is_half_day = true;
            }
            Item::HalfDay => fields.is_afternoon = Some(self.half_day()?),
            Item::Minute(digits) => fields.minute = self.number(*digits)?,
            Item::Second(digits) => fields.second = self.number(*digits)?,
            Item::Fraction { is_optional } => match self.fraction() {
                Some(nanos) => fields.nanos = nanos,
                None => is_optional.then_some(())?,
            },
            Item::FractionDigits(count) => fields.nanos = self.fraction_digits(*count)?,
            Item::Offset { is_optional } => match self.offset() {
                Some(seconds) => fields.offset = Some(seconds),
                None => is_optional.then_some(())?,
            },
            Item::ZoneName => self.zone_name(fields)?,
        }
        Some(())
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'t [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn skip(&mut self, is_skipped: impl Fn(u8) -> bool) -> usize {
        let length = self.rest().iter().take_while(|byte| is_skipped(**byte)).count();
        self.at += length;
        length
    }

    /// A run of spaces in the layout stands for any run of spaces (Go's `time.Parse`).
    fn literal(&mut self, text: &str) -> Option<()> {
        let bytes = text.as_bytes();
        if !bytes.contains(&b' ') {
            self.rest().starts_with(bytes).then(|| self.at += bytes.len())?;
            return Some(());
        }
        let mut was_space = false;
        for byte in bytes {
            let is_space = *byte == b' ';
            match (is_space, was_space) {
                (true, true) => {}
                (true, false) => {
                    if self.skip(|byte| byte == b' ') == 0 {
                        return None;
                    }
                }
                (false, _) => {
                    self.peek().filter(|next| next == byte)?;
                    self.at += 1;
                }
            }
            was_space = is_space;
        }
        Some(())
    }

    fn digit(&mut self) -> Option<u8> {
        let digit = self.peek()?.wrapping_sub(b'0');
        (digit < 10).then(|| self.at += 1)?;
        Some(digit)
    }

    /// Exactly so many digits.
    fn digits(&mut self, count: u8) -> Option<i32> {
        let mut number = 0;
        for _ in 0..count {
            number = number * 10 + i32::from(self.digit()?);
        }
        Some(number)
    }

    fn number(&mut self, digits: Digits) -> Option<u8> {
        if digits == Digits::SpacePadded {
            self.skip(|byte| byte == b' ');
        }
        let tens = self.digit()?;
        match (self.digit(), digits) {
            (Some(ones), _) => Some(tens * 10 + ones),
            (None, Digits::Two) => None,
            (None, _) => Some(tens),
        }
    }

    fn day_of_year(&mut self) -> Option<u16> {
        let spaces = self.skip(|byte| byte == b' ').min(2);
        let count = u8::try_from(3 - spaces).ok()?;
        u16::try_from(self.digits(count)?).ok()
    }

    /// Letters that a name begins with, in lower case: at most as many as the longest name has.
    fn letters(&self) -> ([u8; 9], usize) {
        let mut letters = [0; 9];
        let mut length = 0;
        for (letter, byte) in letters.iter_mut().zip(self.rest()) {
            if !byte.is_ascii_alphabetic() {
                break;
            }
            *letter = byte.to_ascii_lowercase();
            length += 1;
        }
        (letters, length)
    }

    fn month_name(&mut self) -> Option<u8> {
        let (letters, length) = self.letters();
        let short = letters.first_chunk::<3>().filter(|_| length >= 3)?;
        let index = MONTHS.iter().position(|month| *month == short)?;
        let is_long = letters
            .get(..length)?
            .starts_with(LONG_MONTHS.get(index)?.as_bytes());
        self.at += if is_long { LONG_MONTHS.get(index)?.len() } else { 3 };
        u8::try_from(index + 1).ok()
    }

    fn weekday_name(&mut self) -> Option<()> {
        let (letters, length) = self.letters();
        let letters = letters.get(..length)?;
        let name = WEEKDAYS
            .iter()
            .find(|name| letters.len() >= 3 && letters.get(..3) == name.as_bytes().get(..3))?;
        self.at += if letters.starts_with(name.as_bytes()) {
            name.len()
        } else {
            3
        };
        Some(())
    }

    fn half_day(&mut self) -> Option<bool> {
        let is_afternoon = match self.rest().first_chunk::<2>()? {
            [b'a' | b'A', b'm' | b'M'] => false,
            [b'p' | b'P', b'm' | b'M'] => true,
            _ => return None,
        };
        self.at += 2;
        Some(is_afternoon)
    }

    fn fraction(&mut self) -> Option<u32> {
        let [b'.' | b',', b'0'..=b'9', ..] = self.rest() else {
            return None;
        };
        self.at += 1;
        let mut nanos = 0;
        for place in 0..9 {
            match self.digit() {
                Some(digit) => nanos = nanos * 10 + u32::from(digit),
                None => {
                    nanos *= 10_u32.pow(9 - place);
                    return Some(nanos);
                }
            }
        }
        self.skip(|byte| byte.is_ascii_digit());
        Some(nanos)
    }

    fn fraction_digits(&mut self, count: u8) -> Option<u32> {
        let number = u32::try_from(self.digits(count.min(9))?).ok()?;
        Some(number * 10_u32.pow(9 - u32::from(count.min(9))))
    }

    /// Seconds east of UTC.
    fn offset(&mut self) -> Option<i32> {
        let sign = match self.peek()? {
            b'Z' | b'z' => {
                self.at += 1;
                return Some(0);
            }
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        self.at += 1;
        let hours = self.digits(2)?;
        let minutes = self.of_offset()?;
        let seconds = if minutes.is_some() {
            self.of_offset()?
        } else {
            None
        };
        let (minutes, seconds) = (minutes.unwrap_or(0), seconds.unwrap_or(0));
        let is_possible = hours <= 26 && minutes < 60 && seconds < 60;
        is_possible.then_some(sign * (hours * 3600 + minutes * 60 + seconds))
    }

    /// `:30` or `30`, where it is there.
    fn of_offset(&mut self) -> Option<Option<i32>> {
        match self.rest() {
            [b':', b'0'..=b'9', ..] => self.at += 1,
            [b'0'..=b'9', ..] => {}
            _ => return Some(None),
        }
        self.digits(2).map(Some)
    }

    fn zone_name(&mut self, fields: &mut Fields<'t>) -> Option<()> {
        if let Some(b'+' | b'-') = self.peek() {
            fields.offset = Some(self.offset()?);
            return Some(());
        }
        let from = self.at;
        let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_');
        if !self.peek()?.is_ascii_alphabetic() || self.skip(is_of_name) == 0 {
            return None;
        }
        let name = self.text.get(from..self.at)?;
        let is_utc = ["UTC", "GMT", "UT", "Z"]
            .iter()
            .any(|utc| name.eq_ignore_ascii_case(utc));
        match (is_utc, self.peek()) {
            // `GMT+08:00`
            (true, Some(b'+' | b'-')) => fields.offset = Some(self.offset()?),
            (true, _) => fields.offset = Some(0),
            (false, _) => fields.zone_name = Some((name, from)),
        }
        Some(())
    }
}
