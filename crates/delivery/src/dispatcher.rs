//! The one task of a queue: decides what leaves when, and follows it to its end.
//!
//! Its loop only chooses what happened. What becomes of an answer is in `settle`.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use sidelight_component::sending::AckMode;
use sidelight_component::{Exporter, Outcome, Payload};
use smallvec::SmallVec;
use tokio::time::{Instant, Sleep};
use tracing::field::Empty;
use tracing::{Instrument as _, info_span};

use crate::attempt::{Attempt, Finished};
use crate::cut::{Allowance, Cutter};
use crate::deadlines::Deadlines;
use crate::entry::{Entry, PartKeys};
use crate::fresh::Fresh;
use crate::journal::Journal;
use crate::ledger::{DropReason, RejectReason};
use crate::pace::Pace;
use crate::part::{Part, Place, Position, Size};
use crate::parts::{PartKey, Parts};
use crate::queue::Undelivered;
use crate::queue_state::{Arrival, End, Ended, Ending, QueueState};
use crate::retrying::{Retrying, Turn};
use crate::rules::Rules;

/// A moment that has passed already is waited for this long: no mistake about a time makes a busy loop.
const SHORTEST_SLEEP: Duration = Duration::from_millis(1);

/// The state of a queue's task.
pub(crate) struct Dispatcher {
    pub(crate) shared: Arc<QueueState>,
    pub(crate) exporter: Arc<dyn Exporter>,
    pub(crate) rules: Rules,
    pub(crate) cutter: Cutter,
    pub(crate) parts: Parts,
    pub(crate) fresh: Fresh,
    pub(crate) retrying: Retrying,
    pub(crate) deadlines: Deadlines,
    pub(crate) pace: Pace,
    pub(crate) journal: Journal,
    pub(crate) in_flight: FuturesUnordered<BoxFuture<'static, Finished>>,
    /// Requests that the destination took.
    pub(crate) taken: u64,
    pub(crate) ending: Ending,
    /// Batches that arrived.
    pub(crate) arrived: u64,
    /// Swapped with the inbox, so that neither is allocated anew.
    pub(crate) arrivals: VecDeque<Arrival>,
    pub(crate) timer: Timer,
    /// What a drain has given up so far.
    pub(crate) undelivered: Undelivered,
}

/// What the dispatcher waits for.
enum Event {
    Finished(Finished),
    News,
    Time,
}

impl Dispatcher {
    /// Runs until the queue is drained, or abandoned and empty.
    pub(crate) async fn run(mut self) {
        loop {
            tokio::task::coop::consume_budget().await;
            let now = Instant::now();
            self.take_arrivals(now);
            self.withdraw_overdue(now);
            self.start_attempts(now);
            if self.is_over(now) {
                return;
            }
            let wake = self.next_wake(now);
            self.timer.set(wake.map(|at| at.max(now + SHORTEST_SLEEP)));
            match poll_fn(|cx| self.poll_event(cx)).await {
                Event::Finished(finished) => self.settle(finished, Instant::now()),
                Event::News | Event::Time => {}
            }
        }
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        // Registered before looking, so that nothing that comes in between is missed.
        self.shared.waker.register(cx.waker());
        if !self.in_flight.is_empty()
            && let Poll::Ready(Some(finished)) = self.in_flight.poll_next_unpin(cx)
        {
            return Poll::Ready(Event::Finished(finished));
        }
        if self.shared.has_news(self.ending, self.parts.len() > 0) {
            return Poll::Ready(Event::News);
        }
        self.timer.poll(cx).map(|()| Event::Time)
    }

    /// True while everything leaves without waiting for company.
    pub(crate) fn draining(&self) -> bool {
        self.ending.drain_until.is_some()
    }

    /// True while everything leaves once more, whatever pauses and due times say. Not for data whose senders
    /// have had their answer: nobody would repeat it, so it is tried until the drain's time is over.
    fn hurries(&self) -> bool {
        self.draining() && self.shared.acks == AckMode::Delivery
    }

    /// True where what is not delivered is there at the next start.
    fn persists(&self) -> bool {
        self.shared.mailbox.is_some()
    }

    fn is_over(&self, now: Instant) -> bool {
        let idle = || self.parts.len() == 0 && self.shared.is_idle();
        // What is in the log need not be delivered at any cost: the first failure ends the drain.
        let stuck = || self.persists() && self.in_flight.is_empty() && self.pace.paused_until(now).is_some();
        self.ending.drain_until.is_some_and(|until| until <= now)
            || (self.ending.wanted() && (idle() || stuck()))
    }

