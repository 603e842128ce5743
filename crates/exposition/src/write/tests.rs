use proptest::prelude::*;
use prost::Message;

use super::*;
use crate::number::Number;
use crate::{Escaping, Format};

/// The messages of `client_model` as far as they are written here.
mod client_model {
    use std::collections::BTreeMap;

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct MetricFamily {
        #[prost(string, tag = 1)]
        pub(super) name: String,
        #[prost(string, tag = 2)]
        pub(super) help: String,
        #[prost(int32, tag = 3)]
        pub(super) family_type: i32,
        #[prost(message, repeated, tag = 4)]
        pub(super) metric: Vec<Metric>,
        #[prost(string, tag = 5)]
        pub(super) unit: String,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct LabelPair {
        #[prost(string, tag = 1)]
        pub(super) name: String,
        #[prost(string, tag = 2)]
        pub(super) value: String,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Metric {
        #[prost(message, repeated, tag = 1)]
        pub(super) label: Vec<LabelPair>,
        #[prost(message, optional, tag = 2)]
        pub(super) gauge: Option<Single>,
        #[prost(message, optional, tag = 3)]
        pub(super) counter: Option<Single>,
        #[prost(message, optional, tag = 4)]
        pub(super) summary: Option<Summary>,
        #[prost(message, optional, tag = 5)]
        pub(super) untyped: Option<Single>,
        #[prost(int64, tag = 6)]
        pub(super) timestamp_ms: i64,
        #[prost(message, optional, tag = 7)]
        pub(super) histogram: Option<Histogram>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Single {
        #[prost(double, tag = 1)]
        pub(super) value: f64,
        #[prost(message, optional, tag = 2)]
        pub(super) exemplar: Option<Exemplar>,
        #[prost(message, optional, tag = 3)]
        pub(super) created: Option<Timestamp>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Timestamp {
        #[prost(int64, tag = 1)]
        pub(super) seconds: i64,
        #[prost(int32, tag = 2)]
        pub(super) nanos: i32,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Exemplar {
        #[prost(message, repeated, tag = 1)]
        pub(super) label: Vec<LabelPair>,
        #[prost(double, tag = 2)]
        pub(super) value: f64,
        #[prost(message, optional, tag = 3)]
        pub(super) timestamp: Option<Timestamp>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Summary {
        #[prost(uint64, tag = 1)]
        pub(super) count: u64,
        #[prost(double, tag = 2)]
        pub(super) sum: f64,
        #[prost(message, repeated, tag = 3)]
        pub(super) quantile: Vec<Quantile>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Quantile {
        #[prost(double, tag = 1)]
        pub(super) quantile: f64,
        #[prost(double, tag = 2)]
        pub(super) value: f64,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Bucket {
        #[prost(uint64, tag = 1)]
        pub(super) cumulative_count: u64,
        #[prost(double, tag = 2)]
        pub(super) upper_bound: f64,
        #[prost(message, optional, tag = 3)]
        pub(super) exemplar: Option<Exemplar>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Span {
        #[prost(sint32, tag = 1)]
        pub(super) offset: i32,
        #[prost(uint32, tag = 2)]
        pub(super) length: u32,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Histogram {
        #[prost(uint64, tag = 1)]
        pub(super) count: u64,
        #[prost(double, tag = 2)]
        pub(super) sum: f64,
        #[prost(message, repeated, tag = 3)]
        pub(super) bucket: Vec<Bucket>,
        #[prost(sint32, tag = 5)]
        pub(super) schema: i32,
        #[prost(double, tag = 6)]
        pub(super) zero_threshold: f64,
        #[prost(uint64, tag = 7)]
        pub(super) zero_count: u64,
        #[prost(message, repeated, tag = 9)]
        pub(super) negative_span: Vec<Span>,
        #[prost(sint64, repeated, packed = "false", tag = 10)]
        pub(super) negative_delta: Vec<i64>,
        #[prost(message, repeated, tag = 12)]
        pub(super) positive_span: Vec<Span>,
        #[prost(sint64, repeated, packed = "false", tag = 13)]
        pub(super) positive_delta: Vec<i64>,
        #[prost(message, optional, tag = 15)]
        pub(super) created: Option<Timestamp>,
        #[prost(message, repeated, tag = 16)]
        pub(super) exemplars: Vec<Exemplar>,
    }

    impl Metric {
        pub(super) fn labels(&self) -> BTreeMap<&str, &str> {
            self.label
                .iter()
                .map(|l| (l.name.as_str(), l.value.as_str()))
                .collect()
        }
    }
}

const START: u64 = 1_800_000_000_250_000_000;
const TIME: u64 = 1_800_000_010_500_000_000;

fn head<'a>(name: &'a str, unit: &'a str, family_type: FamilyType) -> FamilyHead<'a> {
    FamilyHead {
        name,
        help: "One \"line\" \\ or\ntwo.",
        unit,
        family_type,
    }
}

fn sample<'a>(value: Value<'a>, exemplars: &'a [Exemplar]) -> Sample<'a> {
    Sample {
        labels: LabelTexts([r#"job="api""#, r#"path="a\"b""#]),
        value,
        start_unix_nano: START,
        time_unix_nano: None,
        exemplars,
    }
}

fn exemplar(value: f64, time_unix_nano: u64) -> Exemplar {
    Exemplar {
        value,
        time_unix_nano,
        labels: r#"trace_id="0102""#.into(),
    }
}

fn page(format: Format, escaping: Escaping, head: &FamilyHead<'_>, sample: &Sample<'_>) -> Vec<u8> {
    let mut page = PageWriter::new(format, escaping);
    page.begin_family(head);
    page.sample(sample);
    page.end_family();
    page.finish()
}

fn text(format: Format, head: &FamilyHead<'_>, sample: &Sample<'_>) -> String {
    String::from_utf8(page(format, Escaping::AllowUtf8, head, sample)).expect("UTF-8")
}

fn family(head: &FamilyHead<'_>, sample: &Sample<'_>) -> client_model::MetricFamily {
    let bytes = page(Format::Protobuf, Escaping::AllowUtf8, head, sample);
    client_model::MetricFamily::decode_length_delimited(&bytes[..]).expect("a message")
}

const OPEN_METRICS: Format = Format::OpenMetrics { old: false };

const HISTOGRAM: Value<'_> = Value::Histogram(Histogram {
    count: 6,
    sum: Some(7.5),
    bounds: &[0.5, 1.0],
    counts: &[1, 2, 3],
});

fn exponential() -> Value<'static> {
    Value::Exponential(Exponential {
        count: 11,
        sum: Some(40.0),
        scale: 1,
        zero_count: 2,
        zero_threshold: 0.0,
        // 2^(1/2)^i: between 1 and 2, between 2 and 4, nothing, between 8 and 16.
        positive: Buckets {
            offset: 0,
            counts: &[1, 1, 2, 0, 0, 0, 0, 3],
        },
        negative: Buckets {
            offset: -1,
            counts: &[2],
        },
    })
}

#[test]
fn a_counter_has_its_suffix_and_in_open_metrics_its_exemplar() {
    let head = head("io_bytes_total", "bytes", FamilyType::Counter);
    let exemplars = [exemplar(3.5, TIME)];
    let sample = sample(Value::Number(Number::Int(7)), &exemplars);
    assert_eq!(
        text(Format::Text, &head, &sample),
        "# HELP io_bytes_total One \"line\" \\\\ or\\ntwo.\n# TYPE io_bytes_total counter\n\
         io_bytes_total{job=\"api\",path=\"a\\\"b\"} 7\n"
    );
    assert_eq!(
        text(OPEN_METRICS, &head, &sample),
        "# HELP io_bytes One \\\"line\\\" \\\\ or\\ntwo.\n# TYPE io_bytes counter\n# UNIT io_bytes bytes\n\
         io_bytes_total{job=\"api\",path=\"a\\\"b\"} 7 # {trace_id=\"0102\"} 3.5 1800000010.500\n# EOF\n"
    );
    let family = family(&head, &sample);
    assert_eq!((family.name.as_str(), family.family_type), ("io_bytes_total", 0));
    assert_eq!((family.help.as_str(), family.unit.as_str()), (head.help, "bytes"));
    let metric = &family.metric[0];
    assert_eq!(
        metric.labels().into_iter().collect::<Vec<_>>(),
        [("job", "api"), ("path", "a\"b")]
    );
    let counter = metric.counter.as_ref().expect("a counter");
    assert_eq!(counter.value, 7.0);
    let created = counter.created.as_ref().expect("a start");
    assert_eq!((created.seconds, created.nanos), (1_800_000_000, 250_000_000));
    assert_eq!(counter.exemplar.as_ref().expect("one").label[0].value, "0102");
}

#[test]
fn a_counter_without_its_suffix_keeps_its_name_everywhere() {
    let head = head("io", "bytes", FamilyType::Counter);
    let sample = sample(Value::Number(Number::Double(0.5)), &[]);
    assert!(text(Format::Text, &head, &sample).contains("# TYPE io counter\nio{"));
    // The family's name does not end in the unit: OpenMetrics forbids to say it.
    assert!(text(OPEN_METRICS, &head, &sample).contains("# TYPE io unknown\nio{"));
}

#[test]
fn types_that_a_format_does_not_have_are_the_nearest_there_is() {
    for (family_type, in_text, in_open_metrics, number) in [
        (FamilyType::Gauge, "# TYPE x_info gauge", "# TYPE x_info gauge", 1),
        (
            FamilyType::Unknown,
            "# TYPE x_info untyped",
            "# TYPE x_info unknown",
            3,
        ),
        (FamilyType::Info, "# TYPE x_info gauge", "# TYPE x info", 1),
    ] {
        let head = head("x_info", "", family_type);
        let sample = sample(Value::Number(Number::Int(1)), &[]);
        assert!(text(Format::Text, &head, &sample).contains(in_text));
        let open_metrics = text(OPEN_METRICS, &head, &sample);
        assert!(open_metrics.contains(in_open_metrics) && open_metrics.contains("\nx_info{"));
        assert_eq!(family(&head, &sample).family_type, number);
    }
}

#[test]
fn a_histogram_is_cumulative_and_each_bucket_has_its_latest_exemplar() {
    let head = head("t_seconds", "seconds", FamilyType::Histogram);
    let exemplars = [exemplar(0.7, 1), exemplar(0.8, 2_000_000_000), exemplar(9.0, 0)];
    let mut sample = sample(HISTOGRAM, &exemplars);
    sample.labels = LabelTexts(["", ""]);
    sample.time_unix_nano = Some(TIME);
    assert_eq!(
        text(OPEN_METRICS, &head, &sample)
            .split_once("seconds\n")
            .expect("a unit")
            .1,
        "t_seconds_bucket{le=\"0.5\"} 1 1800000010.500\n\
         t_seconds_bucket{le=\"1.0\"} 3 1800000010.500 # {trace_id=\"0102\"} 0.8 2\n\
         t_seconds_bucket{le=\"+Inf\"} 6 1800000010.500 # {trace_id=\"0102\"} 9\n\
         t_seconds_sum 7.5 1800000010.500\nt_seconds_count 6 1800000010.500\n# EOF\n"
    );
    let text = text(Format::Text, &head, &sample);
    assert!(
        text.contains("t_seconds_bucket{le=\"1\"} 3 1800000010500\n"),
        "{text}"
    );
    let family = family(&head, &sample);
    assert_eq!(family.metric[0].timestamp_ms, 1_800_000_010_500);
    let histogram = family.metric[0].histogram.as_ref().expect("one");
    let buckets: Vec<_> = histogram
        .bucket
        .iter()
        .map(|b| (b.upper_bound, b.cumulative_count))
        .collect();
    assert_eq!(buckets, [(0.5, 1), (1.0, 3), (f64::INFINITY, 6)]);
    assert_eq!((histogram.count, histogram.sum), (6, 7.5));
    assert_eq!(histogram.bucket[1].exemplar.as_ref().expect("one").value, 0.8);
}

#[test]
fn a_histogram_without_sum_or_buckets_says_what_it_knows() {
    let head = head("t", "", FamilyType::Histogram);
    let value = Value::Histogram(Histogram {
        count: 4,
        sum: None,
        bounds: &[],
        counts: &[],
    });
    let mut sample = sample(value, &[]);
    sample.labels = LabelTexts::default();
    let text = text(Format::Text, &head, &sample);
    assert!(
        text.ends_with("histogram\nt_bucket{le=\"+Inf\"} 4\nt_count 4\n"),
        "{text}"
    );
}

#[test]
fn an_exponential_histogram_is_native_in_protobuf() {
    let head = head("t", "", FamilyType::Histogram);
    let exemplars = [exemplar(3.0, TIME)];
    let family = family(&head, &sample(exponential(), &exemplars));
    let histogram = family.metric[0].histogram.as_ref().expect("one");
    assert_eq!((histogram.count, histogram.sum, histogram.schema), (11, 40.0, 1));
    assert_eq!((histogram.zero_count, histogram.zero_threshold), (2, 1e-128));
    let spans =
        |spans: &[client_model::Span]| -> Vec<_> { spans.iter().map(|s| (s.offset, s.length)).collect() };
    assert_eq!(spans(&histogram.positive_span), [(1, 3), (4, 1)]);
    assert_eq!(histogram.positive_delta, [1, 0, 1, 1]);
    assert_eq!(spans(&histogram.negative_span), [(0, 1)]);
    assert_eq!(histogram.negative_delta, [2]);
    assert_eq!(histogram.exemplars.len(), 1);
    assert!(histogram.bucket.is_empty());
}

#[test]
fn an_exponential_histogram_is_classic_in_text_with_powers_of_two() {
    let head = head("t", "", FamilyType::Histogram);
    let mut sample = sample(exponential(), &[]);
    sample.labels = LabelTexts::default();
    let text = text(Format::Text, &head, &sample);
    let lines: Vec<_> = text.lines().skip(2).collect();
    assert_eq!(
        lines,
        [
            r#"t_bucket{le="-1"} 0"#,
            r#"t_bucket{le="-0.5"} 2"#,
            r#"t_bucket{le="0"} 4"#,
            r#"t_bucket{le="1"} 4"#,
            r#"t_bucket{le="2"} 6"#,
            r#"t_bucket{le="4"} 8"#,
            r#"t_bucket{le="8"} 8"#,
            r#"t_bucket{le="16"} 11"#,
            r#"t_bucket{le="+Inf"} 11"#,
            "t_sum 40",
            "t_count 11",
        ]
    );
}

#[test]
fn a_summary_has_its_quantiles() {
    let head = head("t", "", FamilyType::Summary);
    let value = Value::Summary(Summary {
        count: 9,
        sum: 1.5,
        quantiles: &[(0.5, 0.1), (1.0, f64::NAN)],
    });
    let mut sample = sample(value, &[]);
    sample.labels = LabelTexts(["", r#"a="b""#]);
    assert!(text(OPEN_METRICS, &head, &sample).ends_with(
        "summary\nt{a=\"b\",quantile=\"0.5\"} 0.1\nt{a=\"b\",quantile=\"1.0\"} NaN\nt_sum{a=\"b\"} 1.5\nt_count{a=\"b\"} 9\n# EOF\n"
    ));
    let family = family(&head, &sample);
    let summary = family.metric[0].summary.as_ref().expect("one");
    assert_eq!(
        (summary.count, summary.sum, summary.quantile[0].value),
        (9, 1.5, 0.1)
    );
}

#[test]
fn names_of_all_characters_are_quoted_or_escaped_as_asked_for() {
    let head = FamilyHead {
        help: "",
        ..head("http.calls_total", "", FamilyType::Counter)
    };
    let mut sample = sample(Value::Number(Number::Int(1)), &[]);
    sample.labels = LabelTexts([r#"job="x""#, r#"code="2","http.route"="/","http_route"="y""#]);
    for (escaping, line) in [
        (
            Escaping::AllowUtf8,
            r#"{"http.calls_total",job="x",code="2","http.route"="/","http_route"="y"} 1"#,
        ),
        (
            Escaping::Underscores,
            r#"http_calls_total{code="2",http_route="/;y",job="x"} 1"#,
        ),
        (
            Escaping::Dots,
            r#"http_dot_calls__total{code="2",http__route="y",http_dot_route="/",job="x"} 1"#,
        ),
        (
            Escaping::Values,
            r#"U__http_2e_calls__total{U__http_2e_route="/",code="2",http_route="y",job="x"} 1"#,
        ),
    ] {
        let written = String::from_utf8(page(Format::Text1, escaping, &head, &sample)).expect("UTF-8");
        assert_eq!(written.lines().last(), Some(line), "{escaping:?}");
        let bytes = page(Format::Protobuf, escaping, &head, &sample);
        let family = client_model::MetricFamily::decode_length_delimited(&bytes[..]).expect("a message");
        assert!(line.contains(&family.name), "{escaping:?}");
    }
}

#[test]
fn a_value_of_another_type_is_left_out() {
    let head = head("t", "", FamilyType::Gauge);
    for format in [Format::Text, OPEN_METRICS] {
        assert!(!text(format, &head, &sample(HISTOGRAM, &[])).contains("\nt"));
    }
    assert!(family(&head, &sample(HISTOGRAM, &[])).metric.is_empty());
}

#[test]
fn a_page_is_the_same_in_pieces() {
    let head = head("t", "", FamilyType::Gauge);
    let number = |n| sample(Value::Number(Number::Int(n)), &[]);
    let mut whole = PageWriter::new(Format::Text, Escaping::AllowUtf8);
    whole.begin_family(&head);
    (0..3).for_each(|n| whole.sample(&number(n)));
    let mut pieces = PageWriter::new(Format::Text, Escaping::AllowUtf8);
    pieces.begin_family(&head);
    let mut written = Vec::new();
    for n in 0..3 {
        pieces.sample(&number(n));
        pieces.end_family();
        written.extend(pieces.take());
        pieces.resume_family(&head);
    }
    written.extend(pieces.finish());
    assert_eq!(String::from_utf8(written), String::from_utf8(whole.finish()));
}

proptest! {
    #[test]
    fn classic_buckets_rise_and_lose_nothing(
        scale in -4..=8_i32, offset in -2000..2000_i32, counts in prop::collection::vec(0..5_u64, 0..40),
        below in prop::collection::vec(0..5_u64, 0..10), zero_count in 0..3_u64,
    ) {
        let histogram = Exponential {
            count: counts.iter().chain(&below).sum::<u64>() + zero_count,
            sum: None, scale, zero_count, zero_threshold: 0.0,
            positive: Buckets { offset, counts: &counts },
            negative: Buckets { offset, counts: &below },
        };
        let mut buckets = Vec::new();
        super::classic::classic_buckets(&histogram, &mut buckets);
        prop_assert!(buckets.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "{:?}", buckets);
        prop_assert!(buckets.len() <= 2 * (counts.len() + below.len() + 1));
        // Those that lie beyond every double are in the infinite bucket alone.
        let reach = f64::from(offset + 40) * f64::from(-scale).exp2();
        if reach < 1000.0 {
            prop_assert_eq!(buckets.last().map_or(0, |last| last.1), histogram.count);
        }
    }

    #[test]
    fn every_line_is_a_comment_or_a_sample_whatever_names_and_values_say(
        name in ".{1,20}", help in any::<String>(), label in ".{1,20}", value in any::<String>(), number in any::<f64>(),
    ) {
        let mut labels = crate::labels::LabelTextBuilder::default();
        labels.label(&label, &value);
        let labels = labels.text().to_owned();
        let head = FamilyHead { name: &name, help: &help, unit: "", family_type: FamilyType::Gauge };
        for escaping in [Escaping::AllowUtf8, Escaping::Underscores, Escaping::Dots, Escaping::Values] {
            let sample = Sample {
                labels: LabelTexts([&labels, ""]),
                value: Value::Number(Number::Double(number)),
                start_unix_nano: 0, time_unix_nano: None, exemplars: &[],
            };
            let written = String::from_utf8(page(Format::Text1, escaping, &head, &sample)).expect("UTF-8");
            let comments = if help.is_empty() { 1 } else { 2 };
            prop_assert_eq!(written.matches('\n').count(), comments + 1);
            prop_assert!(written.split('\n').take(comments).all(|line| line.starts_with('#')));
        }
    }
}
