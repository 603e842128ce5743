//! Both text formats: what is read, what is refused, and that no page makes it panic.

use proptest::prelude::*;

use super::*;
use crate::parse::{Format, LabelSet, MetricType, ParseError};

/// All events of a page in a form that is quick to write down.
fn events(text: &str, format: Format) -> Result<Vec<String>, ParseError> {
    let mut page = Page::new(text.as_bytes(), format)?;
    let mut out = Vec::new();
    while let Some(event) = page.next()? {
        out.push(match event {
            Event::Type { family, kind } => format!("type {family} {}", kind.as_str()),
            Event::Help { family, text } => format!("help {family} {text:?}"),
            Event::Unit { family, unit } => format!("unit {family} {unit}"),
            Event::Sample(sample) => shown(&sample),
        });
    }
    Ok(out)
}

fn shown(sample: &Sample<'_>) -> String {
    let mut text = sample.series.name().into_owned();
    for (name, value) in sample.series.labels().filter(|(name, _)| name != "__name__") {
        text += &format!(" {name}={value:?}");
    }
    text += &format!(" {}", sample.tail.value);
    if let Some(time) = sample.tail.timestamp_ms {
        text += &format!(" @{time}");
    }
    if let Some(exemplar) = &sample.tail.exemplar {
        text += " #";
        exemplar
            .labels
            .for_each(&mut |name, value| text += &format!(" {name}={value:?}"));
        text += &format!(" {} {:?}", exemplar.value, exemplar.timestamp_ms);
    }
    text
}

