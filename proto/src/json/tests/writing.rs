//! What is written for what is on the wire.

use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};

use super::*;
use crate::schema::WireType;
use crate::wire::Writer;

fn log(record: LogRecord) -> String {
    let scope_logs = vec![ScopeLogs {
        log_records: vec![record],
        ..Default::default()
    }];
    let resource_logs = vec![ResourceLogs {
        scope_logs,
        ..Default::default()
    }];
    let json = write(
        Signal::Logs,
        &ExportLogsServiceRequest { resource_logs }.encode_to_vec(),
    );
    let inner = json.strip_prefix(r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":["#);
    inner
        .and_then(|inner| inner.strip_suffix("]}]}]}"))
        .unwrap_or_else(|| panic!("{json}"))
        .to_owned()
}

fn body_of(value: Value) -> String {
    log(LogRecord {
        body: Some(AnyValue { value: Some(value) }),
        ..Default::default()
    })
}

#[test]
fn a_record_is_written_by_the_rules() {
    let record = LogRecord {
        time_unix_nano: 1_544_712_660_000_000_000,
        severity_number: 9,
        trace_id: vec![0x5b, 0x8e, 0xff, 0xf7],
        flags: 1,
        attributes: vec![
            KeyValue {
                key: "a\"\n\u{1}".into(),
                value: Some(AnyValue { value: None }),
                ..Default::default()
            },
            KeyValue {
                key: "é".into(),
                value: None,
                ..Default::default()
            },
        ],
        dropped_attributes_count: 3,
        ..Default::default()
    };
    assert_eq!(
        log(record),
        r#"{"timeUnixNano":"1544712660000000000","severityNumber":9,"attributes":[{"key":"a\"\n\u0001","value":{}},{"key":"é"}],"droppedAttributesCount":3,"flags":1,"traceId":"5b8efff7"}"#
    );
}

#[test]
fn each_kind_of_value_has_its_form() {
    for (value, json) in [
        (Value::StringValue("".into()), r#"{"stringValue":""}"#),
        (Value::BoolValue(false), r#"{"boolValue":false}"#),
        (
            Value::IntValue(i64::MIN),
            r#"{"intValue":"-9223372036854775808"}"#,
        ),
        (Value::DoubleValue(0.1), r#"{"doubleValue":0.1}"#),
        (Value::DoubleValue(f64::NAN), r#"{"doubleValue":"NaN"}"#),
        (
            Value::DoubleValue(f64::NEG_INFINITY),
            r#"{"doubleValue":"-Infinity"}"#,
        ),
        (
            Value::BytesValue(vec![0xfb, 0xff, 0xbf, 0]),
            r#"{"bytesValue":"+/+/AA=="}"#,
        ),
        (Value::ArrayValue(Default::default()), r#"{"arrayValue":{}}"#),
    ] {
        assert_eq!(body_of(value), format!(r#"{{"body":{json}}}"#));
    }
}

/// A span with the given fields inside a request.
fn request(write_fields: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut out = Writer::default();
    let marks = [out.begin(1, 1), out.begin(2, 1), out.begin(2, 1)];
    write_fields(&mut out);
    for mark in marks.into_iter().rev() {
        out.end(mark);
    }
    out.into_bytes()
}

fn span_json(protobuf: &[u8]) -> String {
    let json = write(Signal::Traces, protobuf);
    let inner = json
        .strip_prefix(r#"{"resourceSpans":[{"scopeSpans":[{"spans":["#)
        .unwrap();
    inner.strip_suffix("]}]}]}").unwrap().to_owned()
}

#[test]
fn an_empty_request_is_an_empty_object() {
    assert_eq!(write(Signal::Metrics, b""), "{}");
}

#[test]
fn elements_that_lie_apart_become_one_array() {
    let attribute = |out: &mut Writer, key: &str| {
        let mark = out.begin(9, 1);
        out.bytes_field(1, key.as_bytes());
        out.end(mark);
    };
    let protobuf = request(|out| {
        attribute(out, "a");
        attribute(out, "b");
        out.bytes_field(5, b"name");
        attribute(out, "c");
        out.varint_field(6, 2);
        attribute(out, "d");
    });
    assert_eq!(
        span_json(&protobuf),
        r#"{"name":"name","kind":2,"attributes":[{"key":"a"},{"key":"b"},{"key":"c"},{"key":"d"}]}"#
    );
}

#[test]
fn what_is_already_in_the_buffer_stays() {
    let mut out = b"before ".to_vec();
    let scattered = [&[0x0a, 0][..], &[0x12, 0], &[0x0a, 0]].concat();
    let protobuf = request(|out| out.raw(&[&[0x4a, 0, 0x2a, 0][..], &[0x4a, 0]].concat()));
    from_protobuf(Signal::Traces, &scattered, &mut out);
    from_protobuf(Signal::Traces, &protobuf, &mut out);
    let span = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"","attributes":[{},{}]}]}]}]}"#;
    assert_eq!(
        String::from_utf8(out).unwrap(),
        format!(r#"before {{"resourceSpans":[{{}},{{}}]}}{span}"#)
    );
}

#[test]
fn defaults_on_the_wire_are_written_and_unknown_fields_are_not() {
    let protobuf = request(|out| {
        out.varint_field(6, 0);
        out.fixed64_field(7, 0);
        out.bytes_field(5, b"");
        out.varint_field(99, 1);
        out.bytes_field(17, b"unknown");
        out.tag(16, WireType::Fixed32);
        out.raw(&[0; 4]);
    });
    assert_eq!(
        span_json(&protobuf),
        r#"{"kind":0,"startTimeUnixNano":"0","name":"","flags":0}"#
    );
}

#[test]
fn a_negative_enum_and_a_zigzag_number_keep_their_sign() {
    assert_eq!(
        span_json(&request(|out| out.varint_field(6, -1i64 as u64))),
        r#"{"kind":-1}"#
    );
    let mut out = Vec::new();
    let mut point = Writer::default();
    point.sint32_field(6, i32::MIN);
    super::super::encode::write_message(
        &crate::schema::EXPONENTIAL_HISTOGRAM_DATA_POINT,
        point.as_slice(),
        &mut out,
    );
    assert_eq!(out, br#"{"scale":-2147483648}"#);
}
