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
        let submitted = self.submit(payload, deadline);
        self.outcome(items, submitted).await
    }

    /// Waits for what became of a payload of `items` that was submitted, and counts it. Where the future is dropped
    /// before that, the sender has no answer and its items are counted as refused.
    pub async fn outcome(&self, items: usize, submitted: Result<Receipt, Outcome>) -> Outcome {
        let mut unanswered = Unanswered { output: self, items };
        let outcome = match submitted {
            Ok(receipt) => receipt.await.of_items(items),
            Err(refusal) => refusal,
        };
        unanswered.items = 0;
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

struct Unanswered<'a> {
    output: &'a Output,
    items: usize,
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        self.output.refused.add(self.items as u64);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ack::Ack;
    use futures_util::FutureExt as _;
    use parking_lot::Mutex;

    /// Takes everything and answers nothing.
    #[derive(Default)]
    struct Silent(Mutex<Vec<Ack>>);

    impl Intake for Silent {
        fn submit(&self, _: Payload, _: Option<Instant>) -> Result<Receipt, Outcome> {
            let (ack, receipt) = Ack::new();
            self.0.lock().push(ack);
            Ok(receipt)
        }
    }

    #[tokio::test]
    async fn items_of_a_sender_that_left_without_an_answer_are_counted_as_refused() {
        let (intake, metrics) = (Arc::new(Silent::default()), Registry::default());
        let receiver: ComponentId = "otlp".parse().expect("an id");
        let output = Output::new(intake.clone(), Signal::Logs, &receiver, &metrics);
        let sent = output
            .outcome(7, output.submit(Payload::default(), None))
            .now_or_never();
        assert!(sent.is_none());
        assert_eq!((output.accepted.get(), output.refused.get()), (0, 7));
        let ack = intake.0.lock().pop().expect("taken");
        ack.resolve(Outcome::Done);

        let answered = output.submit(Payload::default(), None);
        let partial = Outcome::Partial {
            rejected: 9,
            reason: "quota, twice".into(),
        };
        let ack = intake.0.lock().pop().expect("taken");
        ack.resolve(partial);
        let told = output.outcome(5, answered).await;
        assert!(
            matches!(told, Outcome::Partial { rejected: 5, .. }),
            "no more than there were: {told:?}"
        );
        assert_eq!((output.accepted.get(), output.refused.get()), (5, 7));
    }
}
