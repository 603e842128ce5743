//! Where a receiver hands over what it received.

use std::sync::Arc;
use std::time::Instant;

use sidelight_proto::Signal;

use crate::ack::{Outcome, Receipt};
use crate::batch::Payload;
use crate::id::ComponentId;
use crate::metrics::{Counter, Registry};

/// The engine's side of an [`Output`].
pub trait Intake: Send + Sync {
    /// Takes the payload into every pipeline of the receiver, or into none.
    ///
    /// Room is reserved in every destination first, so a refusal means that nothing went anywhere.
    ///
    /// # Errors
    /// The outcome to give to the sender: [`Outcome::Retry`] where there is no room now.
    fn submit(&self, payload: Payload, deadline: Option<Instant>) -> Result<Receipt, Outcome>;
}

/// Where a receiver hands over one signal's data. Clones share it.
#[derive(Clone)]
pub struct Output {
    intake: Arc<dyn Intake>,
    signal: Signal,
    receiver: ComponentId,
    metrics: Registry,
    accepted: Counter,
    refused: Counter,
}

impl Output {
    /// The output of a receiver for one signal. What was accepted and refused is counted under the
    /// Collector's names, in items.
    pub fn new(intake: Arc<dyn Intake>, signal: Signal, receiver: &ComponentId, metrics: &Registry) -> Self {
        let (accepted, refused) = counters(metrics, signal, receiver, None);
        Self {
            intake,
            signal,
            receiver: receiver.clone(),
            metrics: metrics.clone(),
            accepted,
            refused,
        }
    }

    /// The same output, counted under the transport that brought the data (`grpc`, `http`).
    #[must_use]
    pub fn of_transport(&self, transport: &str) -> Self {
        let (accepted, refused) = counters(&self.metrics, self.signal, &self.receiver, Some(transport));
        Self {
            accepted,
            refused,
            ..self.clone()
        }
    }

    /// Hands the payload over and waits until it is acknowledged as the pipelines' mode demands: queued,
    /// stored durably or delivered.
    ///
    /// `deadline` is when the sender stops waiting: attempts to deliver end then and the answer is
    /// [`Outcome::Retry`]. Cancel safe: a dropped future only gives up the answer, the data goes on.
    pub async fn send(&self, payload: Payload, deadline: Option<Instant>) -> Outcome {
        let items = payload.items();
        let outcome = match self.intake.submit(payload, deadline) {
            Ok(receipt) => receipt.await,
            Err(refusal) => refusal,
        };
        self.count(items, &outcome);
        outcome
    }

    /// Hands the payload over and returns the receipt, for receivers that read on while they wait. Call
    /// [`Output::count`] with the outcome when it is there.
    ///
    /// # Errors
    /// The refusal, where there is no room now; nothing was taken and it is not counted yet.
    pub fn submit(&self, payload: Payload, deadline: Option<Instant>) -> Result<Receipt, Outcome> {
        self.intake.submit(payload, deadline)
    }

    /// Counts `items` as accepted or refused.
    pub fn count(&self, items: usize, outcome: &Outcome) {
        match outcome {
            Outcome::Done | Outcome::Partial { .. } => self.accepted.add(items as u64),
            Outcome::Rejected { .. } | Outcome::Retry { .. } => self.refused.add(items as u64),
        }
    }
}

fn counters(
    metrics: &Registry,
    signal: Signal,
    receiver: &ComponentId,
    transport: Option<&str>,
) -> (Counter, Counter) {
    let mut labels = vec![("receiver", receiver.as_str())];
    labels.extend(transport.map(|transport| ("transport", transport)));
    let items = items_noun(signal);
    let counter =
        |what: &str, help| metrics.counter(&format!("otelcol_receiver_{what}_{items}"), help, &labels);
    (
        counter("accepted", "Items successfully pushed into the pipeline"),
        counter("refused", "Items that could not be pushed into the pipeline"),
    )
}

/// What the Collector's metrics call the items of a signal.
pub fn items_noun(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "spans",
        Signal::Metrics => "metric_points",
        Signal::Logs => "log_records",
    }
}

/// A receiver's outputs: one per signal that a pipeline takes from it.
#[derive(Clone, Default)]
pub struct Outputs {
    traces: Option<Output>,
    metrics: Option<Output>,
    logs: Option<Output>,
}

impl Outputs {
    /// Adds the output for a signal.
    #[must_use]
    pub fn with(mut self, signal: Signal, output: Output) -> Self {
        *self.slot(signal) = Some(output);
        self
    }

    fn slot(&mut self, signal: Signal) -> &mut Option<Output> {
        match signal {
            Signal::Traces => &mut self.traces,
            Signal::Metrics => &mut self.metrics,
            Signal::Logs => &mut self.logs,
        }
    }

    /// The output for a signal; `None` where no pipeline takes that signal from this receiver.
    pub fn get(&self, signal: Signal) -> Option<&Output> {
        match signal {
            Signal::Traces => self.traces.as_ref(),
            Signal::Metrics => self.metrics.as_ref(),
            Signal::Logs => self.logs.as_ref(),
        }
    }
}
