//! What the answer to a bulk request means, for the request and for each document.
//!
//! Source: Elasticsearch reference, "Bulk API", "Response body"; "REST API, 429 and 413".

use std::sync::Arc;

use http::StatusCode;
use serde_json::Value;
use sidelight_component::Sent;
use sidelight_net::client::Answer;
use sidelight_transport::{put_off, told};

/// The parts of an answer that are read.
pub(super) const FILTER: &str = "filter_path=errors,items.*.status,items.*.error.type,items.*.error.reason";

/// How much of an error's text is kept.
const SHOWN_CHARS: usize = 300;

/// Within so many bytes an answer says whether anything failed; a quote within a text would be escaped.
const SAID_AT_ONCE: usize = 64;

/// What became of one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is there.
    Taken,
    /// Not now.
    Again(Arc<str>),
    /// Never.
    Refused(Arc<str>),
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Every document is there.
    AllTaken,
    /// Each document has a fate of its own.
    Each(Vec<Fate>),
    /// The request as a whole.
    Whole(Sent),
}

/// An answer to a request of so many documents. `not_now` are the statuses that mean "later".
pub(super) fn of_answer(answer: &Answer, documents: usize, not_now: &[u16]) -> Verdict {
    let status = answer.status;
    if status.is_success() {
        return of_items(&answer.body, documents, not_now);
    }
    let reason = reason(status, &answer.body);
    // Wrong credentials are put right by a person, and the data can wait for that.
    let later = not_now.contains(&status.as_u16())
        || matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
    Verdict::Whole(if status == StatusCode::PAYLOAD_TOO_LARGE {
        Sent::TooLarge { reason }
    } else if later {
        put_off(answer, reason)
    } else {
        Sent::Rejected { reason }
    })
}

fn of_items(body: &[u8], documents: usize, not_now: &[u16]) -> Verdict {
    // Most answers say so at once, before any document is told of; they are not read further.
    let start = &body[..body.len().min(SAID_AT_ONCE)];
    if memchr::memmem::find(start, b"\"errors\":false").is_some() {
        return Verdict::AllTaken;
    }
    let parsed: Option<Value> = serde_json::from_slice(body).ok();
    let items = parsed.as_ref().and_then(|answer| answer.get("items")?.as_array());
    match items {
        Some(items) if items.len() == documents => {
            Verdict::Each(items.iter().map(|item| fate(item, not_now)).collect())
        }
        _ => Verdict::Whole(Sent::Retry {
            after: None,
            reason: format!(
                "the answer tells of {} documents and not of {documents}: is this a bulk endpoint?",
                items.map_or(0, Vec::len)
            )
            .into(),
            maybe_processed: true,
        }),
    }
}

fn fate(item: &Value, not_now: &[u16]) -> Fate {
    // One member, named by the action.
    let result = item.as_object().and_then(|action| action.values().next());
    let field = |name: &str| result.and_then(|result| result.get(name));
    let status = field("status").and_then(Value::as_u64).unwrap_or_default();
    let text = |name: &str| {
        field("error")
            .and_then(|error| error.get(name)?.as_str())
            .unwrap_or_default()
    };
    let told = || shorten(&format!("HTTP {status} {}: {}", text("type"), text("reason"))).into();
    match status {
        // 409: a document of this id is there, from an attempt whose answer was lost.
        200..=299 | 409 => Fate::Taken,
        status if not_now.iter().any(|later| u64::from(*later) == status) => Fate::Again(told()),
        _ => Fate::Refused(told()),
    }
}

/// The status and what the engine says of it.
fn reason(status: StatusCode, body: &[u8]) -> Arc<str> {
    let parsed: Option<Value> = serde_json::from_slice(body).ok();
    let said = parsed.as_ref().and_then(|answer| {
        let error = answer.get("error")?;
        error
            .get("reason")
            .and_then(Value::as_str)
            .or_else(|| error.as_str())
    });
    let text = said.map_or_else(|| String::from_utf8_lossy(body).into_owned(), str::to_owned);
    let hint = if text.contains("require_data_stream") || text.contains("dynamic_templates") {
        "; set `product: opensearch` where that is what answers"
    } else {
        ""
    };
    format!("{}{hint}", told(status, &text, SHOWN_CHARS)).into()
}

fn shorten(text: &str) -> String {
    text.chars().take(SHOWN_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            trailers: None,
        }
    }

    fn verdict(status: u16, body: &str, documents: usize) -> Verdict {
        of_answer(&answer(status, body), documents, &[429, 503])
    }

    #[test]
    fn each_document_has_the_fate_that_the_answer_tells() {
        let body = r#"{"errors":true,"items":[{"create":{"status":201}},{"create":{"status":409,"error":{"type":"v"}}},
            {"create":{"status":429,"error":{"type":"es_rejected","reason":"full"}}},
            {"create":{"status":400,"error":{"type":"mapper_parsing","reason":"no date"}}}]}"#;
        assert_eq!(
            verdict(200, body, 4),
            Verdict::Each(vec![
                Fate::Taken,
                Fate::Taken,
                Fate::Again("HTTP 429 es_rejected: full".into()),
                Fate::Refused("HTTP 400 mapper_parsing: no date".into()),
            ])
        );
        for body in [
            r#"{"errors":false,"items":[]}"#,
            r#"{"took":12,"errors":false,"items":[]}"#,
        ] {
            assert_eq!(verdict(200, body, 3), Verdict::AllTaken);
        }
    }

    #[test]
    fn an_answer_that_tells_of_other_documents_is_no_answer() {
        for body in ["", "{}", "<html>", r#"{"items":[{"create":{"status":201}}]}"#] {
            let Verdict::Whole(Sent::Retry {
                reason,
                maybe_processed,
                ..
            }) = verdict(200, body, 2)
            else {
                panic!("{body}");
            };
            assert!(reason.contains("not of 2") && maybe_processed);
        }
    }

    #[test]
    fn a_request_is_refused_put_off_or_cut_as_its_status_says() {
        let retry = |status, body| matches!(verdict(status, body, 1), Verdict::Whole(Sent::Retry { .. }));
        assert!(retry(429, "") && retry(503, "") && retry(401, "") && retry(403, ""));
        assert!(matches!(
            verdict(413, "", 1),
            Verdict::Whole(Sent::TooLarge { .. })
        ));
        let body = r#"{"error":{"reason":"Unknown parameter [require_data_stream]"},"status":400}"#;
        let Verdict::Whole(Sent::Rejected { reason }) = verdict(400, body, 1) else {
            panic!("taken");
        };
        assert!(
            reason.contains("Unknown parameter") && reason.contains("product: opensearch"),
            "{reason}"
        );
    }
}
