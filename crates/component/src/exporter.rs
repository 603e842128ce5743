//! Exporters take data out. An exporter encodes one request and sends it once; queue, batching, retry and
//! timeout are one layer before all of them.

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use sidelight_proto::Signal;
use smallvec::SmallVec;

use crate::batch::Payload;
use crate::context::{BuildContext, BuildError, Resource};
use crate::sending::SendingSettings;

/// A request ready to be sent; kept over retries so that it is encoded once.
#[derive(Clone, Debug)]
pub struct Request {
    /// Which kind of telemetry it carries.
    pub signal: Signal,
    /// Spans, data points or log records in it.
    pub items: usize,
    /// The body in pieces, to be written one after another.
    pub body: SmallVec<[Bytes; 4]>,
    /// What the exporter wants to know again when it sends: what it left out, what was taken at an earlier attempt.
    /// Nobody else looks at it.
    pub note: Option<Arc<dyn Any + Send + Sync>>,
}

impl Request {
    /// A request whose body is the payload as it is.
    pub fn verbatim(signal: Signal, payload: &Payload) -> Self {
        let body = payload.chunks().iter().map(|c| c.bytes.clone()).collect();
        Self {
            signal,
            items: payload.items(),
            body,
            note: None,
        }
    }

    /// Bytes of the body.
    pub fn len(&self) -> usize {
        self.body.iter().map(Bytes::len).sum()
    }

    /// True without a byte in the body.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What became of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Taken whole.
    Accepted,
    /// Taken, but for `rejected` items, which are never sent again.
    Partial {
        /// Items refused for good.
        rejected: u64,
        /// The destination's words.
        reason: Arc<str>,
    },
    /// Not taken now.
    Retry {
        /// The wait that the destination asks for.
        after: Option<Duration>,
        /// What happened.
        reason: Arc<str>,
        /// The destination may have taken it all the same: no answer came.
        maybe_processed: bool,
    },
    /// Larger than the destination takes: to be sent in halves.
    TooLarge {
        /// The destination's words.
        reason: Arc<str>,
    },
    /// Refused for good.
    Rejected {
        /// The destination's words.
        reason: Arc<str>,
    },
}

/// Sends requests to one destination. Shared by all signals; called concurrently.
#[async_trait]
pub trait Exporter: Send + Sync {
    /// Connects or opens what is needed before data comes. A destination that is away is no error. After a panic another
    /// instance of the same settings is built and started, once this one's [`Exporter::stop`] is over.
    ///
    /// # Errors
    /// [`BuildError`] where it can never work: a folder that cannot be written, a bad certificate file.
    async fn start(&self) -> Result<(), BuildError> {
        Ok(())
    }

    /// Makes the request of a payload. Work on the processor alone: no waiting. Called on a thread of its
    /// own when the payload is large.
    ///
    /// # Errors
    /// A text for the ledger where the payload cannot be encoded; it is refused for good.
    fn encode(&self, signal: Signal, payload: &Payload) -> Result<Request, String> {
        Ok(Request::verbatim(signal, payload))
    }

    /// True where [`Exporter::encode`] works on every byte (compression, JSON) and is worth a thread of its
    /// own for large payloads.
    fn encodes(&self) -> bool {
        false
    }

    /// What it would send for a payload, for a person: a document, a series, a line of text each. Sends nothing and needs no
    /// [`Exporter::start`]. Empty where what is sent is the payload itself.
    fn explain(&self, signal: Signal, payload: &Payload) -> Vec<String> {
        let _ = (signal, payload);
        Vec::new()
    }

    /// Sends the request once. `deadline` is when the attempt ends; the layer before also ends it by
    /// dropping the future, so it must be cancel safe: sent whole, or answered as not processed.
    async fn send(&self, request: &Request, deadline: Instant) -> Sent;

    /// Flushes and closes; nothing is sent afterwards.
    async fn stop(&self) {}
}

/// The settings of an exporter, which are also what builds it.
pub trait ExporterConfig: sidelight_config::Settings {
    /// Queue, batching, retry and timeout.
    fn sending(&self) -> SendingSettings;

    /// What it will own.
    fn resources(&self) -> Vec<Resource> {
        Vec::new()
    }

    /// Builds the exporter. No input or output happens here.
    ///
    /// # Errors
    /// [`BuildError`] where the settings, good in themselves, cannot be used.
    fn build(&self, cx: &BuildContext) -> Result<Arc<dyn Exporter>, BuildError>;
}
