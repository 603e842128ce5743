//! The processors of one pipeline, or a connector alone, called one after another in one call stack.
//!
//! A panic in a processor is contained: that processor is built anew, the batch is tried once more, then cut
//! in halves until the one item that does it stands alone; that item is refused with the reason `panic` and
//! everything else goes on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sidelight_component::metrics::{Counter, Registry};
use sidelight_component::{
    Batch, BuildContext, BuildError, Chunk, Load, Now, Out, Outcome, Overloaded, Panics, Payload, Processor,
    Role, Signal, State, with_branch_kept,
};
use smallvec::SmallVec;
use tracing::{error, warn};

use crate::engine::StartError;

/// Batches that a stage or the whole chain gave out.
pub(crate) type Batches = SmallVec<[Batch; 2]>;

/// What the ledger counts on the edges of one processor or connector. Shared by its shards.
#[derive(Clone, Debug)]
pub(crate) struct StageCounts {
    pub(crate) incoming: Counter,
    pub(crate) outgoing: Counter,
    pub(crate) filtered: Counter,
    pub(crate) created: Counter,
    pub(crate) merged: Counter,
    /// Its id.
    pub(crate) component: String,
    /// By reason; entries appear when the first item is dropped for it.
    pub(crate) dropped: Arc<Mutex<BTreeMap<&'static str, Counter>>>,
    role: Role,
    registry: Registry,
    labels: Vec<(&'static str, String)>,
}

impl StageCounts {
    pub(crate) fn of_processor(cx: &BuildContext) -> Self {
        let pipeline = cx.pipeline.as_ref().map_or_else(String::new, ToString::to_string);
        let labels = vec![("processor", cx.id.to_string()), ("pipeline", pipeline)];
        Self::new(cx, Role::Processor, ("incoming", "outgoing"), labels)
    }

    /// Labels as in the Collector.
    pub(crate) fn of_connector(cx: &BuildContext, from: Signal, to: Signal) -> Self {
        let labels = vec![
            ("connector", cx.id.to_string()),
            ("otelcol_signal", from.to_string()),
            ("otelcol_signal_output", to.to_string()),
        ];
        Self::new(cx, Role::Connector, ("consumed", "produced"), labels)
    }

