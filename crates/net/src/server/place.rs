//! The place of one connection, and leaving it for another one.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::Notify;
use tokio::time::Instant;

use super::activity::{Activity, Doing};

/// One connection as the caps see it.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) ip: Option<IpAddr>,
    taken: Instant,
    /// Set once the connection has come as far as HTTP.
    activity: OnceLock<Arc<Activity>>,
    is_leaving: AtomicBool,
    asked: Notify,
}

impl Place {
    pub(super) fn new(ip: Option<IpAddr>) -> Self {
        Self {
            ip,
            taken: Instant::now(),
            activity: OnceLock::new(),
            is_leaving: AtomicBool::new(false),
            asked: Notify::new(),
        }
    }

    /// From now on `activity` says whether requests are open.
    pub(super) fn watch(&self, activity: &Arc<Activity>) {
        let _ = self.activity.set(activity.clone());
    }

    /// Since when nothing was asked; `None` while a request is open, and for one that is leaving already.
    pub(super) fn unused_since(&self) -> Option<Instant> {
        if self.is_leaving() {
            return None;
        }
        match self.activity.get().map(|activity| activity.doing()) {
            None => Some(self.taken),
            Some(Doing::Idle { since } | Doing::ReadingHead { since }) => Some(since),
            Some(Doing::Working) => None,
        }
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.is_leaving.load(Ordering::Relaxed)
    }

    pub(super) fn ask_to_leave(&self) {
        self.is_leaving.store(true, Ordering::Relaxed);
        self.asked.notify_one();
    }

    /// Ready once, when another connection needs the place. Cancel safe.
    pub(super) async fn asked_to_leave(&self) {
        self.asked.notified().await;
    }
}
