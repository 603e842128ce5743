//! What a row of the table is, and how it is checked.

use std::time::Duration;

use bytes::Bytes;
use prost::Message as _;
use sidelight_component::{Outcome, Signal};
use sidelight_net::grpc::{Code, Status};
use sidelight_testkit::requests::{framed, json, protobuf};

use super::clients::{Answer, Ask, End, http1, http2};
use super::rig::{Options, Rig};

/// How a request comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Via {
    Grpc,
    Protobuf,
    Json,
}

impl Via {
    pub(super) const ALL: [Via; 3] = [Via::Grpc, Via::Protobuf, Via::Json];
    pub(super) const HTTP: [Via; 2] = [Via::Protobuf, Via::Json];

    pub(super) fn path(self, signal: Signal) -> String {
        match (self, signal) {
            (Via::Grpc, Signal::Traces) => {
                "/opentelemetry.proto.collector.trace.v1.TraceService/Export".into()
            }
            (Via::Grpc, Signal::Metrics) => {
                "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export".into()
            }
            (Via::Grpc, Signal::Logs) => "/opentelemetry.proto.collector.logs.v1.LogsService/Export".into(),
            (_, signal) => format!("/v1/{signal}"),
        }
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Via::Grpc => "application/grpc",
            Via::Protobuf => "application/x-protobuf",
            Via::Json => "application/json",
        }
    }

    /// A request with this body; for gRPC it is put in one frame.
    pub(super) fn ask(self, signal: Signal, body: &[u8]) -> Ask {
        let te = (self == Via::Grpc).then_some(("te", "trailers"));
        Ask {
            method: "POST",
            path: self.path(signal),
            headers: [("content-type", self.content_type())]
                .into_iter()
                .chain(te)
                .collect(),
            body: if self == Via::Grpc {
                framed(false, body)
            } else {
                body.to_vec()
            },
            end: End::Whole,
        }
    }

    /// The same, marked as compressed with `encoding`.
    pub(super) fn ask_compressed(self, encoding: &'static str, body: &[u8]) -> Ask {
        let ask = self.ask(Signal::Traces, &[]);
        match self {
            Via::Grpc => Ask {
                body: framed(true, body),
                ..ask.header("grpc-encoding", encoding)
            },
            _ => Ask {
                body: body.to_vec(),
                ..ask.header("content-encoding", encoding)
            },
        }
    }

    /// A good body of one signal.
    pub(super) fn body(self, signal: Signal, items: usize) -> Vec<u8> {
        if self == Via::Json {
            json(signal, items)
        } else {
            protobuf(signal, items)
        }
    }

    /// A good request with two spans.
    pub(super) fn good(self) -> Ask {
        self.ask(Signal::Traces, &self.body(Signal::Traces, 2))
    }

    pub(super) async fn send(self, rig: &Rig, ask: &Ask) -> Answer {
        match self {
            Via::Grpc => http2(rig.grpc, ask).await,
            Via::Protobuf | Via::Json => http1(rig.http, ask).await,
        }
    }
}

