//! What becomes of the parts of a request when its attempt has ended.

use std::sync::Arc;
use std::time::Duration;

use sidelight_component::{Outcome, Sent};
use tokio::time::Instant;

use crate::attempt::{Answer, Finished};
use crate::dispatcher::Dispatcher;
use crate::entry::{Entry, PartKeys};
use crate::ledger::{DropReason, RejectReason};
use crate::pace::{Failure, Ticket};
use crate::part::Place;
use crate::parts::PartKey;
use crate::queue_state::End;

/// A single item that is refused as too large is tried so often: the refusal can mean "no room now" where a
/// destination has one code for both (gRPC RESOURCE_EXHAUSTED).
const TOO_LARGE_ATTEMPTS: u32 = 3;

/// The wait before another try of such an item, times the tries so far. Short, so that it is decided before
/// its sender repeats it together with its neighbours.
const TOO_LARGE_WAIT: Duration = Duration::from_millis(500);

/// A destination that has had so long and gave no answer is shown as failing, though nobody told it the time.
const PATIENCE: Duration = Duration::from_secs(5);

impl Dispatcher {
    /// Enters the end of an attempt.
    pub(crate) fn settle(&mut self, finished: Finished, now: Instant) {
        let Finished {
            mut entry,
            ticket,
            answer,
        } = finished;
        entry.retain_living(&self.parts);
        match answer {
            Answer::Sent(Sent::Accepted) => {
                self.note_taken(&entry, ticket, now);
                self.end_parts(&entry.parts, |_| (End::Delivered, Outcome::Done));
            }
            Answer::Sent(Sent::Partial { rejected, reason }) => {
                self.note_taken(&entry, ticket, now);
                self.partly_rejected(&entry, rejected, &reason, now);
            }
            Answer::Sent(Sent::Retry {
                after,
                reason,
                maybe_processed,
            }) => {
                self.land(&entry, maybe_processed);
                self.try_again(entry, ticket, after, reason, now);
            }
            Answer::Sent(Sent::TooLarge { reason }) => {
                self.land(&entry, false);
                self.pace.answered(ticket);
                self.too_large(entry, &reason, now);
            }
            Answer::Sent(Sent::Rejected { reason }) => {
                self.land(&entry, false);
                self.pace.answered(ticket);
                self.journal.refused(&reason);
                self.one_by_one_or_reject(&entry, RejectReason::Destination, &reason, now);
            }
            Answer::NobodyWaits(after) => {
                self.land(&entry, true);
                self.pace.end(ticket);
                if after >= PATIENCE {
                    let reason = format!(
                        "no answer within {} s, until its senders waited no longer",
                        after.as_secs()
                    );
                    self.journal.failed(now, &reason.into(), None);
                }
                // Its parts are withdrawn before anything else is started.
                self.wait_again(entry, now);
            }
            Answer::Oversized(bytes) => {
                self.land(&entry, false);
                self.pace.end(ticket);
                let reason = format!("a request of {bytes} bytes is larger than one may be");
                self.halve_or_reject(&entry, RejectReason::TooLarge, &reason, now);
            }
            Answer::Unencodable(reason) => {
                self.land(&entry, false);
                self.pace.end(ticket);
                self.one_by_one_or_reject(&entry, RejectReason::Encode, &reason, now);
            }
            Answer::Panicked(message) => {
                self.land(&entry, false);
                self.pace.end(ticket);
                self.panicked(entry, &message, now);
            }
        }
        self.show_in_flight();
    }

    fn note_taken(&mut self, entry: &Entry, ticket: Ticket, now: Instant) {
        if self.pace.answered(ticket) {
            self.retrying.destination_is_back(&self.parts);
        }
        self.taken += 1;
        self.retrying.overtaken_by(entry.position);
        self.journal.taken(now);
    }

    /// The parts are no longer on their way.
    fn land(&mut self, entry: &Entry, maybe_processed: bool) {
        let mut items = 0;
        for key in &entry.parts {
            if let Some(part) = self.parts.get_mut(*key) {
                part.place = Place::Entry;
                part.maybe_processed |= maybe_processed;
                items += part.size.items;
            }
        }
        self.shared.moved(items, Place::Entry);
    }

    /// Never sent again. Which sender the refused items came from is known only where there is one: then it
    /// is told the number. Several senders are all told in words, with the number 0, which in OTLP is a
    /// warning (`partial_success`), so that the numbers that senders get never add up to more than there is.
    fn partly_rejected(&mut self, entry: &Entry, rejected: u64, reason: &Arc<str>, now: Instant) {
        if rejected > 0 {
            self.journal
                .rejected(now, RejectReason::Partial, rejected, reason);
        }
        // Without a request some of its parts were withdrawn meanwhile.
        let alone = entry.parts.len() == 1 && entry.request.is_some();
        let told = if alone || rejected == 0 {
            reason.clone()
        } else {
            format!(
                "{rejected} items of a request that carried this data among others were refused: {reason}"
            )
            .into()
        };
        let mut left = rejected;
        self.end_parts(&entry.parts, |part| {
            let here = left.min(part.size.items as u64);
            left -= here;
            let rejected = if alone { here } else { 0 };
            (
                End::PartlyRejected(here),
                Outcome::Partial {
                    rejected,
                    reason: told.clone(),
                },
            )
        });
    }

