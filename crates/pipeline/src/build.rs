//! Makes running stages of a checked plan.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sidelight_component::sending::{BatchSettings, SendingSettings};
use sidelight_component::{BuildContext, ComponentId, Exporter, Output, Outputs, Role, Signal, State};
use sidelight_delivery::{ExporterStatus, Queue, QueueConfig, Storage, queue};
use sidelight_self_telemetry::ledger::Edge;
use tokio::task::JoinSet;
use tracing::error;

use crate::ends::Ends;
use crate::engine::{Shared, StartError};
use crate::exporters::RestartedExporter;
use crate::intake::PipelineIntake;
use crate::line::Line;
use crate::plan::{PipelinePlan, Plan};

type Exporters = BTreeMap<ComponentId, Arc<dyn Exporter>>;
type Storages = BTreeMap<ComponentId, Storage>;
pub(crate) type Queues = Vec<(ComponentId, Signal, Queue)>;

/// Builds and starts the exporters.
pub(crate) async fn exporters(plan: &Plan, shared: &Shared) -> Result<Exporters, StartError> {
    let mut exporters = BTreeMap::new();
    for (id, config) in &plan.exporters {
        let started = RestartedExporter::start(config.clone(), shared.context(Role::Exporter, id)).await;
        let exporter: Arc<dyn Exporter> = Arc::new(started.map_err(StartError::of(Role::Exporter, id))?);
        exporters.insert(id.clone(), exporter);
    }
    Ok(exporters)
}

/// Opens the folders that queues are kept in; each is this program's alone while it runs.
pub(crate) fn storages(plan: &Plan, shared: &Shared) -> Result<Storages, StartError> {
    let mut storages = Storages::new();
    for (id, settings) in &plan.storages {
        let status = shared.board.reporter(Role::Extension, id.clone());
        let directory = plan.storage_directory(id).unwrap_or_default();
        let storage =
            Storage::open(settings, directory, status).map_err(StartError::of(Role::Extension, id))?;
        storages.insert(id.clone(), storage);
    }
    Ok(storages)
}

/// One queue per exporter and signal that a pipeline brings to it. A queue without a size of its own gets an
/// equal share of half the memory budget, so that a dead destination fills its own share and nobody else's. Half,
/// because a queue counts what was sent, and the budget the buffers that it lies in, which can be twice as much.
///
/// What a queue on disk holds in memory is bounded by half of that share.
pub(crate) fn queues(
    plan: &Plan,
    shared: &Shared,
    exporters: &Exporters,
    storages: &Storages,
    tasks: &mut JoinSet<()>,
) -> Result<Queues, StartError> {
    let wanted: BTreeSet<(ComponentId, Signal)> = plan
        .pipelines
        .iter()
        .flat_map(|p| p.exporters.iter().map(move |id| (id.clone(), p.id.signal)))
        .filter(|(id, _)| plan.exporters.contains_key(id))
        .collect();
    let share = plan.settings.memory_budget / 2 / wanted.len().max(1);
    let mut queues = Queues::new();
    let mut statuses = BTreeMap::new();
    for (id, signal) in wanted {
        let (Some(config), Some(exporter)) = (plan.exporters.get(&id), exporters.get(&id)) else {
            continue;
        };
        let mut settings = config.sending();
        batch_of_pipelines(plan, &id, signal, &mut settings);
        let storage = match settings
            .queue
            .storage
            .as_ref()
            .and_then(|id| storages.get_key_value(id))
        {
            Some((at, storage)) => {
                let opened = storage.queue(&id, signal, &settings.queue);
                Some(opened.map_err(StartError::of(Role::Extension, at))?)
            }
            None => None,
        };
        let status = statuses
            .entry(id.clone())
            .or_insert_with(|| ExporterStatus::new(shared.board.reporter(Role::Exporter, id.clone())));
        let (queue, task) = queue(QueueConfig {
            id: id.clone(),
            exporter: exporter.clone(),
            signal,
            settings,
            default_quota_bytes: share as u64,
            budget: shared.budget.clone(),
            metrics: shared.metrics.clone(),
            status: status.clone(),
            storage,
        });
        tasks.spawn(watched(shared.context(Role::Exporter, &id), task));
        queues.push((id, signal, queue));
    }
    Ok(queues)
}

/// The queue's task. Without it nothing is delivered: where it panics that is bad health, and whoever waits is told to
/// send again.
async fn watched(context: BuildContext, task: impl Future<Output = ()>) {
    if let Err(panicked) = context.panics().contain_async("running its queue", task).await {
        let reason = format!("its queue ended, {panicked}; restart the program");
        error!(component = %context.id, reason, "nothing is delivered any more");
        context.status.report(State::Permanent(reason.into()));
    }
}

/// A `batch` processor in a pipeline is a setting of the queues behind it, unless the exporter has its own.
fn batch_of_pipelines(plan: &Plan, exporter: &ComponentId, signal: Signal, settings: &mut SendingSettings) {
    if settings.queue.batch != BatchSettings::default() {
        return;
    }
    let leads_here = |p: &&PipelinePlan| p.id.signal == signal && p.exporters.contains(exporter);
    let batch = plan
        .pipelines
        .iter()
        .filter(leads_here)
        .flat_map(|p| &p.processors)
        .find_map(|id| plan.processors.get(id)?.queue_batch());
    if let Some(batch) = batch {
        settings.queue.batch = batch;
    }
}

/// The outputs of one receiver: for each signal, all pipelines that name it.
pub(crate) fn outputs(plan: &Plan, shared: &Shared, receiver: &ComponentId, lines: &[Arc<Line>]) -> Outputs {
    Signal::ALL
        .into_iter()
        .fold(Outputs::default(), |outputs, signal| {
            let fed: Vec<Arc<Line>> = plan
                .pipelines
                .iter()
                .filter(|p| p.id.signal == signal && p.receivers.contains(receiver))
                .filter_map(|p| {
                    lines
                        .iter()
                        .find(|line| line.edge == Edge::Pipeline(p.id.clone()))
                        .cloned()
                })
                .collect();
            if fed.is_empty() {
                return outputs;
            }
            let pipelines = Ends {
                queues: Vec::new(),
                lines: fed,
            };
            let intake = Arc::new(PipelineIntake { signal, pipelines });
            outputs.with(signal, Output::new(intake, signal, receiver, &shared.metrics))
        })
}
