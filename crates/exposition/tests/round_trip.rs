//! What is written here is read here: the same help, labels, values and times, in every format.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot be set up fails"
)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use sidelight_exposition::labels::LabelTextBuilder;
use sidelight_exposition::parse::protobuf::{Families, MetricValue};
use sidelight_exposition::parse::text::{Event, Page};
use sidelight_exposition::parse::{Format as Read, LabelSet as _};

use sidelight_exposition::write::{FamilyHead, FamilyType, LabelTexts, PageWriter, Sample, Value};
use sidelight_exposition::{Escaping, Format, Number};

/// A gauge: help, and of each series the labels, the value and the time in milliseconds.
#[derive(Clone, Debug)]
struct Gauge {
    help: String,
    series: BTreeMap<BTreeMap<String, String>, (f64, i64)>,
}

/// Series, as a set: labels with the metric's name, value bits, time.
type Found = Vec<(BTreeMap<String, String>, u64, Option<i64>)>;

fn gauges() -> impl Strategy<Value = BTreeMap<String, Gauge>> {
    let text = || prop_oneof![any::<String>(), "[a-z \\\\\"\n]{0,8}"];
    let name = || prop_oneof!["[a-zA-Z_:][a-zA-Z0-9_:]{0,6}", "[a-zä.\\-/ ]{1,6}"];
    let value = prop_oneof![any::<f64>(), (-9..9_i32).prop_map(f64::from)];
    let labels =
        prop::collection::btree_map(name().prop_filter("no name", |n| n != "__name__"), text(), 0..4)
            .prop_map(|labels| {
                labels
                    .into_iter()
                    .filter(|(_, value)| !value.is_empty())
                    .collect()
            });
    let time = -1_000_000..4_000_000_000_000_i64;
    let series = prop::collection::btree_map(labels, (value, time.prop_map(i64::abs)), 1..4);
    let gauge = (text(), series).prop_map(|(help, series)| Gauge { help, series });
    prop::collection::btree_map(name(), gauge, 1..4)
}

fn written(gauges: &BTreeMap<String, Gauge>, format: Format) -> Vec<u8> {
    let mut page = PageWriter::new(format, Escaping::AllowUtf8);
    let mut builder = LabelTextBuilder::default();
    for (name, gauge) in gauges {
        page.begin_family(&FamilyHead {
            name,
            help: &gauge.help,
            unit: "",
            family_type: FamilyType::Gauge,
        });
        for (labels, (value, time)) in &gauge.series {
            builder.clear();
            labels.iter().for_each(|(name, value)| builder.label(name, value));
            page.sample(&Sample {
                labels: LabelTexts([builder.text(), ""]),
                value: Value::Number(Number::Double(*value)),
                start_unix_nano: 0,
                time_unix_nano: Some(*time as u64 * 1_000_000),
                exemplars: &[],
            });
        }
        page.end_family();
    }
    page.finish()
}

/// All not-a-numbers are one: their bits do not survive text.
fn bits(value: f64) -> u64 {
    if value.is_nan() {
        f64::NAN.to_bits()
    } else {
        value.to_bits()
    }
}

fn expected(gauges: &BTreeMap<String, Gauge>) -> Found {
    let mut found: Found = Vec::new();
    for (name, gauge) in gauges {
        for (labels, (value, time)) in &gauge.series {
            let mut labels = labels.clone();
            labels.insert("__name__".to_owned(), name.clone());
            found.push((labels, bits(*value), Some(*time)));
        }
    }
    found.sort();
    found
}

fn read_text(page: &[u8], format: Read) -> (BTreeMap<String, String>, Found) {
    let (mut helps, mut found) = (BTreeMap::new(), Found::new());
    let mut page = Page::new(page, format).expect("UTF-8");
    while let Some(event) = page.next().expect("a good page") {
        match event {
            Event::Help { family, text } => _ = helps.insert(family.into_owned(), text.into_owned()),
            Event::Sample(sample) => {
                let mut labels = BTreeMap::new();
                sample
                    .series
                    .for_each(&mut |name, value| _ = labels.insert(name.into_owned(), value.into_owned()));
                found.push((labels, bits(sample.tail.value), sample.tail.timestamp_ms));
            }
            Event::Type { .. } | Event::Unit { .. } => {}
        }
    }
    found.sort();
    (helps, found)
}

fn read_protobuf(page: &[u8]) -> (BTreeMap<String, String>, Found) {
    let (mut helps, mut found) = (BTreeMap::new(), Found::new());
    let mut families = Families::new(page);
    while let Some(family) = families.next().expect("a good page") {
        helps.insert(family.name.to_owned(), family.help.to_owned());
        for metric in family.metrics() {
            let metric = metric.expect("a good metric");
            let MetricValue::Number(value) = metric.value else {
                panic!("no gauge: {metric:?}");
            };
            let mut labels: BTreeMap<String, String> = metric
                .labels()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            labels.insert("__name__".to_owned(), family.name.to_owned());
            found.push((labels, bits(value), metric.timestamp_ms));
        }
    }
    found.sort();
    (helps, found)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back(gauges in gauges()) {
        let open_metrics = Format::OpenMetrics { old: false };
        for (format, (helps, found)) in [
            (Format::Text1, read_text(&written(&gauges, Format::Text1), Read::Text)),
            (open_metrics, read_text(&written(&gauges, open_metrics), Read::OpenMetrics)),
            (Format::Protobuf, read_protobuf(&written(&gauges, Format::Protobuf))),
        ] {
            prop_assert_eq!(&found, &expected(&gauges), "{:?}", format);
            for (name, gauge) in &gauges {
                let help = helps.get(name).map_or("", String::as_str);
                // Blanks around a text are the format's own, in text.
                let blanks: &[char] = if format == Format::Protobuf { &[] } else { &[' ', '\t'] };
                prop_assert_eq!(help.trim_matches(blanks), gauge.help.trim_matches(blanks), "{:?}", format);
            }
        }
    }
}
