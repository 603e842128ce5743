//! The pipelines' end of a queue: room first, then the data.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sidelight_component::sending::AckMode;
use sidelight_component::{Ack, Batch, ComponentId, Outcome, Signal};
use smallvec::SmallVec;

use crate::ledger::QueueLedger;
use crate::part::Size;
use crate::queue_state::{Arrival, Claim, QueueState, Room};

/// What a sender is told to wait when the queue is full. Short, because every delivered batch makes room.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A queue before one exporter, for one signal. Clones share it.
///
/// When the last clone is gone the queue's task delivers what is left and ends.
#[derive(Debug)]
pub struct Queue {
    shared: Arc<QueueState>,
}

/// The queue has no room, or takes nothing more. Nothing was taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sending queue of exporter `{exporter}` for {signal} {}", if *.draining { "is being drained" } else { "is full" })]
pub struct Full {
    /// The exporter behind the queue.
    pub exporter: ComponentId,
    /// The queue's signal.
    pub signal: Signal,
    /// What the sender is asked to wait.
    pub retry_after: Duration,
    /// True where the queue is being drained and takes nothing more.
    pub draining: bool,
}

impl Full {
    /// The answer for the sender.
    pub fn outcome(&self) -> Outcome {
        Outcome::Retry {
            after: Some(self.retry_after),
            reason: self.to_string().into(),
        }
    }
}

/// What a drain could not deliver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Undelivered {
    /// Batches, or pieces of batches that had been cut.
    pub parts: usize,
    /// Spans, data points or log records.
    pub items: usize,
    /// Bytes of serialized OTLP.
    pub bytes: usize,
}

impl Undelivered {
    pub(crate) fn add(&mut self, size: Size) {
        self.parts += size.parts;
        self.items += size.items;
        self.bytes += size.bytes;
    }
}

impl Queue {
    pub(crate) fn new(shared: Arc<QueueState>) -> Self {
        shared.add_handle();
        Self { shared }
    }

    /// Takes room for one batch, before it is forwarded anywhere.
    ///
    /// With `on_overflow: drop` there is always room: what does not fit is dropped by
    /// [`Reservation::enqueue`]. A batch larger than the whole quota gets in when the queue is empty.
    ///
    /// # Errors
    /// [`Full`] where the quota is used up, or the queue is being drained.
    pub fn reserve(&self, bytes: usize, items: usize) -> Result<Reservation, Full> {
        self.reserve_as(Claim::New, bytes, items)
    }

    /// Takes room for a batch that has room here already, because it comes over a second pipeline too. The quota does
    /// not count.
    ///
    /// # Errors
    /// [`Full`] where the queue is being drained.
    pub fn reserve_again(&self, bytes: usize, items: usize) -> Result<Reservation, Full> {
        self.reserve_as(Claim::Again, bytes, items)
    }

    /// True where both are handles of one queue.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    fn reserve_as(&self, claim: Claim, bytes: usize, items: usize) -> Result<Reservation, Full> {
        let size = Size {
            parts: 1,
            items,
            bytes,
        };
        let reserved = match self.shared.reserve(size, claim) {
            Room::Reserved(units) => Some(units),
            Room::Overflow => None,
            Room::Refused => return Err(self.full(false)),
            Room::Draining => return Err(self.full(true)),
        };
        Ok(Reservation {
            shared: self.shared.clone(),
            reserved,
        })
    }

    fn full(&self, draining: bool) -> Full {
        Full {
            exporter: self.shared.exporter.clone(),
            signal: self.shared.signal,
            retry_after: RETRY_AFTER,
            draining,
        }
    }

    /// The account up to now; it always balances.
    pub fn ledger(&self) -> QueueLedger {
        self.shared.ledger()
    }

    /// Bytes of serialized OTLP that the queue holds, waiting or on their way.
    pub fn held_bytes(&self) -> usize {
        self.shared.held_bytes()
    }

    /// What the queue holds at most, in units of its `sizer`.
    pub fn capacity(&self) -> u64 {
        self.shared.capacity
    }

    /// Takes nothing more, sends everything that is left without waiting for pauses and full batches, each
    /// at most once more (with `ack: memory` as often as there is time), and ends the queue's task. What is not delivered at `deadline`, or fails, is
    /// counted as dropped with the reason `shutdown`, and its senders are asked to repeat it.
    ///
    /// The queue's task must be running. Cancel safe: the drain goes on without this future. Asking again
    /// can only bring the deadline nearer.
    pub async fn drain(&self, deadline: Instant) -> Undelivered {
        self.shared.ask_to_drain(deadline.into());
        let ended = async {
            loop {
                let ended = self.shared.ended.notified();
                if let Some(left) = self.shared.left() {
                    return left;
                }
                ended.await;
            }
        };
        // A disk that hangs does not keep the program from ending.
        let limit = tokio::time::Instant::from_std(deadline) + CLOSING;
        tokio::time::timeout_at(limit, ended).await.unwrap_or_default()
    }
}

/// What the keeper of a log gets for its last flush, on top of a drain's deadline.
const CLOSING: Duration = Duration::from_millis(500);

impl Clone for Queue {
    fn clone(&self) -> Self {
        Self::new(self.shared.clone())
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.shared.remove_handle();
    }
}

/// Room in a queue. Dropping it gives the room back.
#[derive(Debug)]
#[must_use = "room that is not used is given back at once"]
pub struct Reservation {
    shared: Arc<QueueState>,
    /// Units; `None` where there was no room and the data will be dropped.
    reserved: Option<u64>,
}

impl Reservation {
    /// Puts batches into the queue: what the processors made of the one that room was reserved for. They
    /// may be larger than that, also past the quota: what was admitted is not refused half way.
    ///
    /// With `ack: memory` they are acknowledged here. A batch without items is done already.
    pub fn enqueue(mut self, batches: impl IntoIterator<Item = Batch>) {
        let Some(reserved) = self.reserved else {
            batches
                .into_iter()
                .for_each(|batch| self.shared.overflowed(batch));
            return;
        };
        let mut queued = SmallVec::<[Ack; 2]>::new();
        let mut arrivals = SmallVec::<[Arrival; 2]>::new();
        for mut batch in batches {
            let size = Size::of(&batch.payload);
            if size.items == 0 {
                batch.finish(Outcome::Done);
                continue;
            }
            // With `ack: queue` the log's keeper answers; in both cases the sender's deadline ends nothing.
            if self.shared.acks == AckMode::Memory {
                queued.push(std::mem::replace(&mut batch.ack, Ack::unattended()));
            }
            if self.shared.acks != AckMode::Delivery {
                batch.deadline = None;
            }
            arrivals.push(Arrival {
                batch,
                size,
                units: self.shared.units(size),
                stored: None,
            });
        }
        // From here on the room is the arrivals'.
        self.reserved = None;
        let too_late = self.shared.put(reserved, arrivals);
        let stopping = !too_late.is_empty();
        let refusal = || Outcome::retry("the program is stopping");
        too_late
            .into_iter()
            .for_each(|arrival| arrival.batch.finish(refusal()));
        for ack in queued {
            ack.resolve(if stopping { refusal() } else { Outcome::Done });
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Some(units) = self.reserved.take() {
            self.shared.release(units);
        }
    }
}
