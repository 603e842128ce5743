//! Panics in the log: one line each, in the log's own format, instead of the standard library's words on standard error.

use std::panic::PanicHookInfo;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sidelight_component::panic_message;
use tracing::error;

/// Lines in one [`WINDOW`]: what panics on every item must not fill the log.
const MOST_LINES: u64 = 10;
const WINDOW: Duration = Duration::from_secs(10);

/// Has every panic of the process logged with its place, whoever contains it. Who does so says which component it was.
pub(crate) fn log_them() {
    let lines = Mutex::new(Lines::default());
    std::panic::set_hook(Box::new(move |panic| {
        if let Some(unreported) = lines.lock().pass(Instant::now()) {
            log(panic, unreported);
        }
    }));
}

fn log(panic: &PanicHookInfo<'_>, unreported: u64) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current();
    error!(
        place,
        thread = thread.name().unwrap_or_default(),
        reason = panic_message(panic.payload()),
        unreported,
        "a panic"
    );
}

/// How many lines there were of late.
#[derive(Default)]
struct Lines {
    since: Option<Instant>,
    written: u64,
    unreported: u64,
}

impl Lines {
    /// The number of panics that were not logged, where there is a line for this one.
    fn pass(&mut self, now: Instant) -> Option<u64> {
        if self.since.is_none_or(|since| now.duration_since(since) >= WINDOW) {
            (self.since, self.written) = (Some(now), 0);
        }
        if self.written >= MOST_LINES {
            self.unreported += 1;
            return None;
        }
        self.written += 1;
        Some(std::mem::take(&mut self.unreported))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_panics_is_some_lines_and_a_number() {
        let (mut lines, now) = (Lines::default(), Instant::now());
        let written = (0..1000).filter(|_| lines.pass(now).is_some()).count();
        assert_eq!(written as u64, MOST_LINES);
        assert_eq!(lines.pass(now + WINDOW), Some(1000 - MOST_LINES));
    }
}