    fn new(
        cx: &BuildContext,
        role: Role,
        (incoming, outgoing): (&str, &str),
        labels: Vec<(&'static str, String)>,
    ) -> Self {
        let borrowed = borrowed(&labels);
        let counter = |what: &str, help| cx.metrics.counter(&format!("{what}_items"), help, &borrowed);
        Self {
            incoming: counter(&format!("otelcol_{role}_{incoming}"), "Items passed to it"),
            outgoing: counter(&format!("otelcol_{role}_{outgoing}"), "Items emitted from it"),
            filtered: counter(&format!("sidelight_{role}_filtered"), "Items left out on purpose"),
            created: counter(&format!("sidelight_{role}_created"), "Items made here"),
            merged: counter(&format!("sidelight_{role}_merged"), "Items that went into others"),
            component: cx.id.to_string(),
            dropped: Arc::default(),
            role,
            registry: cx.metrics.clone(),
            labels,
        }
    }

    fn count_dropped(&self, reason: &'static str, items: u64) {
        let make = || {
            let mut labels = borrowed(&self.labels);
            labels.push(("reason", reason));
            let help = "Items that could not go on, by reason";
            let name = format!("sidelight_{}_dropped_items", self.role);
            self.registry.counter(&name, help, &labels)
        };
        self.dropped.lock().entry(reason).or_insert_with(make).add(items);
    }
}

fn borrowed<'l>(labels: &'l [(&'static str, String)]) -> Vec<(&'static str, &'l str)> {
    labels
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect()
}

/// How to build a stage, again and again.
pub(crate) type Builder = Arc<dyn Fn(&BuildContext) -> Result<Box<dyn Processor>, BuildError> + Send + Sync>;

/// A stage that is to be built.
pub(crate) struct StagePlan {
    pub(crate) builder: Builder,
    pub(crate) context: BuildContext,
    pub(crate) counts: StageCounts,
}

/// One processor of the chain, and how to build it again.
struct Stage {
    processor: Box<dyn Processor>,
    builder: Builder,
    context: BuildContext,
    counts: StageCounts,
    panics: Panics,
}

/// When a sender is to come back whom a processor panicked about when it was asked for room.
const AFTER_PANIC: Duration = Duration::from_secs(1);

/// The processors of one pipeline, for one worker or for all.
pub(crate) struct Chain {
    stages: Vec<Stage>,
}

impl Chain {
    /// Builds the processors in order.
    pub(crate) fn build(stages: &[StagePlan]) -> Result<Self, StartError> {
        let stages = stages
            .iter()
            .map(|stage| {
                let context = &stage.context;
                let built = (stage.builder)(context);
                Ok(Stage {
                    processor: built.map_err(StartError::of(context.status.role(), &context.id))?,
                    builder: stage.builder.clone(),
                    context: context.clone(),
                    counts: stage.counts.clone(),
                    panics: context.panics(),
                })
            })
            .collect::<Result<_, StartError>>()?;
        Ok(Self { stages })
    }

    /// Asks every processor whether there is room.
    pub(crate) fn admit(&mut self, load: Load, now: Now) -> Result<(), Overloaded> {
        self.stages
            .iter_mut()
            .try_for_each(|stage| stage.admit(load, now))
    }

    /// Sends batches down the chain and returns what comes out at its end.
    pub(crate) fn process(&mut self, batches: Batches, now: Now) -> Batches {
        self.process_from(0, batches, now)
    }

    fn process_from(&mut self, first: usize, mut batches: Batches, now: Now) -> Batches {
        for stage in &mut self.stages[first..] {
            let mut next = Batches::new();
            for batch in batches {
                stage.process(batch, now, &mut next);
            }
            batches = next;
        }
        batches
    }

    /// The earliest moment at which a processor wants to be called.
    pub(crate) fn next_timer(&mut self) -> Option<Instant> {
        self.stages.iter_mut().filter_map(Stage::next_timer).min()
    }

    /// Calls the processors whose time has come.
    pub(crate) fn on_timer(&mut self, now: Now) -> Batches {
        self.call_each(now, |stage, out| {
            if stage.processor.next_timer().is_some_and(|at| at <= now.instant) {
                stage.processor.on_timer(now, out);
            }
        })
    }

    /// Makes every processor give out what it holds, from first to last.
    pub(crate) fn flush(&mut self, now: Now) -> Batches {
        self.call_each(now, |stage, out| stage.processor.flush(now, out))
    }

    fn call_each(&mut self, now: Now, call: impl Fn(&mut Stage, &mut Out)) -> Batches {
        let mut results = Batches::new();
        for i in 0..self.stages.len() {
            let stage = &mut self.stages[i];
            let mut out = Out::default();
            let panics = stage.panics.clone();
            if panics
                .contain("calling it by time", || call(stage, &mut out))
                .is_err()
            {
                // What the call had in hand was answered "send it again" while unwinding; what the processor still holds
                // is dropped with it in `restart`, answered the same and counted as lost.
                stage.restart();
            }
            let given = stage.settle(&mut out);
            results.extend(self.process_from(i + 1, given, now));
        }
        results
    }
}

impl Stage {
    /// Asks the processor for room. One that panics is asked once more after it was built anew.
    fn admit(&mut self, load: Load, now: Now) -> Result<(), Overloaded> {
        for _ in 0..2 {
            let asked = self
                .panics
                .contain("asking for room", || self.processor.admit(load, now));
            match asked {
                Ok(answer) => return answer,
                Err(_) => self.restart(),
            }
        }
        Err(Overloaded {
            retry_after: AFTER_PANIC,
        })
    }

    fn next_timer(&mut self) -> Option<Instant> {
        let asked = self
            .panics
            .contain("asking when to call", || self.processor.next_timer());
        asked.unwrap_or_else(|_| {
            self.restart();
            None
        })
    }

    fn process(&mut self, batch: Batch, now: Now, next: &mut Batches) {
        self.counts.incoming.add(batch.items() as u64);
        // Kept for the case of a panic: a reference to the bytes and a branch of the acknowledgement.
        let kept = batch.share();
        match self.attempt(batch, now) {
            Some(given) => {
                kept.finish(Outcome::Done);
                next.extend(given);
            }
            None => self.process_again(kept, now, next),
        }
    }

    /// Calls the processor; `None` where it panicked, which also builds it anew.
    fn attempt(&mut self, batch: Batch, now: Now) -> Option<Batches> {
        let mut out = Out::default();
        let call = self.panics.contain("processing a batch", || {
            with_branch_kept(|| self.processor.process(batch, now, &mut out))
        });
        if call.is_ok() {
            return Some(self.settle(&mut out));
        }
        // What was given out before the panic would come a second time with the next try.
        out.take()
            .into_iter()
            .for_each(|given| given.finish(Outcome::Done));
        self.restart();
        None
    }

    /// The batch once more, then its halves, down to the one item.
    fn process_again(&mut self, batch: Batch, now: Now, next: &mut Batches) {
        if let Some(given) = self.attempt(batch.share(), now) {
            batch.finish(Outcome::Done);
            return next.extend(given);
        }
        let Some((first, second)) = halves(&batch) else {
            let items = batch.items() as u64;
            error!(component = %self.context.id, items, "an item makes the processor panic; it is dropped");
            self.counts.count_dropped("panic", items);
            return batch.finish(Outcome::rejected(format!(
                "{} {} panics on it",
                self.counts.role, self.context.id
            )));
        };
        batch.finish(Outcome::Done);
        self.process_again(first, now, next);
        self.process_again(second, now, next);
    }

    /// Counts what came out and what did not.
    fn settle(&mut self, out: &mut Out) -> Batches {
        let given = out.take();
        self.counts
            .outgoing
            .add(given.iter().map(|b| b.items() as u64).sum());
        if out.filtered > 0 {
            self.counts.filtered.add(out.filtered);
        }
        if out.created > 0 {
            self.counts.created.add(out.created);
        }
        if out.merged > 0 {
            self.counts.merged.add(out.merged);
        }
        for (reason, items) in &out.dropped {
            self.counts.count_dropped(reason, *items);
        }
        given
    }

    fn restart(&mut self) {
        let id = &self.context.id;
        let built = self
            .panics
            .contain("building it", || (self.builder)(&self.context));
        match built.unwrap_or_else(|panicked| Err(BuildError::new(panicked.to_string()))) {
            Ok(processor) => {
                warn!(component = %id, "the processor was built anew");
                self.processor = processor;
            }
            Err(e) => {
                let reason = format!("panicked and cannot be built again: {e}");
                error!(component = %id, %reason, "the processor goes on in the state the panic left it in");
                self.context.status.report(State::Permanent(reason.into()));
            }
        }
    }
}

/// The batch in two, each with a branch of its acknowledgement; `None` for a single item.
fn halves(batch: &Batch) -> Option<(Batch, Batch)> {
    let items = batch.items();
    if items < 2 {
        return None;
    }
    let (first, second) = sidelight_proto::split(batch.signal, &batch.payload.to_contiguous(), items / 2);
    let half = |bytes, items| Batch {
        signal: batch.signal,
        payload: Payload::new(Chunk { bytes, items }),
        ack: batch.ack.branch(),
        deadline: batch.deadline,
    };
    Some((half(first, items / 2), half(second, items - items / 2)))
}

#[cfg(test)]
#[path = "chain_tests.rs"]
mod tests;