    // === what comes in ===

    fn take_arrivals(&mut self, now: Instant) {
        let mut arrivals = std::mem::take(&mut self.arrivals);
        let (ending, overflowed) = self.shared.take_arrivals(&mut arrivals);
        if overflowed > 0 {
            self.journal.dropped(now, DropReason::QueueFull, overflowed);
        }
        if ending.drain_until.is_some() && !self.draining() && !self.persists() {
            self.pace.hurry();
            self.retrying.all_due(now);
        }
        self.ending = ending;
        for Arrival {
            batch,
            size,
            units,
            stored,
        } in arrivals.drain(..)
        {
            let deadline = batch.deadline.map(Instant::from_std);
            let part = Part {
                position: Position {
                    batch: self.arrived,
                    item: 0,
                },
                size,
                units,
                ack: batch.ack,
                deadline,
                arrived: now,
                first_attempt: stored
                    .and_then(|(_, age)| now.checked_sub(age))
                    .filter(|at| *at < now),
                place: Place::Fresh,
                maybe_processed: false,
                allowance: None,
                stored: stored.map(|(at, _)| at),
            };
            self.arrived += 1;
            let key = self.parts.insert(part, batch.payload);
            self.fresh.push_back(key, size);
            self.watch_deadline(deadline, key);
        }
        self.arrivals = arrivals;
    }

    fn watch_deadline(&mut self, deadline: Option<Instant>, key: PartKey) {
        if let Some(deadline) = deadline {
            self.deadlines.push(deadline, key, &self.parts);
        }
    }

    /// Ends the parts whose senders have stopped waiting. An attempt that carries one goes on for the others.
    fn withdraw_overdue(&mut self, now: Instant) {
        let mut overdue = PartKeys::new();
        while let Some(key) = self.deadlines.pop_overdue(now, &self.parts) {
            overdue.push(key);
        }
        if overdue.is_empty() {
            return;
        }
        let after = self.pace.paused_until(now).map(|until| until - now);
        let exporter = &self.shared.exporter;
        let reason: Arc<str> = format!("exporter {exporter} could not deliver it in time").into();
        self.end_parts(&overdue, |_| {
            (
                End::Withdrawn,
                Outcome::Retry {
                    after,
                    reason: reason.clone(),
                },
            )
        });
        // Their data would stay in the requests until those are due.
        self.retrying.retain_living(&self.parts);
        self.show_in_flight();
    }

    // === what leaves ===

    fn start_attempts(&mut self, now: Instant) {
        while self.in_flight.len() < self.rules.consumers && (self.hurries() || self.pace.may_start(now)) {
            let Some(entry) = self.next_entry(now) else { return };
            self.start(entry, now);
        }
    }

    /// The entry whose turn it is: the earliest due of those that failed and the oldest of the fresh parts,
    /// which were due when they arrived.
    fn next_entry(&mut self, now: Instant) -> Option<Entry> {
        loop {
            let fresh_since = self.fresh_may_leave(now);
            let turn = self.retrying.turn(now, self.hurries(), !self.fresh.is_empty());
            let entry = match (turn, fresh_since) {
                (Turn::HeldUntil(_), _) => return None,
                (Turn::ByDue(due), Some(since)) if since < due => self.collect_fresh(now),
                (Turn::ByDue(_) | Turn::InOrder(..), _) => self.retrying.take(turn),
                (Turn::Nobody, Some(_)) => self.collect_fresh(now),
                (Turn::Nobody, None) => return None,
            };
            let Some(mut entry) = entry else { continue };
            entry.retain_living(&self.parts);
            if !entry.parts.is_empty() {
                return Some(entry);
            }
        }
    }

    /// When the oldest fresh part arrived, where it need not wait for company any longer.
    fn fresh_may_leave(&mut self, now: Instant) -> Option<Instant> {
        let key = self.fresh.front(&self.parts)?;
        let since = self.parts.get(key)?.arrived;
        let waited = now >= since + self.rules.flush_timeout;
        let leaves =
            self.in_flight.is_empty() || waited || self.draining() || self.rules.is_enough(self.fresh.size());
        leaves.then_some(since)
    }

