//! Settings of the layer before every exporter: queue, batching, retry, timeout.
//!
//! The words are the Collector's (`exporterhelper`), the same for every exporter. Where our defaults differ
//! the reason stands beside the setting.

use std::time::Duration;

use sidelight_config::{Check, setting_enum, settings};

use crate::id::ComponentId;

setting_enum! {
    /// The unit in which a queue or a batch is measured.
    pub enum Sizer {
        /// Bytes of serialized OTLP.
        Bytes = "bytes",
        /// Spans, data points or log records.
        Items = "items",
        /// Batches as they come from the pipelines.
        Requests = "requests",
    }
}

setting_enum! {
    /// When the sender gets its answer.
    pub enum AckMode {
        /// When the data is queued in memory: it is lost if the program dies.
        Memory = "memory",
        /// When the data is in the queue on disk (`storage`).
        Queue = "queue",
        /// When the destination has answered.
        Delivery = "delivery",
    }
}

setting_enum! {
    /// What happens to data that the queue has no room for.
    pub enum Overflow {
        /// The sender is asked to come back later.
        Refuse = "refuse",
        /// It is dropped and counted; other destinations of the same data are not held up.
        Drop = "drop",
    }
}

settings! {
    /// Batching behind the queue. A batch leaves as soon as a sender is idle.
    pub struct BatchSettings {
        /// The longest wait for a batch to fill while another one is on its way.
        flush_timeout: Duration = Duration::from_millis(200),
        /// A batch of this size leaves although another one is on its way.
        min_size: u64 = 8192,
        /// The largest batch, not less than `min_size`; 0 means no limit in this unit. A request is also never larger than what the
        /// exporter's protocol takes.
        max_size: u64 = 0,
        /// The unit of both sizes: `items` or `bytes`.
        sizer: Sizer = Sizer::Items,
    }
    validate BatchSettings::check;
}

settings! {
    /// The queue before the exporter, one per signal.
    pub struct SendingQueue {
        /// False: no queue; a batch is handed to the exporter while the sender waits.
        enabled: bool = true,
        /// Requests on their way at one time. Metrics always leave one at a time, so that samples stay in
        /// order.
        num_consumers: u64 [1..=1000] = 10,
        /// How much the queue holds, in `sizer` units. Without a value each queue gets an equal share of the
        /// memory budget; with `storage` 1 GiB, or a tenth of what is free on the disk at the start where that is less.
        queue_size: Option<u64>,
        /// The unit of `queue_size`. Without a value: `bytes` where `queue_size` is not given either, else
        /// `requests`, which is what the Collector takes a bare number for.
        sizer: Option<Sizer>,
        /// The extension that keeps the queue on disk, as in `file_storage`: what is acknowledged survives the end of the
        /// process. It must be in `service.extensions`.
        storage: Option<ComponentId>,
        /// When the sender gets its answer. Without a value: `queue` with `storage`, else `delivery`.
        ack: Option<AckMode>,
        /// The Collector's word for `ack`: true is `delivery`, false is `memory`.
        wait_for_result: Option<bool>,
        /// What happens to data that the queue has no room for.
        on_overflow: Overflow = Overflow::Refuse,
        /// The Collector's word for waiting instead of refusing. A full queue always refuses at the door
        /// here, and the receiver holds back.
        block_on_overflow: bool = false,
        /// Batching behind the queue.
        batch: BatchSettings,
    }
    validate SendingQueue::check;
}

impl BatchSettings {
    fn check(&self, check: &mut Check<'_, '_>) {
        if self.sizer == Sizer::Requests {
            check.error_hint(
                "sizer",
                "must not be `requests`: a batch is made of whatever requests there are",
                "write `items` or `bytes`",
            );
        }
        if self.max_size == 0 || self.max_size >= self.min_size {
            return;
        }
        if check.is_given("min_size") {
            check.conflict("max_size", "min_size", "must not be less than `min_size`");
        } else {
            check.error_hint(
                "max_size",
                "must not be less than `min_size`",
                format!("`min_size` is {} unless it is given too", self.min_size),
            );
        }
    }
}

impl SendingQueue {
    fn check(&self, check: &mut Check<'_, '_>) {
        if self.storage.is_none() && self.ack == Some(AckMode::Queue) {
            check.error_hint(
                "ack",
                "needs a queue on disk",
                "add `storage: file_storage`, or write `delivery`",
            );
        }
        if self.storage.is_some() && self.ack_mode() == AckMode::Delivery {
            let word = if self.ack.is_some() {
                "ack"
            } else {
                "wait_for_result"
            };
            check.conflict(
                word,
                "storage",
                "cannot wait for the destination with `storage`: a sender that waits keeps the data itself; remove one of them",
            );
        }
        if self.storage.is_some() && !self.enabled {
            check.conflict(
                "enabled",
                "storage",
                "must be true with `storage`; remove one of them",
            );
        }
        if let (Some(ack), Some(wait)) = (self.ack, self.wait_for_result)
            && wait != (ack == AckMode::Delivery)
        {
            check.conflict("wait_for_result", "ack", "contradicts `ack`; remove one of them");
        }
        if self.queue_size == Some(0) {
            check.error_hint(
                "queue_size",
                "must be greater than 0",
                "leave it out for a share of the memory budget",
            );
        }
    }

    /// The mode in force.
    pub fn ack_mode(&self) -> AckMode {
        match (self.ack, self.wait_for_result) {
            (Some(mode), _) => mode,
            (None, Some(false)) => AckMode::Memory,
            (None, None) if self.storage.is_some() => AckMode::Queue,
            (None, _) => AckMode::Delivery,
        }
    }

    /// The capacity in force and its unit; `None` means an equal share of the memory budget, with `storage` a share of the disk, in
    /// bytes.
    pub fn capacity(&self) -> Option<(u64, Sizer)> {
        let size = self.queue_size?;
        Some((size, self.sizer.unwrap_or(Sizer::Requests)))
    }
}

settings! {
    /// How often a request that was refused for now is sent again.
    pub struct RetryOnFailure {
        /// False: a request is sent once.
        enabled: bool = true,
        /// The wait after the first failure.
        initial_interval: Duration = Duration::from_secs(5),
        /// The wait is varied by this share of itself in both directions, 0 to 1.
        randomization_factor: f64 [0.0..=1.0] = 0.5,
        /// The wait grows by this factor after each failure.
        multiplier: f64 [1.0..] = 1.5,
        /// The longest wait between two attempts.
        max_interval: Duration = Duration::from_secs(30),
        /// Data is given up after this time. 0 means never: the queue's bound is the limit, not age (the
        /// Collector gives up after 300 s).
        max_elapsed_time: Duration = Duration::ZERO,
    }
}

/// Everything that the layer before an exporter needs to know.
#[derive(Clone, Debug, Default)]
pub struct SendingSettings {
    /// The queue.
    pub queue: SendingQueue,
    /// Retries.
    pub retry: RetryOnFailure,
    /// The longest time for one attempt; zero means no limit but the sender's own.
    pub timeout: Duration,
    /// The largest request in bytes that the protocol's peers take; `None` means no limit.
    pub max_request_bytes: Option<usize>,
}
