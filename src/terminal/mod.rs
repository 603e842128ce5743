//! What the program shows on the terminal while it runs.

mod last_lines;
mod utc;

use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sidelight_component::{Clock, Host, beside_the_workers};
use sidelight_pipeline::EngineHost;
use sidelight_self_telemetry::MetricSources;
use sidelight_self_telemetry::summary::{self, Snapshot};

pub(crate) use utc::utc;

/// How often the summary of a running sidecar is shown.
const SUMMARY_INTERVAL: Duration = Duration::from_secs(5);

/// The first look after the start: by then everything that samples has sampled twice.
const FIRST_LOOK: Duration = Duration::from_millis(2500);

/// Moves the cursor to the upper left corner and clears what is below it.
const CLEAR: &str = "\u{1b}[H\u{1b}[2J";

/// What is shown, and how often.
#[derive(Clone, Debug)]
pub(crate) struct Display {
    /// Time from one text to the next.
    interval: Duration,
    /// Each text takes the place of the one before, where that is a terminal.
    in_place: bool,
    /// Files whose last lines are shown.
    logs: Vec<PathBuf>,
    /// Lines of each file.
    lines: usize,
}

impl Display {
    /// The summary that is appended every few seconds.
    pub(crate) fn summary() -> Self {
        Self {
            interval: SUMMARY_INTERVAL,
            in_place: false,
            logs: Vec::new(),
            lines: 0,
        }
    }

    /// A screen that is drawn anew at every interval, with the last lines of files below the summary.
    pub(crate) fn screen(interval: Duration, logs: Vec<PathBuf>, lines: usize) -> Self {
        Self {
            interval,
            in_place: true,
            logs,
            lines,
        }
    }

    /// Shows it until standard output is closed.
    pub(crate) async fn run(self, host: Arc<EngineHost>, sources: MetricSources) {
        let clock = Clock::system();
        let reading = || Snapshot {
            now: clock.now(),
            families: sources.registry.snapshot(),
            ledger: (sources.ledger)(),
            process: sources.process.sample(),
            health: host.health(),
            headlines: host.headlines(),
        };
        let this = Arc::new(self);
        let mut before = reading();
        let mut wait = this.interval.min(FIRST_LOOK);
        loop {
            tokio::time::sleep(wait).await;
            let now = reading();
            let (shown, last) = (this.clone(), before);
            // A terminal that was stopped (Ctrl-S) or a full pipe holds up nothing but what is shown here.
            before = now.clone();
            if !beside_the_workers(move || shown.show(&last, &now).is_ok()).await {
                return;
            }
            wait = this.interval;
        }
    }

    fn show(&self, before: &Snapshot, now: &Snapshot) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        let terminal = out.is_terminal();
        let mut text = String::new();
        if self.in_place && terminal {
            text.push_str(CLEAR);
        }
        text.push_str(&summary::render(before, now, terminal));
        for path in &self.logs {
            let _ = writeln!(text, "\n{}", sidelight_config::escaped(&path.to_string_lossy()));
            last_lines::push(&mut text, path, self.lines);
        }
        out.write_all(text.as_bytes())?;
        out.flush()
    }
}