    /// Puts the fresh parts that fit in one request together. `None` where none was left after those that
    /// cannot be made to fit had been refused.
    fn collect_fresh(&mut self, now: Instant) -> Option<Entry> {
        let mut keys = PartKeys::new();
        let mut size = Size::default();
        while let Some(key) = self.fresh.front(&self.parts) {
            let part_size = self.parts.get(key)?.size;
            let mut together = size;
            together.add(part_size);
            if self.rules.fits(together) {
                self.fresh.pop_front(&mut self.parts);
                keys.push(key);
                size = together;
            } else if !keys.is_empty() {
                break;
            } else if self.cut_front(key) {
                continue;
            } else if self.rules.exceeds_protocol(part_size) {
                self.reject(
                    &[key],
                    RejectReason::TooLarge,
                    "larger than one request may be",
                    now,
                );
            } else {
                // A single item above `max_size` leaves alone.
                self.fresh.pop_front(&mut self.parts);
                keys.push(key);
                break;
            }
        }
        let position = self.parts.get(*keys.first()?)?.position;
        self.shared.meters.batches.add(1);
        Some(Entry::new(keys, position))
    }

    /// Cuts the first fresh part, which is too large for one request, and puts the pieces in its place.
    /// False where it cannot be cut.
    fn cut_front(&mut self, key: PartKey) -> bool {
        let Some(payload) = self.parts.payload(key) else {
            return false;
        };
        let allowance = self.allowance(key);
        let pieces = self.cutter.pieces(payload, self.rules.max(), &allowance);
        if pieces.len() < 2 {
            return false;
        }
        self.fresh.pop_front(&mut self.parts);
        for piece in self.divide(key, pieces).into_iter().rev() {
            self.fresh.push_front(piece, &mut self.parts);
        }
        true
    }

    /// What cutting may still add to a part.
    pub(crate) fn allowance(&mut self, key: PartKey) -> Allowance {
        match self.parts.get_mut(key) {
            Some(part) => part
                .allowance
                .get_or_insert_with(|| Allowance::for_batch(part.size.bytes))
                .clone(),
            None => Allowance::for_batch(0),
        }
    }

    /// Puts pieces in the place of a part.
    pub(crate) fn divide(&mut self, key: PartKey, pieces: Vec<Payload>) -> Vec<PartKey> {
        let keys = self.parts.divide(key, pieces);
        for piece in &keys {
            let deadline = self.parts.get(*piece).and_then(|part| part.deadline);
            self.watch_deadline(deadline, *piece);
        }
        keys
    }

    fn start(&mut self, mut entry: Entry, now: Instant) {
        let (mut payload, mut items) = (Payload::default(), 0);
        let mut until = Some(now);
        for key in &entry.parts {
            if entry.request.is_none()
                && let Some(data) = self.parts.payload(*key)
            {
                payload.append(data);
            }
            if let Some(part) = self.parts.get_mut(*key) {
                part.place = Place::InFlight;
                part.first_attempt.get_or_insert(now);
                items += part.size.items;
                // The last of the senders; `None` where one waits for as long as it takes.
                until = until.and_then(|last| part.deadline.map(|deadline| last.max(deadline)));
            }
        }
        if let Some(drain_until) = self.ending.drain_until {
            entry.last_attempt = self.hurries();
            until = Some(until.map_or(drain_until, |last| last.min(drain_until)));
        }
        if entry.failures > 0 {
            self.shared.meters.retries.add(1);
        }
        self.shared.moved(items, Place::InFlight);
        let (exporter, signal) = (&self.shared.exporter, self.shared.signal);
        let span = info_span!(
            "send",
            otel.kind = "client",
            otel.status_code = Empty,
            %exporter,
            %signal,
            items,
            attempt = entry.failures + 1,
            outcome = Empty
        );
        let attempt = Attempt {
            exporter: self.exporter.clone(),
            signal: self.shared.signal,
            payload,
            max_request_bytes: self.rules.max_request_bytes,
            timeout: self.rules.timeout,
            until,
            span: span.clone(),
        };
        let attempt = attempt.run(entry, self.pace.start()).instrument(span);
        self.in_flight.push(Box::pin(attempt));
        self.show_in_flight();
    }

    pub(crate) fn show_in_flight(&self) {
        let requests = self.in_flight.len() + self.retrying.len();
        self.shared.meters.in_flight_requests.set(requests as i64);
    }

    // === time ===

    /// When something is to be done that nobody will wake us for.
    fn next_wake(&mut self, now: Instant) -> Option<Instant> {
        let attempt = if self.in_flight.len() < self.rules.consumers {
            self.next_start(now)
        } else {
            None
        };
        [self.deadlines.next(), self.ending.drain_until, attempt]
            .into_iter()
            .flatten()
            .min()
    }

