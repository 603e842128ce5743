//! What the pipelines' side of a queue and its dispatcher share: room, arrivals, the ledger.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::task::AtomicWaker;
use parking_lot::{Mutex, MutexGuard};
use sidelight_component::sending::{AckMode, Overflow, Sizer};
use sidelight_component::{Batch, ComponentId, Outcome, Payload, Signal};
use smallvec::SmallVec;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::durable::{Mailbox, Restored};
use crate::ledger::{DropReason, QueueLedger, RejectReason};
use crate::meters::Meters;
use crate::part::{Part, Place, Size, Stored};
use crate::queue::Undelivered;

/// The lock is held for a few additions at a time and never across a call into a component or a waker.
#[derive(Debug)]
pub(crate) struct QueueState {
    pub(crate) exporter: ComponentId,
    pub(crate) signal: Signal,
    /// In units of `sizer`.
    pub(crate) capacity: u64,
    pub(crate) sizer: Sizer,
    pub(crate) overflow: Overflow,
    /// What a part's acknowledgement waits for. `Queue` with a mailbox alone.
    pub(crate) acks: AckMode,
    pub(crate) meters: Meters,
    /// Where the keeper of the log gets its work; `None` where the queue is in memory alone.
    pub(crate) mailbox: Option<Mailbox>,
    /// The dispatcher's. Woken when the first arrival is put into an empty inbox, and by a drain.
    pub(crate) waker: AtomicWaker,
    /// Told when the dispatcher has ended.
    pub(crate) ended: Notify,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Units reserved or held.
    used: u64,
    /// Of these, reserved.
    reserved: u64,
    /// Bytes held, reservations apart. Pieces of a cut part are a little larger than the part was; the
    /// difference ends when the queue is empty.
    held_bytes: usize,
    inbox: VecDeque<Arrival>,
    ledger: QueueLedger,
    ending: Ending,
    /// Items that found no room and were dropped, of which the log does not know yet.
    overflowed: u64,
    /// Clones of the queue's handle.
    handles: usize,
    /// Set when the dispatcher has ended: what it could not deliver.
    left: Option<Undelivered>,
    /// The log's keeper works.
    is_kept: bool,
}

/// Whether and how the queue comes to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ending {
    /// A drain was asked for, with its end.
    pub(crate) drain_until: Option<Instant>,
    /// No handle is left: nothing more can come.
    pub(crate) abandoned: bool,
}

impl Ending {
    pub(crate) fn wanted(self) -> bool {
        self.drain_until.is_some() || self.abandoned
    }
}

/// A batch on its way to the dispatcher.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) batch: Batch,
    pub(crate) size: Size,
    pub(crate) units: u64,
    /// Where it lies in the log, and how old it is where it was read from there.
    pub(crate) stored: Option<(Stored, Duration)>,
}

/// A part at its end.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) part: Part,
    pub(crate) payload: Payload,
    pub(crate) end: End,
    pub(crate) outcome: Outcome,
}

/// What room is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// For a batch that has none yet.
    New,
    /// For one that has room already.
    Again,
}

/// What was given to a request for room.
pub(crate) enum Room {
    Reserved(u64),
    /// No room, and `on_overflow: drop`.
    Overflow,
    Refused,
    Draining,
}

/// How a part ended, for the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Delivered,
    /// Taken without this many of its items.
    PartlyRejected(u64),
    Rejected(RejectReason),
    Withdrawn,
    Dropped(DropReason),
}

impl State {
    /// Of what damage has cost the items are known and not the bytes: what is left over then ends with the last item.
    fn settle_when_empty(&mut self) {
        if self.ledger.held() == 0 {
            self.used = self.reserved;
        }
    }
}