/// Lists an enum's values beside it, so that a table can be held against them.
macro_rules! causes {
    ($($(#[$doc:meta])* $name:ident: $vias:expr,)*) => {
        /// What can become of a request.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Cause { $($(#[$doc])* $name,)* }

        impl Cause {
            pub(super) const ALL: &[Cause] = &[$(Cause::$name,)*];

            /// The transports over which it can happen.
            pub(super) fn vias(self) -> &'static [Via] {
                match self { $(Cause::$name => &$vias,)* }
            }
        }
    };
}

causes! {
    Delivered: Via::ALL,
    DeliveredGzip: Via::ALL,
    DeliveredZstd: Via::ALL,
    /// gRPC names no such encoding here.
    DeliveredDeflate: Via::HTTP,
    CharsetParameter: Via::ALL,
    UnknownFields: Via::ALL,
    EmptyRequest: Via::ALL,
    PartialSuccess: Via::ALL,
    RetryWithWait: Via::ALL,
    RetryWithoutWait: Via::ALL,
    /// The engine refuses at once, nothing went anywhere.
    NoRoom: Via::ALL,
    Rejected: Via::ALL,
    MalformedProtobuf: [Via::Grpc, Via::Protobuf],
    MalformedJson: [Via::Json],
    /// 100,000 levels.
    TooDeep: Via::ALL,
    /// The client ends the request before it is whole.
    Truncated: Via::ALL,
    DamagedGzip: Via::ALL,
    DamagedZstd: Via::ALL,
    TooLarge: Via::ALL,
    GzipBomb: Via::ALL,
    ZstdBomb: Via::ALL,
    UnknownEncoding: Via::ALL,
    NestedEncodings: Via::ALL,
    NoContentType: Via::ALL,
    WrongContentType: Via::ALL,
    UnknownPath: Via::ALL,
    Get: Via::ALL,
    SignalWithoutPipeline: Via::ALL,
    /// No room for what the client says it will send.
    BudgetBeforeReading: Via::ALL,
    /// Room for the compressed body only.
    BudgetInflating: Via::ALL,
    /// Room for the text, not for the protobuf made of it.
    BudgetTranscoding: [Via::Json],
    /// More than the whole budget.
    BeyondBudget: Via::ALL,
    /// The same after decompression.
    InflatedBeyondBudget: Via::ALL,
    /// The text and its protobuf are more than the whole budget.
    TranscodedBeyondBudget: [Via::Json],
    Idle: Via::ALL,
    CompressedFlagWithoutEncoding: [Via::Grpc],
    SeveralMessages: [Via::Grpc],
    NoMessage: [Via::Grpc],
    /// The first byte of a message is neither 0 nor 1.
    NoFraming: [Via::Grpc],
}

/// What the client must see.
#[derive(Clone, Debug, Default)]
pub(super) struct Expect {
    /// The HTTP status; 200 for everything that gRPC answers.
    pub(super) status: u16,
    /// The gRPC status, or that of the `google.rpc.Status` in the body of an HTTP error. `None`: the body is plain text.
    pub(super) code: Option<Code>,
    /// RetryInfo or `Retry-After`.
    pub(super) wait: Option<Duration>,
    /// A part of the message.
    pub(super) says: &'static str,
    /// Headers that must be there.
    pub(super) headers: &'static [(&'static str, &'static str)],
    /// Items that reached the pipelines; `None`: nothing did.
    pub(super) items: Option<usize>,
    /// Rejected items and message of a partial success.
    pub(super) partial: Option<(i64, &'static str)>,
}

pub(super) fn taken(items: usize) -> Expect {
    Expect {
        status: 200,
        code: Some(Code::Ok),
        items: Some(items),
        ..Expect::default()
    }
}

pub(super) fn refused(status: u16, code: Code, says: &'static str) -> Expect {
    Expect {
        status,
        code: Some(code),
        says,
        ..Expect::default()
    }
}

/// Not OTLP at all: a status and a text.
pub(super) fn plain(status: u16, says: &'static str) -> Expect {
    Expect {
        status,
        says,
        ..Expect::default()
    }
}

impl Expect {
    pub(super) fn wait(self, seconds: u64) -> Self {
        Self {
            wait: Some(Duration::from_secs(seconds)),
            ..self
        }
    }

    /// It went into the pipelines and was refused there.
    pub(super) fn reached(self) -> Self {
        Self {
            items: Some(2),
            ..self
        }
    }

    pub(super) fn headers(self, headers: &'static [(&'static str, &'static str)]) -> Self {
        Self { headers, ..self }
    }
}

/// One row: what happens to which request, and what its sender must see.
pub(super) struct Row {
    pub(super) cause: Cause,
    pub(super) via: Via,
    pub(super) options: Options,
    pub(super) ask: Ask,
    pub(super) expect: Expect,
}

impl Row {
    /// A row for a request to a usual receiver.
    pub(super) fn new(cause: Cause, via: Via, ask: Ask, expect: Expect) -> Self {
        Self {
            cause,
            via,
            options: Options::default(),
            ask,
            expect,
        }
    }

    /// A row for a good request whose outcome the engine decides.
    pub(super) fn engine(cause: Cause, via: Via, outcome: Outcome, expect: Expect) -> Self {
        let options = Options {
            outcome,
            ..Options::default()
        };
        Self {
            options,
            ..Self::new(cause, via, via.good(), expect)
        }
    }

    pub(super) fn with(self, options: Options) -> Self {
        Self { options, ..self }
    }

    /// Sends the request of the row to a receiver of its own and holds the answer against the row.
    pub(super) async fn check(self) {
        let name = format!("{:?} over {:?}", self.cause, self.via);
        let mut rig = Rig::start(self.options).await;
        let answer = self.via.send(&rig, &self.ask).await;
        let seen = rig.take_seen();
        check_answer(&name, self.via, &answer, &self.expect);
        let items: usize = seen.iter().map(|(_, payload, _)| payload.items()).sum();
        assert_eq!(
            (!seen.is_empty()).then_some(items),
            self.expect.items,
            "{name}: items in the pipelines"
        );
        drop(seen);
        rig.others = None;
        assert_eq!(rig.budget.used(), 0, "{name}: what was charged is given back");
    }
}

fn check_answer(name: &str, via: Via, answer: &Answer, expect: &Expect) {
    assert_eq!(answer.status, expect.status, "{name}: {answer:?}");
    for (header, value) in expect.headers {
        let found = answer.headers.get(*header).and_then(|found| found.to_str().ok());
        assert_eq!(found, Some(*value), "{name}: {header}");
    }
    let told = match (via, expect.code) {
        (_, None) => plain_text(answer),
        (Via::Grpc, Some(_)) => grpc_status(answer),
        (_, Some(Code::Ok)) => http_success(name, via, answer),
        (_, Some(_)) => http_status(name, via, answer),
    };
    assert_eq!(told.code, expect.code, "{name}: {told:?}");
    assert_eq!(told.wait, expect.wait, "{name}: {told:?}");
    assert!(
        told.message.contains(expect.says),
        "{name}: {told:?} does not say {:?}",
        expect.says
    );
    assert!(
        told.message.len() < 500 && !told.message.contains('\0'),
        "{name}: {told:?}"
    );
    let partial = told
        .partial
        .as_ref()
        .map(|(rejected, message)| (*rejected, message.as_str()));
    assert_eq!(partial, expect.partial, "{name}");
}

/// What an answer tells a client.
#[derive(Debug, Default)]
struct Told {
    code: Option<Code>,
    wait: Option<Duration>,
    message: String,
    partial: Option<(i64, String)>,
}

fn plain_text(answer: &Answer) -> Told {
    let kind = answer.headers.get("content-type").expect("a content type");
    assert!(kind.as_bytes().starts_with(b"text/plain"), "{answer:?}");
    Told {
        message: String::from_utf8(answer.body.to_vec()).expect("text"),
        ..Told::default()
    }
}

fn grpc_status(answer: &Answer) -> Told {
    assert_eq!(answer.headers["content-type"], "application/grpc");
    let in_trailers = Status::read_from(&answer.trailers);
    let status = in_trailers
        .or_else(|| Status::read_from(&answer.headers))
        .expect("a grpc-status");
    let partial = if status.is_ok() {
        let message = answer.body.get(5..).expect("a message");
        assert_eq!(answer.body[..], framed(false, message)[..]);
        partial_of_protobuf(message)
    } else {
        assert_eq!(answer.body, Bytes::new());
        None
    };
    Told {
        code: Some(status.code),
        wait: status.retry_info.map(|info| info.delay),
        message: status.message.into_owned(),
        partial,
    }
}

fn http_success(name: &str, via: Via, answer: &Answer) -> Told {
    assert_eq!(answer.headers["content-type"], via.content_type(), "{name}");
    let partial = match via {
        Via::Json => {
            let body: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
            body.get("partialSuccess").map(|partial| {
                let rejected = partial["rejectedSpans"]
                    .as_str()
                    .expect("64-bit integers are strings");
                let message = partial["errorMessage"].as_str().expect("a message");
                (rejected.parse().expect("a number"), message.to_owned())
            })
        }
        _ => partial_of_protobuf(&answer.body),
    };
    Told {
        code: Some(Code::Ok),
        partial,
        ..Told::default()
    }
}

fn partial_of_protobuf(message: &[u8]) -> Option<(i64, String)> {
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
    let response = ExportTraceServiceResponse::decode(message).expect("an ExportTraceServiceResponse");
    response
        .partial_success
        .map(|partial| (partial.rejected_spans, partial.error_message))
}

/// `google.rpc.Status`, as far as OTLP/HTTP wants it.
#[derive(Clone, PartialEq, prost::Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

fn http_status(name: &str, via: Via, answer: &Answer) -> Told {
    assert_eq!(answer.headers["content-type"], via.content_type(), "{name}");
    let (code, message) = match via {
        Via::Json => {
            let body: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
            (
                body["code"].as_u64().expect("a code"),
                body["message"].as_str().expect("a message").to_owned(),
            )
        }
        _ => {
            let status = RpcStatus::decode(answer.body.clone()).expect("a google.rpc.Status");
            (u64::try_from(status.code).expect("a code"), status.message)
        }
    };
    let wait = answer.headers.get("retry-after").map(|value| {
        let seconds = value.to_str().expect("ASCII").parse().expect("seconds");
        Duration::from_secs(seconds)
    });
    Told {
        code: Some(Code::from_number(u32::try_from(code).expect("small"))),
        wait,
        message,
        partial: None,
    }
}
