//! Processors: plain synchronous state machines.
//!
//! No await, no channel, no lock and no clock of their own: a batch goes down the chain in one call stack
//! while it is hot in the cache. Each can be tested with two lines and a virtual clock.

use std::time::Instant;

use sidelight_proto::Signal;
use smallvec::SmallVec;

use crate::ack::Outcome;
use crate::batch::Batch;
use crate::budget::Overloaded;
use crate::clock::Now;
use crate::context::{BuildContext, BuildError};
use crate::sending::BatchSettings;

/// What a stage does to acknowledgement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AckBehaviour {
    /// The answer waits for what comes behind.
    #[default]
    Pass,
    /// As `Pass`, but the batch is kept for up to a second.
    Hold,
    /// Answers at intake, because data is kept longer than a client waits. What it holds can be lost in a
    /// kill; `validate` warns where such a stage stands before a durable queue.
    Absorb,
}

/// How many instances of a processor a pipeline may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sharding {
    /// One for each worker: the processor keeps nothing between batches that others must see.
    #[default]
    PerWorker,
    /// One for the pipeline: it must see everything.
    Single,
}

/// What an [`Processor::admit`] is asked with.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Bytes that want to come in.
    pub incoming_bytes: usize,
    /// Bytes that came through this pipeline and are not acknowledged yet.
    pub pipeline_bytes: usize,
    /// Bytes of the memory budget in use.
    pub budget_used: usize,
}

/// A stage of a pipeline.
pub trait Processor: Send {
    /// Asked before a batch is let in, while it can still be refused without having gone anywhere.
    ///
    /// # Errors
    /// [`Overloaded`] with the wait that the sender is told.
    fn admit(&mut self, load: Load, now: Now) -> Result<(), Overloaded> {
        let _ = (load, now);
        Ok(())
    }

    /// Takes a batch. Whatever comes out goes into `out`; a batch that ends here is finished by the
    /// processor, through [`Out::filter`] or [`Out::drop`].
    fn process(&mut self, batch: Batch, now: Now, out: &mut Out);

    /// When [`Processor::on_timer`] wants to be called; asked after every call.
    fn next_timer(&self) -> Option<Instant> {
        None
    }

    /// The time has come.
    fn on_timer(&mut self, now: Now, out: &mut Out) {
        let _ = (now, out);
    }

    /// Gives out everything that is held: the program stops.
    fn flush(&mut self, now: Now, out: &mut Out) {
        let _ = (now, out);
    }
}

/// What a processor gives out, and what became of the items it did not give out. Owned by the engine, which
/// is also the only one that waits for room.
#[derive(Debug, Default)]
pub struct Out {
    batches: SmallVec<[Batch; 2]>,
    /// Items left out on purpose.
    pub filtered: u64,
    /// Items made here.
    pub created: u64,
    /// Items that went into what is kept here.
    pub merged: u64,
    /// Items dropped, by reason.
    pub dropped: SmallVec<[(&'static str, u64); 1]>,
}

impl Out {
    /// Gives a batch to the next stage.
    pub fn push(&mut self, batch: Batch) {
        self.batches.push(batch);
    }

    /// Ends a batch that is left out on purpose: for its sender that is success.
    pub fn filter(&mut self, batch: Batch) {
        self.filtered += batch.items() as u64;
        batch.finish(Outcome::Done);
    }

    /// Ends a batch whose items went into what is kept here: for its sender that is success.
    pub fn absorb(&mut self, batch: Batch) {
        self.merged += batch.items() as u64;
        batch.finish(Outcome::Done);
    }

    /// Gives out a batch that was made here.
    pub fn create(&mut self, batch: Batch) {
        self.created += batch.items() as u64;
        self.push(batch);
    }

    /// Notes items left out of a batch whose rest goes on.
    pub fn note_filtered(&mut self, items: usize) {
        self.filtered += items as u64;
    }

    /// Ends a batch that cannot go on, with the reason that the ledger shows.
    pub fn drop(&mut self, batch: Batch, reason: &'static str) {
        self.dropped.push((reason, batch.items() as u64));
        batch.finish(Outcome::rejected(reason));
    }

    /// Takes what was given out.
    pub fn take(&mut self) -> SmallVec<[Batch; 2]> {
        std::mem::take(&mut self.batches)
    }

    /// What was given out so far.
    pub fn batches(&self) -> &[Batch] {
        &self.batches
    }
}

/// The settings of a processor, which are also what builds it.
pub trait ProcessorConfig: sidelight_config::Settings {
    /// What it does to acknowledgement.
    fn acknowledgement(&self) -> AckBehaviour {
        AckBehaviour::Pass
    }

    /// How many instances a pipeline may have.
    fn sharding(&self) -> Sharding {
        Sharding::PerWorker
    }

    /// Settings that belong behind the queue of the pipeline's exporters: only `batch` has them, and it is
    /// then not a stage of the pipeline at all.
    fn queue_batch(&self) -> Option<BatchSettings> {
        None
    }

    /// Checks what depends on the pipeline's signal.
    ///
    /// # Errors
    /// [`BuildError`] at the setting that has no meaning for the signal.
    fn check_signal(&self, signal: Signal) -> Result<(), BuildError> {
        let _ = signal;
        Ok(())
    }

    /// Builds one instance; called again for every worker and after a panic.
    ///
    /// # Errors
    /// [`BuildError`] where the settings, good in themselves, cannot be used.
    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Processor>, BuildError>;
}
