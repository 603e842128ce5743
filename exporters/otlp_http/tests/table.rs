//! One row for every answer that a destination can give, and for every way of giving none.
//!
//! Source: OTLP specification, "OTLP/HTTP Response", "Failures", "OTLP/HTTP Throttling".

use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message as _;
use sidelight_component::Sent;
use sidelight_net::client::SendErrorKind;
use sidelight_net::grpc::{Code, Status};
use sidelight_testkit::answers::{Want, check};
use sidelight_testkit::exporter::{PATIENCE, send};
use sidelight_testkit::scripted_http1::{Script, Server, answer};

use super::exporter;

/// How a destination asks to be left alone.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wait {
    Seconds,
    DateInTheFuture,
    DateInThePast,
    Nonsense,
}

impl Wait {
    const ALL: [Wait; 4] = [
        Wait::Seconds,
        Wait::DateInTheFuture,
        Wait::DateInThePast,
        Wait::Nonsense,
    ];

    fn value(self) -> &'static str {
        match self {
            Wait::Seconds => "7",
            Wait::DateInTheFuture => "Fri, 31 Dec 2100 23:59:59 GMT",
            Wait::DateInThePast => "Sun, 06 Nov 1994 08:49:37 GMT",
            Wait::Nonsense => "soon",
        }
    }

    fn expected(self) -> Option<Duration> {
        match self {
            Wait::Seconds => Some(Duration::from_secs(7)),
            // Nobody is believed for longer than an hour.
            Wait::DateInTheFuture => Some(Duration::from_secs(3600)),
            Wait::DateInThePast => Some(Duration::ZERO),
            Wait::Nonsense => None,
        }
    }
}