    fn try_again(
        &mut self,
        mut entry: Entry,
        ticket: Ticket,
        asked: Option<Duration>,
        reason: Arc<str>,
        now: Instant,
    ) {
        let refusal = Outcome::Retry {
            after: asked,
            reason: reason.clone(),
        };
        if !self.rules.retry.enabled {
            self.pace.hold_off(ticket, asked, now);
            self.journal.failed(now, &reason, None);
            return self.drop_parts(&entry.parts, DropReason::RetryDisabled, refusal, now);
        }
        entry.failures = entry.failures.saturating_add(1);
        // Others were taken between two of its failures: it is the entry and not the destination. That is
        // remembered, for in a quiet hour nothing else would show it.
        entry.is_culprit |= entry.failures > 1 && entry.taken_before < self.taken;
        entry.taken_before = self.taken;
        let failure = Failure {
            asked,
            of_entry: entry.failures,
            only_this: entry.is_culprit,
        };
        let due = self.pace.failed(ticket, failure, now);
        self.journal
            .failed(now, &reason, (!entry.last_attempt).then(|| due - now));
        if entry.last_attempt {
            let sizes = entry
                .parts
                .iter()
                .filter_map(|key| self.parts.get(*key))
                .map(|part| part.size);
            sizes.for_each(|size| self.undelivered.add(size));
            return self.drop_parts(&entry.parts, DropReason::Shutdown, refusal, now);
        }
        self.give_up_aged(&mut entry, due, refusal, now);
        self.wait_again(entry, due);
    }

    /// Drops the parts that will be too old at the next attempt.
    fn give_up_aged(&mut self, entry: &mut Entry, due: Instant, refusal: Outcome, now: Instant) {
        let limit = self.rules.retry.max_elapsed_time;
        if limit.is_zero() {
            return;
        }
        let is_aged = |key: &&PartKey| {
            let first = self.parts.get(**key).and_then(|part| part.first_attempt);
            first.is_some_and(|first| due.saturating_duration_since(first) > limit)
        };
        let aged: PartKeys = entry.parts.iter().filter(is_aged).copied().collect();
        if !aged.is_empty() {
            self.drop_parts(&aged, DropReason::MaxElapsedTime, refusal, now);
            entry.retain_living(&self.parts);
        }
    }

    fn wait_again(&mut self, entry: Entry, due: Instant) {
        if entry.parts.is_empty() {
            return;
        }
        if entry.is_culprit {
            self.retrying.insert_overtaken(entry, due);
        } else {
            self.retrying.insert(entry, due);
        }
    }

    fn too_large(&mut self, mut entry: Entry, reason: &str, now: Instant) {
        if let [part] = entry.parts[..]
            && self.parts.get(part).is_some_and(|part| part.size.items == 1)
        {
            entry.refused_as_too_large += 1;
            if entry.refused_as_too_large < TOO_LARGE_ATTEMPTS && !entry.last_attempt {
                let due = now + TOO_LARGE_WAIT * entry.refused_as_too_large;
                return self.retrying.insert_overtaken(entry, due);
            }
        }
        self.halve_or_reject(&entry, RejectReason::TooLarge, reason, now);
    }

    fn panicked(&mut self, mut entry: Entry, message: &str, now: Instant) {
        self.journal.panicked(now, message);
        entry.panics += 1;
        if entry.panics == 1 {
            return self.wait_again(entry, now);
        }
        let reason = format!("exporter {} panics on it: {message}", self.shared.exporter);
        self.halve_or_reject(&entry, RejectReason::Panic, &reason, now);
    }

    /// Two entries of half the parts, or of half the items of the only part; a single item is refused for
    /// good.
    fn halve_or_reject(&mut self, entry: &Entry, why: RejectReason, reason: &str, now: Instant) {
        let halves = match entry.parts[..] {
            [] => return,
            [only] => self.halve_part(only),
            _ => {
                let (head, tail) = entry.parts.split_at(entry.parts.len() / 2);
                Some([head.into(), tail.into()])
            }
        };
        match halves {
            Some(halves) => halves.into_iter().for_each(|keys| self.send_next(entry, keys)),
            None => self.reject(&entry.parts, why, reason, now),
        }
    }

    fn halve_part(&mut self, key: PartKey) -> Option<[PartKeys; 2]> {
        let payload = self.parts.payload(key)?;
        let allowance = self.allowance(key);
        let [head, tail] = self.cutter.at_item(&payload, payload.items() / 2, &allowance)?;
        match self.divide(key, vec![head, tail])[..] {
            [first, second] => Some([PartKeys::from_iter([first]), PartKeys::from_iter([second])]),
            _ => None,
        }
    }

    /// Where several senders' parts were refused together each is sent alone once, so that a bad one does
    /// not take its neighbours with it.
    fn one_by_one_or_reject(&mut self, entry: &Entry, why: RejectReason, reason: &str, now: Instant) {
        if entry.parts.len() == 1 {
            return self.reject(&entry.parts, why, reason, now);
        }
        for key in &entry.parts {
            self.send_next(entry, PartKeys::from_iter([*key]));
        }
    }

    /// A new entry of some of another's parts, due since they arrived.
    fn send_next(&mut self, of: &Entry, keys: PartKeys) {
        let Some(first) = keys.first().and_then(|key| self.parts.get(*key)) else {
            return;
        };
        let (position, due) = (first.position, first.arrived);
        self.retrying.insert(of.with_parts(keys, position), due);
    }
}
