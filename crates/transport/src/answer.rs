//! What a destination's answer means for the data, where exporters agree.

use std::sync::Arc;
use std::time::SystemTime;

use http::{StatusCode, header};
use sidelight_component::{Sent, Signal};
use sidelight_net::client::{Answer, SendError, SendErrorKind};
use sidelight_net::retry_after;
use sidelight_proto::json::PartialSuccess;
use tracing::warn;

/// The request was accepted, perhaps not whole. A message without rejected items is a warning (OTLP
/// specification, "Partial Success").
pub fn accepted(exporter: &str, signal: Signal, partial: Option<PartialSuccess>) -> Sent {
    let Some(PartialSuccess {
        rejected,
        error_message,
    }) = partial
    else {
        return Sent::Accepted;
    };
    match u64::try_from(rejected) {
        Ok(rejected) if rejected > 0 => Sent::Partial {
            rejected,
            reason: error_message.into(),
        },
        _ => {
            warn!(component = exporter, %signal, message = %error_message, "the destination warns");
            Sent::Accepted
        }
    }
}

/// No answer that can be read: the request is sent again. Only an answer over the limit is final (OTLP
/// specification, "Response size limits"): the destination has acted on the request, and would answer a
/// repetition just so.
pub fn unsent(error: &SendError) -> Sent {
    let reason = error.to_string().into();
    match error.kind {
        SendErrorKind::AnswerTooLarge => Sent::Rejected { reason },
        SendErrorKind::Resolve | SendErrorKind::Connect | SendErrorKind::Timeout | SendErrorKind::Broken => {
            Sent::Retry {
                after: error.retry_after,
                reason,
                maybe_processed: error.maybe_processed,
            }
        }
    }
}

/// An answer that means "not now": with the wait that it asks for (RFC 9110 section 10.2.3).
pub fn put_off(answer: &Answer, reason: Arc<str>) -> Sent {
    let after = answer.headers.get(header::RETRY_AFTER);
    Sent::Retry {
        after: after.and_then(|value| retry_after::parse(value, SystemTime::now())),
        reason,
        // A gateway that gave up may have passed the request on.
        maybe_processed: answer.status == StatusCode::GATEWAY_TIMEOUT,
    }
}

/// The status and the first so many characters of what the destination says, where it says anything.
pub fn told(status: StatusCode, text: &str, chars: usize) -> String {
    let shown: String = text.trim().chars().take(chars).collect();
    if shown.is_empty() {
        format!("HTTP {status}")
    } else {
        format!("HTTP {status}: {shown}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rejected_items_make_a_success_partial() {
        let partial = |rejected| {
            Some(PartialSuccess {
                rejected,
                error_message: "quota".to_owned(),
            })
        };
        assert_eq!(accepted("x", Signal::Logs, None), Sent::Accepted);
        assert_eq!(accepted("x", Signal::Logs, partial(0)), Sent::Accepted);
        assert_eq!(accepted("x", Signal::Logs, partial(-1)), Sent::Accepted);
        let sent = Sent::Partial {
            rejected: 2,
            reason: "quota".into(),
        };
        assert_eq!(accepted("x", Signal::Logs, partial(2)), sent);
    }
}
