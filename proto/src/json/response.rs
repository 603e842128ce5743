//! The small messages of OTLP/HTTP with `Content-Type: application/json`: answers of a receiver.
//!
//! Source: OTLP specification, sections "OTLP/HTTP Response" and "Partial Success".

use super::error::{Fault, JsonError};
use super::reader::Reader;
use super::text::{unescape, write_string};
use crate::Signal;

/// What a receiver says about items that it did not take from a request that it accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartialSuccess {
    /// Spans, data points or log records that were rejected. Zero with a message is a warning.
    pub rejected: i64,
    /// Why, for a human.
    pub error_message: String,
}

const PARTIAL_SUCCESS: &str = "partialSuccess";
const ERROR_MESSAGE: &str = "errorMessage";

const fn rejected_key(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "rejectedSpans",
        Signal::Metrics => "rejectedDataPoints",
        Signal::Logs => "rejectedLogRecords",
    }
}

/// Appends an `Export…ServiceResponse` to `out`. Full success is `{}`: the specification wants `partialSuccess` unset.
pub fn write_response(signal: Signal, partial_success: Option<&PartialSuccess>, out: &mut Vec<u8>) {
    let Some(PartialSuccess {
        rejected,
        error_message,
    }) = partial_success
    else {
        out.extend_from_slice(b"{}");
        return;
    };
    out.extend_from_slice(format!("{{\"{PARTIAL_SUCCESS}\":{{").as_bytes());
    out.extend_from_slice(format!("\"{}\":\"{rejected}\"", rejected_key(signal)).as_bytes());
    if !error_message.is_empty() {
        out.extend_from_slice(format!(",\"{ERROR_MESSAGE}\":").as_bytes());
        write_string(error_message.as_bytes(), out);
    }
    out.extend_from_slice(b"}}");
}

/// Reads an `Export…ServiceResponse`. `None` is full success: `partialSuccess` is absent, `null` or empty.
///
/// Keys repeat, are unknown and are `null` under the same rules as in requests. Bounding the size of the answer is the
/// caller's part; the message of the result is at most three times as long.
///
/// # Errors
/// [`JsonError`] when the answer is not JSON or a value has the wrong type.
pub fn read_response(signal: Signal, json: &[u8]) -> Result<Option<PartialSuccess>, JsonError> {
    let mut reader = Reader::new(json);
    let mut found = PartialSuccess::default();
    let read = members(&mut reader, &[PARTIAL_SUCCESS], |reader, _| {
        members(reader, &[rejected_key(signal), ERROR_MESSAGE], |reader, key| {
            if key == ERROR_MESSAGE {
                found.error_message = text(reader)?;
            } else {
                found.rejected = reader.integer("a 64-bit integer")?;
            }
            Ok(())
        })
    });
    read.and_then(|()| reader.end())
        .map_err(|fault| fault.locate(json))?;
    Ok(if found == PartialSuccess::default() {
        None
    } else {
        Some(found)
    })
}

/// Appends a `google.rpc.Status` to `out`, the body of every answer with a status of 4xx or 5xx.
///
/// `code` is a gRPC status code; details are not written.
pub fn write_status(code: i32, message: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("{{\"code\":{code},\"message\":").as_bytes());
    write_string(message.as_bytes(), out);
    out.push(b'}');
}

/// Reads an object: `member` gets the cursor at the value of each known key that is not `null`.
fn members<'a>(
    reader: &mut Reader<'a>,
    known: &[&'static str],
    mut member: impl FnMut(&mut Reader<'a>, &'static str) -> Result<(), Fault>,
) -> Result<(), Fault> {
    reader.open(b'{', "an object")?;
    let mut first = true;
    while reader.next(first, b'}')? {
        first = false;
        let raw = reader.key()?;
        let mut key = Vec::new();
        unescape(raw, &mut key);
        match known.iter().find(|name| name.as_bytes() == key) {
            None => reader.skip_value().map_err(|fault| fault.in_unknown_key(&key))?,
            Some(name) if !reader.take_null().map_err(|fault| fault.in_field(name))? => {
                member(reader, name).map_err(|fault| fault.in_field(name))?;
            }
            Some(_) => {}
        }
    }
    Ok(())
}

