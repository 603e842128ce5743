//! One row for every answer that a destination can give, and for every way of giving none.
//!
//! Sources: OTLP specification, "OTLP/gRPC Response", "Failures", "Throttling"; gRPC's mapping of HTTP statuses.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use sidelight_component::{Exporter, Sent};
use sidelight_net::client::SendErrorKind;
use sidelight_net::grpc::{Code, Status};
use sidelight_testkit::answers::{Want, check};
use sidelight_testkit::exporter::{PATIENCE, send};
use sidelight_testkit::scripted_http2::{Script, ScriptedServer};

use super::exporter;

/// What the destination does.
#[derive(Clone, Debug, PartialEq)]
enum Case {
    /// A status, with RetryInfo or without.
    Status(Code, Option<Duration>),
    /// A success with rejected items and a message.
    Partial(i64, &'static str),
    /// A success with this many bytes of message.
    HugeAnswer(usize),
    /// Something that tonic's server does not do.
    Odd(Script),
    /// The same on the first connection, success on later ones.
    OddAtFirst(Script),
    /// Nobody listens there.
    Refused,
    /// The name has no address.
    Unresolvable,
}

const WAIT: Duration = Duration::from_millis(1500);

/// OTLP's table: retry these, and RESOURCE_EXHAUSTED only with RetryInfo.
fn of_code(code: Code, after: Option<Duration>) -> Want {
    match code {
        Code::Ok => Want::Accepted,
        // The server may have been at work when the call ended.
        Code::Cancelled | Code::DeadlineExceeded => Want::Retry(after, true),
        Code::Aborted | Code::OutOfRange | Code::Unavailable | Code::DataLoss => Want::Retry(after, false),
        Code::ResourceExhausted if after.is_some() => Want::Retry(after, false),
        Code::ResourceExhausted => Want::TooLarge,
        Code::Unknown
        | Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::Unimplemented
        | Code::Internal
        | Code::Unauthenticated => Want::Rejected,
    }
}

fn rows() -> Vec<(Case, Want)> {
    let mut rows = Vec::new();
    for code in Code::ALL {
        for after in [None, Some(WAIT)] {
            rows.push((Case::Status(code, after), of_code(code, after)));
        }
    }
    rows.extend([
        (Case::Partial(2, "too old ä"), Want::Partial(2, "too old ä")),
        (Case::Partial(0, "a warning"), Want::Accepted),
        (Case::Partial(-1, "nonsense"), Want::Accepted),
        // The specification: an answer over the client's limit is a failure that is not retried.
        (Case::HugeAnswer(5 << 20), Want::Rejected),
        (Case::HugeAnswer(3 << 20), Want::Accepted),
        (Case::Refused, Want::RetryRested(false)),
        (Case::Unresolvable, Want::RetryRested(false)),
        (Case::OddAtFirst(Script::GoAwayUnprocessed), Want::Accepted),
    ]);
    let odd = [
        (Script::CloseAtOnce, Want::RetryRaced),
        (Script::CloseUnanswered, Want::Retry(None, true)),
        (Script::HalfAnswer, Want::Retry(None, true)),
        (Script::Silence, Want::Retry(None, true)),
        (Script::Answer, Want::Accepted),
        (Script::Garbage, Want::Accepted),
        (Script::NoMessage, Want::Rejected),
        (Script::NoStatus, Want::Rejected),
        (Script::NotHttp2, Want::RetryRaced),
        (Script::GoAwayUnprocessed, Want::Retry(None, false)),
        (Script::GoAwayThenAnswer, Want::Accepted),
        (Script::RefuseFirst, Want::Accepted),
        (Script::Reset, Want::Retry(None, true)),
    ];
    rows.extend(odd.map(|(script, want)| (Case::Odd(script), want)));
    for status in [
        301, 302, 307, 308, 400, 401, 403, 404, 405, 408, 413, 415, 500, 501,
    ] {
        rows.push((Case::Odd(Script::Status(status)), Want::Rejected));
    }
    for status in [429, 502, 503, 504] {
        rows.push((Case::Odd(Script::Status(status)), Want::Retry(None, false)));
        let wait = Want::Retry(Some(Duration::from_secs(7)), false);
        rows.push((Case::Odd(Script::StatusRetryAfter(status, "7")), wait));
    }
    rows
}

/// Answers every request as the case says.
struct Scripted(Case);

#[tonic::async_trait]
impl TraceService for Scripted {
    async fn export(
        &self,
        request: tonic::Request<ExportTraceServiceRequest>,
    ) -> Result<tonic::Response<ExportTraceServiceResponse>, tonic::Status> {
        assert_eq!(
            request.get_ref().resource_spans.len(),
            2,
            "two chunks are one request"
        );
        let answer = |rejected_spans, error_message| {
            let partial = ExportTracePartialSuccess {
                rejected_spans,
                error_message,
            };
            Ok(tonic::Response::new(ExportTraceServiceResponse {
                partial_success: Some(partial),
            }))
        };
        match &self.0 {
            Case::Partial(rejected, message) => answer(*rejected, (*message).to_owned()),
            Case::HugeAnswer(size) => answer(0, "x".repeat(*size)),
            Case::Status(Code::Ok, _) => Ok(tonic::Response::new(Default::default())),
            Case::Status(code, after) => Err(status(*code, *after)),
            other => panic!("{other:?} is not tonic's"),
        }
    }
}

fn status(code: Code, after: Option<Duration>) -> tonic::Status {
    let (tonic_code, text) = (tonic::Code::from_i32(code.number().into()), "said so ä %");
    match after {
        None => tonic::Status::new(tonic_code, text),
        Some(delay) => {
            let details = Status::new(code, text).with_retry_after(delay).encode_details();
            tonic::Status::with_details(tonic_code, text, details.into())
        }
    }
}

async fn tonic_server(case: Case) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let address = listener.local_addr().expect("bound");
    let incoming = tonic::transport::server::TcpIncoming::from(listener);
    let service = TraceServiceServer::new(Scripted(case));
    tokio::spawn(
        tonic::transport::Server::builder()
            .add_service(service)
            .serve_with_incoming(incoming),
    );
    address
}

