//! Times as text.

use jiff::civil::Date;
use sidelight_proto::json::write;

const NANOS_PER_DAY: u64 = 86_400_000_000_000;

/// Dates of times, in UTC; the last one is remembered, since most follow each other.
#[derive(Debug, Default)]
pub(super) struct Calendar {
    last: Option<(u64, Date)>,
}

/// A time taken apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) date: Date,
    /// Of the day.
    pub(super) nanos: u64,
}

impl Moment {
    pub(super) fn hour(self) -> u64 {
        self.nanos / 3_600_000_000_000
    }

    pub(super) fn minute(self) -> u64 {
        self.nanos / 60_000_000_000 % 60
    }
}

impl Calendar {
    /// Unix nanoseconds; every 64-bit number is a time between 1970 and 2554.
    pub(super) fn moment(&mut self, unix_nano: u64) -> Moment {
        let (day, nanos) = (unix_nano / NANOS_PER_DAY, unix_nano % NANOS_PER_DAY);
        let date = match self.last {
            Some((last, date)) if last == day => date,
            _ => {
                let seconds = i64::try_from(day * 86_400).unwrap_or_default();
                let time = jiff::Timestamp::from_second(seconds).unwrap_or_default();
                time.to_zoned(jiff::tz::TimeZone::UTC).date()
            }
        };
        self.last = Some((day, date));
        Moment { date, nanos }
    }

    /// Appends a string as RFC 3339 has it, with nine digits of the second and its quotes.
    pub(super) fn rfc3339(&mut self, unix_nano: u64, out: &mut Vec<u8>) {
        self.date_and_seconds(unix_nano, out);
        digits(unix_nano % 1_000_000_000, 9, out);
        out.extend_from_slice(b"Z\"");
    }

    /// The same with three digits of the second.
    pub(super) fn rfc3339_millis(&mut self, unix_nano: u64, out: &mut Vec<u8>) {
        self.date_and_seconds(unix_nano, out);
        digits(unix_nano / 1_000_000 % 1000, 3, out);
        out.extend_from_slice(b"Z\"");
    }

    fn date_and_seconds(&mut self, unix_nano: u64, out: &mut Vec<u8>) {
        let Moment { date, nanos } = self.moment(unix_nano);
        let seconds = nanos / 1_000_000_000;
        out.push(b'"');
        digits(u64::from(date.year().unsigned_abs()), 4, out);
        out.push(b'-');
        digits(u64::from(date.month().unsigned_abs()), 2, out);
        out.push(b'-');
        digits(u64::from(date.day().unsigned_abs()), 2, out);
        out.push(b'T');
        digits(seconds / 3600, 2, out);
        out.push(b':');
        digits(seconds / 60 % 60, 2, out);
        out.push(b':');
        digits(seconds % 60, 2, out);
        out.push(b'.');
    }
}

/// Appends a string of milliseconds with the nanoseconds behind the point, as the templates of `otel` read it.
pub(super) fn millis_text(unix_nano: u64, out: &mut Vec<u8>) {
    out.push(b'"');
    write::unsigned(unix_nano / 1_000_000, out);
    out.push(b'.');
    digits(unix_nano % 1_000_000, 6, out);
    out.push(b'"');
}

/// Appends the last `width` decimal digits of a number.
pub(super) fn digits(number: u64, width: usize, out: &mut Vec<u8>) {
    let mut text = [b'0'; 20];
    let mut rest = number;
    for digit in text.iter_mut().rev().take(width) {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    out.extend_from_slice(&text[20 - width.min(20)..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_to_the_nanosecond() {
        let mut calendar = Calendar::default();
        for (nanos, text, millis) in [
            (0, "\"1970-01-01T00:00:00.000000000Z\"", "\"0.000000\""),
            (
                1_760_000_000_150_000_001,
                "\"2025-10-09T08:53:20.150000001Z\"",
                "\"1760000000150.000001\"",
            ),
            (
                951_868_799_999_999_999,
                "\"2000-02-29T23:59:59.999999999Z\"",
                "\"951868799999.999999\"",
            ),
        ] {
            let (mut date, mut number) = (Vec::new(), Vec::new());
            calendar.rfc3339(nanos, &mut date);
            millis_text(nanos, &mut number);
            assert_eq!(String::from_utf8_lossy(&date), text);
            assert_eq!(String::from_utf8_lossy(&number), millis);
        }
        let mut latest = Vec::new();
        calendar.rfc3339(u64::MAX, &mut latest);
        assert!(latest.starts_with(b"\"2554-"));
    }
}
