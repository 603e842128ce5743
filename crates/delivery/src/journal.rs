//! What the queue says about its destination: log lines, few, and the exporter's status.

use std::sync::Arc;
use std::time::Duration;

use sidelight_component::{ComponentId, Signal, State};
use tokio::time::Instant;
use tracing::{error, info, warn};

use crate::ledger::{DropReason, RejectReason};
use crate::status::ExporterStatus;

/// While the same thing goes on, one line in this time.
const LINE_EVERY: Duration = Duration::from_secs(30);

/// After this many requests in a row were refused for good the exporter's status is permanent: it is the
/// credentials or the address, not the data.
const REFUSALS_TO_PERMANENT: u32 = 3;

/// The queue's voice.
#[derive(Debug)]
pub(crate) struct Journal {
    exporter: ComponentId,
    signal: Signal,
    status: ExporterStatus,
    /// What was reported last, without the reason.
    reported: Option<Reported>,
    outage: Option<Outage>,
    failures: Limited,
    refusals: Limited,
    drops: Limited,
    panics: Limited,
    refused_in_a_row: u32,
}

/// Failures that no success has followed yet.
#[derive(Clone, Copy, Debug)]
struct Outage {
    since: Instant,
    failures: u64,
    /// There was a line about it, so there will be one about its end.
    told: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reported {
    Ok,
    Recoverable,
    Permanent,
}

/// Lets one line through in [`LINE_EVERY`] and counts the others.
#[derive(Debug, Default)]
struct Limited {
    last: Option<Instant>,
    held_back: u64,
}

impl Limited {
    /// How many were held back since the last line; `None` where this one is held back too.
    fn pass(&mut self, now: Instant) -> Option<u64> {
        if self.last.is_some_and(|last| now < last + LINE_EVERY) {
            self.held_back += 1;
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.held_back))
    }
}

impl Journal {
    pub(crate) fn new(exporter: ComponentId, signal: Signal, status: ExporterStatus) -> Self {
        Self {
            exporter,
            signal,
            status,
            reported: None,
            outage: None,
            failures: Limited::default(),
            refusals: Limited::default(),
            drops: Limited::default(),
            panics: Limited::default(),
            refused_in_a_row: 0,
        }
    }

    /// A request was taken.
    pub(crate) fn taken(&mut self, now: Instant) {
        self.refused_in_a_row = 0;
        if let Some(Outage {
            since,
            failures,
            told: true,
        }) = self.outage.take()
        {
            let outage_seconds = (now - since).as_secs();
            let (exporter, signal) = (&self.exporter, self.signal);
            info!(%exporter, %signal, failures, outage_seconds, "the destination takes data again");
        }
        if self.reported != Some(Reported::Ok) {
            self.report(Reported::Ok, State::Ok);
        }
    }

    /// A request was not taken for now. `again_in` is `None` where it is not tried again.
    pub(crate) fn failed(&mut self, now: Instant, reason: &Arc<str>, again_in: Option<Duration>) {
        if self.reported != Some(Reported::Recoverable) {
            self.report(Reported::Recoverable, State::Recoverable(reason.clone()));
        }
        let outage = self.outage.get_or_insert(Outage {
            since: now,
            failures: 0,
            told: false,
        });
        outage.failures += 1;
        let Some(unreported) = self.failures.pass(now) else {
            return;
        };
        outage.told = true;
        let (exporter, signal, failures) = (&self.exporter, self.signal, outage.failures);
        let again_in_ms = again_in.map_or(0, |wait| wait.as_millis() as u64);
        warn!(%exporter, %signal, %reason, failures, unreported, again_in_ms, "sending failed");
    }

    /// Items were refused for good.
    pub(crate) fn rejected(&mut self, now: Instant, why: RejectReason, items: u64, reason: &str) {
        if let Some(unreported) = self.refusals.pass(now) {
            let (exporter, signal, why) = (&self.exporter, self.signal, why.as_str());
            warn!(%exporter, %signal, why, items, reason, unreported, "items were refused for good");
        }
    }

    /// A request was refused for good by the destination.
    pub(crate) fn refused(&mut self, reason: &Arc<str>) {
        self.refused_in_a_row = self.refused_in_a_row.saturating_add(1);
        if self.refused_in_a_row == REFUSALS_TO_PERMANENT {
            self.report(Reported::Permanent, State::Permanent(reason.clone()));
        }
    }

    /// Items were dropped.
    pub(crate) fn dropped(&mut self, now: Instant, why: DropReason, items: u64) {
        if let Some(unreported) = self.drops.pass(now) {
            let (exporter, signal, reason) = (&self.exporter, self.signal, why.as_str());
            warn!(%exporter, %signal, reason, items, unreported, "items were dropped");
        }
    }

    /// The exporter panicked.
    pub(crate) fn panicked(&mut self, now: Instant, message: &str) {
        if let Some(unreported) = self.panics.pass(now) {
            let (exporter, signal) = (&self.exporter, self.signal);
            error!(%exporter, %signal, message, unreported, "the exporter panicked");
        }
        let reason = format!("exporter {} panicked: {message}", self.exporter);
        self.report(Reported::Recoverable, State::Recoverable(reason.into()));
    }

    fn report(&mut self, kind: Reported, state: State) {
        self.reported = Some(kind);
        self.status.report(self.signal, state);
    }
}
