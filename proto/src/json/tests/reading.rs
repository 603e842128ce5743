//! What a good document means, rule by rule.

use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogramDataPoint, HistogramDataPoint, NumberDataPoint, metric, number_data_point,
};
use opentelemetry_proto::tonic::trace::v1::Span;

use super::*;

fn span(members: &str) -> Span {
    let json = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{members}}}]}}]}}]}}"#);
    let request: ExportTraceServiceRequest = read_as(Signal::Traces, &json);
    request.resource_spans[0].scope_spans[0].spans[0].clone()
}

fn data(metric: &str) -> metric::Data {
    let json = format!(r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{{metric}}}]}}]}}]}}"#);
    let request: ExportMetricsServiceRequest = read_as(Signal::Metrics, &json);
    request.resource_metrics[0].scope_metrics[0].metrics[0]
        .data
        .clone()
        .unwrap()
}

fn number_data_point(members: &str) -> NumberDataPoint {
    match data(&format!(r#""gauge":{{"dataPoints":[{{{members}}}]}}"#)) {
        metric::Data::Gauge(gauge) => gauge.data_points[0].clone(),
        other => panic!("{other:?}"),
    }
}

fn histogram_data_point(members: &str) -> HistogramDataPoint {
    match data(&format!(r#""histogram":{{"dataPoints":[{{{members}}}]}}"#)) {
        metric::Data::Histogram(histogram) => histogram.data_points[0].clone(),
        other => panic!("{other:?}"),
    }
}

fn exponential_data_point(members: &str) -> ExponentialHistogramDataPoint {
    match data(&format!(
        r#""exponentialHistogram":{{"dataPoints":[{{{members}}}]}}"#
    )) {
        metric::Data::ExponentialHistogram(histogram) => histogram.data_points[0].clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn ids_are_hexadecimal_in_any_case() {
    for members in [
        r#""traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","parentSpanId":"eee19b7ec3c1b173""#,
        r#""traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174","parentSpanId":"Eee19b7eC3c1b173""#,
    ] {
        let span = span(members);
        assert_eq!(
            span.trace_id,
            0x5b8efff798038103d269b633813fc60c_u128.to_be_bytes()
        );
        assert_eq!(span.span_id, 0xeee19b7ec3c1b174_u64.to_be_bytes());
        assert_eq!(span.parent_span_id, 0xeee19b7ec3c1b173_u64.to_be_bytes());
    }
    assert_eq!(span(r#""parentSpanId":"""#), Span::default());
    assert_eq!(
        span(r#""traceId":"ab""#).trace_id,
        [0xab],
        "a length that is wrong is not the transcoder's business"
    );
    assert_eq!(
        span(r#""links":[{"traceId":"0a0B","spanId":"0C"}]"#).links[0].trace_id,
        [10, 11]
    );
}

#[test]
fn other_bytes_are_base64_in_either_alphabet() {
    for text in ["+/+/AA==", "-_-_AA==", "-_-_AA", "+\\/+\\/AA", "\\u002b/+/AA"] {
        let value = body(&format!(r#"{{"bytesValue":"{text}"}}"#));
        assert_eq!(
            value,
            Some(Value::BytesValue(vec![0xfb, 0xff, 0xbf, 0])),
            "{text}"
        );
    }
    assert_eq!(body(r#"{"bytesValue":""}"#), Some(Value::BytesValue(vec![])));
}

#[test]
fn integers_are_numbers_or_strings_in_any_integral_spelling() {
    for (text, value) in [
        ("5", 5),
        ("\"5\"", 5),
        ("5.0", 5),
        ("\"5.0\"", 5),
        ("5e0", 5),
        ("0.5e1", 5),
        ("\"\\u0035\"", 5),
        ("-1", -1),
        ("\"-9223372036854775808\"", i64::MIN),
        ("9223372036854775807", i64::MAX),
        ("1e3", 1000),
        ("-0", 0),
    ] {
        assert_eq!(
            body(&format!(r#"{{"intValue":{text}}}"#)),
            Some(Value::IntValue(value)),
            "{text}"
        );
        let point = number_data_point(&format!(r#""asInt":{text}"#));
        assert_eq!(
            point.value,
            Some(number_data_point::Value::AsInt(value)),
            "{text}"
        );
    }
    for text in ["1544712660000000000", "\"1544712660000000000\"", "1.54471266e18"] {
        assert_eq!(
            span(&format!(r#""startTimeUnixNano":{text}"#)).start_time_unix_nano,
            1_544_712_660_000_000_000
        );
    }
    assert_eq!(
        span(r#""endTimeUnixNano":"18446744073709551615""#).end_time_unix_nano,
        u64::MAX
    );
    for text in ["4294967295", "\"4294967295\"", "4294967295.0"] {
        let span = span(&format!(r#""flags":{text},"droppedLinksCount":{text}"#));
        assert_eq!((span.flags, span.dropped_links_count), (u32::MAX, u32::MAX));
    }
    for (text, value) in [
        ("-2147483648", i32::MIN),
        ("\"2147483647\"", i32::MAX),
        ("-1", -1),
        ("0", 0),
    ] {
        let point = exponential_data_point(&format!(r#""scale":{text},"positive":{{"offset":{text}}}"#));
        assert_eq!((point.scale, point.positive.unwrap().offset), (value, value));
    }
}

#[test]
fn enums_are_integers_also_those_that_are_not_known() {
    assert_eq!(span(r#""kind":2,"status":{"code":2}"#).kind, 2);
    assert_eq!(span(r#""kind":2,"status":{"code":2}"#).status.unwrap().code, 2);
    assert_eq!(span(r#""kind":99"#).kind, 99);
    assert_eq!(span(r#""kind":-1"#).kind, -1);
}

#[test]
fn unknown_keys_are_ignored_with_all_that_is_in_them() {
    let plain = span(r#""name":"a""#);
    for members in [
        r#""x":1,"name":"a""#,
        r#""name":"a","x":{"a":[{"b":[1,2,{"c":null}]},"]}"],"d":{}}"#,
        r#""trace_id":"not hex","span_id":7,"name":"a""#,
        r#""Name":"b","name":"a","NAME":"b","":"b""#,
        r#""naMe":[],"na\u006de":"a""#,
    ] {
        assert_eq!(span(members), plain, "{members}");
    }
}

#[test]
fn null_is_as_good_as_absent() {
    assert_eq!(
        span(
            r#""traceId":null,"name":null,"attributes":null,"status":null,"kind":null,"flags":null,"links":[]"#
        ),
        Span::default()
    );
    assert_eq!(
        body(r#"{"stringValue":null,"intValue":"7","boolValue":null}"#),
        Some(Value::IntValue(7))
    );
    assert_eq!(body(r#"{"stringValue":null}"#), None);
    let request: ExportTraceServiceRequest = read_as(Signal::Traces, r#"{"resourceSpans":null}"#);
    assert_eq!(request, ExportTraceServiceRequest::default());
}

#[test]
fn presence_is_kept_where_protobuf_has_it() {
    assert_eq!(body("{}"), None);
    assert_eq!(
        body(r#"{"stringValue":""}"#),
        Some(Value::StringValue(String::new()))
    );
    assert_eq!(body(r#"{"boolValue":false}"#), Some(Value::BoolValue(false)));
    assert_eq!(body(r#"{"intValue":0}"#), Some(Value::IntValue(0)));
    assert_eq!(body(r#"{"doubleValue":0}"#), Some(Value::DoubleValue(0.0)));
    let point = histogram_data_point(r#""sum":0,"min":0.0"#);
    assert_eq!((point.sum, point.min, point.max), (Some(0.0), Some(0.0), None));
    let point = number_data_point(r#""asInt":"0""#);
    assert_eq!(point.value, Some(number_data_point::Value::AsInt(0)));
    assert_eq!(span(r#""status":{}"#).status, Some(Default::default()));
}

#[test]
fn doubles_are_numbers_or_strings_and_may_be_not_finite() {
    for (text, value) in [
        ("1.5", 1.5),
        ("\"1.5\"", 1.5),
        ("1", 1.0),
        ("1e-7", 1e-7),
        ("\"Infinity\"", f64::INFINITY),
        ("\"-Infinity\"", f64::NEG_INFINITY),
        ("1.7976931348623157e308", f64::MAX),
        ("5e-324", 5e-324),
    ] {
        assert_eq!(
            body(&format!(r#"{{"doubleValue":{text}}}"#)),
            Some(Value::DoubleValue(value)),
            "{text}"
        );
    }
    assert!(matches!(body(r#"{"doubleValue":"NaN"}"#), Some(Value::DoubleValue(nan)) if nan.is_nan()));
    assert!(
        matches!(body(r#"{"doubleValue":-0.0}"#), Some(Value::DoubleValue(zero)) if zero.is_sign_negative())
    );
}

#[test]
fn repeated_numbers_are_one_packed_run() {
    let point =
        histogram_data_point(r#""bucketCounts":["1",2,3.0],"explicitBounds":[0.5,"Infinity"],"count":"6""#);
    assert_eq!(point.bucket_counts, [1, 2, 3]);
    assert_eq!(point.explicit_bounds, [0.5, f64::INFINITY]);
    let many = vec!["300"; 500].join(",");
    let point = exponential_data_point(&format!(r#""negative":{{"bucketCounts":[{many}]}}"#));
    assert_eq!(point.negative.unwrap().bucket_counts, [300; 500]);
    assert_eq!(
        histogram_data_point(r#""bucketCounts":[]"#),
        HistogramDataPoint::default()
    );
}

#[test]
fn any_values_nest() {
    let value = body(
        r#"{"kvlistValue":{"values":[{"key":"a","value":{"arrayValue":{"values":[{"stringValue":"x"},{},{"boolValue":true}]}}}]}}"#,
    );
    let any = |value| AnyValue { value: Some(value) };
    let array = any(Value::ArrayValue(ArrayValue {
        values: vec![
            any(Value::StringValue("x".into())),
            AnyValue { value: None },
            any(Value::BoolValue(true)),
        ],
    }));
    let entry = KeyValue {
        key: "a".into(),
        value: Some(array),
        ..Default::default()
    };
    assert_eq!(
        value,
        Some(Value::KvlistValue(KeyValueList { values: vec![entry] }))
    );
}

#[test]
fn broken_text_is_mended_and_counted() {
    let json = b"{\"resourceLogs\":[{\"schemaUrl\":\"a\xffb\",\"scopeLogs\":[{\"schemaUrl\":\"\\ud800\",\"logRecords\":[\
        {\"severityText\":\"ok \xc3\xa9 \\ud83d\\ude00\"}]}]}]}";
    let transcoded = to_protobuf(Signal::Logs, json, LIMIT).unwrap();
    assert_eq!(transcoded.replaced_strings, 2);
    let request = ExportLogsServiceRequest::decode(&*transcoded.protobuf).unwrap();
    assert_eq!(request.resource_logs[0].schema_url, "a\u{fffd}b");
    assert_eq!(request.resource_logs[0].scope_logs[0].schema_url, "\u{fffd}");
    assert_eq!(
        request.resource_logs[0].scope_logs[0].log_records[0].severity_text,
        "ok é 😀"
    );
}

#[test]
fn a_byte_order_mark_and_white_space_do_not_matter() {
    for json in [
        "\u{feff}{}",
        " \r\n\t{ } \n",
        "{ \"resourceSpans\" : [ ] }",
        "{\"resourceSpans\":null\n}",
    ] {
        assert_eq!(read(Signal::Traces, json.as_bytes()), Ok(vec![]), "{json:?}");
    }
}