impl QueueState {
    pub(crate) fn new(
        (exporter, signal): (ComponentId, Signal),
        (capacity, sizer): (u64, Sizer),
        overflow: Overflow,
        acks: AckMode,
        meters: Meters,
        restored: Option<Restored>,
    ) -> Self {
        let mut state = State::default();
        let mailbox = restored.map(|restored| {
            state.used = restored.live.of_quota(sizer);
            state.ledger = restored.ledger;
            state.is_kept = true;
            Mailbox::default()
        });
        let queue = Self {
            exporter,
            signal,
            capacity,
            sizer,
            overflow,
            acks,
            meters,
            mailbox,
            waker: AtomicWaker::new(),
            ended: Notify::new(),
            state: Mutex::new(state),
        };
        queue.show_used(&queue.state.lock());
        queue
    }

    /// What a part of this size takes of the quota.
    pub(crate) fn units(&self, size: Size) -> u64 {
        size.of_quota(self.sizer)
    }

    /// Takes room for `size`, or says why not. Something larger than the whole quota gets in when nothing
    /// else is there; it would never get in otherwise.
    pub(crate) fn reserve(&self, size: Size, claim: Claim) -> Room {
        let units = self.units(size);
        let mut state = self.state.lock();
        if state.ending.drain_until.is_some() || state.left.is_some() {
            return Room::Draining;
        }
        let exempt = state.used == 0 || claim == Claim::Again;
        if exempt || state.used.saturating_add(units) <= self.capacity {
            state.used += units;
            state.reserved += units;
            self.show_used(&state);
            return Room::Reserved(units);
        }
        if self.overflow == Overflow::Drop {
            return Room::Overflow;
        }
        state.ledger.refused += size.items as u64;
        self.meters.enqueue_failed.add(size.items as u64);
        Room::Refused
    }

    /// Gives room back that was not used.
    pub(crate) fn release(&self, units: u64) {
        let mut state = self.state.lock();
        state.used -= units;
        state.reserved -= units;
        self.show_used(&state);
        let ending = state.ending.wanted();
        drop(state);
        if ending {
            self.waker.wake();
        }
    }

    /// Puts arrivals in the place of the `reserved` units. Those that come after the dispatcher has ended
    /// are returned.
    pub(crate) fn put(&self, reserved: u64, arrivals: SmallVec<[Arrival; 2]>) -> SmallVec<[Arrival; 2]> {
        let mut state = self.state.lock();
        state.used -= reserved;
        state.reserved -= reserved;
        let items: u64 = arrivals.iter().map(|arrival| arrival.size.items as u64).sum();
        state.ledger.enqueued += items;
        if state.left.is_some() {
            state.ledger.count_dropped(DropReason::Shutdown, items);
            self.meters.dropped(DropReason::Shutdown).add(items);
            return arrivals;
        }
        state.used += arrivals.iter().map(|arrival| arrival.units).sum::<u64>();
        state.held_bytes += arrivals.iter().map(|arrival| arrival.size.bytes).sum::<usize>();
        state.ledger.queued += items;
        self.show_used(&state);
        let Some(mailbox) = &self.mailbox else {
            self.deliver(state, arrivals);
            return SmallVec::new();
        };
        drop(state);
        for arrival in mailbox.put(arrivals) {
            self.not_stored(arrival.size, arrival.units);
            arrival
                .batch
                .finish(Outcome::retry("the queue on disk takes nothing more"));
        }
        SmallVec::new()
    }

    /// Puts arrivals into the dispatcher's inbox.
    fn deliver(&self, mut state: MutexGuard<'_, State>, arrivals: impl IntoIterator<Item = Arrival>) {
        let was_empty = state.inbox.is_empty();
        state.inbox.extend(arrivals);
        let wake = (was_empty && !state.inbox.is_empty()) || state.ending.wanted();
        drop(state);
        if wake {
            self.waker.wake();
        }
    }

    /// Hands over to the dispatcher what was written. After it has ended, what is in the log stays there.
    pub(crate) fn hand_over(&self, arrivals: Vec<Arrival>) {
        let state = self.state.lock();
        if state.left.is_none() {
            return self.deliver(state, arrivals);
        }
        drop(state);
        let in_memory = arrivals.into_iter().filter(|arrival| arrival.stored.is_none());
        in_memory.for_each(|arrival| self.add_undelivered(arrival));
    }

