//! What is refused, and how the place is told.

use super::super::JsonErrorKind::{self, *};
use super::*;

fn refused(json: &str) -> JsonError {
    match read(Signal::Traces, json.as_bytes()) {
        Ok(_) => panic!("accepted: {json}"),
        Err(error) => error,
    }
}

fn refused_span(members: &str) -> JsonError {
    refused(&format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{members}}}]}}]}}]}}"#
    ))
}

#[test]
fn each_mistake_has_its_kind_and_its_place() {
    let attribute = |value: &str| format!(r#""attributes":[{{"key":"a"}},{{"value":{value}}}]"#);
    let table: &[(&str, JsonErrorKind, &str)] = &[
        (
            r#""traceId":"5b8efff798038103d269b633813fc6xx""#,
            InvalidValue,
            "traceId",
        ),
        (
            r#""traceId":"5b8efff798038103d269b633813fc60""#,
            InvalidValue,
            "traceId",
        ),
        (r#""spanId":"3q2+7w==""#, InvalidValue, "spanId"),
        (r#""links":[{},{"spanId":"0"}]"#, InvalidValue, "links[1].spanId"),
        (r#""traceId":17"#, WrongType, "traceId"),
        (r#""kind":"SPAN_KIND_SERVER""#, WrongType, "kind"),
        (r#""kind":"2""#, WrongType, "kind"),
        (r#""kind":2.5"#, InvalidValue, "kind"),
        (r#""kind":2147483648"#, OutOfRange, "kind"),
        (r#""status":{"code":true}"#, WrongType, "status.code"),
        (r#""status":[]"#, WrongType, "status"),
        (r#""name":1"#, WrongType, "name"),
        (r#""name":["a"]"#, WrongType, "name"),
        (r#""attributes":{}"#, WrongType, "attributes"),
        (r#""attributes":[null]"#, WrongType, "attributes[0]"),
        (r#""attributes":[{},"a"]"#, WrongType, "attributes[1]"),
        (r#""flags":4294967296"#, OutOfRange, "flags"),
        (r#""flags":-1"#, OutOfRange, "flags"),
        (r#""flags":"0x1""#, InvalidValue, "flags"),
        (
            r#""startTimeUnixNano":"18446744073709551616""#,
            OutOfRange,
            "startTimeUnixNano",
        ),
        (r#""startTimeUnixNano":"""#, InvalidValue, "startTimeUnixNano"),
        (r#""startTimeUnixNano":" 1""#, InvalidValue, "startTimeUnixNano"),
        (r#""startTimeUnixNano":"1 ""#, InvalidValue, "startTimeUnixNano"),
        (r#""startTimeUnixNano":"01""#, InvalidValue, "startTimeUnixNano"),
        (
            r#""startTimeUnixNano":{"low":1,"high":2}"#,
            WrongType,
            "startTimeUnixNano",
        ),
        (r#""startTimeUnixNano":1.5"#, InvalidValue, "startTimeUnixNano"),
        (r#""startTimeUnixNano":true"#, WrongType, "startTimeUnixNano"),
        (r#""x":[1,{"y":tru}]"#, Syntax, "x"),
        (r#""name":"a" "kind":1"#, Syntax, ""),
        (r#""name":"\q""#, Syntax, "name"),
    ];
    for (members, kind, path) in table {
        let error = refused_span(members);
        let dot = if path.is_empty() { "" } else { "." };
        assert_eq!(error.kind, *kind, "{members}: {error}");
        assert_eq!(
            error.path,
            format!("resourceSpans[0].scopeSpans[0].spans[0]{dot}{path}"),
            "{members}"
        );
    }
    for (value, kind, key) in [
        (r#"{"boolValue":"true"}"#, WrongType, "boolValue"),
        (r#"{"boolValue":1}"#, WrongType, "boolValue"),
        (r#"{"boolValue":TRUE}"#, Syntax, "boolValue"),
        (r#"{"bytesValue":"!"}"#, InvalidValue, "bytesValue"),
        (r#"{"bytesValue":"AAAAA"}"#, InvalidValue, "bytesValue"),
        (r#"{"doubleValue":"nan"}"#, InvalidValue, "doubleValue"),
        (r#"{"doubleValue":NaN}"#, Syntax, "doubleValue"),
        (r#"{"doubleValue":1e309}"#, OutOfRange, "doubleValue"),
        (r#"{"intValue":"9223372036854775808"}"#, OutOfRange, "intValue"),
        (r#"{"arrayValue":[]}"#, WrongType, "arrayValue"),
    ] {
        let error = refused_span(&attribute(value));
        assert_eq!(error.kind, kind, "{value}: {error}");
        assert_eq!(
            error.path,
            format!("resourceSpans[0].scopeSpans[0].spans[0].attributes[1].value.{key}")
        );
    }
}

#[test]
fn a_document_is_one_object_and_nothing_else() {
    for (json, kind) in [
        ("", UnexpectedEnd),
        (" ", UnexpectedEnd),
        ("\u{feff}", UnexpectedEnd),
        ("[]", WrongType),
        ("null", WrongType),
        ("\"{}\"", WrongType),
        ("1", WrongType),
        ("garbage", Syntax),
        ("{", UnexpectedEnd),
        ("{}}", Syntax),
        ("{}{}", Syntax),
        ("{} x", Syntax),
        ("{\"resourceSpans\"", UnexpectedEnd),
        ("{\"resourceSpans\":[", UnexpectedEnd),
        ("{\"resourceSpans\":[{}", UnexpectedEnd),
        ("{\"resourceSpans\":[{},]}", Syntax),
        ("{\"resourceSpans\":[{}}", Syntax),
        ("\u{a}\u{d}\u{9}\u{b}{}", Syntax),
        ("\0{}", Syntax),
    ] {
        assert_eq!(refused(json).kind, kind, "{json:?}");
    }
}

#[test]
fn every_cut_of_a_document_is_refused() {
    let json = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a\n\u00e9é","kind":1,"flags":1e2,"x":[true,null]}]}]}]}"#;
    assert!(read(Signal::Traces, json.as_bytes()).is_ok());
    for length in 0..json.len() {
        assert!(
            read(Signal::Traces, &json.as_bytes()[..length]).is_err(),
            "{length}"
        );
    }
}

#[test]
fn the_message_tells_place_expectation_and_finding() {
    let json = "{\n \"resourceSpans\": [{\"scopeSpans\": [{\n  \"spans\": [{}, {\"traceId\": \"xyz\"}]}]}]}";
    let error = refused(json);
    assert_eq!((error.line, error.column), (3, 29));
    assert_eq!(&json[error.offset..error.offset + 5], "\"xyz\"");
    assert_eq!(
        error.to_string(),
        "resourceSpans[0].scopeSpans[0].spans[1].traceId (line 3, column 29): \
         expected an even number of hexadecimal digits, found the string \"xyz\""
    );
    assert_eq!(
        refused("{\"resourceSpans\":7}").to_string(),
        "resourceSpans (line 1, column 18): expected an array, found `7`"
    );
    assert_eq!(
        refused("").to_string(),
        "(line 1, column 1): expected an object, found the end of the input"
    );
}

#[test]
fn the_message_is_short_and_without_control_characters() {
    for hostile in [
        "\\u0000\u{7f}\u{1b}[31m",
        &"x".repeat(10_000),
        "\u{202e}abc",
        "é\u{85}",
    ] {
        let in_value = refused_span(&format!(r#""traceId":"{hostile}""#)).to_string();
        let in_key = refused(&format!(r#"{{"{hostile}":{{"{hostile}":tru}}}}"#)).to_string();
        for message in [in_value, in_key] {
            assert!(message.len() < 400, "{}", message.len());
            assert!(
                !message.chars().any(|c| c.is_control() || c == '\u{202e}'),
                "{message:?}"
            );
        }
    }
}

#[test]
fn a_hundred_thousand_brackets_are_refused_at_the_hundred_and_first() {
    for (start, nest) in [
        ("{\"resourceSpans\":", "["),
        ("{\"x\":", "["),
        ("{\"x\":", "{\"x\":"),
        ("{\"resourceSpans\":[", "{\"a\":"),
        ("", "["),
        ("", "{\"resourceSpans\":[{\"resource\":"),
    ] {
        let error = refused(&format!("{start}{}", nest.repeat(100_000)));
        assert!(error.offset < 2_000, "stopped at {} of {nest}", error.offset);
    }
    assert_eq!(refused(&format!("{{\"x\":{}", "[".repeat(100_000))).kind, TooDeep);
}

#[test]
fn any_values_nest_as_deep_as_the_door_allows() {
    let nested = |levels: usize| {
        let value = format!(
            "{}{}{}",
            r#"{"kvlistValue":{"values":[{"value":"#.repeat(levels),
            r#"{"intValue":"1"}"#,
            "}]}}".repeat(levels)
        );
        format!(r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"value":{value}}}]}}}}]}}"#)
    };
    let deepest = (0..100)
        .take_while(|&levels| read(Signal::Traces, nested(levels).as_bytes()).is_ok())
        .count();
    assert!((15..35).contains(&deepest), "{deepest}");
    assert_eq!(refused(&nested(deepest)).kind, TooDeep);
}

#[test]
fn the_size_of_the_result_is_limited() {
    let json = format!(r#"{{"resourceSpans":[{}]}}"#, vec!["{}"; 1000].join(","));
    assert_eq!(
        to_protobuf(Signal::Traces, json.as_bytes(), 2000).map(|t| t.protobuf.len()),
        Ok(2000)
    );
    let error = to_protobuf(Signal::Traces, json.as_bytes(), 1999).unwrap_err();
    assert_eq!((error.kind, &*error.path), (TooLarge, "resourceSpans[999]"));
    // Numbers are where protobuf can be larger than JSON: two bytes become eight.
    let zeros = vec!["0"; 100_000].join(",");
    let json = format!(
        r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"histogram":{{"dataPoints":[{{"explicitBounds":[{zeros}]}}]}}}}]}}]}}]}}"#
    );
    assert_eq!(
        to_protobuf(Signal::Metrics, json.as_bytes(), 300_000)
            .unwrap_err()
            .kind,
        TooLarge
    );
    assert!(to_protobuf(Signal::Metrics, json.as_bytes(), 900_000).is_ok());
}
