//! The running program: built from its end to its beginning, stopped from its beginning to its end.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sidelight_component::metrics::Registry;
use sidelight_component::{
    Budget, BuildContext, BuildError, Clock, ComponentId, DrainTrigger, Exporter, Outputs, Role, Signal,
    State, StatusBoard, drain_signal,
};
use sidelight_delivery::{Queue, Storage};
use tokio::task::JoinSet;
use tracing::{info, warn};

use crate::host::EngineHost;
use crate::line::Line;
use crate::plan::Plan;
use crate::receivers::ReceiverTask;
use crate::supervision::supervise;
use crate::{build, extensions, ledger::LedgerSource, lines, timers};

/// Why the program could not start: the component, and what it said.
#[derive(Debug, thiserror::Error)]
#[error("{role} `{id}`: {source}")]
pub struct StartError {
    /// Receiver, processor, exporter or extension.
    pub role: Role,
    /// The component.
    pub id: ComponentId,
    /// What it said.
    pub source: BuildError,
}

impl StartError {
    /// What makes an error of a component's own one with its name.
    pub(crate) fn of(role: Role, id: &ComponentId) -> impl FnOnce(BuildError) -> Self {
        let id = id.clone();
        move |source| Self { role, id, source }
    }
}

/// What was still held when the drain's time was over, by exporter and signal, in items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leftover(pub Vec<(ComponentId, Signal, usize)>);

impl Leftover {
    /// True where everything was delivered.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|(_, _, items)| *items == 0)
    }
}

/// What every component of one program shares.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) budget: Budget,
    pub(crate) clock: Clock,
    pub(crate) metrics: Registry,
    pub(crate) board: StatusBoard,
    pub(crate) state_directory: std::path::PathBuf,
    pub(crate) workers: usize,
}

impl Shared {
    pub(crate) fn new(plan: &Plan, metrics: Registry) -> Self {
        Self {
            budget: Budget::new(plan.settings.memory_budget),
            clock: Clock::system(),
            metrics,
            board: StatusBoard::default(),
            state_directory: plan.settings.state_directory.clone(),
            workers: plan.settings.workers,
        }
    }

    /// The context for building one component.
    pub(crate) fn context(&self, role: Role, id: &ComponentId) -> BuildContext {
        BuildContext {
            id: id.clone(),
            pipeline: None,
            budget: self.budget.clone(),
            clock: self.clock.clone(),
            metrics: self.metrics.clone(),
            status: self.board.reporter(role, id.clone()),
            state_dir: self
                .state_directory
                .join(role.section())
                .join(id.as_str().replace('/', "_")),
            workers: self.workers,
        }
    }
}

/// The running program.
pub struct Engine {
    shared: Shared,
    plan: Arc<Plan>,
    exporters: BTreeMap<ComponentId, Arc<dyn Exporter>>,
    queues: Vec<(ComponentId, Signal, Queue)>,
    lines: Vec<Arc<Line>>,
    /// Each says when it has ended whether the program ends with it.
    receivers: JoinSet<bool>,
    receiver_drain: DrainTrigger,
    background: JoinSet<()>,
    extensions: JoinSet<()>,
    extension_drain: DrainTrigger,
    host: Arc<EngineHost>,
    /// Their locks are held until the end.
    _storages: BTreeMap<ComponentId, Storage>,
}