fn text(reader: &mut Reader<'_>) -> Result<String, Fault> {
    let raw = reader.string_value("a string")?;
    let mut text = Vec::new();
    unescape(raw, &mut text);
    // `unescape` makes everything valid; the lossy conversion changes nothing.
    Ok(String::from_utf8_lossy(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::super::JsonErrorKind;
    use super::*;

    fn written(signal: Signal, partial_success: Option<&PartialSuccess>) -> String {
        let mut out = Vec::new();
        write_response(signal, partial_success, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn full_success_leaves_partial_success_unset() {
        assert_eq!(written(Signal::Traces, None), "{}");
        for json in [
            "{}",
            r#"{"partialSuccess":{}}"#,
            r#"{"partialSuccess":null}"#,
            r#"{"other":[{}]}"#,
            " {} ",
        ] {
            assert_eq!(read_response(Signal::Traces, json.as_bytes()), Ok(None), "{json}");
        }
    }

    #[test]
    fn rejected_items_go_by_the_name_of_their_signal() {
        let partial = PartialSuccess {
            rejected: 5,
            error_message: "too \"old\"\n".into(),
        };
        for (signal, key) in [
            (Signal::Traces, "rejectedSpans"),
            (Signal::Metrics, "rejectedDataPoints"),
            (Signal::Logs, "rejectedLogRecords"),
        ] {
            let json = written(signal, Some(&partial));
            let expected = format!(r#"{{"partialSuccess":{{"{key}":"5","errorMessage":"too \"old\"\n"}}}}"#);
            assert_eq!(json, expected);
            assert_eq!(read_response(signal, json.as_bytes()), Ok(Some(partial.clone())));
        }
    }

    #[test]
    fn a_warning_rejects_nothing() {
        let partial = PartialSuccess {
            rejected: 0,
            error_message: "deprecated".into(),
        };
        assert_eq!(
            written(Signal::Logs, Some(&partial)),
            r#"{"partialSuccess":{"rejectedLogRecords":"0","errorMessage":"deprecated"}}"#
        );
        let json = br#"{"partialSuccess":{"errorMessage":"deprecated"}}"#;
        assert_eq!(read_response(Signal::Logs, json), Ok(Some(partial)));
    }

    #[test]
    fn a_number_is_as_good_as_a_string() {
        let read = read_response(Signal::Traces, br#"{"partialSuccess":{"rejectedSpans":7}}"#);
        assert_eq!(
            read.map(|partial| partial.map(|partial| partial.rejected)),
            Ok(Some(7))
        );
    }

    #[test]
    fn an_answer_that_is_not_json_is_refused_with_its_place() {
        for (json, kind, path) in [
            ("<html>", JsonErrorKind::Syntax, ""),
            ("", JsonErrorKind::UnexpectedEnd, ""),
            ("{} {}", JsonErrorKind::Syntax, ""),
            (
                r#"{"partialSuccess":7}"#,
                JsonErrorKind::WrongType,
                "partialSuccess",
            ),
            (
                r#"{"partialSuccess":{"rejectedSpans":{}}}"#,
                JsonErrorKind::WrongType,
                "partialSuccess.rejectedSpans",
            ),
        ] {
            let error = read_response(Signal::Traces, json.as_bytes()).unwrap_err();
            assert_eq!((error.kind, &*error.path), (kind, path), "{json}");
        }
    }

    #[test]
    fn a_status_has_code_and_message() {
        let mut out = Vec::new();
        write_status(3, "bad \"thing\" at\t1", &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"code":3,"message":"bad \"thing\" at\t1"}"#
        );
    }
}
