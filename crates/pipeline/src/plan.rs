//! The checked graph: what `pipeline.yaml` says, with every name resolved and every setting read.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sidelight_component::registry::{
    BuildConnector, BuildExporter, BuildExtension, BuildProcessor, BuildReceiver, ConnectorEntry,
    ExporterEntry, ExtensionEntry, ProcessorEntry, ReceiverEntry,
};
use sidelight_component::{ComponentId, PipelineId, Role, Signal, StorageSettings};
use sidelight_config::Spans;

/// The lists of all components that the program was built with.
#[derive(Clone, Copy, Debug)]
pub struct Catalog {
    /// The receivers.
    pub receivers: &'static [ReceiverEntry],
    /// The processors.
    pub processors: &'static [ProcessorEntry],
    /// The connectors.
    pub connectors: &'static [ConnectorEntry],
    /// The exporters.
    pub exporters: &'static [ExporterEntry],
    /// The extensions.
    pub extensions: &'static [ExtensionEntry],
}

/// A pipeline whose names are all resolved.
#[derive(Clone, Debug)]
pub struct PipelinePlan {
    /// Its name, which says its signal.
    pub id: PipelineId,
    /// Where its data comes from: receivers and connectors.
    pub receivers: Vec<ComponentId>,
    /// Its stages in order.
    pub processors: Vec<ComponentId>,
    /// Where its data goes, exporters and connectors; each gets all of it.
    pub exporters: Vec<ComponentId>,
}

/// The engine's own settings.
#[derive(Clone, Debug)]
pub struct EngineSettings {
    /// The memory budget in bytes.
    pub memory_budget: usize,
    /// Threads that run pipelines.
    pub workers: usize,
    /// How long the end may take.
    pub drain_timeout: Duration,
    /// Where state is kept.
    pub state_directory: PathBuf,
    /// How long an exporter may fail before health turns red.
    pub unhealthy_after: Duration,
}

/// Everything that is needed to start, checked.
pub struct Plan {
    /// Receivers that a pipeline uses.
    pub receivers: BTreeMap<ComponentId, Arc<dyn BuildReceiver>>,
    /// Processors that a pipeline uses.
    pub processors: BTreeMap<ComponentId, Arc<dyn BuildProcessor>>,
    /// Connectors that pipelines use. They join pipelines without a cycle.
    pub connectors: BTreeMap<ComponentId, Arc<dyn BuildConnector>>,
    /// Exporters that a pipeline uses.
    pub exporters: BTreeMap<ComponentId, Arc<dyn BuildExporter>>,
    /// Extensions that `service.extensions` names, in its order.
    pub extensions: Vec<(ComponentId, Arc<dyn BuildExtension>)>,
    /// Those of the extensions that queues are kept in, as `sending_queue.storage` names them.
    pub storages: BTreeMap<ComponentId, StorageSettings>,
    /// The pipelines.
    pub pipelines: Vec<PipelinePlan>,
    /// Where each component's settings stand, for errors that show only at the start.
    pub places: Places,
    /// The engine's own settings.
    pub settings: EngineSettings,
}

impl Plan {
    /// What a connector joins from a signal on: each signal that it makes and that pipelines take from it, with these.
    pub(crate) fn behind(&self, connector: &ComponentId, from: Signal) -> Vec<(Signal, Vec<&PipelinePlan>)> {
        let joins = self
            .connectors
            .get(connector)
            .map_or(&[][..], |config| config.joins());
        let made = joins.iter().filter(|(taken, _)| *taken == from);
        let each = made.map(|(_, to)| {
            let takes = |p: &&PipelinePlan| p.id.signal == *to && p.receivers.contains(connector);
            (*to, self.pipelines.iter().filter(takes).collect::<Vec<_>>())
        });
        each.filter(|(_, pipelines)| !pipelines.is_empty()).collect()
    }

    /// The folder of a storage; `None` where queues are not kept in the extension.
    pub fn storage_directory(&self, extension: &ComponentId) -> Option<PathBuf> {
        let settings = self.storages.get(extension)?;
        let own = || {
            let name = extension.as_str().replace('/', "_");
            self.settings.state_directory.join(name)
        };
        Some(settings.directory.clone().unwrap_or_else(own))
    }
}

/// Where each component's settings stand in the configuration.
pub type Places = BTreeMap<(Role, ComponentId), Spans>;
