//! The loop of a receiver that samples.

use std::time::Duration;

use sidelight_component::{
    Clock, DrainSignal, Now, Outcome, Output, Outputs, Payload, ReceiverError, Signal, State, StatusReporter,
    beside_the_workers,
};
use tokio::time::{timeout, timeout_at};
use tracing::warn;

use super::Timing;

/// Takes samples.
pub(crate) trait Sampler: Send + 'static {
    /// Takes one. Runs beside the workers: it may read files.
    fn sample(&mut self, now: Now) -> Sampled;
}

/// A sample.
#[derive(Debug, Default)]
pub(crate) struct Sampled {
    /// What was measured, as a metrics request; empty where there was nothing.
    pub(crate) payload: Payload,
    /// Points for which the budget had no room.
    pub(crate) refused: usize,
}

/// Samples until told to drain; a sample that is under way then is still handed over.
///
/// A sample is handed over once and not waited for: how long it is kept for a destination that is away is said by the
/// queue of its exporter. One for which a queue has no room is counted as refused and not repeated.
pub(crate) async fn run<S: Sampler>(
    sampler: S,
    timing: Timing,
    clock: Clock,
    status: StatusReporter,
    outputs: Outputs,
    mut drain: DrainSignal,
) -> Result<(), ReceiverError> {
    // A receiver is only started with the signals that a pipeline takes from it.
    let Some(output) = outputs.get(Signal::Metrics) else {
        return Ok(());
    };
    let mut ticks = timing.ticks();
    let mut sampler = Some(sampler);
    loop {
        tokio::select! {
            _ = drain.requested() => return Ok(()),
            _ = ticks.tick() => {}
        }
        let Some(taking) = sampler.take() else {
            return Ok(());
        };
        let work = take(taking, &clock, timing.longest_sample(), &status);
        tokio::pin!(work);
        let (sampled, back) = tokio::select! {
            done = &mut work => done,
            deadline = drain.requested() => match timeout_at(deadline.into(), work).await {
                Ok(done) => done,
                // What it hangs on does not keep the program from ending.
                Err(_) => return Ok(()),
            },
        };
        sampler = Some(back);
        hand_over(output, sampled);
    }
}

/// Takes one sample. One that takes too long is reported as trouble, and its end as the end of it.
async fn take<S: Sampler>(
    mut sampler: S,
    clock: &Clock,
    longest: Duration,
    status: &StatusReporter,
) -> (Sampled, S) {
    let now = clock.now();
    let work = beside_the_workers(move || (sampler.sample(now), sampler));
    tokio::pin!(work);
    match timeout(longest, &mut work).await {
        Ok(done) => done,
        Err(_) => {
            let reason = format!(
                "a sample takes longer than {} ms; further ones wait for it",
                longest.as_millis()
            );
            warn!(%reason, "sampling hangs");
            status.report(State::Recoverable(reason.into()));
            let done = work.await;
            status.report(State::Ok);
            done
        }
    }
}

fn hand_over(output: &Output, sampled: Sampled) {
    if sampled.refused > 0 {
        output.count(sampled.refused, &Outcome::retry("the memory budget is used up"));
    }
    let points = sampled.payload.items();
    if points == 0 {
        return;
    }
    match output.submit(sampled.payload, None) {
        // Nobody waits for the answer: the receipt goes, the data stays.
        Ok(_) => output.count(points, &Outcome::Done),
        Err(refusal) => output.count(points, &refusal),
    }
}
