//! From bytes of outside to a payload behind the door, and what to say when it is none.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use sidelight_component::metrics::{Counter, Registry};
use sidelight_component::{Budget, Chunk, Outcome, Output, Payload, Receipt, Signal, beside_the_workers};
use sidelight_proto::{Malformed, admit, admit_within, json};
use tracing::field::Empty;
use tracing::{Instrument as _, Span, info_span};

use super::reply::Encoding;
use super::unread::{Unread, UnreadRequests};

/// How long a client is assumed to wait for its answer when it does not say.
const PATIENCE: Duration = Duration::from_secs(8);

/// Protobuf up to this size is validated and processed where it arrived: half a millisecond at most.
const INLINE_PROTOBUF_BYTES: usize = 1 << 20;

/// The same for JSON, which is transcoded first.
const INLINE_JSON_BYTES: usize = 256 << 10;

/// Why a body was not let in.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It is no OTLP: a text for the client.
    Malformed(String),
    /// There will never be memory for it: the most bytes that there are for one.
    TooLarge(usize),
    /// There is no memory for it now.
    Overloaded(sidelight_component::Overloaded),
}

/// A receipt, or the answer where there is no room.
type Submitted = Result<Receipt, Outcome>;

/// What a client sent, read and inflated.
pub(super) struct Body {
    pub(super) signal: Signal,
    pub(super) encoding: Encoding,
    pub(super) bytes: Bytes,
    /// The most bytes that its protobuf may have.
    pub(super) max_size: usize,
}

impl Encoding {
    fn inline_bytes(self) -> usize {
        match self {
            Encoding::Protobuf => INLINE_PROTOBUF_BYTES,
            Encoding::Json => INLINE_JSON_BYTES,
        }
    }
}

/// Validates what comes in, to full depth, and counts what had to be mended.
#[derive(Clone, Debug)]
pub(super) struct Door {
    /// The receiver's id.
    receiver: Arc<str>,
    budget: Budget,
    malformed: Counter,
    recoded: Counter,
    replaced_utf8: Counter,
    pub(super) unread: UnreadRequests,
}

impl Door {
    pub(super) fn new(receiver: &str, metrics: &Registry, budget: Budget) -> Self {
        let labels = [("receiver", receiver)];
        Self {
            receiver: receiver.into(),
            budget,
            malformed: metrics.counter(
                "sidelight_receiver_malformed_requests",
                "Requests that are no valid OTLP; they were refused",
                &labels,
            ),
            recoded: metrics.counter(
                "sidelight_receiver_recoded_requests",
                "Requests in an unusual encoding, which were written anew",
                &labels,
            ),
            unread: UnreadRequests::new(receiver, metrics),
            replaced_utf8: metrics.counter(
                "sidelight_receiver_replaced_strings",
                "Strings with invalid UTF-8, which was replaced by U+FFFD",
                &labels,
            ),
        }
    }

    /// Lets a body in, hands it over and waits for its acknowledgement. A large one is worked on beside the workers, so
    /// that their other connections go on.
    ///
    /// Cancel safe in the sense of [`Output::outcome`]: what was handed over goes on.
    pub(super) async fn take(
        &self,
        output: &Output,
        body: Body,
        deadline: Instant,
    ) -> Result<Outcome, Refusal> {
        let (receiver, signal, bytes) = (&*self.receiver, body.signal, body.bytes.len());
        let span = info_span!(
            "receive",
            otel.kind = "server",
            otel.status_code = Empty,
            receiver,
            %signal,
            bytes,
            items = Empty,
            outcome = Empty
        );
        let answer = self
            .take_in(output, body, deadline, &span)
            .instrument(span.clone())
            .await;
        if !span.is_disabled() {
            let accepted = matches!(answer, Ok(Outcome::Done | Outcome::Partial { .. }));
            span.record("outcome", if accepted { "accepted" } else { "refused" });
            span.record("otel.status_code", if accepted { "OK" } else { "ERROR" });
        }
        answer
    }

    async fn take_in(
        &self,
        output: &Output,
        body: Body,
        deadline: Instant,
        span: &Span,
    ) -> Result<Outcome, Refusal> {
        let (items, submitted) = if body.bytes.len() <= body.encoding.inline_bytes() {
            self.submit(output, body, deadline)?
        } else {
            let (door, output) = (self.clone(), output.clone());
            beside_the_workers(move || door.submit(&output, body, deadline)).await?
        };
        span.record("items", items);
        Ok(output.outcome(items, submitted).await)
    }

    fn submit(&self, output: &Output, body: Body, deadline: Instant) -> Result<(usize, Submitted), Refusal> {
        let payload = match body.encoding {
            Encoding::Protobuf => self.protobuf(body.signal, body.bytes, body.max_size)?,
            Encoding::Json => self.json(body.signal, &body.bytes, body.max_size)?,
        };
        Ok((payload.items(), output.submit(payload, Some(deadline))))
    }

    /// Lets a protobuf request in.
    fn protobuf(&self, signal: Signal, bytes: Bytes, max_size: usize) -> Result<Payload, Refusal> {
        let admitted = admit_within(signal, bytes, max_size).map_err(|e| self.refuse(&e))?;
        self.replaced_utf8.add(admitted.replaced_utf8.into());
        let bytes = if admitted.recoded {
            self.recoded.add(1);
            self.charge(admitted.bytes)
        } else {
            admitted.bytes
        };
        Ok(Payload::new(Chunk {
            bytes,
            items: admitted.items,
        }))
    }

    /// Lets a JSON request in, as protobuf of at most `max_size` bytes.
    fn json(&self, signal: Signal, text: &[u8], max_size: usize) -> Result<Payload, Refusal> {
        let most = self.budget.largest_beside(text.len());
        if text.len() > most {
            self.unread.count(Unread::TooLarge);
            return Err(Refusal::TooLarge(most));
        }
        // Protobuf is rarely larger than its JSON; what it is larger is charged when it is known.
        let permit = self.budget.charge(text.len()).map_err(|full| {
            self.unread.count(Unread::NoMemory);
            Refusal::Overloaded(full)
        })?;
        let transcoded = json::to_protobuf(signal, text, max_size).map_err(|e| {
            self.malformed.add(1);
            Refusal::Malformed(e.to_string())
        })?;
        self.replaced_utf8.add(transcoded.replaced_strings);
        let admitted = admit(signal, permit.own(transcoded.protobuf)).map_err(|e| self.refuse(&e))?;
        Ok(Payload::new(Chunk {
            bytes: admitted.bytes,
            items: admitted.items,
        }))
    }

    fn refuse(&self, error: &Malformed) -> Refusal {
        self.malformed.add(1);
        Refusal::Malformed(error.to_string())
    }

    /// A buffer that was written here takes the place of one that was charged when it was read.
    fn charge(&self, bytes: Bytes) -> Bytes {
        self.budget.charge_anyway(bytes.len()).own(Vec::from(bytes))
    }
}

/// When the client stops waiting.
pub(super) fn deadline(timeout: Option<Duration>) -> Instant {
    Instant::now() + timeout.unwrap_or(PATIENCE)
}
