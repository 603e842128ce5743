use proptest::prelude::*;

use super::*;

const OPEN_METRICS: Format = Format::OpenMetrics { old: false };

fn render(families: &[FamilySnapshot], resource: &Labels, format: Format, style: Style) -> String {
    String::from_utf8(super::render(families, resource, format, style)).expect("UTF-8")
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect()
}

fn accepted_spans(value: f64) -> FamilySnapshot {
    FamilySnapshot {
        name: "otelcol_receiver_accepted_spans".to_owned(),
        help: "Spans taken in.",
        kind: Kind::Counter,
        series: vec![(labels(&[("receiver", "otlp"), ("transport", "grpc")]), value)],
    }
}

fn queue_size() -> FamilySnapshot {
    FamilySnapshot {
        name: "otelcol_exporter_queue_size".to_owned(),
        help: "Queue \"fill\" \\ now,\nin requests.",
        kind: Kind::Gauge,
        series: vec![(Labels::new(), -2.5)],
    }
}

fn resource() -> Labels {
    labels(&[
        ("service.name", "sidelight"),
        ("service.version", "0.1.0"),
        ("service.instance.id", "a-b"),
    ])
}

const PLAIN: Style = Style { type_suffix: false };
const SUFFIXED: Style = Style { type_suffix: true };

#[test]
fn the_text_format_is_what_the_collector_shows_by_default() {
    let page = render(
        &[accepted_spans(7.0), queue_size()],
        &resource(),
        Format::Text,
        PLAIN,
    );
    assert_eq!(
        page,
        r#"# HELP otelcol_receiver_accepted_spans Spans taken in.
# TYPE otelcol_receiver_accepted_spans counter
otelcol_receiver_accepted_spans{receiver="otlp",transport="grpc"} 7
# HELP otelcol_exporter_queue_size Queue "fill" \\ now,\nin requests.
# TYPE otelcol_exporter_queue_size gauge
otelcol_exporter_queue_size -2.5
# HELP target_info Target metadata
# TYPE target_info gauge
target_info{service_instance_id="a-b",service_name="sidelight",service_version="0.1.0"} 1
"#
    );
}

#[test]
fn open_metrics_with_suffixes_has_counters_and_an_end() {
    let page = render(&[accepted_spans(7.0)], &resource(), OPEN_METRICS, SUFFIXED);
    assert_eq!(
        page,
        r#"# HELP otelcol_receiver_accepted_spans Spans taken in.
# TYPE otelcol_receiver_accepted_spans counter
otelcol_receiver_accepted_spans_total{receiver="otlp",transport="grpc"} 7
# HELP target Target metadata
# TYPE target info
target_info{service_instance_id="a-b",service_name="sidelight",service_version="0.1.0"} 1
# EOF
"#
    );
}

#[test]
fn a_series_has_the_same_name_in_both_formats() {
    for (style, sample) in [
        (PLAIN, "\notelcol_receiver_accepted_spans{"),
        (SUFFIXED, "\notelcol_receiver_accepted_spans_total{"),
    ] {
        for format in [Format::Text, OPEN_METRICS] {
            let page = render(&[accepted_spans(1.0)], &resource(), format, style);
            assert!(page.contains(sample), "{format:?} {style:?}:\n{page}");
        }
    }
}

#[test]
fn the_suffix_is_never_doubled() {
    let mut family = accepted_spans(1.0);
    family.name.push_str("_total");
    let page = render(&[family], &resource(), Format::Text, SUFFIXED);
    assert!(page.contains("\notelcol_receiver_accepted_spans_total{") && !page.contains("_total_total"));
}

#[test]
fn a_label_cannot_break_out_of_its_line() {
    let mut family = accepted_spans(1.0);
    family.series[0].0 = labels(&[("a.b", "x\"} 9\nevil 1\\"), ("a_b", "second"), ("9 x", "\r")]);
    let page = render(&[family], &Labels::new(), Format::Text, PLAIN);
    assert!(
        page.contains(
            "otelcol_receiver_accepted_spans{a_b=\"x\\\"} 9\\nevil 1\\\\;second\",key_9_x=\" \"} 1\n"
        ),
        "{page}"
    );
    assert!(page.contains("\ntarget_info 1\n"));
}

#[test]
fn the_format_follows_the_accept_header() {
    // What Prometheus 3 sends by default.
    let prometheus = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
        application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;q=0.3,\
        text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
    let only = "application/openmetrics-text; version=1.0.0";
    for (accept, plain, suffixed) in [
        (None, Format::Text, Format::Text),
        (Some(prometheus), Format::Text1, OPEN_METRICS),
        (Some(only), OPEN_METRICS, OPEN_METRICS),
        (
            Some("application/openmetrics-text; version=\"1.0.0\"; q=0"),
            Format::Text,
            Format::Text,
        ),
        (
            Some("application/openmetrics-text; version=9"),
            Format::Text,
            Format::Text,
        ),
        (
            Some("application/openmetrics-text;q=nonsense"),
            Format::Text,
            Format::Text,
        ),
        (Some("text/html, */*;q=0.8"), Format::Text, Format::Text),
        (Some(""), Format::Text, Format::Text),
        (Some(";;;,,=,q=1"), Format::Text, Format::Text),
    ] {
        assert_eq!(negotiate(accept, PLAIN), plain, "{accept:?}");
        assert_eq!(negotiate(accept, SUFFIXED), suffixed, "{accept:?}");
    }
}

proptest! {
    #[test]
    fn every_line_is_a_comment_or_a_sample_whatever_names_and_values_say(
        name in ".{0,20}", label in ".{0,20}", value in ".{0,40}", number in any::<f64>(),
    ) {
        let family = FamilySnapshot {
            name,
            help: "help",
            kind: Kind::Counter,
            series: vec![(vec![(label, value)], number)],
        };
        for format in [Format::Text, OPEN_METRICS] {
            let page = render(std::slice::from_ref(&family), &Labels::new(), format, PLAIN);
            prop_assert!(page.ends_with('\n'));
            // Three lines of the family, three of the target, one for the end.
            prop_assert_eq!(page.lines().count(), if format == Format::Text { 6 } else { 7 });
        }
    }
}
