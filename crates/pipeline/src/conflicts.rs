//! Relations between components: names that are declared and used, signals that fit, things only one can own.

use std::collections::BTreeMap;

use sidelight_component::sending::{AckMode, BatchSettings};
use sidelight_component::{Budget, ComponentId, Resource, Role, Signal};
use sidelight_config::{Mistake, Mistakes, Span, closest};

use crate::document::{Declarations, Section};
use crate::joins;
use crate::mistakes::code;
use crate::service::{Name, PipelineNames, Service};

/// The components that pipelines and the service use.
#[derive(Default)]
pub(crate) struct Used {
    pub(crate) receivers: Vec<ComponentId>,
    pub(crate) processors: Vec<ComponentId>,
    pub(crate) connectors: Vec<ComponentId>,
    pub(crate) exporters: Vec<ComponentId>,
    pub(crate) extensions: Vec<ComponentId>,
}

/// Checks every relation and says what is used.
pub(crate) fn check(service: &Service, declared: &Declarations, mistakes: &mut Mistakes) -> Used {
    let mut used = Used::default();
    for pipeline in &service.pipelines {
        let list = List {
            whose: format!("pipeline `{}`", pipeline.id),
            signal: Some(pipeline.id.signal),
        };
        let (incoming, receivers) = joins::apart(&pipeline.receivers, declared);
        let (outgoing, exporters) = joins::apart(&pipeline.exporters, declared);
        let joined = List {
            signal: None,
            ..list.clone()
        };
        for connectors in [&incoming, &outgoing] {
            joined.check(
                Role::Connector,
                connectors,
                &declared.connectors,
                &mut used.connectors,
                mistakes,
            );
        }
        list.check(
            Role::Receiver,
            &receivers,
            &declared.receivers,
            &mut used.receivers,
            mistakes,
        );
        list.check(
            Role::Processor,
            &pipeline.processors,
            &declared.processors,
            &mut used.processors,
            mistakes,
        );
        list.check(
            Role::Exporter,
            &exporters,
            &declared.exporters,
            &mut used.exporters,
            mistakes,
        );
    }
    let list = List {
        whose: "the service".to_owned(),
        signal: None,
    };
    list.check(
        Role::Extension,
        &service.extensions,
        &declared.extensions,
        &mut used.extensions,
        mistakes,
    );
    repeated_pipelines(&service.pipelines, mistakes);
    unused(Role::Receiver, &declared.receivers, &used.receivers, mistakes);
    unused(Role::Processor, &declared.processors, &used.processors, mistakes);
    unused(Role::Connector, &declared.connectors, &used.connectors, mistakes);
    unused(Role::Exporter, &declared.exporters, &used.exporters, mistakes);
    unused(Role::Extension, &declared.extensions, &used.extensions, mistakes);
    resources(declared, &used, mistakes);
    batches(&service.pipelines, declared, mistakes);
    signals(&service.pipelines, declared, mistakes);
    requests(service.settings.memory_budget, declared, &used, mistakes);
    storages(declared, &used, mistakes);
    holding_back(&service.pipelines, declared, mistakes);
    joins::check(&service.pipelines, declared, mistakes);
    used
}

/// A promise that somebody asked for and a receiver cannot keep: an acknowledgement means nothing to who does not wait for it.
fn holding_back(pipelines: &[PipelineNames], declared: &Declarations, mistakes: &mut Mistakes) {
    for pipeline in pipelines {
        let promised = pipeline.exporters.iter().find_map(|Name { id, .. }| {
            let exporter = declared.exporters.get(id)?.as_ref()?;
            let queue = exporter.config.sending().queue;
            let asked = queue.ack.is_some() || queue.wait_for_result == Some(true);
            let word = if queue.ack.is_some() {
                "ack"
            } else {
                "wait_for_result"
            };
            let place = exporter.spans.nearest(&format!("sending_queue.{word}"));
            (asked && queue.ack_mode() != AckMode::Memory).then_some((id, place))
        });
        let Some((exporter, because)) = promised else {
            continue;
        };
        for Name { id, place } in &pipeline.receivers {
            let receiver = declared.receivers.get(id).and_then(Option::as_ref);
            if receiver.is_some_and(|receiver| !receiver.config.holds_back()) {
                let message = format!(
                    "receiver `{id}` cannot hold back: what the queue of `{exporter}` has no room for is lost, however it is acknowledged"
                );
                let mistake = Mistake::warning(*place, code::HOLDS_BACK, message);
                mistakes.push(
                    mistake
                        .hint("give the queue `storage` and room for the longest outage")
                        .related(because, "this was asked for"),
                );
            }
        }
    }
}

