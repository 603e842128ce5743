//! What an answer means.
//!
//! Source: Prometheus remote write specification 1.0, "Retries & Backoff"; 2.0, "Required Written Response Headers",
//! "Partial Write", "Retries on Partial Writes".

use std::sync::Arc;

use http::{HeaderMap, StatusCode};
use sidelight_component::Sent;
use sidelight_net::client::Answer;
use sidelight_transport::{put_off, told};

use super::write::{Counts, ProtobufMessage};

/// How much of an error's text is kept.
const SHOWN_CHARS: usize = 200;

/// What became of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Written, all of it.
    Written(Written),
    /// Written in part or not at all, and never sent again.
    Refused { written: Written, reason: Arc<str> },
    /// To be sent again, now or later, whole or in smaller ones.
    NotNow(Sent),
}

/// What a destination says it has written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) samples: u64,
    pub(super) histograms: u64,
    pub(super) exemplars: u64,
}

impl Written {
    /// Reads the headers; `None` where there is none of them, or none that is a number.
    fn of(headers: &HeaderMap) -> Option<Self> {
        let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
        let samples = number("x-prometheus-remote-write-samples-written");
        let histograms = number("x-prometheus-remote-write-histograms-written");
        let exemplars = number("x-prometheus-remote-write-exemplars-written");
        samples.or(histograms).or(exemplars)?;
        Some(Self {
            samples: samples.unwrap_or_default(),
            histograms: histograms.unwrap_or_default(),
            exemplars: exemplars.unwrap_or_default(),
        })
    }

    /// All that was sent.
    fn all(sent: &Counts) -> Self {
        Self {
            samples: sent.samples,
            histograms: sent.histograms,
            exemplars: sent.exemplars,
        }
    }

    /// Numbers and native histograms.
    pub(super) const fn values(&self) -> u64 {
        self.samples.saturating_add(self.histograms)
    }
}

/// The answer to a request that carried `sent`.
pub(super) fn of_answer(message: ProtobufMessage, sent: &Counts, answer: &Answer) -> Verdict {
    let status = answer.status;
    if status.is_success() {
        return of_success(message, sent, answer);
    }
    let reason = reason(message, answer);
    if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
        return Verdict::NotNow(put_off(answer, reason));
    }
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        return Verdict::NotNow(Sent::TooLarge { reason });
    }
    Verdict::Refused {
        written: match message {
            // What is wrong with one sample is wrong with the request.
            ProtobufMessage::WriteRequest => Written::default(),
            ProtobufMessage::Request => Written::of(&answer.headers).unwrap_or_default(),
        },
        reason,
    }
}

/// What became of a request without an answer that can be read.
pub(super) fn unanswered(sent: Sent) -> Verdict {
    match sent {
        Sent::Rejected { reason } => Verdict::Refused {
            written: Written::default(),
            reason,
        },
        sent => Verdict::NotNow(sent),
    }
}

/// In 2.0 a success says how much was written: what knows 1.0 alone may take any request for an empty one.
fn of_success(message: ProtobufMessage, sent: &Counts, answer: &Answer) -> Verdict {
    if message == ProtobufMessage::WriteRequest {
        return Verdict::Written(Written::all(sent));
    }
    let status = answer.status;
    match Written::of(&answer.headers) {
        Some(written) if written.values() >= sent.values() => Verdict::Written(written),
        Some(written) => Verdict::Refused {
            written,
            reason: format!("HTTP {status}, but only {} of {} samples were written", written.values(), sent.values())
                .into(),
        },
        None => Verdict::Refused {
            written: Written::default(),
            reason: format!(
                "HTTP {status} without X-Prometheus-Remote-Write-Samples-Written: the destination does not know remote \
                 write 2.0; set `protobuf_message: prometheus.WriteRequest`"
            )
            .into(),
        },
    }
}

/// The status and what the destination says of it.
fn reason(message: ProtobufMessage, answer: &Answer) -> Arc<str> {
    let status = answer.status;
    let text = String::from_utf8_lossy(&answer.body);
    let hint = match (status, message) {
        (StatusCode::UNSUPPORTED_MEDIA_TYPE, ProtobufMessage::Request) => {
            "; set `protobuf_message: prometheus.WriteRequest` where it does not know remote write 2.0"
        }
        _ => "",
    };
    format!("{}{hint}", told(status, &text, SHOWN_CHARS)).into()
}
