use jiff::Timestamp;
use proptest::prelude::*;

use super::LayoutKind::{Epoch, Gotime, Java, Strptime};
use super::*;

const NOW: u64 = 1_764_000_000_000_000_000; // 2025-11-24T16:00:00Z

fn read(kind: LayoutKind, layout: &str, text: &str, zone: Option<&str>) -> Result<String, String> {
    let layout = Layout::parse(layout, kind, zone)?;
    let nanos = layout.read(text, NOW).map_err(|error| error.to_string())?;
    Ok(Timestamp::from_nanosecond(nanos.into())
        .expect("in range")
        .to_string())
}

/// Kind, layout, text, location, time.
type Case = (LayoutKind, &'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const CASES: &[Case] = &[
    (Strptime, "%Y-%m-%d %H:%M:%S,%L", "2026-11-20 10:15:01,123", "UTC", "2026-11-20T10:15:01.123Z"),
    (Strptime, "%Y-%m-%d %H:%M:%S.%f %z", "2022-01-02 07:24:56,123 -0700", "UTC", "2022-01-02T14:24:56.123Z"),
    (Strptime, "%Y-%m-%dT%H:%M:%S.%f", "2026-11-20T10:15:01.123456", "Asia/Shanghai", "2026-11-20T02:15:01.123456Z"),
    (Strptime, "%Y-%m-%dT%H:%M:%S.%LZ", "2022-01-02T14:24:56.123123123Z", "", "2022-01-02T14:24:56.123123123Z"),
    (Strptime, "%Y-%m-%d %H:%M:%S", "2026-11-20 10:15:01.5", "UTC", "2026-11-20T10:15:01.5Z"),
    (Strptime, "%Y-%m-%d %H:%M:%S", "2026-11-20   7:15:01", "UTC", "2026-11-20T07:15:01Z"),
    (Strptime, "%d/%b/%Y:%H:%M:%S %z", "10/Oct/2000:13:55:36 -0700", "UTC", "2000-10-10T20:55:36Z"),
    (Strptime, "%a %b %e %H:%M:%S %Z %Y", "Fri Jun  5 13:50:27 EST 2020", "UTC", "2020-06-05T18:50:27Z"),
    (Strptime, "%b %d %H:%M:%S", "Nov 24 10:15:01", "UTC", "2025-11-24T10:15:01Z"),
    (Strptime, "%b %e %H:%M:%S", "Nov 30 10:15:01", "UTC", "2025-11-30T10:15:01Z"),
    (Strptime, "%b %e %H:%M:%S", "Dec  3 10:15:01", "UTC", "2024-12-03T10:15:01Z"),
    (Strptime, "%b %e %H:%M:%S", "Feb 29 10:15:01", "UTC", "2024-02-29T10:15:01Z"),
    (Strptime, "%Y-%m-%d", "2026-11-20", "UTC", "2026-11-20T00:00:00Z"),
    (Strptime, "%Y-%m", "2026-11", "UTC", "2026-11-01T00:00:00Z"),
    (Strptime, "%H:%M", "10:15", "UTC", "2025-01-01T10:15:00Z"),
    (Strptime, "%I:%M:%S %p %F", "01:15:01 PM 2026-11-20", "UTC", "2026-11-20T13:15:01Z"),
    (Strptime, "%l:%M %P %D", "12:15 am 11/20/2026", "UTC", "2026-11-20T00:15:00Z"),
    (Strptime, "%q/%g/%y %R", "1/2/06 3:04", "UTC", "2006-01-02T03:04:00Z"),
    (Strptime, "%c", "Mon Jan 02 15:04:05 2006", "UTC", "2006-01-02T15:04:05Z"),
    (Strptime, "%T %j %x", "15:04:05 -07:00 01/02/2006", "UTC", "2006-01-02T22:04:05Z"),
    (Strptime, "%Y%m%d%H%M%S%L", "20261120101501123", "UTC", "2026-11-20T10:15:01.123Z"),
    (Strptime, "%F%%%T", "2026-11-20%10:15:01", "UTC", "2026-11-20T10:15:01Z"),
    (Strptime, "%F %T", "2016-12-31 23:59:60", "UTC", "2017-01-01T00:00:00Z"),
    (Strptime, "%F %T %Z", "2026-08-27 15:08:58 CEST", "UTC", "2026-08-27T13:08:58Z"),
    (Strptime, "%F %T %Z", "2026-08-27 15:08:58 IST", "Asia/Kolkata", "2026-08-27T09:38:58Z"),
    (Strptime, "%F %T %Z", "2026-01-27 15:08:58 Europe/Berlin", "UTC", "2026-01-27T14:08:58Z"),
    (Strptime, "%F %T %Z", "2026-01-27 15:08:58 GMT+08:00", "UTC", "2026-01-27T07:08:58Z"),
    (Gotime, "2006-01-02T15:04:05.000Z07:00", "2026-11-20T10:15:01.123+08:00", "UTC", "2026-11-20T02:15:01.123Z"),
    (Gotime, "2006-01-02T15:04:05Z07:00", "2026-11-20T10:15:01.123456789Z", "Asia/Tokyo", "2026-11-20T10:15:01.123456789Z"),
    (Gotime, "2006-01-02 15:04:05.999", "2026-11-20 10:15:01", "UTC", "2026-11-20T10:15:01Z"),
    (Gotime, "Jan 2 15:04:05 2006", "Nov 3 10:15:01 2026", "UTC", "2026-11-03T10:15:01Z"),
    (Gotime, "Jan 2 15:04:05 MST 2006", "Jun 5 13:50:27 EST 2020", "UTC", "2020-06-05T18:50:27Z"),
    (Gotime, "Monday, January _2 2006 3:04PM", "Friday, November  6 2026 1:15AM", "UTC", "2026-11-06T01:15:00Z"),
    (Gotime, "02/Jan/2006:15:04:05 -0700", "10/Oct/2000:13:55:36 -0700", "UTC", "2000-10-10T20:55:36Z"),
    (Gotime, "2006 002 15h", "2024 366 7h", "UTC", "2024-12-31T07:00:00Z"),
    (Gotime, "20060102150405", "20261120101501", "UTC", "2026-11-20T10:15:01Z"),
    (Java, "yyyy-MM-dd HH:mm:ss,SSS", "2026-11-20 10:15:01,123", "UTC", "2026-11-20T10:15:01.123Z"),
    (Java, "yyyy-MM-dd HH:mm:ss,SSS", "2026-11-20 10:15:01,123", "Asia/Shanghai", "2026-11-20T02:15:01.123Z"),
    (Java, "dd/MMM/yyyy:HH:mm:ss Z", "10/Oct/2000:13:55:36 -0700", "UTC", "2000-10-10T20:55:36Z"),
    (Java, "dd/MMM/YYYY:HH:mm:ss Z", "1/oct/2000:13:55:36 +0000", "UTC", "2000-10-01T13:55:36Z"),
    (Java, "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "2026-11-20T10:15:01.5+01:00", "UTC", "2026-11-20T09:15:01.5Z"),
    (Java, "yyyy-MM-dd'T'HH:mm:ss'Z'", "2026-11-20T10:15:01Z", "", "2026-11-20T10:15:01Z"),
    (Java, "yyyyMMddHHmmssSSS", "20261120101501123", "UTC", "2026-11-20T10:15:01.123Z"),
    (Java, "EEE MMM d h:mm:ss a z yyyy", "Fri Nov 20 1:15:01 PM UTC 2026", "UTC", "2026-11-20T13:15:01Z"),
    (Java, "EEEE, d. MMMM yy 'o''clock' H", "Friday, 6. November 26 o'clock 7", "UTC", "2026-11-06T07:00:00Z"),
    (Java, "MMM d HH:mm:ss", "Nov 6 07:00:00", "UTC", "2025-11-06T07:00:00Z"),
    (Java, "ISO8601", "2026-11-20T10:15:01.103Z", "UTC", "2026-11-20T10:15:01.103Z"),
    (Java, "ISO8601", "2026-11-20 10:15:01,103", "UTC", "2026-11-20T10:15:01.103Z"),
    (Java, "UNIX_MS", "1700000000123", "", "2023-11-14T22:13:20.123Z"),
    (Epoch, "s", "1700000000", "", "2023-11-14T22:13:20Z"),
    (Epoch, "ms", "1700000000123", "", "2023-11-14T22:13:20.123Z"),
    (Epoch, "us", "1700000000123456", "", "2023-11-14T22:13:20.123456Z"),
    (Epoch, "ns", "1700000000123456789", "", "2023-11-14T22:13:20.123456789Z"),
    (Epoch, "s.ms", "1700000000.123", "", "2023-11-14T22:13:20.123Z"),
    (Epoch, "s.ns", "1700000000", "", "2023-11-14T22:13:20Z"),
    (Epoch, "s", "-1.5", "", "1969-12-31T23:59:58.5Z"),
    // The hour that was there twice, and the one that was not there.
    (Strptime, "%F %T", "2026-10-25 02:30:00", "Europe/Berlin", "2026-10-25T00:30:00Z"),
    (Strptime, "%F %T", "2026-10-25 03:00:00", "Europe/Berlin", "2026-10-25T02:00:00Z"),
    (Strptime, "%F %T", "2026-03-29 02:30:00", "Europe/Berlin", "2026-03-29T01:30:00Z"),
    (Strptime, "%F %T %Z", "2026-10-25 02:30:00 CET", "Europe/Berlin", "2026-10-25T01:30:00Z"),
    (Strptime, "%F %T", "1960-06-01 00:00:00", "UTC", "1960-06-01T00:00:00Z"),
];

#[test]
fn layouts_of_all_kinds_are_read() {
    for (kind, layout, text, zone, expected) in CASES {
        let zone = Some(*zone).filter(|zone| !zone.is_empty());
        assert_eq!(
            read(*kind, layout, text, zone).as_deref(),
            Ok(*expected),
            "{layout} {text}"
        );
    }
}

#[test]
fn what_does_not_fit_is_said_at_its_place() {
    for (kind, layout, text, expected) in [
        (
            Strptime,
            "%F %T",
            "2026-11-20",
            "expected ` ` at byte 10, found the end",
        ),
        (
            Strptime,
            "%F %T",
            "2026-11-20 10:x5:01",
            "expected two digits of the minute at byte 14, found \"x5:01\"",
        ),
        (
            Strptime,
            "%F %T",
            "2026-13-20 10:15:01",
            "expected a date that exists",
        ),
        (
            Strptime,
            "%F %T",
            "2026-02-29 10:15:01",
            "expected a date that exists",
        ),
        (
            Strptime,
            "%F %T",
            "2026-11-20 10:15:61",
            "expected a time of the day that exists",
        ),
        (
            Strptime,
            "%F %T",
            "2026-11-20 25:15:01",
            "expected a time of the day that exists",
        ),
        (
            Strptime,
            "%F %T",
            "2026-11-20 10:15:01 x",
            "expected the end at byte 19, found \" x\"",
        ),
        (
            Strptime,
            "%d %b %Y",
            "20 Nop 2026",
            "expected the English name of a month at byte 3",
        ),
        (
            Strptime,
            "%F %T %Z",
            "2026-11-20 10:15:01 XYZ",
            "(add it to `time_zone_locations`) at byte 20",
        ),
        (
            Strptime,
            "%F %z",
            "2026-11-20 1",
            "expected an offset such as +02:00 or Z at byte 11",
        ),
        (
            Java,
            "yyyy",
            "二〇二六",
            "expected four digits of the year at byte 0",
        ),
        (Epoch, "s", "soon", "expected a number"),
        (Epoch, "s", "9999999999999", "expected a number"),
        (Strptime, "%Y", "9999", "expected a year from 1678 to 2261"),
    ] {
        let error = read(kind, layout, text, Some("UTC")).expect_err(text);
        assert!(error.contains(expected), "{layout} {text}: {error}");
    }
}

#[test]
fn a_layout_that_is_not_understood_says_where() {
    for (kind, layout, at, expected) in [
        (Strptime, "%F %Q", Some(3), "`%Q` is no directive"),
        (Strptime, "%F %N", Some(3), "nanoseconds are `%s`"),
        (Strptime, "%F %", Some(3), "nothing stands behind"),
        (Strptime, "", None, "empty"),
        (Gotime, "yyyy-MM-dd", Some(0), "no part of the reference time"),
        (Java, "yyyy b", Some(5), "`b` is no letter"),
        (Java, "yyyy['T'HH]", Some(4), "several layouts"),
        (Java, "yyyy 'T", Some(5), "not closed"),
        (Epoch, "h", None, "`h` is no unit"),
    ] {
        let error = Layout::parse(layout, kind, None).map(drop).expect_err(layout);
        assert_eq!(error.at, at, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    assert!(Layout::parse("%Y", Strptime, Some("Mars/Olympus")).is_err());
}

#[test]
fn an_abbreviation_means_what_the_settings_say() {
    let layout = Layout::parse("%F %T %Z", Strptime, Some("Asia/Kolkata")).expect("good");
    let layout = layout.with_zone("NZST", "Pacific/Auckland").expect("known");
    let read = |text: &str| layout.read(text, NOW).map(|nanos| nanos / 1_000_000_000);
    assert_eq!(read("2025-07-15 10:00:00 NZST"), Ok(1_752_530_400));
    assert_eq!(read("2025-07-15 10:00:00 IST"), Ok(1_752_553_800));
    assert!(layout.with_zone("X", "No/Where").is_err());
}

proptest! {
    #[test]
    fn a_time_that_is_written_is_read_again(
        nanos in -2_000_000_000_000_000_000_i64..4_000_000_000_000_000_000,
        zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca"]),
    ) {
        let time = Timestamp::from_nanosecond(nanos.into()).expect("in range");
        let zoned = time.in_tz(zone).expect("known");
        for (kind, layout, form) in [
            (Strptime, "%Y-%m-%d %H:%M:%S.%s %z", "%Y-%m-%d %H:%M:%S.%9f %z"),
            (Gotime, "02/Jan/2006:15:04:05.000000000 -07:00", "%d/%b/%Y:%H:%M:%S.%9f %:z"),
            (Java, "EEE, d MMMM yyyy hh:mm:ss.SSSSSSSSS a Z", "%a, %-d %B %Y %I:%M:%S.%9f %p %z"),
        ] {
            let text = zoned.strftime(form).to_string();
            let layout = Layout::parse(layout, kind, None).expect("good");
            // Offsets with seconds were in use long ago: strftime rounds them away.
            if zoned.offset().seconds() % 60 == 0 {
                prop_assert_eq!(layout.read(&text, NOW), Ok(nanos), "{}", text);
            }
        }
    }

    /// Local times are read as jiff reads them, with "compatible" for those that were there twice or not at all.
    #[test]
    fn a_local_time_is_that_of_the_database(
        seconds in 0_i64..4_000_000_000,
        zone in prop::sample::select(vec!["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Shanghai"]),
    ) {
        let civil = jiff::tz::TimeZone::UTC.to_datetime(Timestamp::from_second(seconds).expect("in range"));
        let known = jiff::tz::TimeZone::get(zone).expect("known").to_timestamp(civil).expect("in range").as_second();
        let layout = Layout::parse("%F %T", Strptime, Some(zone)).expect("good");
        let text = civil.strftime("%Y-%m-%d %H:%M:%S").to_string();
        prop_assert_eq!(layout.read(&text, NOW).map(|nanos| nanos / 1_000_000_000), Ok(known), "{}", text);
    }

    #[test]
    fn no_text_is_a_surprise(text in "[0-9T:., +/A-Za-z中-]{0,40}", index in 0..CASES.len()) {
        let (kind, layout, ..) = CASES[index];
        let _ = Layout::parse(layout, kind, Some("UTC")).expect("good").read(&text, NOW);
    }
}
