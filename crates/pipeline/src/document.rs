//! `pipeline.yaml` to a checked [`Plan`]: every section, every name, every setting, all mistakes at once.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use sidelight_component::registry::{
    BuildConnector, BuildExporter, BuildExtension, BuildProcessor, BuildReceiver,
};
use sidelight_component::{About, ComponentId, PipelineId, Role, StorageSettings};
use sidelight_config::{Key, Mistake, Mistakes, Node, Owner, Span, Spans, Tree, closest};

use crate::plan::{Catalog, Places, Plan};
use crate::service::{self, PipelineNames, Service};
use crate::{conflicts, mistakes::code};

/// A component as the document declares it.
pub(crate) struct Declared<T: ?Sized> {
    /// The place of its key.
    pub(crate) place: Span,
    /// The places of its settings.
    pub(crate) spans: Spans,
    /// The signals it can carry.
    pub(crate) about: About,
    pub(crate) config: Arc<T>,
}

/// The components of one section by id. An id that was declared with mistakes is there with `None`, so that
/// its use is not a second mistake.
pub(crate) type Section<T> = BTreeMap<ComponentId, Option<Declared<T>>>;

/// Everything the document declares.
pub(crate) struct Declarations {
    pub(crate) receivers: Section<dyn BuildReceiver>,
    pub(crate) processors: Section<dyn BuildProcessor>,
    pub(crate) connectors: Section<dyn BuildConnector>,
    pub(crate) exporters: Section<dyn BuildExporter>,
    pub(crate) extensions: Section<dyn BuildExtension>,
}

/// The sections that there are.
const SECTIONS: [&str; 6] = [
    "receivers",
    "processors",
    "connectors",
    "exporters",
    "extensions",
    "service",
];

/// Checks the document. `None` where a mistake forbids the start; `mistakes` has them all.
pub fn read(tree: &Tree, catalog: Catalog, mistakes: &mut Mistakes) -> Option<Plan> {
    let errors_before = mistakes.error_count();
    check_sections(tree, mistakes);
    macro_rules! section {
        ($role:expr, $list:expr) => {{
            let abouts: Vec<About> = $list.iter().map(|entry| entry.about).collect();
            let mut section = Section::new();
            for (key, node) in entries(tree, $role, mistakes) {
                let Some((id, at)) = identify($role, key, &abouts, mistakes) else {
                    continue;
                };
                let owner = owner($role, key, &abouts[at]);
                let read = ($list[at].read)(node, owner, mistakes);
                let declared = read.map(|(config, spans)| Declared {
                    place: key.span,
                    spans,
                    about: abouts[at],
                    config,
                });
                section.insert(id, declared);
            }
            section
        }};
    }
    let declared = Declarations {
        receivers: section!(Role::Receiver, catalog.receivers),
        processors: section!(Role::Processor, catalog.processors),
        connectors: section!(Role::Connector, catalog.connectors),
        exporters: section!(Role::Exporter, catalog.exporters),
        extensions: section!(Role::Extension, catalog.extensions),
    };
    let service = service::read(tree, mistakes)?;
    let used = conflicts::check(&service, &declared, mistakes);
    (mistakes.error_count() == errors_before).then(|| plan(service, declared, &used))
}

fn plan(service: Service, declared: Declarations, used: &conflicts::Used) -> Plan {
    let mut places = Places::new();
    let mut extensions = pick(
        Role::Extension,
        declared.extensions,
        &used.extensions,
        &mut places,
    );
    let exporters = pick(Role::Exporter, declared.exporters, &used.exporters, &mut places);
    Plan {
        receivers: pick(Role::Receiver, declared.receivers, &used.receivers, &mut places),
        processors: pick(
            Role::Processor,
            declared.processors,
            &used.processors,
            &mut places,
        ),
        connectors: pick(
            Role::Connector,
            declared.connectors,
            &used.connectors,
            &mut places,
        ),
        storages: storages(&exporters, &extensions),
        exporters,
        extensions: used
            .extensions
            .iter()
            .filter_map(|id| extensions.remove_entry(id))
            .collect(),
        pipelines: service
            .pipelines
            .into_iter()
            .map(PipelineNames::into_plan)
            .collect(),
        places,
        settings: service.settings,
    }
}

/// The extensions that the exporters keep their queues in.
fn storages(
    exporters: &BTreeMap<ComponentId, Arc<dyn BuildExporter>>,
    extensions: &BTreeMap<ComponentId, Arc<dyn BuildExtension>>,
) -> BTreeMap<ComponentId, StorageSettings> {
    let named = exporters
        .values()
        .filter_map(|exporter| exporter.sending().queue.storage);
    named
        .filter_map(|id| {
            let settings = extensions.get(&id)?.storage()?;
            Some((id, settings))
        })
        .collect()
}