    fn next_start(&mut self, now: Instant) -> Option<Instant> {
        if self.parts.len() == 0 || self.pace.awaits_probe() {
            return None;
        }
        if let Some(until) = self.pace.paused_until(now) {
            return Some(until);
        }
        let fresh = self.fresh.front(&self.parts).and_then(|key| self.parts.get(key));
        let flush = fresh.map(|part| part.arrived + self.rules.flush_timeout);
        let due = self.retrying.next_due(flush.is_some());
        [flush, due].into_iter().flatten().min()
    }

    // === ends ===

    /// Brings parts to their end: ledger, room, acknowledgement.
    pub(crate) fn end_parts(&mut self, keys: &[PartKey], mut how: impl FnMut(&Part) -> (End, Outcome)) {
        let mut ended = SmallVec::<[Ended; 2]>::new();
        for key in keys {
            let Some((part, payload)) = self.parts.complete(*key) else {
                continue;
            };
            if part.place == Place::Fresh {
                self.fresh.forget(part.size, &self.parts);
            }
            let (end, outcome) = how(&part);
            ended.push(Ended {
                part,
                payload,
                end,
                outcome,
            });
        }
        self.shared.ended(ended);
    }

    pub(crate) fn reject(&mut self, keys: &[PartKey], why: RejectReason, reason: &str, now: Instant) {
        let items = self.items_of(keys);
        self.journal.rejected(now, why, items, reason);
        let outcome = Outcome::rejected(reason);
        self.end_parts(keys, |_| (End::Rejected(why), outcome.clone()));
    }

    pub(crate) fn drop_parts(&mut self, keys: &[PartKey], why: DropReason, outcome: Outcome, now: Instant) {
        let items = self.items_of(keys);
        if items > 0 {
            self.journal.dropped(now, why, items);
        }
        self.end_parts(keys, |_| (End::Dropped(why), outcome.clone()));
    }

    /// Forgets the parts that are in the log: they are there at the next start.
    fn leave_in_log(&mut self) {
        let mut were_in_flight = 0;
        for key in self.parts.keys() {
            let Some(part) = self.parts.get(key).filter(|part| part.stored.is_some()) else {
                continue;
            };
            if part.place == Place::InFlight {
                were_in_flight += part.size.items;
            }
            if let Some((part, _)) = self.parts.complete(key) {
                part.ack.resolve(Outcome::Done);
            }
        }
        self.shared.moved(were_in_flight, Place::Entry);
    }

    fn items_of(&self, keys: &[PartKey]) -> u64 {
        keys.iter()
            .filter_map(|key| self.parts.get(*key))
            .map(|part| part.size.items as u64)
            .sum()
    }
}

/// However the task ends, also when it is dropped half way, nobody is left without an answer.
impl Drop for Dispatcher {
    fn drop(&mut self) {
        self.in_flight.clear();
        self.leave_in_log();
        let keys = self.parts.keys();
        let mut left = self.undelivered;
        keys.iter()
            .filter_map(|key| self.parts.get(*key))
            .for_each(|part| left.add(part.size));
        let late = self.shared.close(left);
        let now = Instant::now();
        self.drop_parts(
            &keys,
            DropReason::Shutdown,
            Outcome::retry("the program is stopping"),
            now,
        );
        late.into_iter()
            .for_each(|arrival| self.shared.add_undelivered(arrival));
        self.shared.meters.in_flight_requests.set(0);
        self.shared.ended.notify_waiters();
    }
}

/// A timer that is only moved when it would ring too late: moving one costs more than a ring too many.
#[derive(Default)]
pub(crate) struct Timer {
    sleep: Option<Pin<Box<Sleep>>>,
    rings_at: Option<Instant>,
}

impl Timer {
    fn set(&mut self, at: Option<Instant>) {
        let Some(at) = at else { return };
        if self.rings_at.is_some_and(|rings_at| rings_at <= at) {
            return;
        }
        self.rings_at = Some(at);
        match &mut self.sleep {
            Some(sleep) => sleep.as_mut().reset(at),
            none => *none = Some(Box::pin(tokio::time::sleep_until(at))),
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (Some(sleep), true) = (&mut self.sleep, self.rings_at.is_some()) else {
            return Poll::Pending;
        };
        let rung = sleep.as_mut().poll(cx);
        if rung.is_ready() {
            self.rings_at = None;
        }
        rung
    }
}
