//! Standard input, read on a thread of its own.

use std::io::{IsTerminal, Read};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use sidelight_component::ReceiverError;
use tokio::sync::mpsc;
use tracing::{info, warn};

/// Bytes of one read: as many as a pipe holds.
const READ_BYTES: usize = 64 << 10;

/// Reads that wait to be made records: the writer waits with them when nobody takes them.
const WAITING: usize = 2;

/// How long the end of the program may wait for the thread: it only looks for input so long at a time.
const LOOK: Duration = Duration::from_millis(50);

/// What is read. It ends where the input ends, or behind what was read when it was told to stop.
pub(super) struct Input {
    read: mpsc::Receiver<Vec<u8>>,
    stop: Arc<AtomicBool>,
}

impl Input {
    /// Begins to read.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub(super) fn open() -> Result<Self, ReceiverError> {
        let (sender, read) = mpsc::channel(WAITING);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        if std::io::stdin().is_terminal() {
            info!("standard input is a terminal: what is typed becomes log records; Ctrl-D ends it");
        }
        std::thread::Builder::new()
            .name("stdin".to_owned())
            .spawn(move || read_all(&sender, &stopped))
            .map_err(|error| ReceiverError(format!("cannot start a thread: {error}")))?;
        Ok(Self { read, stop })
    }

    /// The next bytes; `None` at the end. Cancel safe.
    pub(super) async fn next(&mut self) -> Option<Vec<u8>> {
        self.read.recv().await
    }

    /// Nothing more is read; what was read comes still.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn read_all(sender: &mpsc::Sender<Vec<u8>>, stop: &AtomicBool) {
    let mut stdin = std::io::stdin().lock();
    while !stop.load(Ordering::Relaxed) {
        match is_readable(&stdin) {
            Ok(true) => {}
            Ok(false) => continue,
            Err(error) => return warn!(%error, "cannot wait for standard input"),
        }
        let mut bytes = vec![0; READ_BYTES];
        match stdin.read(&mut bytes) {
            Ok(0) => return,
            Ok(count) => {
                bytes.truncate(count);
                if sender.blocking_send(bytes).is_err() {
                    return;
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return warn!(%error, "cannot read standard input"),
        }
    }
}

/// Whether a read would not wait; looks for a moment.
fn is_readable(stdin: &impl AsFd) -> rustix::io::Result<bool> {
    let mut look = [PollFd::new(stdin, PollFlags::IN)];
    let wait = Timespec::try_from(LOOK).unwrap_or_default();
    match poll(&mut look, Some(&wait)) {
        Ok(ready) => Ok(ready > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error),
    }
}
