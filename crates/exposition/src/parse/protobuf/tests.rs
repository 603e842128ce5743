//! Against messages that `prost` encodes from structs of our own.

use proptest::prelude::*;
use prost::Message;

use super::*;

#[derive(Clone, PartialEq, Message)]
struct ProtoFamily {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    help: String,
    #[prost(int32, tag = "3")]
    kind: i32,
    #[prost(message, repeated, tag = "4")]
    metric: Vec<ProtoMetric>,
    #[prost(string, tag = "5")]
    unit: String,
}

#[derive(Clone, PartialEq, Message)]
struct ProtoMetric {
    #[prost(message, repeated, tag = "1")]
    label: Vec<ProtoLabel>,
    #[prost(message, optional, tag = "2")]
    gauge: Option<ProtoNumber>,
    #[prost(message, optional, tag = "3")]
    counter: Option<ProtoCounter>,
    #[prost(message, optional, tag = "7")]
    histogram: Option<ProtoHistogram>,
    #[prost(int64, optional, tag = "6")]
    timestamp_ms: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct ProtoLabel {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct ProtoNumber {
    #[prost(double, tag = "1")]
    value: f64,
}

#[derive(Clone, PartialEq, Message)]
struct ProtoCounter {
    #[prost(double, tag = "1")]
    value: f64,
    #[prost(message, optional, tag = "2")]
    exemplar: Option<ProtoExemplar>,
    #[prost(message, optional, tag = "3")]
    created: Option<ProtoTime>,
}

#[derive(Clone, PartialEq, Message)]
struct ProtoExemplar {
    #[prost(message, repeated, tag = "1")]
    label: Vec<ProtoLabel>,
    #[prost(double, tag = "2")]
    value: f64,
    #[prost(message, optional, tag = "3")]
    time: Option<ProtoTime>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct ProtoTime {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct ProtoSpan {
    #[prost(sint32, tag = "1")]
    offset: i32,
    #[prost(uint32, tag = "2")]
    length: u32,
}

#[derive(Clone, PartialEq, Message)]
struct ProtoBucket {
    #[prost(uint64, tag = "1")]
    count: u64,
    #[prost(double, tag = "2")]
    bound: f64,
}

#[derive(Clone, PartialEq, Message)]
struct ProtoHistogram {
    #[prost(uint64, tag = "1")]
    count: u64,
    #[prost(double, tag = "2")]
    sum: f64,
    #[prost(message, repeated, tag = "3")]
    bucket: Vec<ProtoBucket>,
    #[prost(sint32, tag = "5")]
    schema: i32,
    #[prost(double, tag = "6")]
    zero_threshold: f64,
    #[prost(uint64, tag = "7")]
    zero_count: u64,
    #[prost(message, repeated, tag = "12")]
    positive_span: Vec<ProtoSpan>,
    #[prost(sint64, repeated, tag = "13")]
    positive_delta: Vec<i64>,
    #[prost(sint64, repeated, packed = "false", tag = "10")]
    negative_delta: Vec<i64>,
    #[prost(message, repeated, tag = "9")]
    negative_span: Vec<ProtoSpan>,
}

fn page(families: &[ProtoFamily]) -> Vec<u8> {
    families
        .iter()
        .flat_map(Message::encode_length_delimited_to_vec)
        .collect()
}

fn label(name: &str, value: &str) -> ProtoLabel {
    ProtoLabel {
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

fn all(page: &[u8]) -> Result<Vec<(String, Vec<Metric<'_>>)>, ParseError> {
    let mut families = Families::new(page);
    let mut out = Vec::new();
    while let Some(family) = families.next()? {
        out.push((
            family.name.to_owned(),
            family.metrics().collect::<Result<_, _>>()?,
        ));
    }
    Ok(out)
}

#[test]
fn a_counter_comes_with_labels_exemplar_and_start() {
    let exemplar = ProtoExemplar {
        label: vec![label("trace_id", "abc")],
        value: 0.5,
        time: Some(ProtoTime { seconds: 2, nanos: 7 }),
    };
    let counter = ProtoCounter {
        value: 3.0,
        exemplar: Some(exemplar),
        created: Some(ProtoTime { seconds: 1, nanos: 5 }),
    };
    let metric = ProtoMetric {
        label: vec![label("a", "b")],
        counter: Some(counter),
        timestamp_ms: Some(-4),
        ..Default::default()
    };
    let family = ProtoFamily {
        name: "c_total".to_owned(),
        help: "h".to_owned(),
        metric: vec![metric],
        ..Default::default()
    };
    let bytes = page(&[family]);
    let found = all(&bytes).expect("read");
    let metric = found[0].1[0];
    assert_eq!(metric.labels().collect::<Vec<_>>(), [("a", "b")]);
    assert_eq!(metric.timestamp_ms, Some(-4));
    let MetricValue::Counter {
        value,
        exemplar,
        created,
    } = metric.value
    else {
        panic!("{metric:?}")
    };
    assert_eq!((value, created), (3.0, Some(1_000_000_005)));
    let exemplar = exemplar.expect("there");
    assert_eq!((exemplar.value, exemplar.time), (0.5, Some(2_000_000_007)));
    assert_eq!(exemplar.labels().collect::<Vec<_>>(), [("trace_id", "abc")]);
}

#[test]
fn differences_of_native_buckets_are_added_up_packed_or_not() {
    let histogram = ProtoHistogram {
        count: 6,
        sum: 4.5,
        bucket: vec![ProtoBucket {
            count: 6,
            bound: f64::INFINITY,
        }],
        schema: -2,
        zero_threshold: 1e-9,
        zero_count: 1,
        positive_span: vec![
            ProtoSpan {
                offset: -3,
                length: 2,
            },
            ProtoSpan { offset: 4, length: 1 },
        ],
        positive_delta: vec![2, -1, 0],
        negative_span: vec![ProtoSpan { offset: 0, length: 1 }],
        negative_delta: vec![1],
    };
    let family = ProtoFamily {
        name: "h".to_owned(),
        kind: 4,
        metric: vec![ProtoMetric {
            histogram: Some(histogram),
            ..Default::default()
        }],
        ..Default::default()
    };
    let bytes = page(&[family]);
    let found = all(&bytes).expect("read");
    let MetricValue::Histogram(histogram) = found[0].1[0].value else {
        panic!("{found:?}")
    };
    assert!(histogram.is_native());
    assert_eq!(
        (histogram.schema, histogram.count, histogram.zero_count),
        (-2, 6.0, 1.0)
    );
    let (spans, counts) = histogram.positive();
    assert_eq!(spans.iter().collect::<Vec<_>>(), [(-3, 2), (4, 1)]);
    assert_eq!(counts.iter().collect::<Vec<_>>(), [2.0, 1.0, 1.0]);
    let (spans, counts) = histogram.negative();
    assert_eq!(spans.iter().collect::<Vec<_>>(), [(0, 1)]);
    assert_eq!(counts.iter().collect::<Vec<_>>(), [1.0]);
    assert_eq!(
        histogram.buckets().next().expect("one").upper_bound,
        f64::INFINITY
    );
}

#[test]
fn broken_pages_are_refused_with_the_number_of_the_message() {
    let gauge = ProtoMetric {
        gauge: Some(ProtoNumber { value: 1.0 }),
        ..Default::default()
    };
    let family = |name: &str, kind, metric: &ProtoMetric| ProtoFamily {
        name: name.to_owned(),
        kind,
        metric: vec![metric.clone()],
        ..Default::default()
    };
    let good = family("g", 1, &gauge);
    let reason = |bytes: &[u8]| match all(bytes) {
        Err(ParseError::Protobuf { message, reason }) => (message, reason),
        other => panic!("{other:?}"),
    };
    let two = page(&[good.clone(), good.clone()]);
    assert_eq!(reason(&two[..two.len() - 1]), (2, "the page breaks off"));
    assert_eq!(
        reason(&page(&[family("", 1, &gauge)])),
        (1, "a family without a name")
    );
    assert_eq!(
        reason(&page(&[family("g", 9, &gauge)])),
        (1, "there is no such type of metric")
    );
    let empty = ProtoMetric::default();
    assert_eq!(
        reason(&page(&[good, family("g", 1, &empty)])),
        (2, "a metric without a value")
    );
    assert_eq!(reason(&[4, 10, 2, 0xff, 0xfe]), (1, "text that is not UTF-8"));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = all(&bytes);
    }

    #[test]
    fn damaged_pages_do_not_panic_and_numbers_come_back(
        values in proptest::collection::vec((any::<f64>(), "[a-z]{1,4}"), 1..6),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let metric = |(value, text): &(f64, String)| ProtoMetric {
            label: vec![label("l", text)],
            gauge: Some(ProtoNumber { value: *value }),
            ..Default::default()
        };
        let family = ProtoFamily {
            name: "g".to_owned(),
            kind: 1,
            metric: values.iter().map(metric).collect(),
            ..Default::default()
        };
        let mut bytes = page(&[family]);
        {
            let found = all(&bytes).expect("read");
            for (metric, (value, text)) in found[0].1.iter().zip(&values) {
                let MetricValue::Number(found) = metric.value else { panic!() };
                prop_assert!(found == *value || found.is_nan() == value.is_nan());
                prop_assert_eq!(metric.labels().next(), Some(("l", text.as_str())));
            }
        }
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = all(&bytes);
    }
}
