//! Protobuf pages: as the text formats would say it, and native histograms.

use sidelight_exposition::parse::Format;
use sidelight_proto::wire::Writer;

use super::rig::Rig;

fn message(number: u32, writer: &mut Writer, write: impl FnOnce(&mut Writer)) {
    let mark = writer.begin(number, 1);
    write(writer);
    writer.end(mark);
}

type Write<'a> = &'a dyn Fn(&mut Writer);

/// A family behind its length: name, type, and metrics with one label each.
fn family(name: &str, kind: u64, metrics: &[(&str, Write<'_>)]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.bytes_field(1, name.as_bytes());
    writer.varint_field(3, kind);
    for (label, value) in metrics {
        message(4, &mut writer, |metric| {
            message(1, metric, |pair| {
                pair.bytes_field(1, b"l");
                pair.bytes_field(2, label.as_bytes());
            });
            value(metric);
        });
    }
    let mut page = Writer::default();
    page.varint(writer.len() as u64);
    page.raw(writer.as_slice());
    page.into_bytes()
}

fn native(metric: &mut Writer) {
    message(7, metric, |histogram| {
        histogram.varint_field(1, 6);
        histogram.double_field(2, 4.5);
        message(3, histogram, |bucket| {
            bucket.varint_field(1, 4);
            bucket.double_field(2, 1.0);
        });
        message(3, histogram, |bucket| {
            bucket.varint_field(1, 6);
            bucket.double_field(2, f64::INFINITY);
        });
        histogram.sint32_field(5, 3);
        histogram.double_field(6, 0.001);
        histogram.varint_field(7, 1);
        for (offset, length) in [(-2, 2), (1, 1)] {
            message(12, histogram, |span| {
                span.sint32_field(1, offset);
                span.varint_field(2, length);
            });
        }
        message(13, histogram, |deltas| {
            [4, 1, 2].iter().for_each(|delta| deltas.varint(*delta))
        });
    });
}

fn counter(metric: &mut Writer) {
    message(3, metric, |counter| {
        counter.double_field(1, 9.0);
        message(3, counter, |time| time.varint_field(1, 1_799_999_000));
    });
}

fn summary(metric: &mut Writer) {
    message(4, metric, |summary| {
        summary.varint_field(1, 3);
        summary.double_field(2, 7.5);
        message(3, summary, |quantile| {
            quantile.double_field(1, 0.5);
            quantile.double_field(2, 2.0);
        });
    });
}

fn page() -> Vec<u8> {
    [
        family("c_total", 0, &[("x", &counter)]),
        family("s", 2, &[("x", &summary)]),
        family("h", 4, &[("x", &native), ("y", &native)]),
    ]
    .concat()
}

#[test]
fn native_histograms_become_exponential_ones_where_they_are_asked_for() {
    let mut rig = Rig::new("scrape_native_histograms: true", "");
    let expected = |label: &str| {
        format!(
            "h exponential l={label} count=6 sum=Some(4.5) scale=3 zero=1<=0.001 +Some((-3, [2, 1, 0, 2])) -None flags=0"
        )
    };
    for _ in 0..2 {
        let scraped = rig.scrape_as(&page(), Format::Protobuf);
        assert_eq!(
            scraped.lines(),
            [
                "c_total counter l=x 9".to_owned(),
                "s summary l=x count=3 sum=7.5 [(0.5, 2.0)] flags=0".to_owned(),
                expected("x"),
                expected("y"),
            ]
        );
        assert_eq!(scraped.counts.scraped, 6);
    }
    let gone = rig.scrape_as(&family("c_total", 0, &[("x", &counter)]), Format::Protobuf);
    assert_eq!(
        gone.lines()
            .iter()
            .filter(|line| line.ends_with("flags=1"))
            .count(),
        3
    );
}

#[test]
fn classic_buckets_are_taken_where_native_ones_are_not_or_besides_them() {
    let classic = "h histogram l=x count=6 sum=Some(4.5) [1.0] [4, 2] flags=0";
    let page = family("h", 4, &[("x", &native)]);
    let plain = Rig::plain().scrape_as(&page, Format::Protobuf);
    assert_eq!(plain.lines(), [classic]);
    let both = "scrape_native_histograms: true\nalways_scrape_classic_histograms: true";
    let both = Rig::new(both, "").scrape_as(&page, Format::Protobuf);
    assert_eq!(both.lines().len(), 2);
    assert_eq!(both.lines()[1], classic);
}

#[test]
fn a_native_histogram_with_buckets_far_apart_is_left_out_and_counted() {
    let far = |metric: &mut Writer| {
        message(7, metric, |histogram| {
            histogram.varint_field(1, 2);
            for offset in [0, 1_000_000_000] {
                message(12, histogram, |span| {
                    span.sint32_field(1, offset);
                    span.varint_field(2, 1);
                });
            }
            message(13, histogram, |deltas| {
                [2, 0].iter().for_each(|delta| deltas.varint(*delta))
            });
        });
    };
    let page = family("h", 4, &[("x", &far), ("y", &native)]);
    let scraped = Rig::new("scrape_native_histograms: true", "").scrape_as(&page, Format::Protobuf);
    assert_eq!((scraped.lines().len(), scraped.incomplete), (1, 1));
}
