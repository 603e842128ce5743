//! What a log takes of the disk, and what went wrong with it.

use sidelight_component::metrics::{Counter, Gauge, Registry};
use sidelight_component::{ComponentId, Signal};
use sidelight_wal::LogStatus;

/// Handles of one log's metrics.
#[derive(Debug)]
pub(crate) struct StorageMeters {
    disk_bytes: Gauge,
    files: Gauge,
    damaged_bytes: Counter,
    failed_syncs: Counter,
    shown: LogStatus,
}

impl StorageMeters {
    pub(crate) fn new(registry: &Registry, id: &ComponentId, signal: Signal) -> Self {
        let labels = [("exporter", id.as_str()), ("data_type", signal.as_str())];
        let gauge = |what: &str, help| registry.gauge(&format!("sidelight_queue_{what}"), help, &labels);
        let counter = |what: &str, help| registry.counter(&format!("sidelight_queue_{what}"), help, &labels);
        Self {
            disk_bytes: gauge("disk_bytes", "Bytes of the queue's files on disk"),
            files: gauge("files", "Files of the queue on disk"),
            damaged_bytes: counter(
                "damaged_bytes",
                "Bytes of the queue's files that were skipped because they are damaged",
            ),
            failed_syncs: counter("failed_syncs", "Syncs of the queue's files that failed"),
            shown: LogStatus::default(),
        }
    }

    pub(crate) fn show(&mut self, status: &LogStatus) {
        let of = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        self.disk_bytes.set(of(status.disk_bytes));
        self.files.set(of(status.segments as u64));
        self.damaged_bytes
            .add(status.damaged_bytes.saturating_sub(self.shown.damaged_bytes));
        self.failed_syncs
            .add(status.failed_syncs.saturating_sub(self.shown.failed_syncs));
        self.shown = status.clone();
    }
}
