//! Places for connections, of which there are few.

use std::collections::VecDeque;
use std::future::Future;
use std::time::Duration;

use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

/// Connections at one time. A further one waits until one ends, or until the oldest has been there for a second, which
/// then makes room; others wait behind it in the system's queue.
pub const MAX_CONNECTIONS: usize = 32;
/// A connection is one request and its answer, which takes milliseconds: where places are wanted, this is enough.
const LEAST_STAY: Duration = Duration::from_secs(1);

/// The connections at work. They end when this is dropped.
#[derive(Default)]
pub(super) struct Places {
    tasks: JoinSet<()>,
    /// In the order they came.
    by_age: VecDeque<(Instant, AbortHandle)>,
}

impl Places {
    /// Waits for a free place. Who says nothing, or reads nothing, must not keep others out for as long as it may stay
    /// otherwise: health would look bad. Cancel safe.
    pub(super) async fn one_is_free(&mut self) {
        while self.tasks.try_join_next().is_some() {}
        self.by_age.retain(|(_, task)| !task.is_finished());
        while self.tasks.len() >= MAX_CONNECTIONS {
            let oldest = self.by_age.front().map(|(since, _)| *since + LEAST_STAY);
            tokio::select! {
                _ = self.tasks.join_next() => {}
                () = tokio::time::sleep_until(oldest.unwrap_or_else(Instant::now)) => {
                    if let Some((_, task)) = self.by_age.pop_front() {
                        task.abort();
                        self.tasks.join_next().await;
                    }
                }
            }
        }
    }

    /// Starts a connection's work.
    pub(super) fn take(&mut self, work: impl Future<Output = ()> + Send + 'static) {
        let task = self.tasks.spawn(work);
        self.by_age.push_back((Instant::now(), task));
    }
}
