//! The `service` section: which pipelines there are, and the engine's own settings.

use std::path::PathBuf;
use std::time::Duration;

use sidelight_component::{ComponentId, PipelineId};
use sidelight_config::{
    ByteSize, Key, Mistake, Mistakes, Node, Owner, Span, Tree, read as read_settings, settings,
};

use crate::document::pipeline_id;
use crate::mistakes::code;
use crate::plan::{EngineSettings, PipelinePlan};
use crate::worker::default_workers;

settings! {
    /// Settings of the engine, under `service.sidelight`.
    pub struct EngineBlock {
        /// The most memory that data under way may take.
        memory_budget: ByteSize [ByteSize::mib(1)..] = ByteSize::mib(64),
        /// Threads that run pipelines. Without a value: as many as the processor time this process may use,
        /// at most 2.
        workers: Option<u16>,
        /// How long the end may take: what is not delivered then is answered as "send it again".
        drain_timeout: Duration [Duration::from_millis(1)..] = Duration::from_secs(10),
        /// How long an exporter may fail before health turns red.
        unhealthy_after: Duration = Duration::from_secs(60),
        /// Where state is kept, such as the queues of `file_storage`. Without a value: `$STATE_DIRECTORY`, else
        /// `~/.local/state/sidelight`.
        state_directory: Option<String>,
    }
}

settings! {
    /// The `service` section.
    pub struct ServiceBlock {
        /// Extensions to run.
        extensions: Vec<Node>,
        /// The pipelines.
        pipelines: Option<Node>,
        /// The program's own logs, metrics and traces.
        telemetry: Option<Node>,
        /// The engine's own settings.
        sidelight: EngineBlock,
    }
}

/// A name in a list, with its place.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub(crate) id: ComponentId,
    pub(crate) place: Span,
}

/// A pipeline as the document has it.
#[derive(Clone, Debug)]
pub(crate) struct PipelineNames {
    pub(crate) id: PipelineId,
    pub(crate) place: Span,
    pub(crate) receivers: Vec<Name>,
    pub(crate) processors: Vec<Name>,
    pub(crate) exporters: Vec<Name>,
}

impl PipelineNames {
    pub(crate) fn into_plan(self) -> PipelinePlan {
        let ids = |names: Vec<Name>| names.into_iter().map(|name| name.id).collect();
        PipelinePlan {
            id: self.id,
            receivers: ids(self.receivers),
            processors: ids(self.processors),
            exporters: ids(self.exporters),
        }
    }
}

/// The section, read.
pub(crate) struct Service {
    pub(crate) extensions: Vec<Name>,
    pub(crate) pipelines: Vec<PipelineNames>,
    pub(crate) settings: EngineSettings,
}

/// Reads the section; `None` where it is missing or its own settings have mistakes.
pub(crate) fn read(tree: &Tree, mistakes: &mut Mistakes) -> Option<Service> {
    let Some((key, node)) = tree.root.entry("service") else {
        mistakes.push(
            Mistake::error(tree.root.span, code::SECTION, "there is no `service` section")
                .hint("add `service:` with `pipelines:`, each with `receivers` and `exporters`"),
        );
        return None;
    };
    let owner = Owner {
        label: "the service".into(),
        readme: Some("README.md".into()),
        place: key.span,
    };
    let block = read_settings::<ServiceBlock>(node, owner, mistakes)?.config;
    let mut pipelines = Vec::new();
    for (key, node) in block
        .pipelines
        .as_ref()
        .and_then(Node::as_map)
        .unwrap_or_default()
    {
        if let Some(id) = pipeline_id(key, mistakes) {
            pipelines.extend(pipeline(id, key, node, mistakes));
        }
    }
    if block
        .pipelines
        .as_ref()
        .and_then(Node::as_map)
        .is_none_or(<[_]>::is_empty)
    {
        mistakes.push(
            Mistake::error(key.span, code::EMPTY, "the service has no pipelines")
                .hint("add `pipelines:` with `traces:`, `metrics:` or `logs:` below it"),
        );
    }
    let extensions = block
        .extensions
        .iter()
        .filter_map(|node| name(node, mistakes))
        .collect();
    Some(Service {
        extensions,
        pipelines,
        settings: engine_settings(&block.sidelight),
    })
}

fn engine_settings(block: &EngineBlock) -> EngineSettings {
    EngineSettings {
        memory_budget: block.memory_budget.as_usize(),
        workers: block
            .workers
            .map_or_else(default_workers, |n| usize::from(n).max(1)),
        drain_timeout: block.drain_timeout,
        unhealthy_after: block.unhealthy_after,
        state_directory: block
            .state_directory
            .as_ref()
            .map_or_else(default_state_directory, PathBuf::from),
    }
}

/// `$STATE_DIRECTORY` (systemd sets it), else `~/.local/state/sidelight`, else a folder here.
fn default_state_directory() -> PathBuf {
    let from_systemd = std::env::var_os("STATE_DIRECTORY").map(PathBuf::from);
    let at_home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state/sidelight"));
    from_systemd
        .or_else(at_home)
        .unwrap_or_else(|| PathBuf::from("sidelight-state"))
}

settings! {
    /// One pipeline.
    pub struct PipelineBlock {
        /// Where its data comes from.
        receivers: Vec<Node>,
        /// Its stages in order.
        processors: Vec<Node>,
        /// Where its data goes; each gets all of it.
        exporters: Vec<Node>,
    }
}

fn pipeline(id: PipelineId, key: &Key, node: &Node, mistakes: &mut Mistakes) -> Option<PipelineNames> {
    let owner = Owner {
        label: format!("pipeline `{id}`"),
        readme: Some("README.md".into()),
        place: key.span,
    };
    let block = read_settings::<PipelineBlock>(node, owner, mistakes)?.config;
    for (what, list) in [("receivers", &block.receivers), ("exporters", &block.exporters)] {
        if list.is_empty() {
            let message = format!("pipeline `{id}` has no {what}");
            mistakes
                .push(Mistake::error(key.span, code::EMPTY, message).hint(format!("add `{what}: [...]`")));
        }
    }
    let mut names = |list: &[Node]| list.iter().filter_map(|node| name(node, mistakes)).collect();
    Some(PipelineNames {
        receivers: names(&block.receivers),
        processors: names(&block.processors),
        exporters: names(&block.exporters),
        id,
        place: key.span,
    })
}

fn name(node: &Node, mistakes: &mut Mistakes) -> Option<Name> {
    let parsed = node.text().map(str::parse::<ComponentId>);
    match parsed {
        Some(Ok(id)) => Some(Name { id, place: node.span }),
        Some(Err(e)) => {
            mistakes.push(Mistake::error(
                node.span,
                code::ID,
                format!("no component id: {e}"),
            ));
            None
        }
        None => {
            let message = format!("a component's id is wanted here, not {}", node.kind_name());
            mistakes.push(Mistake::error(node.span, code::ID, message));
            None
        }
    }
}
