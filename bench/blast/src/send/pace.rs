//! When the next request is due.
//!
//! Closed loop: as soon as a worker is free. Open loop: on a fixed schedule that does not wait for answers,
//! so that a collector that stalls is charged for every request that was due meanwhile. The runtime's timer
//! ticks once a millisecond, which is as long as the latencies to be measured; a thread of its own sleeps
//! to each due time instead.

use std::time::{Duration, Instant};

use tokio::sync::{Mutex, mpsc};

/// Due requests that wait for a free worker; beyond that the schedule itself waits, and lateness counts as latency.
const WAITING_MAX: usize = 65_536;

pub(crate) enum Pace {
    Closed,
    Open(Mutex<mpsc::Receiver<Instant>>),
}

impl Pace {
    /// A schedule for `length` of `rate` items a second; a rate of 0 is a closed loop.
    pub(crate) fn start(rate: u64, items_per_request: usize, length: Duration) -> Self {
        if rate == 0 {
            return Self::Closed;
        }
        let (send, receive) = mpsc::channel(WAITING_MAX);
        let gap = Duration::from_secs_f64(items_per_request as f64 / rate as f64);
        std::thread::spawn(move || {
            let start = Instant::now();
            let mut due = start;
            while due < start + length {
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                if send.blocking_send(due).is_err() {
                    return;
                }
                due += gap;
            }
        });
        Self::Open(Mutex::new(receive))
    }

    /// Waits until a request may go: `Some(None)` at once in a closed loop, `Some(due)` in an open one,
    /// `None` at the end of the schedule.
    pub(crate) async fn next(&self) -> Option<Option<Instant>> {
        match self {
            Self::Closed => Some(None),
            Self::Open(schedule) => schedule.lock().await.recv().await.map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_schedule_holds_every_due_time_of_its_length_and_ends() {
        let pace = Pace::start(10_000, 10, Duration::from_millis(50));
        let mut due = Vec::new();
        while let Some(at) = pace.next().await {
            due.push(at.unwrap());
        }
        assert_eq!(due.len(), 50);
        assert!(due.windows(2).all(|w| w[1] - w[0] == Duration::from_millis(1)));
    }
}
