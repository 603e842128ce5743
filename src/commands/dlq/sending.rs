//! One letter on its way to its destination, once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sidelight_component::{Chunk, ComponentId, Exporter, Payload, Sent};
use sidelight_dead_letters::{Header, Opened};
use sidelight_pipeline::{Plan, start_exporter};

/// An attempt without a bound of its own ends after this time.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(60);

/// Answers of "not now" in a row after which a destination is left alone.
const PATIENCE: u32 = 3;

/// What became of a letter.
#[derive(Debug)]
pub(super) enum Fate {
    /// Taken whole.
    Taken,
    /// Taken without so many items.
    TakenInPart {
        /// Items that were refused.
        refused: u64,
        /// The destination's words.
        reason: String,
    },
    /// It stays, and why.
    Stays(String),
}

/// The exporters of a plan, each started when the first letter needs it.
pub(super) struct Senders<'a> {
    plan: &'a Plan,
    started: BTreeMap<ComponentId, Sender>,
}

/// What is known of an exporter.
enum Sender {
    Started {
        exporter: Arc<dyn Exporter>,
        timeout: Duration,
        /// Answers of "not now" in a row.
        not_now: u32,
    },
    /// There is none, and why.
    Missing(String),
}

impl<'a> Senders<'a> {
    pub(super) fn new(plan: &'a Plan) -> Self {
        Self {
            plan,
            started: BTreeMap::new(),
        }
    }

    /// Sends a letter once.
    pub(super) async fn send(&mut self, opened: Opened) -> Fate {
        let Opened { header, payload } = opened;
        let id: ComponentId = match header.exporter.parse() {
            Ok(id) => id,
            Err(error) => return Fate::Stays(format!("its exporter has no good name: {error}")),
        };
        // A file comes from outside.
        let admitted = match sidelight_proto::admit(header.signal, payload.into()) {
            Ok(admitted) => admitted,
            Err(malformed) => return Fate::Stays(format!("its payload is not OTLP: {malformed}")),
        };
        let payload = Payload::new(Chunk {
            bytes: admitted.bytes,
            items: admitted.items,
        });
        match self.sender(&id).await {
            Sender::Missing(reason) => Fate::Stays(reason.clone()),
            Sender::Started {
                not_now: PATIENCE.., ..
            } => Fate::Stays("not tried: its destination takes nothing now".to_owned()),
            Sender::Started {
                exporter,
                timeout,
                not_now,
            } => {
                let sent = attempt(exporter.clone(), header, payload, *timeout).await;
                *not_now = if matches!(sent, Ok(Sent::Retry { .. })) {
                    *not_now + 1
                } else {
                    0
                };
                sent.map_or_else(Fate::Stays, fate)
            }
        }
    }

    /// Stops all exporters that were started.
    pub(super) async fn stop(self) {
        for sender in self.started.into_values() {
            if let Sender::Started { exporter, .. } = sender {
                exporter.stop().await;
            }
        }
    }

    async fn sender(&mut self, id: &ComponentId) -> &mut Sender {
        if !self.started.contains_key(id) {
            let sender = self.start(id).await;
            self.started.insert(id.clone(), sender);
        }
        self.started
            .entry(id.clone())
            .or_insert_with(|| Sender::Missing(String::new()))
    }

    async fn start(&self, id: &ComponentId) -> Sender {
        let timeout = self.plan.exporters.get(id).map(|config| config.sending().timeout);
        match start_exporter(self.plan, id).await {
            Ok(Some(exporter)) => Sender::Started {
                exporter,
                timeout: timeout
                    .filter(|timeout| !timeout.is_zero())
                    .unwrap_or(LONGEST_ATTEMPT),
                not_now: 0,
            },
            Ok(None) => Sender::Missing(format!("no pipeline of the configuration has an exporter `{id}`")),
            Err(error) => Sender::Missing(error.to_string()),
        }
    }
}

/// On a task of its own, so that a panic ends nothing but the attempt.
async fn attempt(
    exporter: Arc<dyn Exporter>,
    header: Header,
    payload: Payload,
    timeout: Duration,
) -> Result<Sent, String> {
    let task = tokio::spawn(async move {
        let request = exporter
            .encode(header.signal, &payload)
            .map_err(|reason| format!("it cannot be encoded: {reason}"))?;
        let sent = tokio::time::timeout(timeout, exporter.send(&request, Instant::now() + timeout)).await;
        Ok(sent.unwrap_or_else(|_| Sent::Retry {
            after: None,
            reason: format!("no answer within {timeout:?}").into(),
            maybe_processed: true,
        }))
    });
    task.await
        .unwrap_or_else(|_| Err("the exporter panics on it".to_owned()))
}

fn fate(sent: Sent) -> Fate {
    match sent {
        Sent::Accepted => Fate::Taken,
        Sent::Partial { rejected, reason } => Fate::TakenInPart {
            refused: rejected,
            reason: reason.to_string(),
        },
        Sent::Rejected { reason } => Fate::Stays(format!("refused for good: {reason}")),
        Sent::TooLarge { reason } => Fate::Stays(format!("too large: {reason}")),
        Sent::Retry {
            reason,
            maybe_processed: true,
            ..
        } => Fate::Stays(format!("not taken now, or taken without an answer: {reason}")),
        Sent::Retry { reason, .. } => Fate::Stays(format!("not taken now: {reason}")),
    }
}
