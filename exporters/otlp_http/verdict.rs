//! What an answer means: the table of the OTLP specification, section "OTLP/HTTP Response".

use std::sync::Arc;

use http::{StatusCode, header};
use sidelight_component::{Sent, Signal};
use sidelight_net::client::Answer;
use sidelight_net::grpc::Status;
use sidelight_proto::{json, response};
use sidelight_transport::{accepted, put_off, told};

/// How much of an error's text is kept.
const SHOWN_CHARS: usize = 200;

/// An answer that came.
pub(super) fn of_answer(exporter: &str, signal: Signal, answer: &Answer) -> Sent {
    if answer.status.is_success() {
        let partial = if is_json(answer) {
            json::read_response(signal, &answer.body).ok().flatten()
        } else {
            response::decode(&answer.body).ok().flatten()
        };
        return accepted(exporter, signal, partial);
    }
    let reason = reason(answer);
    match answer.status {
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => put_off(answer, reason),
        StatusCode::PAYLOAD_TOO_LARGE => Sent::TooLarge { reason },
        _ => Sent::Rejected { reason },
    }
}

fn is_json(answer: &Answer) -> bool {
    let value = answer.headers.get(header::CONTENT_TYPE);
    value.is_some_and(|value| value.as_bytes().starts_with(b"application/json"))
}

/// The status and what the destination says of it: the message of a `google.rpc.Status`, or text.
fn reason(answer: &Answer) -> Arc<str> {
    let status = answer.status;
    let message = if is_json(answer) {
        String::from_utf8_lossy(&answer.body).into_owned()
    } else {
        match Status::decode_details(&answer.body).filter(|status| !status.message.is_empty()) {
            Some(status) => status.message.into_owned(),
            None => String::from_utf8_lossy(&answer.body).into_owned(),
        }
    };
    told(status, &message, SHOWN_CHARS).into()
}
