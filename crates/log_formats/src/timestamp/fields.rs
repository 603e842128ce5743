//! What was read becomes a time.

use super::TimeError;
use super::zone::{Zone, Zones};

/// What a text said.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fields<'t> {
    pub(super) year: Option<i32>,
    pub(super) month: Option<u8>,
    pub(super) day: Option<u8>,
    pub(super) day_of_year: Option<u16>,
    pub(super) hour: u8,
    /// The hour is one of twelve.
    pub(super) is_half_day: bool,
    pub(super) is_afternoon: Option<bool>,
    pub(super) minute: u8,
    pub(super) second: u8,
    pub(super) nanos: u32,
    /// Seconds east of UTC.
    pub(super) offset: Option<i32>,
    /// The name of a zone, and where it stands.
    pub(super) zone_name: Option<(&'t str, usize)>,
}

const DAY: i64 = 86_400;

/// A time without a year is at most so far ahead; else the year before is meant (as the Collector has it).
const AHEAD: i64 = 7 * DAY;

impl Fields<'_> {
    /// The time in Unix nanoseconds.
    pub(super) fn resolve(&self, text: &str, zones: &Zones, now_seconds: i64) -> Result<i64, TimeError> {
        let error = |expected: &'static str| TimeError::new(text, 0, expected);
        let in_day = self
            .second_of_day()
            .ok_or_else(|| error("a time of the day that exists"))?;
        let days = match self.year {
            Some(year) => self.days(year).ok_or_else(|| error("a date that exists"))?,
            None => self
                .nearest(in_day, zones.usual(), now_seconds)
                .ok_or_else(|| error("a date that exists"))?,
        };
        let local = days * DAY + in_day;
        let seconds = match (self.offset, self.zone_name) {
            (Some(offset), _) => local - i64::from(offset),
            (None, Some((name, at))) => zones.named(name, local).ok_or_else(|| {
                TimeError::new(
                    text,
                    at,
                    "a time zone that is known (add it to `time_zone_locations`)",
                )
            })?,
            (None, None) => zones.usual().utc(local),
        };
        let nanos = i128::from(seconds) * 1_000_000_000 + i128::from(self.nanos);
        i64::try_from(nanos).map_err(|_| error("a year from 1678 to 2261"))
    }

    /// A leap second is the first second of the next minute, as in POSIX time.
    fn second_of_day(&self) -> Option<i64> {
        let hour = match (self.is_half_day, self.is_afternoon) {
            (true, Some(is_afternoon)) => self.hour % 12 + if is_afternoon { 12 } else { 0 },
            // 24:00:00 is the end of the day.
            _ => self.hour,
        };
        let ends_day = hour == 24 && self.minute == 0 && self.second == 0 && self.nanos == 0;
        let exists = (hour < 24 || ends_day) && self.minute < 60 && self.second <= 60;
        exists.then(|| i64::from(hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second))
    }

    /// Days since 1970 of the date in that year; what is not given of it is the first.
    fn days(&self, year: i32) -> Option<i64> {
        if let Some(day) = self.day_of_year {
            let length = if is_leap(year) { 366 } else { 365 };
            return (1..=length)
                .contains(&day)
                .then(|| days_from_civil(year, 1, 1) + i64::from(day) - 1);
        }
        let (month, day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        let exists = day >= 1 && day <= days_in_month(year, month)?;
        exists.then(|| days_from_civil(year, month, day))
    }

    /// The date without a year: this year's, or the last one that is not far ahead. The 29th of February is that of a leap year.
    fn nearest(&self, in_day: i64, zone: &Zone, now: i64) -> Option<i64> {
        let this_year = year_of(zone.local(now).div_euclid(DAY));
        (0..=8).find_map(|back| {
            let days = self.days(this_year - back)?;
            let is_near = zone.utc(days * DAY + in_day) <= now.saturating_add(AHEAD);
            is_near.then_some(days)
        })
    }
}

pub(super) fn is_leap(year: i32) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

/// `None` if there is no such month.
fn days_in_month(year: i32, month: u8) -> Option<u8> {
    Some(match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    })
}

/// Days since 1970-01-01 in the Gregorian calendar, counted in years that begin in March, so that the leap day is the last.
pub(super) fn days_from_civil(year: i32, month: u8, day: u8) -> i64 {
    let year = i64::from(year) - i64::from(month <= 2);
    let month = (i64::from(month) + 9) % 12;
    let day_of_year = (153 * month + 2) / 5 + i64::from(day) - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

/// The year of a day since 1970-01-01.
fn year_of(days: i64) -> i32 {
    // The average year is a little longer than 365 days: the guess is right or one too high or low.
    let guess = i32::try_from(1970 + days.div_euclid(366)).unwrap_or(i32::MAX - 400);
    let upper = i32::try_from(1970 + days.div_euclid(365) + 1).unwrap_or(i32::MAX - 400);
    let (mut low, mut high) = (guess.min(upper) - 1, guess.max(upper) + 1);
    while low + 1 < high {
        let middle = low + (high - low) / 2;
        if days_from_civil(middle, 1, 1) <= days {
            low = middle
        } else {
            high = middle
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_calendar_is_that_of_jiff(year in 0_i16..=9999, month in 1_i8..=12, day in 1_i8..=31) {
            let known = Date::new(year, month, day);
            let (of_year, of_month, of_day) = (i32::from(year), month.cast_unsigned(), day.cast_unsigned());
            let exists = days_in_month(of_year, of_month).is_some_and(|last| of_day <= last);
            prop_assert_eq!(known.is_ok(), exists);
            if let Ok(date) = known {
                let epoch = Date::constant(1970, 1, 1);
                let days = days_from_civil(of_year, of_month, of_day);
                prop_assert_eq!(days, i64::from(epoch.until(date).expect("near").get_days()));
                prop_assert_eq!(year_of(days), of_year);
            }
        }
    }
}