/// An exporter to this address, without encryption or compression.
fn exporter_to(address: SocketAddr) -> Arc<dyn Exporter> {
    exporter(&format!("endpoint: http://{address}\ncompression: none\n")).0
}

async fn outcome(case: &Case) -> Sent {
    let exporter = match case {
        Case::Odd(script) => exporter_to(ScriptedServer::start(&[*script]).await.address),
        Case::OddAtFirst(script) => {
            exporter_to(ScriptedServer::start(&[*script, Script::Answer]).await.address)
        }
        Case::Refused => {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
            exporter_to(listener.local_addr().expect("bound"))
        }
        Case::Unresolvable => exporter("endpoint: http://nobody.invalid:4317\ncompression: none\n").0,
        _ => exporter_to(tonic_server(case.clone()).await),
    };
    // A server that says nothing is waited for to the deadline; all others answer long before theirs.
    let silent = *case == Case::Odd(Script::Silence);
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
        SendErrorKind::Timeout => Case::Odd(Script::Silence),
        SendErrorKind::Broken => Case::Odd(Script::CloseUnanswered),
        SendErrorKind::AnswerTooLarge => Case::HugeAnswer(5 << 20),
    }
}

#[tokio::test]
async fn the_table_misses_no_row() {
    let rows = rows();
    let count = |case: &Case| rows.iter().filter(|(other, _)| other == case).count();
    for code in Code::ALL {
        for after in [None, Some(WAIT)] {
            assert_eq!(count(&Case::Status(code, after)), 1, "{} {after:?}", code.name());
        }
    }
    // The statuses that the OTLP specification names, those that gRPC maps, and redirects.
    for status in [
        301, 302, 307, 308, 400, 401, 403, 404, 405, 408, 413, 415, 429, 500, 501, 502, 503, 504,
    ] {
        assert_eq!(count(&Case::Odd(Script::Status(status))), 1, "HTTP {status}");
    }
    use SendErrorKind::{AnswerTooLarge, Broken, Connect, Resolve, Timeout};
    for kind in [Resolve, Connect, Timeout, Broken, AnswerTooLarge] {
        let case = case_of(kind);
        assert_eq!(count(&case), 1, "{kind:?}");
        let said = format!("{:?}", outcome(&case).await);
        assert!(said.contains(&kind.to_string()), "{said} does not say {kind}");
    }
}
