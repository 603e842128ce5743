//! Sends the requests of a corpus and remembers which were acknowledged and how long each took.

mod body;
mod connection;
mod pace;
mod refusals;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::args::Args;
use crate::histogram::Histogram;
use crate::payload::Corpus;
use connection::{Connection, Shared};
use pace::Pace;
use refusals::Refusals;

pub(crate) struct Sender {
    inner: Arc<Inner>,
}

struct Inner {
    args: Args,
    corpus: Arc<Corpus>,
    next_request: AtomicU64,
    counts: Counts,
    /// Numbers of the acknowledged requests, when items are checked one by one.
    acked_requests: Mutex<Vec<u64>>,
    latencies: Mutex<Histogram>,
    refusals: Mutex<Refusals>,
    last_error: Mutex<Option<String>>,
}

/// Workers that send until they are stopped or their schedule ends.
pub(crate) struct Load {
    stop: watch::Sender<bool>,
    workers: JoinSet<()>,
}

/// In requests.
#[derive(Default)]
struct Counts {
    sent: AtomicU64,
    acked: AtomicU64,
    refused: AtomicU64,
}

/// What was sent since the last reset, in items but for `refused_requests`.
pub(crate) struct Sent {
    pub(crate) sent: u64,
    pub(crate) acked: u64,
    pub(crate) refused_requests: u64,
    pub(crate) last_error: Option<String>,
}

impl Sender {
    pub(crate) fn new(args: &Args, corpus: Arc<Corpus>) -> Self {
        Self {
            inner: Arc::new(Inner {
                args: args.clone(),
                corpus,
                next_request: AtomicU64::new(0),
                counts: Counts::default(),
                acked_requests: Mutex::default(),
                latencies: Mutex::default(),
                refusals: Mutex::default(),
                last_error: Mutex::default(),
            }),
        }
    }

    /// Forgets what was counted so far; ids go on.
    pub(crate) fn reset(&self) {
        for count in [
            &self.inner.counts.sent,
            &self.inner.counts.acked,
            &self.inner.counts.refused,
        ] {
            count.store(0, Relaxed);
        }
        self.reset_latency();
        *self.inner.last_error.lock() = None;
    }

    /// Forgets how long answers took and why requests were refused; counts and ids go on.
    pub(crate) fn reset_latency(&self) {
        *self.inner.latencies.lock() = Histogram::default();
        *self.inner.refusals.lock() = Refusals::default();
    }

    /// What was acknowledged so far is no longer looked at.
    pub(crate) fn forget(&self) {
        self.inner.acked_requests.lock().clear();
    }

    /// Items that were given an id so far; ids start at 1.
    pub(crate) fn issued(&self) -> u64 {
        self.inner.next_request.load(Relaxed) * self.inner.corpus.items_per_request() as u64
    }

    /// Refused requests: by answer, and how long the answers took.
    pub(crate) fn refusals(&self) -> serde_json::Value {
        self.inner.refusals.lock().summary()
    }

    pub(crate) fn sent(&self) -> Sent {
        let (counts, items) = (&self.inner.counts, self.inner.corpus.items_per_request() as u64);
        Sent {
            sent: counts.sent.load(Relaxed) * items,
            acked: counts.acked.load(Relaxed) * items,
            refused_requests: counts.refused.load(Relaxed),
            last_error: self.inner.last_error.lock().clone(),
        }
    }

    /// First ids of the acknowledged requests of a checked run.
    pub(crate) fn acked_first_ids(&self) -> Vec<u64> {
        let items = self.inner.corpus.items_per_request() as u64;
        self.inner
            .acked_requests
            .lock()
            .iter()
            .map(|n| n * items + 1)
            .collect()
    }

    pub(crate) fn latency(&self) -> serde_json::Value {
        self.inner.latencies.lock().summary()
    }

    /// Sends for `seconds`, then waits for the answers that are still due.
    pub(crate) async fn run(&self, seconds: f64) {
        let length = Duration::from_secs_f64(seconds);
        let load = self.start(self.inner.args.rate, length);
        if self.inner.args.rate == 0 {
            tokio::time::sleep(length).await;
            load.stop().await;
        } else {
            load.finish().await;
        }
    }

    /// Starts sending `rate` items a second for `length`; a rate of 0 is a closed loop that ends when it is stopped.
    pub(crate) fn start(&self, rate: u64, length: Duration) -> Load {
        let args = &self.inner.args;
        let pace = Arc::new(Pace::start(rate, self.inner.corpus.items_per_request(), length));
        let stop = watch::Sender::new(false);
        let mut workers = JoinSet::new();
        for _ in 0..args.connections {
            let shared = Shared::default();
            for _ in 0..args.inflight {
                let connection = Connection::new(args, shared.clone());
                workers.spawn(worker(
                    self.inner.clone(),
                    connection,
                    pace.clone(),
                    stop.subscribe(),
                ));
            }
        }
        Load { stop, workers }
    }
}

impl Load {
    /// Sends nothing more, and waits for the answers that are still due.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        self.workers.join_all().await;
    }

    /// Waits until the schedule has ended and everything was answered.
    async fn finish(self) {
        let Self { stop: _held, workers } = self;
        workers.join_all().await;
    }
}

async fn worker(
    inner: Arc<Inner>,
    mut connection: Connection,
    pace: Arc<Pace>,
    mut stopped: watch::Receiver<bool>,
) {
    while !*stopped.borrow() {
        let due = tokio::select! {
            due = pace.next() => due,
            _ = stopped.wait_for(|stopped| *stopped) => return,
        };
        let Some(due) = due else { return };
        let number = inner.next_request.fetch_add(1, Relaxed);
        let body = match inner.args.check {
            false => Ok(inner.corpus.body(number)),
            true => inner.corpus.body_with_own_ids(number),
        };
        let due = due.unwrap_or_else(Instant::now);
        inner.counts.sent.fetch_add(1, Relaxed);
        let sent = Instant::now();
        let answer = match body {
            Ok(body) => connection.send(body).await,
            Err(error) => Err(error),
        };
        match answer {
            Ok(()) => {
                inner.counts.acked.fetch_add(1, Relaxed);
                inner.latencies.lock().record(due.elapsed());
                if inner.args.check {
                    inner.acked_requests.lock().push(number);
                }
            }
            Err(error) => {
                inner.counts.refused.fetch_add(1, Relaxed);
                inner.refusals.lock().record(sent.elapsed(), &error);
                *inner.last_error.lock() = Some(format!("{error:#}"));
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}