    /// Bytes that the queue held in memory are in the log alone, or (negative) the other way round.
    pub(crate) fn moved_to_disk(&self, bytes: i64) {
        let mut state = self.state.lock();
        state.held_bytes = state
            .held_bytes
            .saturating_add_signed(isize::try_from(-bytes).unwrap_or(0));
    }

    /// Parts that could not be written were refused after all.
    pub(crate) fn not_stored(&self, size: Size, units: u64) {
        let items = size.items as u64;
        let mut state = self.state.lock();
        state.used -= units;
        state.held_bytes = state.held_bytes.saturating_sub(size.bytes);
        state.ledger.enqueued -= items;
        state.ledger.queued -= items;
        state.ledger.refused += items;
        self.show_used(&state);
        drop(state);
        self.meters.enqueue_failed.add(items);
    }

    /// Parts in the log that damage has cost.
    pub(crate) fn damaged(&self, size: Size, units: u64) {
        let items = size.items as u64;
        let mut state = self.state.lock();
        state.used = state.used.saturating_sub(units);
        state.ledger.queued -= items;
        state.ledger.count_dropped(DropReason::Damaged, items);
        state.settle_when_empty();
        self.show_used(&state);
        drop(state);
        self.meters.dropped(DropReason::Damaged).add(items);
        // A drain may wait for nothing else.
        self.waker.wake();
    }

    /// The log's keeper has ended.
    pub(crate) fn keeper_ended(&self) {
        self.state.lock().is_kept = false;
        self.ended.notify_waiters();
    }

    /// Counts what found no room and is dropped. For its sender that is the end: it is not to come back.
    pub(crate) fn overflowed(&self, batch: Batch) {
        let items = batch.items() as u64;
        let mut state = self.state.lock();
        state.ledger.enqueued += items;
        state.ledger.count_dropped(DropReason::QueueFull, items);
        state.overflowed += items;
        drop(state);
        self.waker.wake();
        self.meters.enqueue_failed.add(items);
        self.meters.dropped(DropReason::QueueFull).add(items);
        batch.finish(Outcome::Done);
    }

    /// Swaps the arrivals with an empty buffer; returns whether the queue comes to its end, and the items that were
    /// dropped for want of room since the last call.
    pub(crate) fn take_arrivals(&self, buffer: &mut VecDeque<Arrival>) -> (Ending, u64) {
        let mut state = self.state.lock();
        std::mem::swap(&mut state.inbox, buffer);
        (state.ending, std::mem::take(&mut state.overflowed))
    }

    /// True where the dispatcher, which knows of `known` and holds parts or not, has something to do.
    pub(crate) fn has_news(&self, known: Ending, holds_parts: bool) -> bool {
        let state = self.state.lock();
        let over = known.wanted() && !holds_parts && state.used == 0;
        !state.inbox.is_empty() || state.overflowed > 0 || state.ending != known || over
    }

    /// True where nothing is held or reserved.
    pub(crate) fn is_idle(&self) -> bool {
        let state = self.state.lock();
        state.used == 0 && state.inbox.is_empty()
    }

    pub(crate) fn add_handle(&self) {
        self.state.lock().handles += 1;
    }

    pub(crate) fn remove_handle(&self) {
        let mut state = self.state.lock();
        state.handles -= 1;
        state.ending.abandoned = state.handles == 0;
        drop(state);
        self.waker.wake();
    }

    /// Parts left the queue's waiting room or came back to it.
    pub(crate) fn moved(&self, items: usize, to: Place) {
        let items = items as u64;
        let mut state = self.state.lock();
        let ledger = &mut state.ledger;
        let (from, into) = match to {
            Place::InFlight => (&mut ledger.queued, &mut ledger.in_flight),
            Place::Fresh | Place::Entry => (&mut ledger.in_flight, &mut ledger.queued),
        };
        *from -= items;
        *into += items;
    }

    /// Enters the ends of parts in the ledger and gives their room back, all in one step; then answers.
    pub(crate) fn ended(&self, ends: SmallVec<[Ended; 2]>) {
        let mut state = self.state.lock();
        for Ended {
            part, end, outcome, ..
        } in &ends
        {
            self.enter(&mut state, part, *end, outcome.is_retryable());
        }
        state.settle_when_empty();
        self.show_used(&state);
        drop(state);
        if let Some(mailbox) = &self.mailbox {
            mailbox.ended(&ends);
        }
        for Ended { part, outcome, .. } in ends {
            part.ack.resolve(outcome);
        }
    }

