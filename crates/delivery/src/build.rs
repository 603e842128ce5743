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
use crate::durable::{Flusher, Keeper, QueueOnDisk, Reading, Restored, StorageMeters, Window};
use crate::fresh::Fresh;
use crate::journal::Journal;
use crate::meters::Meters;
use crate::pace::Pace;
use crate::parts::Parts;
use crate::queue::{Queue, Undelivered};
use crate::queue_state::{Ending, QueueState};
use crate::retrying::Retrying;
use crate::rules::Rules;
use crate::status::ExporterStatus;

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
    /// The log that it is kept in; `None`: in memory alone.
    pub storage: Option<QueueOnDisk>,
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
        storage,
    } = config;
    let rules = Rules::new(&settings, signal);
    let default_capacity = storage
        .as_ref()
        .map_or(default_quota_bytes, |on_disk| on_disk.default_capacity);
    let (capacity, sizer) = capacity(&settings, default_capacity);
    let shared = Arc::new(QueueState::new(
        (id.clone(), signal),
        (capacity, sizer),
        settings.queue.on_overflow,
        acks(&settings, storage.is_some()),
        Meters::new(&metrics, &id, signal, capacity),
        storage
            .as_ref()
            .map(|on_disk| Restored::of(&on_disk.log.status())),
    ));
    if let Some(mut on_disk) = storage {
        if let Some(letters) = &mut on_disk.letters {
            letters.count(&metrics, signal);
        }
        let meters = StorageMeters::new(&metrics, &id, signal);
        // Half of what a queue in memory would get: what does not fit costs no more than a read.
        let window_bytes = default_quota_bytes / 2;
        keep(on_disk, shared.clone(), window_bytes, budget.clone(), meters);
    }
    let queue = Queue::new(shared.clone());
    let dispatcher = Dispatcher {
        exporter,
        cutter: Cutter { signal, budget },
        parts: Parts::default(),
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

/// `queue` needs a queue on disk; without one only the destination's answer is as good a promise. With one nobody waits for it.
fn acks(settings: &SendingSettings, on_disk: bool) -> AckMode {
    match settings.queue.ack_mode() {
        AckMode::Memory if settings.queue.enabled => AckMode::Memory,
        _ if on_disk => AckMode::Queue,
        _ => AckMode::Delivery,
    }
}

/// Starts the threads of a queue on disk. Where there are none to be had it takes nothing and says so.
fn keep(
    on_disk: QueueOnDisk,
    shared: Arc<QueueState>,
    window_bytes: u64,
    budget: Budget,
    meters: StorageMeters,
) {
    let QueueOnDisk {
        log,
        letters,
        flush_interval,
        trouble,
        ..
    } = on_disk;
    let name = shared.signal.as_str();
    let flushed = {
        let shared = shared.clone();
        move |flushed| {
            if let Some(mailbox) = &shared.mailbox {
                mailbox.flushed(flushed);
            }
        }
    };
    let started = Flusher::start(name, flush_interval, flushed).and_then(|flusher| {
        let keeper = Keeper {
            shared: shared.clone(),
            log,
            window: Window::new(usize::try_from(window_bytes).unwrap_or(usize::MAX)),
            flusher,
            letters,
            budget,
            trouble: trouble.clone(),
            meters,
            reading: Reading::default(),
        };
        let thread = std::thread::Builder::new().name(format!("queue {name}"));
        thread.spawn(move || keeper.run())
    });
    if let Err(e) = started {
        trouble.broken(&format!("cannot start its threads: {e}"));
        shared.keeper_ended();
    }
}
