//! One attempt: encode unless that was done already, send once, and contain what may go wrong.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use sidelight_component::{Exporter, Payload, Request, Sent, Signal};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tracing::Span;

use crate::entry::Entry;
use crate::pace::Ticket;

/// Payloads above this are encoded on a thread of their own, where the exporter works on every byte.
const ENCODE_INLINE_BYTES: usize = 64 << 10;

/// Threads that encode at one time, in the whole program.
static ENCODERS: Semaphore = Semaphore::const_new(2);

/// What an attempt without `timeout` and without a waiting sender takes at most.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(3600);

/// What one attempt needs.
pub(crate) struct Attempt {
    pub(crate) exporter: Arc<dyn Exporter>,
    pub(crate) signal: Signal,
    /// What is to be encoded, unless the entry has its request already.
    pub(crate) payload: Payload,
    pub(crate) max_request_bytes: Option<usize>,
    /// Zero: no limit.
    pub(crate) timeout: Duration,
    /// When the last of the senders stops waiting, or the drain ends.
    pub(crate) until: Option<Instant>,
    /// Is told how the attempt ended.
    pub(crate) span: Span,
}

/// How an attempt ended.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The exporter's answer.
    Sent(Sent),
    /// The last of the senders has stopped waiting, or the drain is over, after so long; that says nothing about the
    /// destination, which may have it.
    NobodyWaits(Duration),
    /// Encoded it is larger than the protocol takes; it was not sent.
    Oversized(usize),
    /// The exporter cannot encode it.
    Unencodable(String),
    /// The exporter panicked.
    Panicked(String),
}

impl Answer {
    /// For the attempt's span: what happened, and whether that is a success.
    fn shown(&self) -> (&'static str, bool) {
        match self {
            Answer::Sent(Sent::Accepted) => ("accepted", true),
            Answer::Sent(Sent::Partial { .. }) => ("partly accepted", true),
            Answer::Sent(Sent::Retry { .. }) => ("not now", false),
            Answer::Sent(Sent::TooLarge { .. }) | Answer::Oversized(_) => ("too large", false),
            Answer::Sent(Sent::Rejected { .. }) => ("refused", false),
            Answer::NobodyWaits(_) => ("withdrawn", false),
            Answer::Unencodable(_) => ("not encodable", false),
            Answer::Panicked(_) => ("panicked", false),
        }
    }
}

/// An attempt that has ended.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) entry: Entry,
    pub(crate) ticket: Ticket,
    pub(crate) answer: Answer,
}

impl Attempt {
    /// Makes the attempt. May be dropped at any moment; the entry's acknowledgements are not in it.
    pub(crate) async fn run(self, mut entry: Entry, ticket: Ticket) -> Finished {
        let answer = match self.request(&entry).await {
            Ok(request) => {
                let answer = self.send(&request).await;
                entry.request = Some(request);
                answer
            }
            Err(answer) => answer,
        };
        let span = &self.span;
        if !span.is_disabled() {
            let (outcome, ok) = answer.shown();
            span.record("outcome", outcome);
            span.record("otel.status_code", if ok { "OK" } else { "ERROR" });
        }
        Finished {
            entry,
            ticket,
            answer,
        }
    }

    async fn request(&self, entry: &Entry) -> Result<Arc<Request>, Answer> {
        if let Some(request) = &entry.request {
            return Ok(request.clone());
        }
        let encoded = if self.exporter.encodes() && self.payload.len() > ENCODE_INLINE_BYTES {
            self.encode_on_a_thread().await
        } else {
            encode(&*self.exporter, self.signal, &self.payload)
        };
        let request = encoded?;
        match self.max_request_bytes {
            Some(limit) if request.len() > limit => Err(Answer::Oversized(request.len())),
            _ => Ok(Arc::new(request)),
        }
    }

    async fn encode_on_a_thread(&self) -> Result<Request, Answer> {
        // The semaphore is never closed.
        let turn = ENCODERS.acquire().await.ok();
        let (exporter, signal, payload) = (self.exporter.clone(), self.signal, self.payload.clone());
        let encoding = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            encode(&*exporter, signal, &payload)
        });
        encoding
            .await
            .unwrap_or_else(|e| Err(Answer::Panicked(e.to_string())))
    }

    async fn send(&self, request: &Request) -> Answer {
        let limit = if self.timeout.is_zero() {
            LONGEST_ATTEMPT
        } else {
            self.timeout
        };
        let start = Instant::now();
        let in_time = start + limit;
        let end = self.until.map_or(in_time, |until| until.min(in_time));
        let sending = AssertUnwindSafe(async {
            // The exporter's own code runs in `send` already before the first poll.
            tokio::time::timeout_at(end, self.exporter.send(request, end.into_std())).await
        });
        let ended = sending.catch_unwind().await;
        // An exporter that was told when to give up does so at the same moment.
        let nobody_waits = end < in_time && Instant::now() >= end;
        match ended {
            Ok(Ok(Sent::Retry { .. }) | Err(_)) if nobody_waits => Answer::NobodyWaits(start.elapsed()),
            Ok(Ok(sent)) => Answer::Sent(sent),
            Ok(Err(_)) => Answer::Sent(Sent::Retry {
                after: None,
                reason: "no answer in time".into(),
                maybe_processed: true,
            }),
            Err(panic) => Answer::Panicked(message_of(&*panic)),
        }
    }
}

fn encode(exporter: &dyn Exporter, signal: Signal, payload: &Payload) -> Result<Request, Answer> {
    match catch_unwind(AssertUnwindSafe(|| exporter.encode(signal, payload))) {
        Ok(Ok(request)) => Ok(request),
        Ok(Err(reason)) => Err(Answer::Unencodable(reason)),
        Err(panic) => Err(Answer::Panicked(message_of(&*panic))),
    }
}

fn message_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}
