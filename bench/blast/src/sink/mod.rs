//! Takes OTLP over gRPC and HTTP on one port, counts the items, compares a sample of them with what was
//! sent, and can remember every id.

mod answer;
mod compare;
mod receive;
mod seen;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::Result;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::args::{Args, Signal, Spell};
use crate::payload::Corpus;
use compare::Comparison;
pub(crate) use seen::Check;
use seen::Seen;

/// What the sink does with requests for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Take,
    /// Answers UNAVAILABLE / 503.
    Refuse,
    /// Reads no body and gives no answer until the spell is over.
    Stall,
}

#[derive(Clone)]
pub(crate) struct Sink {
    inner: Arc<Inner>,
}

struct Inner {
    signal: Signal,
    mood: watch::Sender<Mood>,
    counts: Counts,
    comparison: Option<Comparison>,
    seen: Option<Seen>,
}

#[derive(Default)]
struct Counts {
    requests: AtomicU64,
    items: AtomicU64,
    /// Uncompressed.
    bytes: AtomicU64,
    /// Bodies that were no OTLP, or could not be read.
    malformed: AtomicU64,
    frames: AtomicU64,
    largest_frame: AtomicU64,
}

/// What arrived since the sink was started.
#[derive(Clone, Copy, Default)]
pub(crate) struct Arrived {
    pub(crate) requests: u64,
    pub(crate) items: u64,
    pub(crate) bytes: u64,
    pub(crate) malformed: u64,
    pub(crate) frames: u64,
    pub(crate) largest_frame: u64,
    pub(crate) compared: u64,
    pub(crate) different: u64,
}

impl Arrived {
    /// What arrived after `before`; the largest frame and the comparison are of the whole run.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            requests: self.requests - before.requests,
            items: self.items - before.items,
            bytes: self.bytes - before.bytes,
            malformed: self.malformed - before.malformed,
            frames: self.frames - before.frames,
            ..self
        }
    }
}

impl Sink {
    /// Listens; with a corpus, a sample of what arrives is compared with it.
    pub(crate) async fn start(args: &Args, corpus: Option<Arc<Corpus>>) -> Result<Self> {
        let inner = Arc::new(Inner {
            signal: args.signal,
            mood: watch::Sender::new(Mood::Take),
            counts: Counts::default(),
            comparison: corpus.map(|c| Comparison::new(args, c)),
            seen: args.check.then(Seen::default),
        });
        let listener = TcpListener::bind(&args.output).await?;
        tokio::spawn(accept(listener, inner.clone(), args.frame));
        Ok(Self { inner })
    }

    pub(crate) fn items(&self) -> u64 {
        self.inner.counts.items.load(Relaxed)
    }

    pub(crate) fn arrived(&self) -> Arrived {
        let counts = &self.inner.counts;
        let (compared, different) = self.inner.comparison.as_ref().map_or((0, 0), Comparison::counts);
        Arrived {
            requests: counts.requests.load(Relaxed),
            items: self.items(),
            bytes: counts.bytes.load(Relaxed),
            malformed: counts.malformed.load(Relaxed),
            frames: counts.frames.load(Relaxed),
            largest_frame: counts.largest_frame.load(Relaxed),
            compared,
            different,
        }
    }

    /// The first item that differed from what was sent.
    pub(crate) fn first_difference(&self) -> Option<String> {
        self.inner
            .comparison
            .as_ref()
            .and_then(Comparison::first_difference)
    }

    /// Waits until `expected` items have arrived, or nothing has for `quiet`, at most `limit`.
    pub(crate) async fn settle(&self, expected: u64, quiet: Duration, limit: Duration) {
        let (mut last, mut since, start) = (self.items(), Instant::now(), Instant::now());
        while last < expected && start.elapsed() < limit && since.elapsed() < quiet {
            tokio::time::sleep(Duration::from_millis(20)).await;
            if self.items() != last {
                (last, since) = (self.items(), Instant::now());
            }
        }
    }

    /// Puts the sink into a mood for a spell that starts now or later; the task ends with the spell.
    pub(crate) fn spell(&self, mood: Mood, spell: Spell) -> tokio::task::JoinHandle<()> {
        let inner = self.inner.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs_f64(spell.after)).await;
            inner.mood.send_replace(mood);
            tokio::time::sleep(Duration::from_secs_f64(spell.lasting)).await;
            inner.mood.send_replace(Mood::Take);
        })
    }

    /// Compares the ids that arrived with those that were acknowledged, as first ids of whole requests.
    pub(crate) fn check(&self, acked_first_ids: &[u64], items: usize) -> Check {
        self.inner
            .seen
            .as_ref()
            .map(|s| s.check(acked_first_ids, items))
            .unwrap_or_default()
    }

    /// Waits until every acknowledged item has arrived, at most `limit`.
    pub(crate) async fn wait_for(&self, acked_first_ids: &[u64], items: usize, limit: Duration) {
        let start = Instant::now();
        while start.elapsed() < limit && self.check(acked_first_ids, items).lost > 0 {
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }
}

async fn accept(listener: TcpListener, inner: Arc<Inner>, frame: u32) {
    while let Ok((tcp, _)) = listener.accept().await {
        // A socket that cannot be set up is one that has gone: serving it fails too.
        let _ = tcp.set_nodelay(true);
        let inner = inner.clone();
        tokio::spawn(async move {
            let mut server = auto::Builder::new(TokioExecutor::new());
            server
                .http2()
                .initial_stream_window_size(4 << 20)
                .initial_connection_window_size(16 << 20)
                .max_concurrent_streams(4096)
                .max_frame_size(frame);
            let service = service_fn(move |request| receive::handle(inner.clone(), request));
            let _ = server.serve_connection(TokioIo::new(tcp), service).await;
        });
    }
}
