//! The collector under test: starts it, reads its CPU and memory from /proc, kills it on demand.

mod process;
mod usage;

use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use parking_lot::Mutex;
use rand::Rng;
use rustix::process::Signal;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::args::Args;
pub(crate) use process::log_path;
pub(crate) use usage::Usage;

/// How often memory is read.
const SAMPLE_EVERY: Duration = Duration::from_millis(50);

pub(crate) struct Target {
    args: Args,
    shared: Arc<Shared>,
    sampling: JoinHandle<()>,
    /// From the start of the process to the first connection it accepted.
    pub(crate) startup: Duration,
}

struct Shared {
    child: Mutex<Child>,
    pid: AtomicU32,
    /// CPU seconds and peaks of the processes that were killed.
    past: Mutex<Usage>,
    /// Highest RSS and RssAnon that were sampled, MiB.
    highest: Mutex<(f64, f64)>,
    /// RSS beyond which the collector is killed, MiB.
    memory_max: f64,
    outgrown: AtomicBool,
}

/// Kills and restarts the collector until it is told to stop.
pub(crate) struct Chaos {
    stop: Arc<AtomicBool>,
    task: JoinHandle<Result<u64>>,
}

impl Target {
    /// Starts the collector and waits until it accepts connections.
    pub(crate) async fn start(args: &Args) -> Result<Self> {
        if TcpStream::connect(&args.input).await.is_ok() {
            bail!("something listens on {} already", args.input);
        }
        let started = Instant::now();
        let mut target = Self::spawn(args, None)?;
        process::ready(args, &target.shared.child).await?;
        target.startup = started.elapsed();
        Ok(target)
    }

    /// Starts a collector that need not listen: it reads the file that `BLAST_FILE` names.
    pub(crate) fn start_tailing(args: &Args, file: &std::path::Path) -> Result<Self> {
        Self::spawn(args, Some(file))
    }

    fn spawn(args: &Args, file: Option<&std::path::Path>) -> Result<Self> {
        let child = process::spawn(args, file)?;
        let shared = Arc::new(Shared {
            pid: AtomicU32::new(child.id()),
            child: Mutex::new(child),
            past: Mutex::default(),
            highest: Mutex::default(),
            memory_max: if args.memory_max == 0 {
                f64::INFINITY
            } else {
                f64::from(args.memory_max)
            },
            outgrown: AtomicBool::new(false),
        });
        let sampling = tokio::spawn(sample(shared.clone()));
        Ok(Self {
            args: args.clone(),
            shared,
            sampling,
            startup: Duration::ZERO,
        })
    }

    /// What the collector used since it was started, killed predecessors included.
    pub(crate) fn usage(&self) -> Usage {
        self.shared.usage()
    }

    /// Highest RSS and RssAnon that were sampled since the start, MiB.
    pub(crate) fn highest(&self) -> (f64, f64) {
        *self.shared.highest.lock()
    }

    /// Whether the collector was killed because it took more memory than it may.
    pub(crate) fn outgrown(&self) -> bool {
        self.shared.outgrown.load(Relaxed)
    }

    /// Starts killing and restarting the collector, if asked to.
    pub(crate) fn chaos(&self) -> Option<Chaos> {
        (self.args.kill_every > 0.0).then(|| {
            let stop = Arc::new(AtomicBool::new(false));
            let task = tokio::spawn(kill_again_and_again(
                self.args.clone(),
                self.shared.clone(),
                stop.clone(),
            ));
            Chaos { stop, task }
        })
    }

    /// Asks the collector to end and waits for it, at most 10 s; then it is killed.
    pub(crate) async fn stop(self) {
        self.sampling.abort();
        process::signal(&self.shared.child.lock(), Signal::TERM);
        for _ in 0..100 {
            if !matches!(self.shared.child.lock().try_wait(), Ok(None)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        let mut child = self.shared.child.lock();
        if matches!(child.try_wait(), Ok(None)) {
            process::signal(&child, Signal::KILL);
        }
    }
}

impl Chaos {
    /// How often the collector was killed.
    pub(crate) async fn stop(self) -> Result<u64> {
        self.stop.store(true, Relaxed);
        self.task.await?
    }
}

impl Shared {
    fn usage(&self) -> Usage {
        let past = *self.past.lock();
        let now = Usage::of(self.pid.load(Relaxed));
        Usage {
            cpu: past.cpu + now.cpu,
            scheduled: past.scheduled + now.scheduled,
            peak: past.peak.max(now.peak),
            ..now
        }
    }
}

async fn sample(shared: Arc<Shared>) {
    loop {
        let usage = Usage::of(shared.pid.load(Relaxed));
        {
            let mut highest = shared.highest.lock();
            *highest = (highest.0.max(usage.rss), highest.1.max(usage.anon));
        }
        if usage.rss > shared.memory_max {
            shared.outgrown.store(true, Relaxed);
            process::signal(&shared.child.lock(), Signal::KILL);
            return;
        }
        tokio::time::sleep(SAMPLE_EVERY).await;
    }
}

async fn kill_again_and_again(args: Args, shared: Arc<Shared>, stop: Arc<AtomicBool>) -> Result<u64> {
    let mut kills = 0;
    loop {
        let wait = args.kill_every * rand::rng().random_range(0.3..1.7);
        tokio::time::sleep(Duration::from_secs_f64(wait)).await;
        if stop.load(Relaxed) {
            return Ok(kills);
        }
        *shared.past.lock() = shared.usage();
        {
            let mut child = shared.child.lock();
            process::signal(&child, Signal::KILL);
            child.wait()?;
            *child = process::spawn(&args, None)?;
            shared.pid.store(child.id(), Relaxed);
        }
        kills += 1;
        process::ready(&args, &shared.child).await?;
    }
}
