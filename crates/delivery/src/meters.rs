//! The queue's metrics: the Collector's names (`exporterhelper`) and labels, ours beside them.

use sidelight_component::metrics::{Counter, Gauge, Registry};
use sidelight_component::{ComponentId, Signal};

use crate::ledger::{DropReason, RejectReason};

/// Handles of one queue's metrics. Counters are in items unless their help says otherwise.
#[derive(Debug)]
pub(crate) struct Meters {
    pub(crate) queue_size: Gauge,
    pub(crate) in_flight_requests: Gauge,
    pub(crate) sent: Counter,
    pub(crate) send_failed: Counter,
    pub(crate) enqueue_failed: Counter,
    pub(crate) withdrawn: Counter,
    pub(crate) maybe_duplicate: Counter,
    pub(crate) retries: Counter,
    pub(crate) batches: Counter,
    rejected: [Counter; RejectReason::ALL.len()],
    dropped: [Counter; DropReason::ALL.len()],
}

impl Meters {
    pub(crate) fn new(registry: &Registry, id: &ComponentId, signal: Signal, capacity: u64) -> Self {
        let both = [("exporter", id.as_str()), ("data_type", signal.as_str())];
        let items = match signal {
            Signal::Traces => "spans",
            Signal::Metrics => "metric_points",
            Signal::Logs => "log_records",
        };
        // The Collector labels its counters of items with the exporter alone: the name says the signal.
        let of_items = |what: &str, help| {
            registry.counter(
                &format!("otelcol_exporter_{what}_{items}"),
                help,
                &[("exporter", id.as_str())],
            )
        };
        let ours = |what: &str, help| registry.counter(&format!("sidelight_exporter_{what}"), help, &both);
        let by_reason = |what: &str, help, reason: &str| {
            let labels = [both[0], both[1], ("reason", reason)];
            registry.counter(&format!("sidelight_exporter_{what}"), help, &labels)
        };
        registry
            .gauge(
                "otelcol_exporter_queue_capacity",
                "What the queue holds at most, in units of its sizer",
                &both,
            )
            .set(i64::try_from(capacity).unwrap_or(i64::MAX));
        Self {
            queue_size: registry.gauge(
                "otelcol_exporter_queue_size",
                "What the queue holds, in units of its sizer, requests on their way among it",
                &both,
            ),
            in_flight_requests: registry.gauge(
                "otelcol_exporter_in_flight_requests",
                "Requests on their way or waiting for another attempt",
                &both,
            ),
            sent: of_items("sent", "Items that the destination took"),
            send_failed: of_items(
                "send_failed",
                "Items that were given up after they had been queued",
            ),
            enqueue_failed: of_items("enqueue_failed", "Items that the queue had no room for"),
            withdrawn: ours(
                "withdrawn_items",
                "Items whose sender stopped waiting and was asked to repeat them",
            ),
            maybe_duplicate: ours(
                "maybe_duplicate_items",
                "Items whose sender was asked to repeat them although the destination may have them",
            ),
            retries: ours("retries", "Requests that were sent again"),
            batches: ours("batches", "Requests that were put together"),
            rejected: RejectReason::ALL
                .map(|r| by_reason("rejected_items", "Items refused for good, by reason", r.as_str())),
            dropped: DropReason::ALL
                .map(|r| by_reason("dropped_items", "Items dropped, by reason", r.as_str())),
        }
    }

    pub(crate) fn rejected(&self, reason: RejectReason) -> &Counter {
        &self.rejected[reason as usize]
    }

    pub(crate) fn dropped(&self, reason: DropReason) -> &Counter {
        &self.dropped[reason as usize]
    }
}
