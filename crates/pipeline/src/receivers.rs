//! Keeps each receiver running: one that fails or panics is reported and started again.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use sidelight_component::registry::BuildReceiver;
use sidelight_component::{BuildContext, ComponentId, DrainSignal, Outputs, Receiver, Role, State};
use tracing::{error, info};

use crate::engine::{Shared, StartError};

/// The waits between two starts of a receiver that keeps failing: doubled each time.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// A receiver that ran this long had a good start: the next failure waits the first wait again.
const GOOD_RUN: Duration = Duration::from_secs(60);

/// What is needed to run a receiver, again and again.
pub(crate) struct ReceiverTask {
    id: ComponentId,
    config: Arc<dyn BuildReceiver>,
    outputs: Outputs,
    context: BuildContext,
}

/// A receiver that holds its ports and files and does not run yet.
pub(crate) struct Opened {
    task: ReceiverTask,
    receiver: Box<dyn Receiver>,
}

impl ReceiverTask {
    pub(crate) fn new(
        id: ComponentId,
        config: Arc<dyn BuildReceiver>,
        outputs: Outputs,
        shared: Shared,
    ) -> Self {
        let context = shared.context(Role::Receiver, &id);
        Self {
            id,
            config,
            outputs,
            context,
        }
    }

    async fn build_and_open(&self) -> Result<Box<dyn Receiver>, sidelight_component::BuildError> {
        let mut receiver = self.config.build(&self.context)?;
        receiver.open().await?;
        Ok(receiver)
    }

    pub(crate) async fn open(self) -> Result<Opened, StartError> {
        match self.build_and_open().await {
            Ok(receiver) => Ok(Opened { task: self, receiver }),
            Err(source) => Err(StartError {
                role: Role::Receiver,
                id: self.id,
                source,
            }),
        }
    }
}

/// Runs the receiver until it is drained or its input has ended.
pub(crate) async fn supervise(opened: Opened, drain: DrainSignal) {
    let Opened { task, receiver } = opened;
    let mut next = Some(receiver);
    let mut wait = FIRST_WAIT;
    loop {
        let reason = match next.take() {
            Some(receiver) => {
                let started = Instant::now();
                task.context.status.report(State::Ok);
                match run(receiver, task.outputs.clone(), drain.clone()).await {
                    Ok(()) => return ended(&task),
                    Err(reason) => {
                        if started.elapsed() > GOOD_RUN {
                            wait = FIRST_WAIT;
                        }
                        reason
                    }
                }
            }
            None => match task.build_and_open().await {
                Ok(receiver) => {
                    info!(component = %task.id, "the receiver was started again");
                    next = Some(receiver);
                    continue;
                }
                Err(e) => e.to_string(),
            },
        };
        error!(component = %task.id, %reason, next_start_ms = wait.as_millis() as u64, "the receiver stopped");
        task.context.status.report(State::Recoverable(reason.into()));
        let mut drained = drain.clone();
        tokio::select! {
            _ = drained.requested() => return ended(&task),
            () = tokio::time::sleep(wait) => {}
        }
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

async fn run(receiver: Box<dyn Receiver>, outputs: Outputs, drain: DrainSignal) -> Result<(), String> {
    match AssertUnwindSafe(receiver.run(outputs, drain))
        .catch_unwind()
        .await
    {
        Ok(Ok(())) => Ok(()),
        Ok(Err(e)) => Err(e.to_string()),
        Err(_) => Err("it panicked".to_owned()),
    }
}

fn ended(task: &ReceiverTask) {
    task.context.status.report(State::Stopped);
}
