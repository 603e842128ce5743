//! What the engine gives a component when it is built, and how it is told to stop.

use std::path::PathBuf;
use std::time::Instant;

use tokio::sync::watch;

use crate::budget::Budget;
use crate::clock::Clock;
use crate::id::{ComponentId, PipelineId};
use crate::metrics::Registry;
use crate::panics::Panics;
use crate::status::StatusReporter;

/// What the engine gives a component when it is built.
#[derive(Clone, Debug)]
pub struct BuildContext {
    /// The component's id as the configuration has it.
    pub id: ComponentId,
    /// The pipeline, for a processor; receivers and exporters are shared by pipelines.
    pub pipeline: Option<PipelineId>,
    /// The memory budget that all data is charged to.
    pub budget: Budget,
    /// The engine's clock.
    pub clock: Clock,
    /// The program's own metrics.
    pub metrics: Registry,
    /// Where the component says how it is.
    pub status: StatusReporter,
    /// Where it may keep state: a folder of its own, made by whoever needs it, with
    /// [`make_private_directory`](crate::make_private_directory).
    pub state_dir: PathBuf,
    /// Threads that run pipelines.
    pub workers: usize,
}

impl BuildContext {
    /// Where panics of the component's own tasks and of the requests that it answers are counted. The engine contains
    /// those in the calls that it makes itself.
    pub fn panics(&self) -> Panics {
        Panics::new(&self.status.role().to_string(), self.id.as_str(), &self.metrics)
    }
}

/// Why a component could not be built or started.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct BuildError {
    /// What was attempted, on what, and what to do next.
    pub message: String,
    /// The setting it is about, as a path below the component (`protocols.grpc.endpoint`): the error is then
    /// shown at its line.
    pub setting: Option<String>,
}

impl BuildError {
    /// An error of the component as a whole.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            setting: None,
        }
    }

    /// An error of one setting.
    pub fn at(setting: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            setting: Some(setting.into()),
        }
    }
}

/// Something that only one component can own. Two that want the same are refused before anything starts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// An address that is listened on, as written (`127.0.0.1:4317`, `unix:///run/x.sock`).
    Listen {
        /// The address.
        endpoint: String,
        /// The setting that names it.
        setting: String,
    },
    /// A file or folder that is written.
    Write {
        /// The path.
        path: PathBuf,
        /// The setting that names it.
        setting: String,
    },
}

/// Tells a component to stop. Clones share it.
#[derive(Clone, Debug)]
pub struct DrainSignal(watch::Receiver<Option<Instant>>);

/// The engine's end of a [`DrainSignal`].
#[derive(Debug)]
pub struct DrainTrigger(watch::Sender<Option<Instant>>);

/// A signal that was not given yet, and the trigger that gives it.
pub fn drain_signal() -> (DrainTrigger, DrainSignal) {
    let (sender, receiver) = watch::channel(None);
    (DrainTrigger(sender), DrainSignal(receiver))
}

impl DrainTrigger {
    /// Asks to stop, with the moment by which all must be over. Asking again can only bring it nearer.
    pub fn request(&self, deadline: Instant) {
        self.0
            .send_modify(|at| *at = Some(at.map_or(deadline, |old| old.min(deadline))));
    }
}

impl DrainSignal {
    /// Waits until stopping is asked for and returns the deadline. Cancel safe.
    pub async fn requested(&mut self) -> Instant {
        match self.0.wait_for(Option::is_some).await {
            Ok(at) => at.unwrap_or_else(Instant::now),
            // The engine is gone: stop at once.
            Err(_) => Instant::now(),
        }
    }

    /// The deadline, where stopping was asked for already.
    pub fn deadline(&self) -> Option<Instant> {
        *self.0.borrow()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_second_request_can_only_bring_the_end_nearer() {
        let (trigger, mut signal) = drain_signal();
        assert_eq!(signal.deadline(), None);
        let late = Instant::now() + Duration::from_secs(9);
        let soon = Instant::now() + Duration::from_secs(1);
        trigger.request(late);
        assert_eq!(signal.requested().await, late);
        trigger.request(soon);
        trigger.request(late);
        assert_eq!(signal.deadline(), Some(soon));
        drop(trigger);
        assert_eq!(signal.requested().await, soon);
    }
}
