//! Outcomes in the words of OTLP: the tables of its specification, sections
//! "OTLP/gRPC Response", "OTLP/HTTP Response" and "Throttling".

use std::time::Duration;

use http::{HeaderValue, Response, StatusCode, header};
use sidelight_component::{Outcome, Signal};
use sidelight_net::grpc::{self, Code, Status};
use sidelight_net::http_body::HttpError;
use sidelight_net::{ReplyBody, retry_after};
use sidelight_proto::json::{self, PartialSuccess};

use super::door::Refusal;

/// How an OTLP/HTTP body is encoded; the answer comes back in the same encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Protobuf,
    Json,
}

impl Encoding {
    fn content_type(self) -> HeaderValue {
        match self {
            Self::Protobuf => HeaderValue::from_static("application/x-protobuf"),
            Self::Json => HeaderValue::from_static("application/json"),
        }
    }
}

/// The outcome as a gRPC answer.
pub(super) fn grpc(outcome: Outcome) -> Response<ReplyBody> {
    match outcome {
        Outcome::Done => grpc::reply_empty(),
        Outcome::Partial { rejected, reason } => {
            grpc::reply(&sidelight_proto::response::encode(&partial(rejected, &reason)))
        }
        other => status(other).into_response(),
    }
}

/// A refusal at the door as a gRPC answer.
pub(super) fn grpc_refusal(refusal: Refusal) -> Response<ReplyBody> {
    refusal_status(refusal).into_response()
}

/// The outcome as an HTTP answer.
pub(super) fn http(signal: Signal, encoding: Encoding, outcome: Outcome) -> Response<ReplyBody> {
    let partial = match outcome {
        Outcome::Done => None,
        Outcome::Partial { rejected, reason } => Some(partial(rejected, &reason)),
        other => return http_status(encoding, &status(other)),
    };
    let body = match (encoding, &partial) {
        (Encoding::Protobuf, None) => Vec::new(),
        (Encoding::Protobuf, Some(partial)) => sidelight_proto::response::encode(partial),
        (Encoding::Json, partial) => {
            let mut body = Vec::new();
            json::write_response(signal, partial.as_ref(), &mut body);
            body
        }
    };
    with_body(StatusCode::OK, encoding, body)
}

/// A refusal at the door as an HTTP answer.
pub(super) fn http_refusal(encoding: Encoding, refusal: Refusal) -> Response<ReplyBody> {
    http_status(encoding, &refusal_status(refusal))
}

/// A body that could not be read as an HTTP answer.
pub(super) fn http_unreadable(encoding: Encoding, error: &HttpError) -> Response<ReplyBody> {
    let code = match error {
        HttpError::TooLarge { .. } => Code::ResourceExhausted,
        HttpError::Overloaded(_) => Code::Unavailable,
        HttpError::UnsupportedEncoding { .. } | HttpError::Malformed(_) => Code::InvalidArgument,
        HttpError::Idle(_) => Code::DeadlineExceeded,
    };
    let body = status_body(encoding, &Status::new(code, error.to_string()));
    let mut response = with_body(error.status(), encoding, body);
    error.write_headers(response.headers_mut());
    response
}

/// A plain refusal of what is no OTLP/HTTP request at all.
pub(super) fn http_plain(status: StatusCode, text: String) -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::full(text));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}

fn partial(rejected: u64, reason: &str) -> PartialSuccess {
    PartialSuccess {
        rejected: i64::try_from(rejected).unwrap_or(i64::MAX),
        error_message: reason.to_owned(),
    }
}

/// What was not accepted, as a status. Refused for good is INTERNAL, as in the Collector: the client sent
/// valid data and must not send it again.
fn status(outcome: Outcome) -> Status {
    match outcome {
        Outcome::Retry { after, reason } => {
            let status = Status::new(Code::Unavailable, reason.to_string());
            match after {
                Some(delay) => status.with_retry_after(delay),
                None => status,
            }
        }
        Outcome::Rejected { reason } => Status::new(Code::Internal, reason.to_string()),
        Outcome::Done | Outcome::Partial { .. } => Status::new(Code::Ok, ""),
    }
}

fn refusal_status(refusal: Refusal) -> Status {
    match refusal {
        Refusal::Malformed(text) => Status::new(Code::InvalidArgument, text),
        Refusal::TooLarge(most) => Status::new(
            Code::ResourceExhausted,
            format!("the memory budget has room for JSON of {most} bytes at most"),
        ),
        Refusal::Overloaded(full) => {
            Status::new(Code::Unavailable, full.to_string()).with_retry_after(full.retry_after)
        }
    }
}

/// A status over HTTP. A wait that is asked for comes as 429 with Retry-After, as the specification wants it
/// for throttling; without one it is 503.
fn http_status(encoding: Encoding, status: &Status) -> Response<ReplyBody> {
    let delay: Option<Duration> = status.retry_info.map(|info| info.delay);
    let code = match status.code {
        Code::InvalidArgument => StatusCode::BAD_REQUEST,
        Code::ResourceExhausted => StatusCode::PAYLOAD_TOO_LARGE,
        Code::Unavailable if delay.is_some() => StatusCode::TOO_MANY_REQUESTS,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let mut response = with_body(code, encoding, status_body(encoding, status));
    if let Some(delay) = delay {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, retry_after::format(delay));
    }
    response
}

/// A `google.rpc.Status` in the encoding of the request.
fn status_body(encoding: Encoding, status: &Status) -> Vec<u8> {
    match encoding {
        Encoding::Protobuf => status.encode_details(),
        Encoding::Json => {
            let mut body = Vec::new();
            json::write_status(status.code.number().into(), &status.message, &mut body);
            body
        }
    }
}

fn with_body(code: StatusCode, encoding: Encoding, body: Vec<u8>) -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::full(body));
    *response.status_mut() = code;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, encoding.content_type());
    response
}
