//! Keys that repeat merge as protobuf does.

use super::*;

/// Both documents mean the same; the first has keys twice.
fn same(repeating: &str, plain: &str) {
    let wrap = |span: &str| format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{span}]}}]}}]}}"#);
    let read = |span: &str| read_as::<ExportTraceServiceRequest>(Signal::Traces, &wrap(span));
    assert_eq!(read(repeating), read(plain), "{repeating}");
}

#[test]
fn the_last_scalar_wins() {
    same(
        r#"{"name":"a","kind":1,"name":"b","kind":2}"#,
        r#"{"name":"b","kind":2}"#,
    );
    same(r#"{"name":"a","name":null}"#, r#"{"name":"a"}"#);
    same(r#"{"traceId":"ab","traceId":"cd"}"#, r#"{"traceId":"cd"}"#);
}

#[test]
fn the_last_scalar_wins_even_if_it_is_the_default() {
    same(
        r#"{"name":"a","kind":1,"flags":1,"traceId":"ab","name":"","kind":0,"flags":0,"traceId":""}"#,
        "{}",
    );
}

#[test]
fn arrays_are_joined() {
    same(
        r#"{"attributes":[{"key":"a"}],"name":"n","attributes":[{"key":"b"}]}"#,
        r#"{"attributes":[{"key":"a"},{"key":"b"}],"name":"n"}"#,
    );
    let metrics = |point: &str| {
        let json = format!(
            r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"histogram":{{"dataPoints":[{point}]}}}}]}}]}}]}}"#
        );
        read_as::<ExportMetricsServiceRequest>(Signal::Metrics, &json)
    };
    assert_eq!(
        metrics(r#"{"bucketCounts":["1","2"],"count":3,"bucketCounts":["3"]}"#),
        metrics(r#"{"count":3,"bucketCounts":["1","2","3"]}"#)
    );
}

#[test]
fn objects_are_merged_key_by_key() {
    same(
        r#"{"status":{"code":2,"message":"a"},"status":{"message":"b"}}"#,
        r#"{"status":{"code":2,"message":"b"}}"#,
    );
}

#[test]
fn the_last_member_of_a_oneof_wins() {
    assert_eq!(
        body(r#"{"stringValue":"a","intValue":"7"}"#),
        Some(Value::IntValue(7))
    );
    assert_eq!(
        body(r#"{"intValue":"7","stringValue":"","boolValue":null}"#),
        Some(Value::StringValue("".into()))
    );
    assert_eq!(
        body(r#"{"intValue":"7","intValue":"8"}"#),
        Some(Value::IntValue(8))
    );
}
