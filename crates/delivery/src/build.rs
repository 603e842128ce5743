//! Makes a queue and the task that empties it.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::Arc;

use futures_util::stream::FuturesUnordered;
use sidelight_component::metrics::Registry;
use sidelight_component::sending::{AckMode, SendingSettings, Sizer};
use sidelight_component::{Budget, ComponentId, Exporter, Signal};

use crate::backoff::Backoff;
use crate::cut::Cutter;
use crate::deadlines::Deadlines;
use crate::dispatcher::{Dispatcher, Timer};
use crate::fresh::Fresh;
use crate::journal::Journal;
use crate::meters::Meters;
use crate::pace::Pace;
use crate::queue::{Queue, Undelivered};
use crate::queue_state::{Ending, QueueState};
use crate::retrying::Retrying;
use crate::rules::Rules;
use crate::status::ExporterStatus;
use crate::store::MemoryStore;

/// What a queue is made of.
pub struct QueueConfig {
    /// The exporter's id, for labels, log lines and answers.
    pub id: ComponentId,
    /// The one kind of telemetry that the queue takes.
    pub signal: Signal,
    /// Where the data go.
    pub exporter: Arc<dyn Exporter>,
    /// Queue, batching, retry and timeout.
    pub settings: SendingSettings,
    /// What the queue holds at most, in bytes, where the settings do not say: its share of the memory
    /// budget.
    pub default_quota_bytes: u64,
    /// Charged with what is copied when a part is cut.
    pub budget: Budget,
    /// Where the queue's metrics are.
    pub metrics: Registry,
    /// Shared by the queues of the exporter.
    pub status: ExporterStatus,
}

/// Makes a queue and the task that empties it. Nothing is sent until the task is polled; it must be spawned
/// on a runtime with timers.
///
/// The task ends after [`Queue::drain`], or when no handle is left and all is delivered. Dropping the task
/// ends the queue at once; what it holds is counted as dropped with the reason `shutdown`, and its senders
/// are asked to repeat it.
pub fn queue(config: QueueConfig) -> (Queue, impl Future<Output = ()> + Send + 'static) {
    let QueueConfig {
        id,
        signal,
        exporter,
        settings,
        default_quota_bytes,
        budget,
        metrics,
        status,
    } = config;
    let rules = Rules::new(&settings, signal);
    let (capacity, sizer) = capacity(&settings, default_quota_bytes);
    let shared = Arc::new(QueueState::new(
        (id.clone(), signal),
        (capacity, sizer),
        settings.queue.on_overflow,
        acks_delivery(&settings),
        Meters::new(&metrics, &id, signal, capacity),
    ));
    let queue = Queue::new(shared.clone());
    let dispatcher = Dispatcher {
        exporter,
        cutter: Cutter { signal, budget },
        parts: MemoryStore::default(),
        fresh: Fresh::default(),
        retrying: Retrying::new(rules.ordered),
        deadlines: Deadlines::default(),
        pace: Pace::new(Backoff::new(&rules.retry)),
        journal: Journal::new(id, signal, status),
        in_flight: FuturesUnordered::new(),
        taken: 0,
        ending: Ending::default(),
        arrived: 0,
        arrivals: VecDeque::new(),
        timer: Timer::default(),
        undelivered: Undelivered::default(),
        rules,
        shared,
    };
    (queue, dispatcher.run())
}

/// Without a queue there is room for as many requests as there are senders.
fn capacity(settings: &SendingSettings, default_quota_bytes: u64) -> (u64, Sizer) {
    if !settings.queue.enabled {
        return (settings.queue.num_consumers.max(1), Sizer::Requests);
    }
    settings
        .queue
        .capacity()
        .unwrap_or((default_quota_bytes, Sizer::Bytes))
}

/// `queue` needs a durable queue; without one only the destination's answer is as good a promise.
fn acks_delivery(settings: &SendingSettings) -> bool {
    !settings.queue.enabled || settings.queue.ack_mode() != AckMode::Memory
}
