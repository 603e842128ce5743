//! Where points come from: a resource and a scope, and the labels that all of their series have.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use sidelight_exposition::labels::{LabelTextBuilder, Labels};
use sidelight_exposition::names::{IDENTIFYING, Target, label_value, scope_label_name};
use sidelight_proto::views::{ResourceMetricsView, ResourceView, ScopeMetricsView};
use sidelight_series::{IdentityEncoder, SeriesTable};

use super::Rules;
use super::memory::Memory;

/// Resources and scopes at one time; points of further ones are refused.
pub(super) const MAX_SOURCES: usize = 10_000;

/// What a source takes besides its texts.
const SOURCE_BYTES: usize = 512;

/// Labels that the series of a source share, as text. Sources with the same labels share them, too.
#[derive(Debug)]
pub(super) struct SharedLabels {
    /// Stands for the text in the identity of series.
    pub(super) id: u32,
    pub(super) text: Box<str>,
    /// The same by name.
    pub(super) labels: Vec<(String, String)>,
}

/// One resource and scope.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// Numbered in the order they came.
    pub(super) id: u32,
    pub(super) shared: Arc<SharedLabels>,
    pub(super) target: Arc<Target>,
    seen: u32,
    bytes: usize,
}

/// The series of `target_info` for one target.
#[derive(Debug)]
pub(in super::super) struct TargetInfo {
    /// Its labels as text.
    pub(in super::super) labels: Box<str>,
    /// The resource that it describes: of several with one target the latest.
    source: u32,
    /// Second of its last point.
    pub(in super::super) seen: u32,
}

/// All sources.
#[derive(Debug, Default)]
pub(in super::super) struct Sources {
    table: SeriesTable<Source>,
    last_id: u32,
    shared: HashMap<Box<str>, Arc<SharedLabels>>,
    last_shared_id: u32,
    /// What `target_info` shows, by target.
    pub(in super::super) targets: BTreeMap<Arc<Target>, TargetInfo>,
    encoder: IdentityEncoder,
    scope_encoder: IdentityEncoder,
    builder: LabelTextBuilder,
}

impl Sources {
    /// The source of these points; `None` where there is no room for one more.
    pub(super) fn source(
        &mut self,
        resource: &ResourceMetricsView<'_>,
        scope: &ScopeMetricsView<'_>,
        rules: &Rules,
        memory: &mut Memory,
        now: u32,
    ) -> Option<Source> {
        let identity = self.identity(resource, scope);
        let id = match self.table.find(&identity) {
            Some(id) => id,
            None if self.table.len() >= MAX_SOURCES => return None,
            None => {
                let mut source = self.make(resource, scope, rules, now);
                // The identity, and the labels as text and by name, and those of `target_info`, which are not more.
                source.bytes = SOURCE_BYTES + 2 * identity.len() + 3 * source.shared.text.len();
                if !memory.take(source.bytes) {
                    return None;
                }
                self.table.insert(&identity, source)
            }
        };
        let source = self.table.get_mut(id)?;
        source.seen = now;
        let source = source.clone();
        self.describe(&source, resource.resource(), rules, now);
        Some(source)
    }

    fn identity(&mut self, resource: &ResourceMetricsView<'_>, scope: &ScopeMetricsView<'_>) -> Vec<u8> {
        let view = scope.scope();
        let mut names = Vec::new();
        for text in [view.name(), view.version(), scope.schema_url()] {
            names.extend_from_slice(&(text.len() as u64).to_le_bytes());
            names.extend_from_slice(text.as_bytes());
        }
        let scope = self.scope_encoder.encode(&names, view.attributes());
        self.encoder
            .encode(scope, resource.resource().attributes())
            .to_vec()
    }

    fn make(
        &mut self,
        resource: &ResourceMetricsView<'_>,
        scope: &ScopeMetricsView<'_>,
        rules: &Rules,
        now: u32,
    ) -> Source {
        let target = Arc::new(Target::of(resource.resource().attributes()));
        let labels = shared_labels(&mut self.builder, resource, scope, &target, rules);
        self.last_id = self.last_id.wrapping_add(1);
        Source {
            id: self.last_id,
            shared: self.share(&labels),
            target,
            seen: now,
            bytes: 0,
        }
    }

    fn share(&mut self, text: &str) -> Arc<SharedLabels> {
        if let Some(shared) = self.shared.get(text) {
            return shared.clone();
        }
        self.last_shared_id = self.last_shared_id.wrapping_add(1);
        let labels = Labels::new(text);
        let shared = Arc::new(SharedLabels {
            id: self.last_shared_id,
            text: text.into(),
            labels: labels
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        });
        self.shared.insert(text.into(), shared.clone());
        shared
    }

    /// Keeps `target_info` of the source's target. Where several resources have one target, the latest describes it.
    fn describe(&mut self, source: &Source, resource: ResourceView<'_>, rules: &Rules, now: u32) {
        if let Some(info) = self.targets.get_mut(&source.target) {
            if info.source == source.id {
                info.seen = now;
            }
            if info.source >= source.id {
                return;
            }
        }
        let builder = &mut self.builder;
        builder.clear();
        for attribute in resource.attributes().filter(|a| !IDENTIFYING.contains(&a.key())) {
            builder.attribute(attribute.key(), attribute.value(), rules.strategy);
        }
        builder.label("job", &source.target.job);
        builder.label("instance", &source.target.instance);
        let labels = builder.text();
        if labels.is_empty() {
            return;
        }
        let info = TargetInfo {
            labels: labels.into(),
            source: source.id,
            seen: now,
        };
        self.targets.insert(source.target.clone(), info);
    }

    /// Forgets what was not seen for too long.
    pub(super) fn sweep(&mut self, rules: &Rules, memory: &mut Memory, now: u32) {
        let over: Vec<_> = self
            .table
            .iter()
            .filter(|(_, source)| rules.is_over(source.seen, now))
            .map(|(id, _)| id)
            .collect();
        for id in over {
            if let Some(source) = self.table.remove(id) {
                memory.change(source.bytes, 0);
            }
        }
        self.targets.retain(|_, info| !rules.is_over(info.seen, now));
        self.shared.retain(|_, shared| Arc::strong_count(shared) > 1);
    }
}

/// The labels of every series of a source, as text.
fn shared_labels(
    builder: &mut LabelTextBuilder,
    resource: &ResourceMetricsView<'_>,
    scope: &ScopeMetricsView<'_>,
    target: &Target,
    rules: &Rules,
) -> String {
    builder.clear();
    builder.label("job", &target.job);
    builder.label("instance", &target.instance);
    for (name, value) in &rules.const_labels {
        builder.label(name, value);
    }
    if rules.resource_labels {
        let is_shown = |key: &str| rules.service_labels || !IDENTIFYING.contains(&key);
        for attribute in resource.resource().attributes().filter(|a| is_shown(a.key())) {
            builder.attribute(attribute.key(), attribute.value(), rules.strategy);
        }
    }
    if rules.scope_labels {
        let view = scope.scope();
        let own = [
            ("otel_scope_name", view.name()),
            ("otel_scope_version", view.version()),
            ("otel_scope_schema_url", scope.schema_url()),
        ];
        for (name, value) in own {
            builder.label(name, value);
        }
        for attribute in view.attributes() {
            let Ok(name) = scope_label_name(attribute.key(), rules.strategy) else {
                continue;
            };
            // The specification: attributes that would be taken for name, version or schema are dropped.
            if own.iter().all(|(own, _)| *own != name) {
                builder.label(&name, &label_value(attribute.value()));
            }
        }
    }
    builder.text().to_owned()
}