impl Engine {
    /// Builds and starts everything: exporters and queues first, receivers last, so that everyone can hand
    /// over from the first byte on.
    ///
    /// # Errors
    /// [`StartError`] of the first component that cannot be built or opened; nothing was received then.
    pub async fn start(plan: Plan, metrics: Registry) -> Result<Self, StartError> {
        let plan = Arc::new(plan);
        let shared = Shared::new(&plan, metrics);
        let mut background = JoinSet::new();
        let exporters = build::exporters(&plan, &shared).await?;
        let storages = build::storages(&plan, &shared)?;
        let queues = build::queues(&plan, &shared, &exporters, &storages, &mut background)?;
        let lines = lines::lines(&plan, &shared, &queues)?;
        let ledger = LedgerSource::new(&lines, &queues);
        let host = Arc::new(EngineHost::new(
            shared.board.clone(),
            ledger,
            plan.settings.unhealthy_after,
        ));

        let (extension_drain, signal) = drain_signal();
        let mut running_extensions = JoinSet::new();
        extensions::start(&plan, &shared, host.clone(), &signal, &mut running_extensions).await?;

        let (receiver_drain, signal) = drain_signal();
        let mut opened = Vec::new();
        for (id, config) in &plan.receivers {
            let outputs = build::outputs(&plan, &shared, id, &lines);
            let task = ReceiverTask::new(id, config.clone(), outputs, &shared);
            let receiver = task.open().await?;
            opened.push((task, receiver, config.ends_the_program()));
        }
        let mut tasks = JoinSet::new();
        for (task, receiver, ends_all) in opened {
            let supervised = supervise(task, receiver, signal.clone());
            tasks.spawn(async move {
                supervised.await;
                ends_all
            });
        }
        timers::spawn(&lines, &mut background);
        host.set_running();
        info!(
            receivers = plan.receivers.len(),
            pipelines = plan.pipelines.len(),
            exporters = plan.exporters.len(),
            workers = shared.workers,
            "everything is ready"
        );
        Ok(Self {
            shared,
            plan,
            exporters,
            queues,
            lines,
            receivers: tasks,
            receiver_drain,
            background,
            extensions: running_extensions,
            extension_drain,
            host,
            _storages: storages,
        })
    }

    /// What can be seen of the engine from outside: health and ledger.
    pub fn host(&self) -> Arc<EngineHost> {
        self.host.clone()
    }

    /// The memory budget.
    pub fn budget(&self) -> &Budget {
        &self.shared.budget
    }

    /// Waits until every receiver has ended by itself (the end of its input), or one with which the program ends; or
    /// for ever.
    pub async fn receivers_ended(&mut self) {
        while let Some(ended) = self.receivers.join_next().await {
            if matches!(ended, Ok(true)) {
                return;
            }
        }
    }

    /// Stops in order: receivers stop taking in, processors give out what they hold, queues empty, exporters
    /// flush, extensions end. All within the drain time; what is left then is returned, and those who wait
    /// for it are told to send it again.
    pub async fn drain(mut self) -> Leftover {
        let started = Instant::now();
        let deadline = started + self.plan.settings.drain_timeout;
        self.host.set_stopping();
        // Receivers get half of the time: their senders wait for answers that come from the queues, and what
        // a dead destination keeps them from getting must not eat the queues' last attempt.
        let intake_end = started + self.plan.settings.drain_timeout / 2;
        self.receiver_drain.request(intake_end);
        let ended = async { while self.receivers.join_next().await.is_some() {} };
        if within(intake_end, ended).await.is_none() {
            warn!("receivers still had requests under way; their senders will send them again");
        }
        self.receivers.shutdown().await;
        // In their order: what a connector gives out comes into a pipeline that gives out after it.
        for line in &self.lines {
            timers::give_out(line, line.flush(), deadline).await;
        }
        let drained = self.queues.iter().map(|(id, signal, queue)| async move {
            (id.clone(), *signal, queue.drain(deadline).await.items)
        });
        let leftover = Leftover(futures_util::future::join_all(drained).await);
        self.background.shutdown().await;
        for exporter in self.exporters.values() {
            // A moment past the deadline is granted for closing files.
            let _ = within(deadline.max(Instant::now() + CLOSING), exporter.stop()).await;
        }
        self.extension_drain.request(Instant::now());
        let ended = async { while self.extensions.join_next().await.is_some() {} };
        let _ = within(Instant::now() + CLOSING, ended).await;
        for id in self.exporters.keys() {
            self.shared
                .board
                .reporter(Role::Exporter, id.clone())
                .report(State::Stopped);
        }
        info!(
            took_ms = started.elapsed().as_millis() as u64,
            clean = leftover.is_empty(),
            "drained"
        );
        leftover
    }

    /// The receivers' outputs, for programs that bring data in by other ways (replays, tests).
    pub fn outputs(&self, receiver: &ComponentId) -> Outputs {
        build::outputs(&self.plan, &self.shared, receiver, &self.lines)
    }
}

/// What exporters and extensions get to close, on top of the drain's deadline.
const CLOSING: Duration = Duration::from_millis(500);

/// The future's result, or `None` at the deadline.
pub(crate) async fn within<T>(deadline: Instant, future: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout_at(deadline.into(), future).await.ok()
}
