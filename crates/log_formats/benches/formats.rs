//! Lines a second: `cargo bench -p sidelight-log-formats`.

#![expect(clippy::expect_used, reason = "a bench stops where it fails")]

use std::borrow::Cow;
use std::collections::BTreeMap;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use sidelight_log_formats::access_log::{AccessLog, Format};
use sidelight_log_formats::grok::Grok;
use sidelight_log_formats::{
    CAPTURE_LIMIT, Layout, LayoutKind, Map, Pattern, Preset, SeverityMap, write_message_pattern,
};

fn main() {
    divan::Divan::from_args().sample_size(1000).main();
}

const APPLICATION: &str =
    "%{TIMESTAMP_ISO8601:timestamp} - %{WORD:logger} - %{WORD:level} - %{GREEDYDATA:log_message}";
const APPLICATION_LINE: &str = "2026-11-20 10:15:01,123 - trading - ERROR - order 4711 for portfolio 42 was refused by the exchange: price is \
                                outside of the band of the last auction, tried 3 times in 127 ms, giving up until the market opens again at 09:30";
const ACCESS_LINE: &str = r#"203.0.113.7 - bob [20/Nov/2026:10:15:01 +0000] "GET /api/v2/portfolios/42/orders?limit=50 HTTP/1.1" 200 5120 "https://shop.example.net/portfolios" "Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0""#;
const COMBINED: &str = r#"^(?P<client>\S+) (?P<ident>\S+) (?P<user>\S+) \[(?P<time>[^\]]+)\] "(?P<method>\S+) (?P<path>\S+) (?P<protocol>[^"]+)" (?P<status>\d{3}) (?P<bytes>\d+|-) "(?P<referrer>[^"]*)" "(?P<agent>[^"]*)"$"#;
/// The same, but one part is written in a way that only the regular expression can do.
const COMBINED_GENERIC: &str = r#"^(?P<client>\S+) (?P<ident>\S+) (?P<user>\S{1,64}?) \[(?P<time>[^\]]+)\] "(?P<method>\S+) (?P<path>\S+) (?P<protocol>[^"]+)" (?P<status>\d{3}) (?P<bytes>\d+|-) "(?P<referrer>[^"]*)" "(?P<agent>[^"]*)"$"#;

fn grok(pattern: &str) -> Grok {
    Grok::compile(&[pattern.to_owned()], &BTreeMap::new()).expect("good")
}

fn bench_grok(bencher: Bencher<'_, '_>, pattern: &str, line: &'static str) {
    let mut grok = grok(pattern);
    let mut map = Map::new();
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        map.clear();
        grok.captures(Cow::Borrowed(black_box(line)), &mut map)
            .expect("matches");
    });
}

fn bench_pattern(bencher: Bencher<'_, '_>, pattern: &str) {
    let mut pattern = Pattern::compile(pattern).expect("good");
    let mut map = Map::new();
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        map.clear();
        pattern
            .captures(Cow::Borrowed(black_box(ACCESS_LINE)), &mut map)
            .expect("matches");
    });
}

#[divan::bench]
fn grok_application(bencher: Bencher<'_, '_>) {
    bench_grok(bencher, APPLICATION, APPLICATION_LINE);
}

#[divan::bench]
fn grok_nginxaccess(bencher: Bencher<'_, '_>) {
    bench_grok(bencher, "%{NGINXACCESS}", ACCESS_LINE);
}

#[divan::bench]
fn grok_combinedapachelog(bencher: Bencher<'_, '_>) {
    bench_grok(bencher, "%{COMBINEDAPACHELOG}", ACCESS_LINE);
}

#[divan::bench]
fn regex_combined_recognised(bencher: Bencher<'_, '_>) {
    bench_pattern(bencher, COMBINED);
}

#[divan::bench]
fn regex_combined_generic(bencher: Bencher<'_, '_>) {
    bench_pattern(bencher, COMBINED_GENERIC);
}

#[divan::bench]
fn access_log_combined(bencher: Bencher<'_, '_>) {
    let log = AccessLog::new(Format::Combined, Some("UTC")).expect("known");
    let mut map = Map::new();
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        map.clear();
        log.parse(black_box(ACCESS_LINE), &mut map).expect("matches")
    });
}

#[divan::bench(args = [
    ("yyyy-MM-dd HH:mm:ss,SSS", "2026-11-20 10:15:01,123", "UTC"),
    ("yyyy-MM-dd HH:mm:ss,SSS", "2026-11-20 10:15:01,123", "Europe/Berlin"),
    ("ISO8601", "2026-11-20T10:15:01.123456Z", "UTC"),
    ("dd/MMM/yyyy:HH:mm:ss Z", "10/Oct/2000:13:55:36 -0700", "UTC"),
    ("MMM d HH:mm:ss", "Nov 20 10:15:01", "UTC"),
])]
fn layout(bencher: Bencher<'_, '_>, (layout, text, zone): (&str, &str, &str)) {
    let layout = Layout::parse(layout, LayoutKind::Java, Some(zone)).expect("good");
    let now = 1_795_169_701_000_000_000;
    bencher
        .counter(ItemsCount::new(1_usize))
        .bench_local(|| layout.read(black_box(text), now).expect("a time"));
}

#[divan::bench]
fn severity(bencher: Bencher<'_, '_>) {
    let map = SeverityMap::preset(Preset::Default);
    bencher
        .counter(ItemsCount::new(1_usize))
        .bench_local(|| map.find(black_box("ERROR")));
}

#[divan::bench]
fn message_pattern(bencher: Bencher<'_, '_>) {
    let message = &APPLICATION_LINE[40..];
    let mut pattern = String::new();
    bencher
        .counter(ItemsCount::new(1_usize))
        .bench_local(|| write_message_pattern(black_box(message), &mut pattern));
}

/// The longest texts that are looked at, of the kinds that give matchers most to do.
fn hostile() -> Vec<String> {
    [
        "a",
        "1",
        " ",
        "1.",
        "a:",
        "\"",
        "\\",
        "2026-11-20 10:15:01,123 - ",
        "[",
        "/a?",
        "中",
        "- ",
        "a b ",
        "Jan 1 ",
        "1:2:",
        "<1>1 ",
    ]
    .into_iter()
    .map(|piece| piece.repeat(CAPTURE_LIMIT / piece.len()))
    .collect()
}

const LIBRARY: [&str; 14] = [
    "%{NGINXACCESS}",
    "%{COMBINEDAPACHELOG}",
    "%{HTTPD_ERRORLOG}",
    "%{NGINXERROR}",
    "%{HAPROXYHTTPBASE}",
    "%{SYSLOGLINE}",
    "%{SYSLOG5424LINE}",
    "%{JAVASTACKTRACEPART}",
    "%{CATALINALOG}",
    "%{POSTGRESQL}",
    "%{RUBY_LOGGER}",
    "%{URI:x} %{IP:y}",
    "%{QS:x} %{EMAILADDRESS:y} %{UUID:z}",
    APPLICATION,
];

/// Each text against the pattern: the time of the slowest is the bound.
#[divan::bench(args = LIBRARY, sample_count = 1, sample_size = 1)]
fn hostile_64_kib_sixteen_texts(bencher: Bencher<'_, '_>, pattern: &str) {
    let mut grok = grok(pattern);
    let texts = hostile();
    bencher.bench_local(|| {
        for text in &texts {
            let mut map = Map::new();
            let _ = black_box(grok.captures(Cow::Borrowed(text), &mut map));
        }
    });
}
