//! What the keeper of a log is to do: batches to be written, ends to be entered. Others put it here and go on.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sidelight_component::{Outcome, Payload};
use sidelight_wal::{End as LogEnd, Flushed};
use smallvec::SmallVec;

use super::lock::{Condvar, Mutex, MutexGuard, lock, wait};
use super::outcome::ends_of;
use crate::ledger::RejectReason;
use crate::queue_state::{Arrival, End, Ended};

/// Ends are written with the next batches; they wait for so long for some. A kill costs no more repetitions than what ended within
/// it.
const ENDS_WAIT: Duration = Duration::from_millis(5);

/// The keeper's work. Bounded by what puts it there: batches by the memory budget, ends by the parts in memory.
#[derive(Default)]
pub(crate) struct Mailbox {
    mail: Mutex<Mail>,
    bell: Condvar,
}

/// What the keeper gets.
#[derive(Default)]
pub(crate) struct Mail {
    /// Batches to be written, in order.
    pub(crate) arrivals: Vec<Arrival>,
    pub(crate) ends: Vec<LogEnd>,
    /// What is to be kept as a dead letter before its end is entered.
    pub(crate) refused: Vec<Refused>,
    /// A flush that has ended.
    pub(crate) flushed: Option<Flushed>,
    /// Nothing more comes from the dispatcher.
    pub(crate) closing: bool,
    /// When the first of the ends came.
    ends_since: Option<Instant>,
    /// The keeper has ended: nobody reads this any more.
    abandoned: bool,
}

/// What a destination refused for good.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) why: RejectReason,
    /// The destination's words.
    pub(crate) reason: Arc<str>,
    /// So many of the payload's items; which ones is not known where it is not all of them.
    pub(crate) items: u64,
    pub(crate) payload: Payload,
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailbox").finish_non_exhaustive()
    }
}

impl Mailbox {
    /// Batches to be written. They come back where the keeper has ended.
    pub(crate) fn put(&self, arrivals: SmallVec<[Arrival; 2]>) -> SmallVec<[Arrival; 2]> {
        let mut mail = lock(&self.mail);
        if mail.abandoned {
            return arrivals;
        }
        mail.arrivals.extend(arrivals);
        self.ring(mail);
        SmallVec::new()
    }

    /// Parts that came to their end; those that are in memory alone are none of the keeper's.
    pub(crate) fn ended(&self, ended: &[Ended]) {
        let stored = || ended.iter().filter(|ended| ended.part.stored.is_some());
        let ends = stored().flat_map(|ended| ends_of(&ended.part, ended.end));
        self.enter(ends, stored().filter_map(refused_of));
    }

    fn enter(&self, ends: impl IntoIterator<Item = LogEnd>, refused: impl IntoIterator<Item = Refused>) {
        let mut mail = lock(&self.mail);
        let had_none = mail.ends.is_empty();
        mail.refused.extend(refused);
        mail.ends.extend(ends);
        if had_none && !mail.ends.is_empty() {
            mail.ends_since = Some(Instant::now());
            self.ring(mail);
        }
    }

    /// A flush has ended.
    pub(crate) fn flushed(&self, flushed: Flushed) {
        let mut mail = lock(&self.mail);
        mail.flushed = Some(flushed);
        self.ring(mail);
    }

    /// The dispatcher has ended.
    pub(crate) fn close(&self) {
        let mut mail = lock(&self.mail);
        mail.closing = true;
        self.ring(mail);
    }

    /// Waits for work, or until `until`; `at_once`: ends do not wait for company.
    pub(crate) fn wait(&self, until: Option<Instant>, at_once: bool) -> Mail {
        let mut mail = lock(&self.mail);
        loop {
            let now = Instant::now();
            let ends_due = mail
                .ends_since
                .map(|since| if at_once { now } else { since + ENDS_WAIT });
            let wake = [until, ends_due].into_iter().flatten().min();
            let is_due = wake.is_some_and(|at| at <= now);
            if is_due || mail.closing || mail.flushed.is_some() || !mail.arrivals.is_empty() {
                return mail.take();
            }
            mail = wait(&self.bell, mail, wake);
        }
    }

    /// Waits for the flush that is under way.
    pub(crate) fn wait_for_flush(&self) -> Flushed {
        let mut mail = lock(&self.mail);
        loop {
            match mail.flushed.take() {
                Some(flushed) => return flushed,
                None => mail = wait(&self.bell, mail, None),
            }
        }
    }

    /// The keeper ends. Returns what came in the last moment.
    pub(crate) fn abandon(&self) -> Vec<Arrival> {
        let mut mail = lock(&self.mail);
        mail.abandoned = true;
        std::mem::take(&mut mail.arrivals)
    }

    fn ring(&self, mail: MutexGuard<'_, Mail>) {
        drop(mail);
        self.bell.notify_one();
    }
}

impl Mail {
    fn take(&mut self) -> Self {
        Self {
            arrivals: std::mem::take(&mut self.arrivals),
            ends: std::mem::take(&mut self.ends),
            refused: std::mem::take(&mut self.refused),
            flushed: self.flushed.take(),
            closing: self.closing,
            ends_since: self.ends_since.take(),
            abandoned: self.abandoned,
        }
    }
}

fn refused_of(ended: &Ended) -> Option<Refused> {
    let (why, items) = match ended.end {
        End::Rejected(why) => (why, ended.part.size.items as u64),
        End::PartlyRejected(refused) if refused > 0 => (RejectReason::Partial, refused),
        _ => return None,
    };
    let reason = match &ended.outcome {
        Outcome::Rejected { reason } | Outcome::Partial { reason, .. } | Outcome::Retry { reason, .. } => {
            reason.clone()
        }
        Outcome::Done => Arc::default(),
    };
    Some(Refused {
        why,
        reason,
        items,
        payload: ended.payload.clone(),
    })
}

#[cfg(all(test, feature = "shuttle"))]
mod schedules;
