//! One pipeline at run time, or one connector between two: its chains of processors and what is behind them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use parking_lot::Mutex;
use sidelight_component::metrics::Counter;
use sidelight_component::{Batch, Budget, Clock, Load, Now, Outcome, is_beside_the_workers};
use sidelight_self_telemetry::ledger::Edge;
use tokio::sync::Notify;

use crate::chain::{Batches, Chain, StageCounts};
use crate::ends::{Ends, Reserved, Room};
use crate::worker;

/// One pipeline at run time, or one connector for one pair of signals, which is a chain of one. Shared by whoever feeds it.
pub(crate) struct Line {
    pub(crate) edge: Edge,
    /// What goes in ends here: nothing of it needs room behind. What is made of it waits for room by itself.
    pub(crate) absorbs: bool,
    /// One chain for each worker and the last for the threads beside them, or a single one where a processor must
    /// see everything; none where there are no processors.
    pub(crate) chains: Box<[Mutex<Chain>]>,
    /// For the ledger: the counts of the stages in order.
    pub(crate) stages: Vec<StageCounts>,
    pub(crate) ends: Ends,
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
    /// Reserves room for a batch of this size in all that is behind, after every processor agreed.
    ///
    /// # Errors
    /// The answer for the sender; nothing was taken.
    pub(crate) fn reserve<'l>(
        &'l self,
        bytes: usize,
        items: usize,
        reserved: &mut Reserved<'l>,
    ) -> Result<Room, Outcome> {
        if let Some(chain) = self.chain() {
            let load = Load {
                incoming_bytes: bytes,
                pipeline_bytes: self.held_bytes(),
                budget_used: self.budget.used(),
            };
            chain
                .lock()
                .admit(load, self.clock.now())
                .map_err(|full| Outcome::Retry {
                    after: Some(full.retry_after),
                    reason: format!("{}: a processor has no room now", self.edge).into(),
                })?;
        }
        if self.absorbs {
            return Ok(Room::default());
        }
        self.ends.reserve(bytes, items, reserved)
    }

    /// Counts a batch that found no room here.
    pub(crate) fn refuse(&self, items: usize) {
        self.refused.add(items as u64);
    }

    /// Bytes in the fullest queue behind what passes here.
    pub(crate) fn held_bytes(&self) -> usize {
        if self.absorbs { 0 } else { self.ends.held_bytes() }
    }

    /// Runs batches through the processors and on to where they have room.
    pub(crate) fn run(&self, batches: Batches, room: Room) {
        self.traffic.entered.fetch_add(1, Ordering::SeqCst);
        let items: usize = batches.iter().map(Batch::items).sum();
        self.accepted.add(items as u64);
        let given = match self.chain() {
            Some(chain) => {
                let mut chain = chain.lock();
                let given = chain.process(batches, self.clock.now());
                if chain.next_timer().is_some() {
                    self.timer_wanted.notify_one();
                }
                given
            }
            None => batches,
        };
        self.traffic.left.fetch_add(1, Ordering::SeqCst);
        self.ends.hand_on(given, room);
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