/// What the destination does.
#[derive(Clone, Debug, PartialEq)]
enum Case {
    Status(u16),
    RetryAfter(u16, Wait),
    /// A success with rejected items and a message, as protobuf or JSON.
    Partial(i64, &'static str, bool),
    /// A success with this body, as this content type.
    Success(&'static str, &'static [u8]),
    /// An answer with this many bytes of body.
    HugeAnswer(u16, usize),
    CloseAtOnce,
    CloseUnanswered,
    /// The connection ends within the head, within the body.
    HalfHead,
    HalfBody,
    NotHttp,
    Silence,
    Refused,
    Unresolvable,
}

/// The statuses that are sent again (OTLP specification, "Retryable Response Codes").
const RETRYABLE: [u16; 4] = [429, 502, 503, 504];
/// Every other status that the specification or HTTP servers in the field use against a request.
const FINAL: [u16; 23] = [
    300, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 411, 415, 422, 500,
    501, 505,
];

fn rows() -> Vec<(Case, Want)> {
    let json = "application/json";
    let mut rows = vec![
        (Case::Status(200), Want::Accepted),
        (Case::Status(202), Want::Accepted),
        (Case::Status(204), Want::Accepted),
        (Case::Status(413), Want::TooLarge),
        (
            Case::Partial(2, "too old ä", false),
            Want::Partial(2, "too old ä"),
        ),
        (Case::Partial(2, "too old ä", true), Want::Partial(2, "too old ä")),
        (Case::Partial(0, "a warning", false), Want::Accepted),
        (Case::Partial(0, "a warning", true), Want::Accepted),
        (Case::Partial(-1, "nonsense", false), Want::Accepted),
        (
            Case::Success("application/x-protobuf", b"\xff\xff\xff"),
            Want::Accepted,
        ),
        (Case::Success(json, b"{"), Want::Accepted),
        (Case::Success(json, br#"{"partialSuccess":{}}"#), Want::Accepted),
        (Case::Success("text/html", b"<html>fine</html>"), Want::Accepted),
        // An answer over the client's limit is a failure that is not retried.
        (Case::HugeAnswer(200, 5 << 20), Want::Rejected),
        (Case::HugeAnswer(503, 5 << 20), Want::Rejected),
        (Case::HugeAnswer(200, 3 << 20), Want::Accepted),
        (Case::CloseAtOnce, Want::RetryRaced),
        (Case::CloseUnanswered, Want::Retry(None, true)),
        (Case::HalfHead, Want::Retry(None, true)),
        (Case::HalfBody, Want::Retry(None, true)),
        (Case::NotHttp, Want::Retry(None, true)),
        (Case::Silence, Want::Retry(None, true)),
        (Case::Refused, Want::RetryRested(false)),
        (Case::Unresolvable, Want::RetryRested(false)),
    ];
    rows.extend(FINAL.map(|status| (Case::Status(status), Want::Rejected)));
    for status in RETRYABLE {
        // A gateway that gave up may have passed the request on.
        let maybe = status == 504;
        rows.push((Case::Status(status), Want::Retry(None, maybe)));
        for wait in Wait::ALL {
            rows.push((
                Case::RetryAfter(status, wait),
                Want::Retry(wait.expected(), maybe),
            ));
        }
    }
    // What is final stays so, whatever it says about time.
    rows.push((Case::RetryAfter(500, Wait::Seconds), Want::Rejected));
    rows
}

fn script(case: &Case) -> Script {
    let error_body = Status::new(Code::Unavailable, "said so ä").encode_details();
    let kind = [("Content-Type", "application/x-protobuf")];
    match case {
        Case::Status(204) => Script::Write(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()),
        Case::Status(304) => Script::Write(b"HTTP/1.1 304 Not Modified\r\n\r\n".to_vec()),
        Case::Status(status @ 200..300) => Script::Write(answer(*status, &kind, b"")),
        Case::Status(status @ 300..400) => {
            Script::Write(answer(*status, &[("Location", "http://127.0.0.1:1/")], b""))
        }
        Case::Status(status) => Script::Write(answer(*status, &kind, &error_body)),
        Case::RetryAfter(status, wait) => Script::Write(answer(
            *status,
            &[kind[0], ("Retry-After", wait.value())],
            &error_body,
        )),
        Case::Partial(rejected, message, true) => {
            let partial = serde_json::json!({"rejectedSpans": rejected.to_string(), "errorMessage": message});
            let body = serde_json::json!({"partialSuccess": partial}).to_string();
            Script::Write(answer(
                200,
                &[("Content-Type", "application/json; charset=utf-8")],
                body.as_bytes(),
            ))
        }
        Case::Partial(rejected_spans, message, false) => {
            let partial = ExportTracePartialSuccess {
                rejected_spans: *rejected_spans,
                error_message: (*message).to_owned(),
            };
            let body = ExportTraceServiceResponse {
                partial_success: Some(partial),
            }
            .encode_to_vec();
            Script::Write(answer(200, &kind, &body))
        }
        Case::Success(kind, body) => Script::Write(answer(200, &[("Content-Type", *kind)], body)),
        Case::HugeAnswer(status, size) => Script::Write(answer(*status, &[], &vec![b' '; *size])),
        Case::CloseUnanswered => Script::WriteAndClose(Vec::new()),
        Case::HalfHead => Script::WriteAndClose(b"HTTP/1.1 200 OK\r\nContent-Le".to_vec()),
        Case::HalfBody => Script::WriteAndClose(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc".to_vec()),
        Case::NotHttp => Script::WriteAndClose(b"220 mail.example.com ESMTP\r\n".to_vec()),
        Case::Silence => Script::Silence,
        Case::CloseAtOnce | Case::Refused | Case::Unresolvable => Script::CloseAtOnce,
    }
}

async fn outcome(case: &Case) -> Sent {
    let endpoint = match case {
        Case::Refused => {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
            listener.local_addr().expect("bound").to_string()
        }
        Case::Unresolvable => "nobody.invalid:4318".to_owned(),
        _ => Server::start(script(case)).await.address.to_string(),
    };
    let (exporter, _) = exporter(&format!("endpoint: http://{endpoint}\ncompression: none\n"));
    // A server that says nothing is waited for to the deadline; all others answer long before theirs.
    let silent = *case == Case::Silence;
    send(
        &exporter,
        if silent {
            Duration::from_millis(300)
        } else {
            PATIENCE
        },
    )
    .await
}

#[tokio::test]
async fn every_answer_means_what_the_specification_says() {
    check(&rows(), outcome).await;
}

/// What brings an error of the client about; a new kind does not compile until it has a row.
fn case_of(kind: SendErrorKind) -> Case {
    match kind {
        SendErrorKind::Resolve => Case::Unresolvable,
        SendErrorKind::Connect => Case::Refused,
        SendErrorKind::Timeout => Case::Silence,
        SendErrorKind::Broken => Case::CloseUnanswered,
        SendErrorKind::AnswerTooLarge => Case::HugeAnswer(200, 5 << 20),
    }
}

#[tokio::test]
async fn the_table_misses_no_row() {
    let rows = rows();
    let count = |case: &Case| rows.iter().filter(|(other, _)| other == case).count();
    for status in [200, 202, 204, 413].into_iter().chain(RETRYABLE).chain(FINAL) {
        assert_eq!(count(&Case::Status(status)), 1, "{status}");
    }
    for status in RETRYABLE {
        for wait in Wait::ALL {
            assert_eq!(count(&Case::RetryAfter(status, wait)), 1, "{status} {wait:?}");
        }
    }
    use SendErrorKind::{AnswerTooLarge, Broken, Connect, Resolve, Timeout};
    for kind in [Resolve, Connect, Timeout, Broken, AnswerTooLarge] {
        let case = case_of(kind);
        assert_eq!(count(&case), 1, "{kind:?}");
        let said = format!("{:?}", outcome(&case).await);
        assert!(said.contains(&kind.to_string()), "{said} does not say {kind}");
    }
}

#[tokio::test]
async fn the_destinations_words_are_told_and_cut() {
    let status = Status::new(Code::InvalidArgument, "span 7 has no name").encode_details();
    let long = "x".repeat(10_000);
    let table: [(&str, &[u8], &str); 5] = [
        (
            "application/x-protobuf",
            &status,
            "HTTP 400 Bad Request: span 7 has no name",
        ),
        (
            "application/json",
            br#"{"code":3,"message":"no"}"#,
            r#"HTTP 400 Bad Request: {"code":3,"message":"no"}"#,
        ),
        ("text/plain", b"go away\n", "HTTP 400 Bad Request: go away"),
        ("text/plain", b"", "HTTP 400 Bad Request"),
        (
            "text/plain",
            long.as_bytes(),
            &format!("HTTP 400 Bad Request: {}", &long[..200]),
        ),
    ];
    for (kind, body, expected) in table {
        let server = Server::start(Script::Write(answer(400, &[("Content-Type", kind)], body))).await;
        let (exporter, _) = exporter(&format!("endpoint: http://{}\n", server.address));
        let sent = send(&exporter, PATIENCE).await;
        assert_eq!(
            sent,
            Sent::Rejected {
                reason: expected.into()
            }
        );
    }
}