/// Where exporters keep their queues: an extension that is declared, runs, and is a storage.
fn storages(declared: &Declarations, used: &Used, mistakes: &mut Mistakes) {
    for (id, exporter) in &declared.exporters {
        let Some(exporter) = exporter.as_ref().filter(|_| used.exporters.contains(id)) else {
            continue;
        };
        let Some(storage) = exporter.config.sending().queue.storage else {
            continue;
        };
        let place = exporter.spans.nearest("sending_queue.storage");
        let fault = match declared.extensions.get(&storage) {
            None => Some((
                "which is not declared",
                format!("add `{storage}:` under `extensions:` and to `service.extensions`"),
            )),
            Some(Some(extension)) if extension.config.storage().is_none() => Some((
                "which keeps no queues",
                "name one such as `file_storage`".to_owned(),
            )),
            Some(_) if !used.extensions.contains(&storage) => Some((
                "which does not run",
                format!("add `{storage}` to `service.extensions`"),
            )),
            Some(_) => None,
        };
        if let Some((fault, hint)) = fault {
            let message = format!("exporter `{id}` names the storage `{storage}`, {fault}");
            mistakes.push(Mistake::error(place, code::UNDECLARED, message).hint(hint));
        }
    }
}

/// Requests that are allowed but larger than the whole memory budget are refused all the same. The defaults stay
/// silent: nobody asked for them.
fn requests(budget: usize, declared: &Declarations, used: &Used, mistakes: &mut Mistakes) {
    let largest = Budget::new(budget).largest_beside(0);
    for (id, component) in &declared.receivers {
        let Some(component) = component.as_ref().filter(|_| used.receivers.contains(id)) else {
            continue;
        };
        for (bytes, setting) in component.config.request_limits() {
            let Some(place) = component.spans.value(setting).filter(|_| bytes > largest) else {
                continue;
            };
            let message = format!(
                "`{setting}` of receiver `{id}` is more than the memory budget could ever hold: requests of more than \
                 {largest} bytes are refused"
            );
            mistakes.push(
                Mistake::warning(place, code::MEMORY, message)
                    .hint("lower it, or raise `service.sidelight.memory_budget`"),
            );
        }
    }
}

/// Settings of a processor that have no meaning for the signal of a pipeline it is in.
fn signals(pipelines: &[PipelineNames], declared: &Declarations, mistakes: &mut Mistakes) {
    for pipeline in pipelines {
        for Name { id, place } in &pipeline.processors {
            let Some(Some(component)) = declared.processors.get(id) else {
                continue;
            };
            if let Err(e) = component.config.check_signal(pipeline.id.signal) {
                let setting = component.spans.nearest(e.setting.as_deref().unwrap_or_default());
                let message = format!("processor `{id}` cannot be in pipeline `{}`: {e}", pipeline.id);
                mistakes
                    .push(Mistake::error(*place, code::SIGNAL, message).related(setting, "because of this"));
            }
        }
    }
}

/// A `batch` processor is a setting of the queues behind its pipeline; a queue has only one.
fn batches(pipelines: &[PipelineNames], declared: &Declarations, mistakes: &mut Mistakes) {
    let mut first: BTreeMap<(&ComponentId, Signal), (BatchSettings, Span)> = BTreeMap::new();
    for pipeline in pipelines {
        let batch = pipeline.processors.iter().find_map(|Name { id, place }| {
            let batch = declared.processors.get(id)?.as_ref()?.config.queue_batch()?;
            Some((batch, *place))
        });
        let Some((batch, place)) = batch else { continue };
        for exporter in &pipeline.exporters {
            let key = (&exporter.id, pipeline.id.signal);
            let (settings, above) = first.entry(key).or_insert_with(|| (batch.clone(), place));
            if *settings != batch {
                let message = format!(
                    "exporter `{}` batches {} as the first pipeline says, not as this one does",
                    exporter.id, pipeline.id.signal
                );
                let mistake = Mistake::warning(place, code::BATCH, message);
                mistakes.push(
                    mistake
                        .hint("set `sending_queue: batch:` of the exporter")
                        .related(*above, "this is used"),
                );
            }
        }
    }
}

/// A list of component names: whose it is, and the signal that its components must carry.
#[derive(Clone)]
struct List {
    whose: String,
    signal: Option<Signal>,
}

