//! `sidelight --config …`: read, build, run, drain.

use std::time::Duration;

use sidelight_component::check_private_directory;
use sidelight_component::metrics::Registry;
use sidelight_config::{Mistake, Mistakes};
use sidelight_pipeline::{Engine, Leftover, Places, Plan, StartError, mistakes::code};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{debug, error, info, warn};

use crate::arguments::RunOptions;
use crate::commands::{Checked, check, show};
use crate::exit::Exit;
use crate::open_files;
use crate::own_telemetry::OwnTelemetry;
use crate::terminal::Display;

/// Runs the program until it is told to stop or its input has ended.
pub(crate) fn run(options: &RunOptions) -> Exit {
    let display = options.summary.then(Display::summary);
    run_checked(check(&options.config), display)
}

/// Runs a configuration that was read.
pub(crate) fn run_checked(checked: Checked, display: Option<Display>) -> Exit {
    if !checked.mistakes.is_empty() {
        show(&checked.mistakes);
    }
    let (Some(plan), Some(telemetry)) = (checked.plan, checked.telemetry) else {
        return Exit::Mistake;
    };
    let log = match telemetry.start_logging() {
        Ok(log) => log,
        Err(e) => return failed(&e),
    };
    let files = open_files::raise_limit();
    debug!(files, "open files that this process may have");
    let runtime = match runtime(plan.settings.workers) {
        Ok(runtime) => runtime,
        Err(e) => return failed(&format!("cannot start the worker threads: {e}")),
    };
    let exit = runtime.block_on(live(plan, checked.mistakes, &telemetry, display));
    runtime.shutdown_timeout(CLOSING);
    if let Err(e) = log.stop(CLOSING) {
        warn!(reason = %e, "own spans");
    }
    exit
}

/// What threads and own spans get to end.
const CLOSING: Duration = Duration::from_millis(200);

/// One worker needs no work stealing: everything then runs on this thread.
fn runtime(workers: usize) -> std::io::Result<tokio::runtime::Runtime> {
    let mut builder = match workers {
        0 | 1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    builder
        .worker_threads(workers.max(1))
        .max_blocking_threads(BLOCKING_THREADS)
        .thread_name("worker");
    builder.enable_all().build()
}

/// Threads for what blocks: name resolution, files, compression of large bodies. They end when idle.
const BLOCKING_THREADS: usize = 4;

async fn live(plan: Plan, mistakes: Mistakes, telemetry: &OwnTelemetry, display: Option<Display>) -> Exit {
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(e) => return failed(&format!("cannot listen for signals: {e}")),
    };
    let places = plan.places.clone();
    if let Err(e) = check_private_directory(&plan.settings.state_directory) {
        return failed(&format!("service.sidelight.state_directory: {e}"));
    }
    let metrics = Registry::default();
    let opened = match telemetry.open(&metrics) {
        Ok(opened) => opened,
        Err(e) => return failed(&e),
    };
    let mut engine = match Engine::start(plan, metrics).await {
        Ok(engine) => engine,
        Err(e) => return not_started(&e, &places, &mistakes),
    };
    let _telemetry = opened.run(&engine.host(), display);
    tokio::select! {
        name = signals.next() => info!(signal = name, "stopping: delivering what is left"),
        () = engine.receivers_ended() => info!("all input has ended: delivering what is left"),
    }
    tokio::select! {
        leftover = engine.drain() => verdict(&leftover),
        name = signals.next() => {
            warn!(signal = name, "stopped at once; what was not delivered will be sent again by its senders");
            Exit::Aborted
        }
    }
}

fn verdict(leftover: &Leftover) -> Exit {
    for (exporter, signal, items) in leftover.0.iter().filter(|(_, _, items)| *items > 0) {
        error!(%exporter, %signal, items, "not delivered before the end of the drain");
    }
    if leftover.is_empty() {
        Exit::Success
    } else {
        Exit::Leftover
    }
}

/// A component that could not start, shown at the setting it is about.
fn not_started(error: &StartError, places: &Places, mistakes: &Mistakes) -> Exit {
    let Some(spans) = places.get(&(error.role, error.id.clone())) else {
        return failed(&error.to_string());
    };
    let setting = error.source.setting.as_deref().unwrap_or_default();
    let mut shown = Mistakes::new(mistakes.sources().clone());
    shown.push(Mistake::error(
        spans.nearest(setting),
        code::START,
        error.to_string(),
    ));
    show(&shown);
    Exit::Failure
}

fn failed(reason: &str) -> Exit {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "sidelight: {reason}");
    Exit::Failure
}

/// SIGTERM, SIGINT, and SIGHUP: a terminal that is closed must not cost what is under way.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    /// `None` where the program is to outlive its terminal (`nohup`).
    hangup: Option<Signal>,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: match ignored_at_start(SignalKind::hangup()) {
                true => None,
                false => Some(signal(SignalKind::hangup())?),
            },
        })
    }

    /// The name of the next signal. Cancel safe.
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
            () = received(&mut self.hangup) => "SIGHUP",
        }
    }
}

async fn received(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// Whether whoever started the program had it ignore the signal. Known from Linux's /proc alone; elsewhere: no.
fn ignored_at_start(kind: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 << (kind.as_raw_value() - 1) != 0)
}
