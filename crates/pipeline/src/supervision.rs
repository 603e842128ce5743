//! Keeps what runs by itself running: a receiver or extension that fails or panics is reported, built and started again.

use std::future::Future;
use std::time::{Duration, Instant};

use sidelight_component::{BuildContext, BuildError, DrainSignal, ReceiverError, State};
use tracing::{error, info};

/// The waits between two starts of what keeps failing: doubled each time.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// What ran this long had a good start: the next failure waits the first wait again.
const GOOD_RUN: Duration = Duration::from_secs(60);

/// How to build a component and run it, again and again.
pub(crate) trait Supervised: Send + Sync {
    /// What is built. It holds its ports and files and does not run yet.
    type Built: Send;

    fn context(&self) -> &BuildContext;

    fn build_and_open(&self) -> impl Future<Output = Result<Self::Built, BuildError>> + Send;

    fn run(
        &self,
        built: Self::Built,
        drain: DrainSignal,
    ) -> impl Future<Output = Result<(), ReceiverError>> + Send;
}

/// The waits between the starts of one component.
#[derive(Debug)]
pub(crate) struct Waits {
    next: Duration,
}

impl Default for Waits {
    fn default() -> Self {
        Self { next: FIRST_WAIT }
    }
}

impl Waits {
    /// How long to wait after a run of this length.
    pub(crate) fn after(&mut self, run: Duration) -> Duration {
        if run > GOOD_RUN {
            self.next = FIRST_WAIT;
        }
        let wait = self.next;
        self.next = (wait * 2).min(LONGEST_WAIT);
        wait
    }
}

/// Runs the component until it is drained or its input has ended.
pub(crate) async fn supervise<S: Supervised>(task: S, first: S::Built, drain: DrainSignal) {
    let context = task.context();
    let mut waits = Waits::default();
    let mut next = Some(first);
    loop {
        let started = Instant::now();
        let ended = match next.take() {
            Some(built) => run(&task, built, &drain).await,
            None => match build(&task).await {
                Ok(built) => {
                    info!(component = %context.id, "it was built and started again");
                    next = Some(built);
                    continue;
                }
                Err(reason) => Err(reason),
            },
        };
        let Err(reason) = ended else { break };
        let wait = waits.after(started.elapsed());
        error!(component = %context.id, %reason, next_start_ms = wait.as_millis() as u64, "the component stopped");
        context.status.report(State::Recoverable(reason.into()));
        let mut drained = drain.clone();
        tokio::select! {
            _ = drained.requested() => break,
            () = tokio::time::sleep(wait) => {}
        }
    }
    context.status.report(State::Stopped);
}

async fn run<S: Supervised>(task: &S, built: S::Built, drain: &DrainSignal) -> Result<(), String> {
    let context = task.context();
    context.status.report(State::Ok);
    let run = async { task.run(built, drain.clone()).await };
    match context.panics().contain_async("running it", run).await {
        Ok(ended) => ended.map_err(|e| e.to_string()),
        Err(panicked) => Err(panicked.to_string()),
    }
}

async fn build<S: Supervised>(task: &S) -> Result<S::Built, String> {
    let build = async { task.build_and_open().await };
    match task.context().panics().contain_async("building it", build).await {
        Ok(built) => built.map_err(|e| e.to_string()),
        Err(panicked) => Err(panicked.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_keeps_failing_waits_longer_each_time_and_a_good_run_is_rewarded() {
        let mut waits = Waits::default();
        let seconds: Vec<u64> = (0..7).map(|_| waits.after(Duration::ZERO).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(waits.after(GOOD_RUN * 2), FIRST_WAIT);
    }
}