/// The components of a section that are used.
fn pick<T: ?Sized>(
    role: Role,
    section: Section<T>,
    used: &[ComponentId],
    places: &mut Places,
) -> BTreeMap<ComponentId, Arc<T>> {
    let mut picked = BTreeMap::new();
    for (id, declared) in section {
        if let Some(declared) = declared.filter(|_| used.contains(&id)) {
            places.insert((role, id.clone()), declared.spans);
            picked.insert(id, declared.config);
        }
    }
    picked
}

fn check_sections(tree: &Tree, mistakes: &mut Mistakes) {
    let Some(entries) = tree.root.as_map() else {
        mistakes.push(
            Mistake::error(tree.root.span, code::SECTION, "the configuration must be a block of sections")
                .hint("it consists of `receivers:`, `exporters:`, `service:` and, where wanted, `processors:`, `connectors:` and `extensions:`"),
        );
        return;
    };
    for (key, _) in entries
        .iter()
        .filter(|(key, _)| !SECTIONS.contains(&key.name.as_str()))
    {
        let mistake = Mistake::error(key.span, code::SECTION, format!("unknown section `{}`", key.name));
        mistakes.push(match closest(&key.name, SECTIONS) {
            Some(near) => mistake.hint(format!("did you mean `{near}`?")),
            None => mistake.hint(format!("the sections are {}", SECTIONS.join(", "))),
        });
    }
}

/// The entries of a section; a section that is no block is a mistake.
fn entries<'t>(tree: &'t Tree, role: Role, mistakes: &mut Mistakes) -> &'t [(Key, Node)] {
    match tree.root.get(role.section()) {
        None => &[],
        Some(node) if node.is_null() => &[],
        Some(node) => node.as_map().unwrap_or_else(|| {
            let message = format!(
                "`{}` must be a block of {}, not {}",
                role.section(),
                role.section(),
                node.kind_name()
            );
            mistakes.push(Mistake::error(node.span, code::SECTION, message));
            &[]
        }),
    }
}

/// Which component a key names: its id under the component's own name, and its place in the list.
fn identify(
    role: Role,
    key: &Key,
    abouts: &[About],
    mistakes: &mut Mistakes,
) -> Option<(ComponentId, usize)> {
    let id = match ComponentId::from_str(&key.name) {
        Ok(id) => id,
        Err(e) => {
            mistakes.push(Mistake::error(
                key.span,
                code::ID,
                format!("`{}` is no {role} id: {e}", key.name),
            ));
            return None;
        }
    };
    if let Some(at) = abouts.iter().position(|about| about.name == id.type_name()) {
        return Some((id, at));
    }
    if let Some(at) = abouts
        .iter()
        .position(|about| about.aliases.contains(&id.type_name()))
    {
        let now = abouts[at].name;
        let message = format!(
            "{role} `{}` is called `{now}` now; the old name still works",
            id.type_name()
        );
        mistakes.push(Mistake::warning(key.span, code::RENAMED, message));
        return Some((id, at));
    }
    let names: Vec<&str> = abouts.iter().map(|about| about.name).collect();
    let message = format!("unknown {role} `{}`", id.type_name());
    let known = format!("the {} are {}", role.section(), names.join(", "));
    let hint = match closest(id.type_name(), names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? ({known})"),
        None => known,
    };
    mistakes.push(Mistake::error(key.span, code::UNKNOWN_COMPONENT, message).hint(hint));
    None
}

fn owner(role: Role, key: &Key, about: &About) -> Owner {
    Owner {
        label: format!("{role} `{}`", key.name),
        readme: Some(format!("{}/{}/README.md", role.section(), about.name)),
        place: key.span,
    }
}

/// Reads a pipeline's name.
pub(crate) fn pipeline_id(key: &Key, mistakes: &mut Mistakes) -> Option<PipelineId> {
    key.name
        .parse()
        .map_err(|_| {
            let signal = key.name.split('/').next().unwrap_or_default();
            let mistake = Mistake::error(key.span, code::ID, format!("`{}` is no pipeline id", key.name));
            mistakes.push(match closest(signal, ["traces", "metrics", "logs"]) {
                Some(near) => mistake.hint(format!("did you mean `{near}`?")),
                None => mistake
                    .hint("it starts with `traces`, `metrics` or `logs`, as in `traces` or `traces/slow`"),
            });
        })
        .ok()
}
