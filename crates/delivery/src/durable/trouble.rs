//! How the queues of a storage fare: in the log, and as the extension's status.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use sidelight_component::{ComponentId, Signal, State, StatusReporter};
use tracing::{error, info, warn};

/// The extension's status: that of its worst queue.
#[derive(Debug)]
pub(super) struct Health {
    pub(super) status: StatusReporter,
    pub(super) failing: Mutex<BTreeMap<(ComponentId, Signal), Arc<str>>>,
}

/// Where a queue says that its log does not work.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    pub(super) exporter: ComponentId,
    pub(super) signal: Signal,
    pub(super) health: Arc<Health>,
}

impl Trouble {
    /// A call failed; it is tried again. Said once, until it is over.
    pub(crate) fn failing(&self, reason: &str) {
        let mut failing = self.health.failing.lock();
        let told: Arc<str> = format!(
            "queue of exporter {} for {}: {reason}",
            self.exporter, self.signal
        )
        .into();
        self.health.status.report(State::Recoverable(told.clone()));
        if failing.insert(self.key(), told).is_none() {
            let (exporter, signal) = (&self.exporter, self.signal);
            warn!(%exporter, %signal, reason, "the queue on disk does not work; senders are told to come back");
        }
    }

    /// It works.
    pub(crate) fn over(&self) {
        let mut failing = self.health.failing.lock();
        if failing.is_empty() || failing.remove(&self.key()).is_none() {
            return;
        }
        let (exporter, signal) = (&self.exporter, self.signal);
        info!(%exporter, %signal, "the queue on disk works again");
        let state = match failing.values().next() {
            Some(other) => State::Recoverable(other.clone()),
            None => State::Ok,
        };
        self.health.status.report(state);
    }

    /// Something was damaged.
    pub(crate) fn damaged(&self, items: u64, bytes: u64) {
        let (exporter, signal) = (&self.exporter, self.signal);
        error!(%exporter, %signal, items, bytes, "a part of the queue on disk is damaged and lost");
    }

    /// It will not work any more.
    pub(crate) fn broken(&self, reason: &str) {
        let (exporter, signal) = (&self.exporter, self.signal);
        error!(%exporter, %signal, reason, "the queue on disk is broken");
        let told = format!("queue of exporter {exporter} for {signal}: {reason}");
        self.health.status.report(State::Permanent(told.into()));
    }

    fn key(&self) -> (ComponentId, Signal) {
        (self.exporter.clone(), self.signal)
    }
}