#[test]
fn the_text_format_is_read() {
    let page = "\
# HELP http_requests_total The total number of HTTP requests, \\\\ and \\n.
# TYPE http_requests_total counter
http_requests_total{method=\"post\",code=\"200\"} 1027 1395066363000
http_requests_total{method=\"post\",code=\"400\",} 3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds{path=\"C:\\\\DIR\\\\FILE.TXT\",error=\"Cannot find file:\\n\\\"FILE.TXT\\\"\"} 1.458255915e9
#not a keyword
# TYPE
\tmetric_without_timestamp_and_labels   12.47\t
# TYPE \"quoted.name\" gauge
{\"quoted.name\", \"label name\"=\"x\"} -Inf -3982045\r
something_weird{problem=\"division by zero\"} +Inf
no_blank{a=\"b\"}1";
    let expected = [
        "help http_requests_total \"The total number of HTTP requests, \\\\ and \\n.\"",
        "type http_requests_total counter",
        "http_requests_total method=\"post\" code=\"200\" 1027 @1395066363000",
        "http_requests_total method=\"post\" code=\"400\" 3 @1395066363000",
        "msdos_file_access_time_seconds path=\"C:\\\\DIR\\\\FILE.TXT\" error=\"Cannot find file:\\n\\\"FILE.TXT\\\"\" 1458255915",
        "metric_without_timestamp_and_labels 12.47",
        "type quoted.name gauge",
        "quoted.name label name=\"x\" -inf @-3982045",
        "something_weird problem=\"division by zero\" inf",
        "no_blank a=\"b\" 1",
    ];
    assert_eq!(events(page, Format::Text).expect("read"), expected);
}

#[test]
fn openmetrics_is_read() {
    let page = "\
# TYPE foo histogram
# UNIT foo seconds
# HELP foo Some help.
foo_bucket{le=\"0.1\"} 8 # {trace_id=\"KOO5S4vxi0o\"} 0.67
foo_bucket{le=\"+Inf\"} 17 1520879607.789 # {} 9.8 1520879607.789
foo_created 1520872607.123
# EOF
";
    let expected = [
        "type foo histogram",
        "unit foo seconds",
        "help foo \"Some help.\"",
        "foo_bucket le=\"0.1\" 8 # trace_id=\"KOO5S4vxi0o\" 0.67 None",
        "foo_bucket le=\"+Inf\" 17 @1520879607789 # 9.8 Some(1520879607789)",
        "foo_created 1520872607.123",
    ];
    assert_eq!(events(page, Format::OpenMetrics).expect("read"), expected);
}

#[test]
fn every_type_is_known_by_its_name() {
    for kind in [
        MetricType::Unknown,
        MetricType::Counter,
        MetricType::Gauge,
        MetricType::Histogram,
        MetricType::GaugeHistogram,
        MetricType::Summary,
        MetricType::Info,
        MetricType::StateSet,
    ] {
        assert_eq!(MetricType::from_name(kind.as_str()), Some(kind));
    }
    assert_eq!(MetricType::from_name("untyped"), Some(MetricType::Unknown));
}

#[test]
fn what_breaks_the_grammar_is_refused_at_its_place() {
    let text = Format::Text;
    let open = Format::OpenMetrics;
    for (page, format, line, column, reason) in [
        ("a 1\nb", text, 2, 2, "expected a number behind the series"),
        ("a{b=\"c\"} x", text, 1, 10, "expected a number behind the series"),
        ("a{b=\"c\" 1", text, 1, 9, "expected `,` or `}` behind a label"),
        ("a{b=\"c", text, 1, 5, "a quote is not closed"),
        ("a{b=c} 1", text, 1, 5, "expected a label's value in quotes"),
        ("a{b} 1", text, 1, 4, "expected `=` behind a label's name"),
        ("a{1b=\"c\"} 1", text, 1, 3, "expected a label's name"),
        ("a{b:c=\"c\"} 1", text, 1, 6, "expected a label's name"),
        ("a{\"b\"} 1", text, 1, 6, "expected `=` behind a label's name"),
        (
            "{\"a\",\"b\"} 1",
            text,
            1,
            9,
            "expected `=` behind a label's name",
        ),
        ("1a 1", text, 1, 1, "expected a metric's name"),
        ("ü 1", text, 1, 1, "expected a metric's name"),
        ("<html>", text, 1, 1, "expected a metric's name"),
        ("a 1 2 3", text, 1, 7, "expected the end of the line"),
        ("a 1 2.5", text, 1, 5, "expected a time behind the value"),
        ("a 1 # {} 1", text, 1, 5, "expected the end of the line"),
        (
            "# TYPE a counters\n",
            text,
            1,
            10,
            "there is no such type of metric",
        ),
        ("# TYPE 1 counter\n", text, 1, 8, "expected a metric's name"),
        ("a 1\n", open, 2, 1, "the page breaks off: there is no `# EOF`"),
        ("a 1\n# EOF\na 2\n", open, 3, 1, "there is more behind `# EOF`"),
        ("a 1 # x\n# EOF", open, 1, 7, "expected the labels of an exemplar"),
        (
            "a 1 # {} x\n# EOF",
            open,
            1,
            10,
            "expected the number of an exemplar",
        ),
    ] {
        let expected = ParseError::Text { line, column, reason };
        assert_eq!(events(page, format), Err(expected), "{page:?}");
    }
    let invalid = Page::new(b"a 1\nb{c=\"\xff\"} 1\n", text).map(|_| ());
    assert!(
        matches!(
            invalid,
            Err(ParseError::Text {
                line: 2,
                column: 6,
                ..
            })
        ),
        "{invalid:?}"
    );
}

#[test]
fn bounds_of_one_series_are_kept() {
    let long = format!("a{{b=\"{}\"}} 1", "x".repeat(MAX_SERIES_BYTES));
    assert!(
        matches!(events(&long, Format::Text), Err(ParseError::Text { reason, .. }) if reason.contains("1 MiB"))
    );
    let labels = |count: usize| {
        let labels: Vec<String> = (0..count).map(|number| format!("l{number}=\"\"")).collect();
        format!("a{{{}}} 1", labels.join(","))
    };
    assert!(events(&labels(MAX_LABELS), Format::Text).is_ok());
    assert!(events(&labels(MAX_LABELS + 1), Format::Text).is_err());
}

#[test]
fn a_page_that_goes_on_as_known_is_taken_up_behind_the_series() {
    let text = "# TYPE a gauge\na{b=\"c\"} 1\n\n# c\na 2 7\nab 3\n";
    let mut first = Page::new(text.as_bytes(), Format::Text).expect("UTF-8");
    let mut known = Vec::new();
    let mut from = 0;
    while let Some(event) = first.next().expect("read") {
        if matches!(event, Event::Sample(_)) {
            known.push(first.between(from, first.series_end()));
            from = first.position();
        }
    }
    assert_eq!(known, ["# TYPE a gauge\na{b=\"c\"}", "\n# c\na", "ab"]);
    let mut again = Page::new(text.as_bytes(), Format::Text).expect("UTF-8");
    let tails: Vec<_> = known
        .iter()
        .map(|known| again.resume(known).expect("read").expect("known"))
        .collect();
    assert_eq!(
        tails.iter().map(|tail| tail.value).collect::<Vec<_>>(),
        [1.0, 2.0, 3.0]
    );
    assert_eq!(tails[1].timestamp_ms, Some(7));
    assert_eq!(again.next(), Ok(None));

    let mut longer = Page::new(b"ab 1\n", Format::Text).expect("UTF-8");
    assert_eq!(longer.resume("a"), Ok(None), "`a` is only the beginning of `ab`");
    assert_eq!(longer.position(), 0);
    let mut broken = Page::new(b"ab x\n", Format::Text).expect("UTF-8");
    assert!(broken.resume("ab").is_err());
}

/// A value as an exporter would write it into quotes.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

fn label_text() -> impl Strategy<Value = String> {
    proptest::string::string_regex("[a-z\\\\\"\n{},= ü#]{0,8}").expect("a pattern")
}

proptest! {
    #[test]
    fn no_page_panics(text in "[a-z{}\"\\\\=,# \n\t0-9.ü]{0,80}", format in prop::bool::ANY) {
        let format = if format { Format::Text } else { Format::OpenMetrics };
        let _ = events(&text, format);
    }

    #[test]
    fn what_is_written_is_read(
        samples in proptest::collection::vec(
            ("[a-zA-Z_:][a-zA-Z0-9_:]{0,6}", proptest::collection::btree_map("[a-z_][a-z0-9_]{0,4}", label_text(), 0..4),
             any::<f64>(), proptest::option::of(any::<i64>())),
            0..8,
        ),
        quoted in prop::bool::ANY,
    ) {
        let mut text = String::new();
        let mut expected = Vec::new();
        for (name, labels, value, time) in &samples {
            let mut parts: Vec<String> =
                labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
            if quoted {
                parts.insert(0, format!("\"{name}\""));
                text += &format!("{{{}}} {value}", parts.join(","));
            } else {
                text += &format!("{name}{{{}}} {value}", parts.join(","));
            }
            text += &time.map_or("\n".to_owned(), |time| format!(" {time}\n"));
            let mut shown = name.clone();
            for (name, value) in labels {
                shown += &format!(" {name}={value:?}");
            }
            shown += &format!(" {value}");
            shown += &time.map_or(String::new(), |time| format!(" @{time}"));
            expected.push(shown);
        }
        prop_assert_eq!(events(&text, Format::Text).expect("read"), expected);
    }

    #[test]
    fn a_page_cut_anywhere_is_read_to_the_cut_or_refused(cut in 0_usize..120) {
        let page = "# TYPE a counter\na{b=\"ü\"} 12 3\n# END\nb{c=\"d\",e=\"f\"} 4.5 # {} 1\n# EOF\n";
        let cut = (0..=cut.min(page.len())).rev().find(|at| page.is_char_boundary(*at)).unwrap_or(0);
        let read = events(&page[..cut], Format::OpenMetrics);
        prop_assert_eq!(read.is_ok(), cut >= page.len() - 1);
    }
}