    fn enter(&self, state: &mut State, part: &Part, end: End, asked_to_repeat: bool) {
        let items = part.size.items as u64;
        state.used = state.used.saturating_sub(part.units);
        state.held_bytes = match state.used {
            0 => 0,
            _ => state.held_bytes.saturating_sub(part.size.bytes),
        };
        let ledger = &mut state.ledger;
        match part.place {
            Place::InFlight => ledger.in_flight -= items,
            Place::Fresh | Place::Entry => ledger.queued -= items,
        }
        let mut reject = |reason, rejected: u64| {
            ledger.count_rejected(reason, rejected);
            ledger.delivered += items - rejected;
            self.meters.rejected(reason).add(rejected);
            self.meters.sent.add(items - rejected);
            self.meters.send_failed.add(rejected);
        };
        match end {
            End::Delivered => {
                ledger.delivered += items;
                self.meters.sent.add(items);
            }
            End::PartlyRejected(rejected) => {
                reject(RejectReason::Partial, rejected.min(items));
            }
            End::Rejected(reason) => reject(reason, items),
            End::Withdrawn => {
                ledger.withdrawn += items;
                self.meters.withdrawn.add(items);
                self.meters.send_failed.add(items);
            }
            End::Dropped(reason) => {
                ledger.count_dropped(reason, items);
                self.meters.dropped(reason).add(items);
                self.meters.send_failed.add(items);
            }
        }
        let destination_may_have_it = part.maybe_processed || part.place == Place::InFlight;
        if asked_to_repeat && destination_may_have_it && self.acks == AckMode::Delivery {
            ledger.maybe_duplicate += items;
            self.meters.maybe_duplicate.add(items);
        }
    }

    /// Asks for a drain; asking again can only bring its end nearer.
    pub(crate) fn ask_to_drain(&self, deadline: Instant) {
        let mut state = self.state.lock();
        let until = &mut state.ending.drain_until;
        *until = Some(until.map_or(deadline, |old| old.min(deadline)));
        drop(state);
        self.waker.wake();
    }

    /// Closes the queue for good and returns what arrived meanwhile and is in memory alone.
    pub(crate) fn close(&self, left: Undelivered) -> VecDeque<Arrival> {
        let mut state = self.state.lock();
        state.left = Some(left);
        let mut arrived = std::mem::take(&mut state.inbox);
        drop(state);
        if let Some(mailbox) = &self.mailbox {
            mailbox.close();
        }
        arrived.retain(|arrival| arrival.stored.is_none());
        arrived
    }

    /// Adds what arrived in the last moment to what could not be delivered.
    pub(crate) fn add_undelivered(&self, arrival: Arrival) {
        let items = arrival.size.items as u64;
        let mut state = self.state.lock();
        state.used -= arrival.units;
        state.ledger.queued -= items;
        state.ledger.count_dropped(DropReason::Shutdown, items);
        if let Some(left) = &mut state.left {
            left.add(arrival.size);
        }
        drop(state);
        self.meters.dropped(DropReason::Shutdown).add(items);
        arrival.batch.finish(Outcome::retry("the program is stopping"));
    }

    /// What could not be delivered, when the dispatcher, and the keeper where there is one, has ended.
    pub(crate) fn left(&self) -> Option<Undelivered> {
        let state = self.state.lock();
        state.left.filter(|_| !state.is_kept)
    }

    pub(crate) fn held_bytes(&self) -> usize {
        self.state.lock().held_bytes
    }

    pub(crate) fn ledger(&self) -> QueueLedger {
        self.state.lock().ledger.clone()
    }

    fn show_used(&self, state: &MutexGuard<'_, State>) {
        self.meters
            .queue_size
            .set(i64::try_from(state.used).unwrap_or(i64::MAX));
    }
}
