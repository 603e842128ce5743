//! What an answer means: remote write 1.0 and 2.0, sections "Retries & Backoff" and "Required Written Response Headers".

use std::sync::Arc;
use std::time::SystemTime;

use http::{HeaderMap, StatusCode, header};
use sidelight_component::Sent;
use sidelight_net::client::Answer;
use sidelight_net::retry_after;

use super::config::Message;
use super::tally::Tally;

/// How much of an error's text is kept.
const SHOWN_CHARS: usize = 200;

/// What a receiver of 2.0 says it has written; `None` where it does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    samples: Option<u64>,
    histograms: Option<u64>,
}

impl Written {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let count = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse().ok();
        Self {
            samples: count("x-prometheus-remote-write-samples-written"),
            histograms: count("x-prometheus-remote-write-histograms-written"),
        }
    }

    /// Whether it says anything. A receiver that does not may have taken the request for one of 1.0 and dropped it.
    pub(super) fn is_said(self) -> bool {
        self.samples.is_some() || self.histograms.is_some()
    }

    /// Of so many points, how many were not written: their share of samples and histograms, rounded up.
    fn missing(self, tally: Tally, items: u64) -> u64 {
        let sent = u64::from(tally.samples) + u64::from(tally.histograms);
        let written = |said: Option<u64>, sent: u32| said.unwrap_or(0).min(u64::from(sent));
        let written = written(self.samples, tally.samples) + written(self.histograms, tally.histograms);
        let missing = sent.saturating_sub(written);
        if sent == 0 {
            0
        } else {
            missing.saturating_mul(items).div_ceil(sent).min(items)
        }
    }
}

/// An answer that came to a request of so many points, those without a form in Prometheus among them.
pub(super) fn of_answer(answer: &Answer, message: Message, tally: Tally, items: u64) -> Sent {
    let sent_items = items.saturating_sub(tally.dropped.total());
    let written = Written::of(&answer.headers);
    let status = answer.status;
    if status.is_success() {
        let missing = match message {
            Message::V2 if written.is_said() => written.missing(tally, sent_items),
            _ => 0,
        };
        return taken(tally, missing, "the receiver has not written all of it");
    }
    let reason = reason(answer, message);
    if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
        let after = answer.headers.get(header::RETRY_AFTER);
        return Sent::Retry {
            after: after.and_then(|value| retry_after::parse(value, SystemTime::now())),
            reason,
            // A gateway that gave up may have passed the request on.
            maybe_processed: status == StatusCode::GATEWAY_TIMEOUT,
        };
    }
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        return Sent::TooLarge { reason };
    }
    // Receivers of 2.0 write what they can and refuse the rest.
    let missing = written.missing(tally, sent_items);
    if message == Message::V2 && written.is_said() && missing < sent_items {
        return taken(tally, missing, &reason);
    }
    Sent::Rejected { reason }
}

/// Taken but for so many points, and for those that have no form in Prometheus.
pub(super) fn taken(tally: Tally, missing: u64, why: &str) -> Sent {
    let rejected = missing + tally.dropped.total();
    if rejected == 0 {
        return Sent::Accepted;
    }
    let mut reasons = Vec::new();
    if missing > 0 {
        reasons.push(why.to_owned());
    }
    if tally.dropped.total() > 0 {
        reasons.push(tally.dropped.explained());
    }
    Sent::Partial {
        rejected,
        reason: reasons.join("; ").into(),
    }
}

/// The status and what the receiver says of it.
fn reason(answer: &Answer, message: Message) -> Arc<str> {
    let text = String::from_utf8_lossy(&answer.body);
    let shown: String = text.trim().chars().take(SHOWN_CHARS).collect();
    let status = answer.status;
    let mut reason = if shown.is_empty() {
        format!("HTTP {status}")
    } else {
        format!("HTTP {status}: {shown}")
    };
    if status == StatusCode::UNSUPPORTED_MEDIA_TYPE && message == Message::V2 {
        reason.push_str(
            " (the receiver may know remote write 1.0 alone: `protobuf_message: prometheus.WriteRequest`)",
        );
    }
    reason.into()
}
