//! Whatever pages come in whatever order: what is on the page has a value, what was on the one before has one end.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use sidelight_exposition::parse::Format;

use super::rig::Rig;

/// One scrape: `None` fails; else the series on the page in their order, with values.
type Page = Option<Vec<(u8, u16)>>;

fn pages() -> impl Strategy<Value = Vec<Page>> {
    let page = proptest::collection::vec((0_u8..12, any::<u16>()), 0..20);
    // The same page twice in a row is what mostly happens.
    let page = prop_oneof![1 => Just(None), 8 => page.prop_map(Some)];
    proptest::collection::vec((page, 1_usize..3), 1..12).prop_map(|pages| {
        let repeated = pages.into_iter().flat_map(|(page, times)| vec![page; times]);
        repeated.collect()
    })
}

/// The line of a series: gauges, counters, and parts of two histograms.
fn line(series: u8, value: u16) -> String {
    match series {
        0..4 => format!("g{{l=\"{series}\"}} {value}\n"),
        4..8 => format!("# TYPE c{series} counter\nc{series} {value}\n"),
        8..10 => format!("# TYPE h histogram\nh_count{{l=\"{series}\"}} {value}\n"),
        _ => format!("  u{series}\t{value}\n"),
    }
}

/// Name and labels of the point that a series becomes.
fn point(series: u8) -> String {
    match series {
        0..4 => format!("g gauge l={series}"),
        4..8 => format!("c{series} counter"),
        8..10 => format!("h histogram l={series} count"),
        _ => format!("u{series} gauge"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_series_has_its_value_or_one_end(pages in pages()) {
        let mut rig = Rig::plain();
        let mut live = BTreeSet::new();
        for page in pages {
            let (scraped, there) = match page {
                None => (rig.fail(), BTreeMap::new()),
                Some(series) => {
                    let text: String = series.iter().map(|(series, value)| line(*series, *value)).collect();
                    let mut there = BTreeMap::new();
                    for (series, value) in &series {
                        // The first of several counts.
                        there.entry(*series).or_insert(*value);
                    }
                    let scraped = rig.scrape_as(text.as_bytes(), Format::Text);
                    prop_assert_eq!(scraped.counts.duplicate as usize, series.len() - there.len());
                    (scraped, there)
                }
            };
            let lines = scraped.lines();
            let is_end = |line: &str| line.contains("none flags=1") || line.ends_with("flags=1");
            for (series, value) in &there {
                let expected = point(*series);
                let found: Vec<_> = lines.iter().filter(|line| line.starts_with(&expected)).collect();
                prop_assert_eq!(found.len(), 1, "{} in {:?}", expected, lines);
                let separator = if expected.ends_with("count") { "=" } else { " " };
                prop_assert!(found[0].starts_with(&format!("{expected}{separator}{value}")), "{:?}", found);
                prop_assert!(!is_end(found[0]));
            }
            let now: BTreeSet<u8> = there.keys().copied().collect();
            let ends = lines.iter().filter(|line| is_end(line)).count();
            prop_assert_eq!(ends, live.difference(&now).count(), "{:?}", lines);
            prop_assert_eq!(lines.len(), now.len() + ends);
            live = now;
        }
    }
}
