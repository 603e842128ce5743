//! Why a request has no answer.

use std::time::Duration;

/// A request without an answer. Every kind may be tried again later; the flag says whether that can double data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}{}{message}", if message.is_empty() { "" } else { ": " })]
pub struct SendError {
    /// What happened.
    pub kind: SendErrorKind,
    /// True when the peer may have acted on the request: it was handed to a connection and nothing proves that the
    /// peer refused it.
    pub maybe_processed: bool,
    /// When the next attempt can be of use: all addresses have failed and wait.
    pub retry_after: Option<Duration>,
    /// Details for people, without the request's content.
    pub message: String,
}

/// The kinds of [`SendError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendErrorKind {
    /// The name has no address.
    #[error("cannot resolve the endpoint")]
    Resolve,
    /// No address took a connection.
    #[error("cannot connect")]
    Connect,
    /// The time for the request is over.
    #[error("no answer in time")]
    Timeout,
    /// The connection or the stream broke before the answer was complete.
    #[error("connection broke")]
    Broken,
    /// The answer is larger than the limit.
    #[error("answer is too large")]
    AnswerTooLarge,
}

impl SendError {
    pub(super) fn unsent(kind: SendErrorKind, message: impl ToString) -> Self {
        Self {
            kind,
            maybe_processed: false,
            retry_after: None,
            message: message.to_string(),
        }
    }

    pub(super) fn sent(kind: SendErrorKind, message: impl ToString) -> Self {
        Self {
            kind,
            maybe_processed: true,
            retry_after: None,
            message: message.to_string(),
        }
    }
}

/// An error with its causes on one line: hyper's own text alone says "connection error".
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    // Bounded, because a cause is foreign code's business.
    for _ in 0..8 {
        let Some(inner) = cause else { break };
        let inner_text = inner.to_string();
        if !text.ends_with(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    text
}

/// What the error looks like to us: where the first bytes of an HTTP/1 answer stand in for a frame header, a hint at the
/// usual mix-up of ports is put behind it.
pub(super) fn told(error: &h2::Error) -> String {
    let text = chain(error);
    if !(error.is_library() && error.reason() == Some(h2::Reason::FRAME_SIZE_ERROR)) {
        return text;
    }
    format!(
        "{text} (what answers there does not speak HTTP/2, which gRPC needs; \
         OTLP over gRPC is at port 4317 by default, OTLP over HTTP at 4318)"
    )
}

/// True when the peer said, by the rules of HTTP/2, that it has not acted on the request: REFUSED_STREAM (RFC 9113,
/// section 8.7), or a GOAWAY whose last stream is older (section 6.8; h2 fails only such streams with it).
pub(super) fn surely_unprocessed(error: &h2::Error) -> bool {
    let refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
    error.is_remote() && (refused || error.is_go_away())
}
