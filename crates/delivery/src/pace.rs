//! Whether the destination may be bothered now: paused after a failure, then one probe at a time.

use std::time::Duration;

use tokio::time::Instant;

use crate::backoff::Backoff;

/// What the queue knows about its destination's mood.
///
/// ```text
///            failure                       the pause is over
///  open ───────────────▶ paused ───────────────────────────────▶ probing (one attempt at a time)
///    ▲                     ▲                     failure            │
///    │                     └────────────────────────────────────────┤
///    └──────────────────────────────────────────────────────────────┘
///                      an answer: taken, or refused for good
/// ```
#[derive(Debug)]
pub(crate) struct Pace {
    backoff: Backoff,
    /// Failures in a row, those of attempts that started before the last pause not counted.
    streak: u32,
    pause_until: Option<Instant>,
    /// The number of the pause. Attempts of an earlier round say nothing new.
    round: u64,
    probe_on_its_way: bool,
}

/// What an attempt knew when it started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    round: u64,
    probe: bool,
}

/// How an attempt failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failure {
    /// The wait that the destination asked for.
    pub(crate) asked: Option<Duration>,
    /// Failures of this very entry, the new one counted.
    pub(crate) of_entry: u32,
    /// Others were taken between two of its failures: it is the entry and not the destination.
    pub(crate) only_this: bool,
}

impl Pace {
    pub(crate) fn new(backoff: Backoff) -> Self {
        Self {
            backoff,
            streak: 0,
            pause_until: None,
            round: 0,
            probe_on_its_way: false,
        }
    }

    /// The end of the pause, while there is one.
    pub(crate) fn paused_until(&self, now: Instant) -> Option<Instant> {
        self.pause_until.filter(|until| *until > now)
    }

    /// True while an attempt has to wait for the answer to a probe.
    pub(crate) fn awaits_probe(&self) -> bool {
        self.probe_on_its_way
    }

    pub(crate) fn may_start(&self, now: Instant) -> bool {
        self.paused_until(now).is_none() && !self.probe_on_its_way
    }

    /// An attempt starts.
    pub(crate) fn start(&mut self) -> Ticket {
        let probe = self.streak > 0;
        self.probe_on_its_way |= probe;
        Ticket {
            round: self.round,
            probe,
        }
    }

    /// The attempt had an answer: the destination is there. Returns whether it is back after failures.
    pub(crate) fn answered(&mut self, ticket: Ticket) -> bool {
        self.end(ticket);
        let is_back = ticket.round == self.round && self.streak > 0;
        if ticket.round == self.round {
            self.streak = 0;
            self.pause_until = None;
        }
        is_back
    }

    /// The attempt ended without saying anything about the destination.
    pub(crate) fn end(&mut self, ticket: Ticket) {
        if ticket.probe {
            self.probe_on_its_way = false;
        }
    }

    /// The attempt failed; returns when the entry is due again.
    pub(crate) fn failed(&mut self, ticket: Ticket, failure: Failure, now: Instant) -> Instant {
        self.end(ticket);
        let own_wait = self.backoff.after_failures(failure.of_entry);
        if failure.only_this && failure.asked.is_none() {
            return now + own_wait;
        }
        let news = ticket.round == self.round;
        if news {
            self.round += 1;
            self.streak = self.streak.saturating_add(1);
        }
        // Without news the pause that was made meanwhile was made for this failure too.
        let wait = match failure.asked {
            Some(asked) => Some(self.backoff.asked(asked)),
            None => news.then(|| self.backoff.after_failures(self.streak)),
        };
        self.pause(wait.map(|wait| now + wait));
        let paused = self.pause_until.unwrap_or(now);
        if news && !failure.only_this {
            paused
        } else {
            paused.max(now + own_wait)
        }
    }

    /// Honours a wait that was asked for where nothing is retried.
    pub(crate) fn hold_off(&mut self, ticket: Ticket, asked: Option<Duration>, now: Instant) {
        self.end(ticket);
        let until = asked.map(|asked| now + self.backoff.asked(asked));
        self.pause(until);
    }

    /// Ends the pause and makes those that follow short: there is little time left.
    pub(crate) fn hurry(&mut self) {
        self.pause_until = None;
        self.backoff.hurry();
    }

    /// A pause is never made shorter.
    fn pause(&mut self, until: Option<Instant>) {
        self.pause_until = self.pause_until.max(until);
    }
}
