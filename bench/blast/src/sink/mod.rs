//! Takes OTLP over gRPC and HTTP on one port, counts the items, compares a sample of them with what was
//! sent, and can remember every id.

mod answer;
mod bulk;
mod compare;
mod door;
mod receive;
mod seen;

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::args::{Args, Signal, Spell};
use crate::payload::Corpus;
use compare::Comparison;
pub(crate) use seen::Check;
pub(crate) use seen::Seen;

/// What the sink does with requests for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Take,
    /// Answers UNAVAILABLE / 503.
    Refuse,
    /// Reads no body and gives no answer until the spell is over.
    Stall,
    /// Nobody listens.
    Away,
    /// Refuses so many of a thousand requests.
    Fail(u64),
    /// Answers so many of a thousand requests as taken and forgets them: a destination that loses.
    Lose(u64),
    /// Changes a byte in so many of a thousand requests before it looks at them: a destination that mangles.
    Mangle(u64),
}

impl FromStr for Mood {
    type Err = anyhow::Error;

    /// `take`, `refuse`, `stall`, `away`, or `fail`, `lose`, `mangle` with a share of a thousand.
    fn from_str(text: &str) -> Result<Self> {
        let (name, share) = text.split_once(' ').unwrap_or((text, "0"));
        let share: u64 = share.trim().parse().context("a share of a thousand")?;
        ensure!(share <= 1000, "a share of a thousand");
        Ok(match name {
            "take" => Self::Take,
            "refuse" => Self::Refuse,
            "stall" => Self::Stall,
            "away" => Self::Away,
            "fail" => Self::Fail(share),
            "lose" => Self::Lose(share),
            "mangle" => Self::Mangle(share),
            _ => bail!("unknown mood of the sink `{name}`"),
        })
    }
}

#[derive(Clone)]
pub(crate) struct Sink {
    inner: Arc<Inner>,
}

struct Inner {
    signal: Signal,
    /// It is an Elasticsearch.
    bulk: bool,
    mood: watch::Sender<Mood>,
    counts: Counts,
    comparison: Option<Comparison>,
    seen: Option<Seen>,
    /// Draws one of a thousand.
    dice: Mutex<StdRng>,
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
            bulk: args.bulk,
            mood: watch::Sender::new(Mood::Take),
            counts: Counts::default(),
            comparison: corpus.map(|c| Comparison::new(args, c)),
            seen: args.check.then(Seen::default),
            dice: Mutex::new(StdRng::seed_from_u64(args.seed)),
        });
        let listener = TcpListener::bind(&args.output).await?;
        tokio::spawn(door::open(
            args.output.clone(),
            listener,
            inner.clone(),
            args.frame,
        ));
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

    /// What the sink does from now on.
    pub(crate) fn set_mood(&self, mood: Mood) {
        self.inner.mood.send_replace(mood);
    }

    /// What is known of the ids, in a checked run.
    pub(crate) fn seen(&self) -> Option<&Seen> {
        self.inner.seen.as_ref()
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

impl Inner {
    /// Whether a request is one of so many of a thousand.
    fn chosen(&self, share: u64) -> bool {
        self.dice.lock().random_range(0..1000) < share
    }
}
