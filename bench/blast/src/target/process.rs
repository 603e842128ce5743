//! Starts and ends the collector.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use parking_lot::Mutex;
use rustix::process::{Pid, Signal};
use tokio::net::TcpStream;

use crate::args::Args;
use crate::machine;

/// Where the collector's own output goes.
pub(crate) fn log_path() -> std::path::PathBuf {
    std::env::temp_dir().join(format!("blast-target-{}.log", std::process::id()))
}

/// Starts the collector in a process group of its own, on its CPU if there is one.
pub(super) fn spawn(args: &Args, file: Option<&std::path::Path>) -> Result<Child> {
    let mut words = args.cmd.split_whitespace();
    let program = words.next().context("--cmd is empty")?;
    let log = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(log_path())?;
    let mut command = Command::new(program);
    command
        .args(words)
        .env("BLAST_IN", &args.input)
        .env("BLAST_OUT", &args.output)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .process_group(0);
    if let Some(file) = file {
        command.env("BLAST_FILE", file);
    }
    let pin = args.pin;
    // A child inherits the CPUs of the thread that starts it, and all its threads inherit its own.
    let starter = std::thread::spawn(move || -> Result<Child> {
        if let Some(pin) = pin {
            machine::pin_this_thread(pin.collector)?;
        }
        Ok(command.spawn()?)
    });
    let child = starter
        .join()
        .map_err(|_| anyhow!("the starting thread panicked"))?;
    child.with_context(|| format!("cannot start {program}"))
}

/// Waits until the collector accepts connections, at most 20 s.
pub(super) async fn ready(args: &Args, child: &Mutex<Child>) -> Result<()> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(20) {
        if TcpStream::connect(&args.input).await.is_ok() {
            return Ok(());
        }
        if let Ok(Some(status)) = child.lock().try_wait() {
            bail!(
                "the collector ended: {status}; its output is in {}",
                log_path().display()
            );
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    bail!(
        "the collector does not listen on {}; its output is in {}",
        args.input,
        log_path().display()
    )
}

/// Signals the collector and whatever its start script left beside it.
pub(super) fn signal(child: &Child, signal: Signal) {
    if let Some(group) = Pid::from_raw(child.id() as i32) {
        // Fails when the group has ended, which is what was wanted.
        let _ = rustix::process::kill_process_group(group, signal);
    }
}
