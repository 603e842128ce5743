//! One pipeline at run time: its chains of processors and the queues behind them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use parking_lot::Mutex;
use sidelight_component::metrics::Counter;
use sidelight_component::{Batch, Budget, Clock, Load, Now, Outcome, PipelineId, is_beside_the_workers};
use sidelight_delivery::{Queue, Reservation};
use smallvec::SmallVec;
use tokio::sync::Notify;

use crate::chain::{Batches, Chain, StageCounts};
use crate::worker;

/// Room in every queue behind one pipeline.
pub(crate) type Room = SmallVec<[Reservation; 2]>;

/// One pipeline at run time. Shared by the receivers that feed it.
pub(crate) struct Line {
    pub(crate) id: PipelineId,
    /// One chain for each worker and the last for the threads beside them, or a single one where a processor must
    /// see everything; none where there are no processors.
    pub(crate) chains: Box<[Mutex<Chain>]>,
    /// For the ledger: the counts of the stages in order.
    pub(crate) stages: Vec<StageCounts>,
    pub(crate) queues: Vec<Queue>,
    pub(crate) accepted: Counter,
    pub(crate) refused: Counter,
    pub(crate) traffic: Traffic,
    pub(crate) clock: Clock,
    pub(crate) budget: Budget,
    /// Told when a processor may want to be called.
    pub(crate) timer_wanted: Notify,
}

/// Batches that went into the processors and came out again. While one is inside, what it adds to the counters of
/// one stage is not yet in those of the next.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    entered: AtomicU64,
    left: AtomicU64,
}

impl Traffic {
    /// Batches that have entered, where none is inside.
    pub(crate) fn at_rest(&self) -> Option<u64> {
        let left = self.left.load(Ordering::SeqCst);
        (self.entered.load(Ordering::SeqCst) == left).then_some(left)
    }
}

impl Line {
    /// Reserves room for a batch of this size in every queue, after every processor agreed. A queue that one of the
    /// lines `before` this one has reserved room in for the same batch has room for it once more: it would not get in
    /// otherwise where it just fits.
    ///
    /// # Errors
    /// The answer for the sender; nothing was taken.
    pub(crate) fn reserve(&self, bytes: usize, items: usize, before: &[Arc<Line>]) -> Result<Room, Outcome> {
        if let Some(chain) = self.chain() {
            let load = Load {
                incoming_bytes: bytes,
                pipeline_bytes: self.queues.iter().map(Queue::held_bytes).max().unwrap_or(0),
                budget_used: self.budget.used(),
            };
            chain
                .lock()
                .admit(load, self.clock.now())
                .map_err(|full| Outcome::Retry {
                    after: Some(full.retry_after),
                    reason: format!("pipeline {}: a processor has no room now", self.id).into(),
                })?;
        }
        let rooms = self.queues.iter().map(|queue| {
            let again = before
                .iter()
                .any(|line| line.queues.iter().any(|other| other.is(queue)));
            match again {
                true => queue.reserve_again(bytes, items),
                false => queue.reserve(bytes, items),
            }
        });
        rooms.collect::<Result<_, _>>().map_err(|full| full.outcome())
    }

    /// Counts a batch that found no room here.
    pub(crate) fn refuse(&self, items: usize) {
        self.refused.add(items as u64);
    }

    /// Runs the batch through the processors and into the queues it has room in.
    pub(crate) fn run(&self, batch: Batch, room: Room) {
        self.traffic.entered.fetch_add(1, Ordering::SeqCst);
        self.accepted.add(batch.items() as u64);
        let batches = match self.chain() {
            Some(chain) => {
                let mut chain = chain.lock();
                let given = chain.process(batch, self.clock.now());
                if chain.next_timer().is_some() {
                    self.timer_wanted.notify_one();
                }
                given
            }
            None => SmallVec::from_iter([batch]),
        };
        self.traffic.left.fetch_add(1, Ordering::SeqCst);
        enqueue(batches, room);
    }

    /// The earliest moment at which a processor of any chain wants to be called.
    pub(crate) fn next_timer(&self) -> Option<Instant> {
        self.chains
            .iter()
            .filter_map(|chain| chain.lock().next_timer())
            .min()
    }

    /// Calls the processors whose time has come. What they give out needs room that nobody reserved: the
    /// caller waits for it.
    pub(crate) fn on_timer(&self) -> Batches {
        self.each_chain(Chain::on_timer)
    }

    /// Makes the processors give out what they hold.
    pub(crate) fn flush(&self) -> Batches {
        self.each_chain(Chain::flush)
    }

    fn each_chain(&self, call: impl Fn(&mut Chain, Now) -> Batches) -> Batches {
        let now = self.clock.now();
        self.chains
            .iter()
            .flat_map(|chain| call(&mut chain.lock(), now))
            .collect()
    }

    fn chain(&self) -> Option<&Mutex<Chain>> {
        match &self.chains[..] {
            [] => None,
            [only] => Some(only),
            [.., last] if is_beside_the_workers() => Some(last),
            [workers @ .., _] => workers.get(worker::index() % workers.len()),
        }
    }
}

/// Puts the batches into every queue of the room.
pub(crate) fn enqueue(batches: Batches, mut room: Room) {
    let Some(last) = room.pop() else {
        return batches.into_iter().for_each(|batch| batch.finish(Outcome::Done));
    };
    for reservation in room {
        reservation.enqueue(batches.iter().map(Batch::share));
    }
    last.enqueue(batches);
}

/// Splits a batch among the pipelines it goes to: the last one takes it, the others a share.
pub(crate) fn fan_out(batch: Batch, mut lines: Vec<(&Arc<Line>, Room)>) {
    let Some((last, last_room)) = lines.pop() else {
        return batch.finish(Outcome::Done);
    };
    for (line, room) in lines {
        line.run(batch.share(), room);
    }
    last.run(batch, last_room);
}
