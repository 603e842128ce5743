//! The thread that shows batches.
//!
//! Nobody may be reading: a terminal is stopped, a pipe is full. So a thread of its own writes, the exporter waits for
//! it a second at most, and while it is stuck further batches are handed over without waiting, up to
//! [`HANDED_OVER`]; what does not fit is counted and not shown. A batch is formatted on the way out, through a small
//! buffer; what waits are references to the batch's own bytes, which the memory budget knows.

use std::fmt::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sidelight_component::metrics::{Counter, Registry};
use sidelight_component::{Panics, Request};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};
use tracing::warn;

use super::config::Verbosity;
use super::output::{Output, Page};
use super::text::Text;
use super::value::Time;
use super::{basic, detailed, normal};

/// Batches that wait for the thread at most.
const HANDED_OVER: usize = 16;

/// The longest wait for a batch to be shown.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the thread and the exporter share.
#[derive(Debug)]
struct Shared {
    /// The last batch took longer than anyone waits. Cleared with every batch that was written.
    stuck: AtomicBool,
    failed: Counter,
    stalled: Counter,
}

/// The exporter's end. Dropping it ends the thread when it has shown what it was given.
#[derive(Debug)]
pub(super) struct Printer {
    jobs: mpsc::Sender<Job>,
    shared: Arc<Shared>,
}

struct Job {
    unix_nanos: u64,
    request: Request,
    shown: oneshot::Sender<()>,
}

impl Printer {
    /// Starts the thread.
    ///
    /// # Errors
    /// What the system says when it has no thread to give.
    pub(super) fn start(
        id: String,
        verbosity: Verbosity,
        outputs: Vec<Output>,
        metrics: &Registry,
        panics: Panics,
    ) -> std::io::Result<Self> {
        let counter = |reason: &str| {
            let help = "Batches that the debug exporter took but could not show.";
            metrics.counter(
                "sidelight_debug_unshown_batches",
                help,
                &[("exporter", &id), ("reason", reason)],
            )
        };
        let shared = Arc::new(Shared {
            stuck: AtomicBool::new(false),
            failed: counter("failed"),
            stalled: counter("stalled"),
        });
        let (jobs, inbox) = mpsc::channel(HANDED_OVER);
        let press = Press {
            id,
            verbosity,
            outputs,
            panics,
            shared: shared.clone(),
            is_failing: false,
        };
        std::thread::Builder::new()
            .name("debug-exporter".to_owned())
            .spawn(move || press.run(inbox))?;
        Ok(Self { jobs, shared })
    }

    /// Shows a batch, or gives up after [`PATIENCE`]. Dropped early the batch may still be shown.
    pub(super) async fn show(&self, unix_nanos: u64, request: Request) {
        let (shown, is_shown) = oneshot::channel();
        let job = Job {
            unix_nanos,
            request,
            shown,
        };
        if self.shared.stuck.load(Ordering::Relaxed) {
            if self.jobs.try_send(job).is_err() {
                self.shared.stalled.add(1);
            }
            return;
        }
        let until = Instant::now() + PATIENCE;
        if timeout_at(until, self.jobs.send(job))
            .await
            .is_ok_and(|sent| sent.is_ok())
        {
            // An error of the receiver would mean that the thread is gone, not that it is stuck.
            if timeout_at(until, is_shown).await.is_ok() {
                return;
            }
        } else {
            self.shared.stalled.add(1);
        }
        self.shared.stuck.store(true, Ordering::Relaxed);
    }
}

/// The thread's end.
struct Press {
    id: String,
    verbosity: Verbosity,
    outputs: Vec<Output>,
    panics: Panics,
    shared: Arc<Shared>,
    /// The last batch could not be written; so much was said.
    is_failing: bool,
}

impl Press {
    fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(job) = jobs.blocking_recv() {
            let panics = self.panics.clone();
            let printed = panics.contain("showing a batch", || self.print(&job));
            let failure = printed.unwrap_or_else(|_| Some("cannot format it".to_owned()));
            self.shared.stuck.store(false, Ordering::Relaxed);
            self.note(failure);
            // Nobody waits any more: that is no concern of ours.
            let _ = job.shown.send(());
        }
    }

    /// Writes a batch to every place; what went wrong at the first place where something did.
    fn print(&mut self, job: &Job) -> Option<String> {
        let (id, verbosity) = (&self.id, self.verbosity);
        let is_log = self.outputs.iter().any(Output::is_log);
        let mut pages: Vec<Page<'_>> = self.outputs.iter_mut().map(Output::begin).collect();
        let mut text = Text::new(&mut pages);
        let written = page(id, verbosity, job, !is_log, &mut text);
        text.finish();
        let failures: Vec<_> = pages.into_iter().filter_map(Page::end).collect();
        let failure = failures.first().map(ToString::to_string);
        failure.or_else(|| written.err().map(|e| e.to_string()))
    }

    fn note(&mut self, failure: Option<String>) {
        if let Some(reason) = &failure {
            self.shared.failed.add(1);
            if !self.is_failing {
                warn!(
                    component = self.id,
                    reason, "cannot show batches; they are counted and let pass"
                );
            }
        }
        self.is_failing = failure.is_some();
    }
}

/// The text of a batch: the line of [`basic`], then the items.
fn page(id: &str, verbosity: Verbosity, job: &Job, has_prefix: bool, out: &mut Text<'_>) -> fmt::Result {
    if has_prefix {
        write!(out, "{:.3} info ", Time(job.unix_nanos))?;
    }
    basic::write(id, &job.request, out)?;
    match verbosity {
        Verbosity::Basic => Ok(()),
        Verbosity::Normal => normal::write(&job.request, out),
        Verbosity::Detailed => detailed::write(&job.request, out),
    }
}
