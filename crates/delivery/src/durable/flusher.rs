//! Brings what was written to the disk, on a thread of its own: a slow disk holds no sender up.

use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};
use std::{io, thread};

use sidelight_wal::{Flush, Flushed, Fs};

/// When a log is flushed next.
pub(crate) struct Flusher<F: Fs> {
    interval: Duration,
    /// What was written first since the last flush was written then.
    due: Option<Instant>,
    under_way: bool,
    thread: Option<Sender<Flush<F>>>,
}

impl<F: Fs> Flusher<F> {
    /// `done` is called on the thread with each flush that has ended.
    ///
    /// # Errors
    /// Where there is no thread to be had.
    pub(crate) fn start(
        name: &str,
        interval: Duration,
        done: impl Fn(Flushed) + Send + 'static,
    ) -> io::Result<Self> {
        let (sender, flushes) = channel::<Flush<F>>();
        thread::Builder::new()
            .name(format!("flush {name}"))
            .spawn(move || flushes.into_iter().for_each(|flush| done(flush.run())))?;
        Ok(Self {
            interval,
            due: None,
            under_way: false,
            thread: Some(sender),
        })
    }

    /// Something was written.
    pub(crate) fn note_written(&mut self, now: Instant) {
        self.due.get_or_insert(now + self.interval);
    }

    /// When [`Flusher::is_due`] will be true, while no flush is under way.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.due.filter(|_| !self.under_way)
    }

    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.next().is_some_and(|due| due <= now)
    }

    /// Runs a flush; `None`: there was nothing to do.
    pub(crate) fn run(&mut self, flush: Option<Flush<F>>) {
        self.due = None;
        if let Some(flush) = flush
            && let Some(thread) = &self.thread
        {
            self.under_way = thread.send(flush).is_ok();
        }
    }

    pub(crate) fn is_under_way(&self) -> bool {
        self.under_way
    }

    pub(crate) fn ended(&mut self) {
        self.under_way = false;
    }
}