impl List {
    fn check<T: ?Sized>(
        &self,
        role: Role,
        names: &[Name],
        section: &Section<T>,
        used: &mut Vec<ComponentId>,
        mistakes: &mut Mistakes,
    ) {
        let whose = &self.whose;
        let mut seen: BTreeMap<&ComponentId, Span> = BTreeMap::new();
        for Name { id, place } in names {
            if let Some(first) = seen.insert(id, *place) {
                let message = format!("{whose} names {role} `{id}` twice");
                mistakes.push(Mistake::error(*place, code::REPEATED, message).related(first, "first here"));
            }
            match section.get(id) {
                None => self.undeclared(role, id, *place, section, mistakes),
                Some(Some(component))
                    if self.signal.is_some_and(|s| !component.about.signals.contains(&s)) =>
                {
                    let carries: Vec<&str> = component.about.signals.iter().map(|s| s.as_str()).collect();
                    let message = format!(
                        "{role} `{id}` cannot be in {whose}: it carries {}",
                        carries.join(" and ")
                    );
                    mistakes.push(Mistake::error(*place, code::SIGNAL, message));
                }
                Some(_) => {}
            }
            if !used.contains(id) {
                used.push(id.clone());
            }
        }
    }

    fn undeclared<T: ?Sized>(
        &self,
        role: Role,
        id: &ComponentId,
        place: Span,
        section: &Section<T>,
        mistakes: &mut Mistakes,
    ) {
        let message = format!("{} names {role} `{id}`, which is not declared", self.whose);
        let mistake = Mistake::error(place, code::UNDECLARED, message);
        mistakes.push(
            match closest(id.as_str(), section.keys().map(ComponentId::as_str)) {
                Some(near) => mistake.hint(format!("did you mean `{near}`?")),
                None => mistake.hint(format!("add `{id}:` under `{}:`", role.section())),
            },
        );
    }
}

fn repeated_pipelines(pipelines: &[PipelineNames], mistakes: &mut Mistakes) {
    for (i, pipeline) in pipelines.iter().enumerate() {
        if let Some(first) = pipelines[..i].iter().find(|p| p.id == pipeline.id) {
            let message = format!("pipeline `{}` is declared twice", pipeline.id);
            mistakes.push(
                Mistake::error(pipeline.place, code::REPEATED, message).related(first.place, "first here"),
            );
        }
    }
}

fn unused<T: ?Sized>(role: Role, section: &Section<T>, used: &[ComponentId], mistakes: &mut Mistakes) {
    for (id, component) in section.iter().filter(|(id, _)| !used.contains(id)) {
        let Some(component) = component else { continue };
        let by = if role == Role::Extension {
            "`service.extensions`"
        } else {
            "a pipeline"
        };
        let message = format!("{role} `{id}` is declared but not used by {by}; it will not run");
        mistakes.push(Mistake::warning(component.place, code::UNUSED, message));
    }
}

/// Two components that want the same address or file are refused before anything starts.
fn resources(declared: &Declarations, used: &Used, mistakes: &mut Mistakes) {
    let mut owners: BTreeMap<String, (Span, String)> = BTreeMap::new();
    let mut claim = |role: Role, id: &ComponentId, spans: &sidelight_config::Spans, wanted: Vec<Resource>| {
        for resource in wanted {
            let (what, setting) = match &resource {
                Resource::Listen { endpoint, setting } => (endpoint.clone(), setting),
                Resource::Write { path, setting } => (path.display().to_string(), setting),
            };
            let place = spans.nearest(setting);
            let who = format!("{role} `{id}`");
            // Port 0 means any free port: two of them do not collide.
            if what.ends_with(":0") {
                continue;
            }
            if let Some((first, owner)) = owners.get(&what) {
                let message = format!("{who} and {owner} both want `{what}`");
                mistakes.push(
                    Mistake::error(place, code::RESOURCE, message)
                        .hint("give one of them another one")
                        .related(*first, "also here"),
                );
            } else {
                owners.insert(what, (place, who));
            }
        }
    };
    for (id, c) in &declared.receivers {
        if let Some(c) = c.as_ref().filter(|_| used.receivers.contains(id)) {
            claim(Role::Receiver, id, &c.spans, c.config.resources());
        }
    }
    for (id, c) in &declared.exporters {
        if let Some(c) = c.as_ref().filter(|_| used.exporters.contains(id)) {
            claim(Role::Exporter, id, &c.spans, c.config.resources());
        }
    }
    for (id, c) in &declared.extensions {
        if let Some(c) = c.as_ref().filter(|_| used.extensions.contains(id)) {
            claim(Role::Extension, id, &c.spans, c.config.resources());
        }
    }
}
