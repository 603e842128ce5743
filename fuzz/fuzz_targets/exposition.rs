//! No page panics, every reader ends, and a page that is read again as known says the same.
//! First byte: the format (0 text, 1 OpenMetrics, 2 protobuf, modulo 3).
#![no_main]

use libfuzzer_sys::fuzz_target;
use sidelight_exposition::parse::protobuf::{Families, MetricValue};
use sidelight_exposition::parse::text::{Event, Page, Tail};
use sidelight_exposition::parse::{Format, LabelSet as _, ParseError};

fuzz_target!(|data: &[u8]| {
    let Some((first, bytes)) = data.split_first() else { return };
    match first % 3 {
        0 => text(bytes, Format::Text),
        1 => text(bytes, Format::OpenMetrics),
        _ => drop(protobuf(bytes)),
    }
});

/// Two tails that say the same; NaN is NaN.
fn same(a: &Tail<'_>, b: &Tail<'_>) -> bool {
    a.value.to_bits() == b.value.to_bits()
        && a.timestamp_ms == b.timestamp_ms
        && a.exemplar.map(|e| (e.labels, e.value.to_bits(), e.timestamp_ms))
            == b.exemplar.map(|e| (e.labels, e.value.to_bits(), e.timestamp_ms))
}

fn text(bytes: &[u8], format: Format) {
    let Ok(mut page) = Page::new(bytes, format) else { return };
    let (mut known, mut from) = (Vec::new(), 0);
    let end = loop {
        match page.next() {
            Ok(Some(Event::Sample(sample))) => {
                let mut labels = 0;
                sample.series.for_each(&mut |name, _| {
                    labels += 1;
                    assert!(!name.is_empty() || sample.series.as_str().contains("\"\""));
                });
                let _ = sample.series.name();
                if let Some(exemplar) = &sample.tail.exemplar {
                    exemplar.labels.for_each(&mut |_, _| {});
                }
                assert!(sample.series.as_str().len() <= bytes.len() && labels <= bytes.len());
                known.push((page.between(from, page.series_end()), sample.tail));
                from = page.position();
            }
            Ok(Some(_)) => {}
            Ok(None) => break true,
            Err(_) => break false,
        }
    };
    let mut again = Page::new(bytes, format).expect("UTF-8, as before");
    for (text, tail) in known {
        // What only begins like the series is not known.
        let shorter = text.char_indices().next_back().map_or("", |(at, _)| &text[..at]);
        assert_eq!(again.resume(shorter), Ok(None));
        match again.resume(text).expect("read, as before") {
            Some(found) => assert!(same(&found, &tail)),
            // No blank behind the series: it is read the long way.
            None => return,
        }
    }
    // Behind the last sample there is nothing but comments and the end, good or bad.
    loop {
        match again.next() {
            Ok(Some(Event::Sample(_))) => panic!("a sample more than before"),
            Ok(Some(_)) => {}
            Ok(None) => break assert!(end),
            Err(_) => break assert!(!end),
        }
    }
}

fn protobuf(bytes: &[u8]) -> Result<(), ParseError> {
    let mut families = Families::new(bytes);
    while let Some(family) = families.next()? {
        for metric in family.metrics() {
            let metric = metric?;
            let mut identity = Vec::new();
            metric.append_identity(&mut identity);
            assert!(identity.len() <= 4 * bytes.len());
            metric.labels().for_each(|(name, _)| assert!(!name.is_empty()));
            match metric.value {
                MetricValue::Histogram(histogram) => {
                    let (spans, counts) = histogram.positive();
                    assert!(spans.iter().count() <= bytes.len() && counts.iter().count() <= bytes.len());
                    assert!(histogram.buckets().count() + histogram.exemplars().count() <= bytes.len());
                }
                MetricValue::Summary(summary) => assert!(summary.quantiles().count() <= bytes.len()),
                MetricValue::Counter { .. } | MetricValue::Number(_) => {}
            }
        }
    }
    Ok(())
}
