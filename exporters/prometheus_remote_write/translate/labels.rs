//! The labels that all series of a data point have.

use std::collections::HashMap;

use sidelight_exposition::names::{
    IDENTIFYING, Target, TranslationStrategy, label_name, label_value, scope_label_name,
};
use sidelight_proto::views::{Attributes, ResourceView, ScopeMetricsView};

use crate::prometheus_remote_write::series::Label;
use crate::prometheus_remote_write::symbols::{Symbol, Symbols};

/// Keys of a scope's attributes whose labels say something else.
const SCOPE_FIELDS: [&str; 3] = ["name", "version", "schema_url"];

/// An attribute on its way to a label.
#[derive(Clone, Copy, Debug)]
struct Attribute<'a> {
    key: &'a str,
    name: Symbol,
    value: Symbol,
}

/// Which attributes of resources become labels of every series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::prometheus_remote_write) enum ResourceLabels {
    None,
    All,
    /// All but those that `job` and `instance` are made of.
    WithoutService,
}

/// Makes labels; what is the same for many points is made once for a resource and once for a scope.
#[derive(Debug)]
pub(super) struct LabelBuilder<'a> {
    strategy: TranslationStrategy,
    external: Vec<Label>,
    /// Labels by key; none where nothing of the key is left.
    names: HashMap<&'a str, Option<Symbol>>,
    /// Attributes of the resource that become labels of every point.
    of_resource: Vec<Attribute<'a>>,
    /// `job` and `instance`.
    of_target: Vec<Label>,
    of_scope: Vec<Label>,
    attributes: Vec<Attribute<'a>>,
    labels: Vec<Label>,
}

impl<'a> LabelBuilder<'a> {
    pub(super) fn new(strategy: TranslationStrategy, external: Vec<Label>) -> Self {
        Self {
            strategy,
            external,
            names: HashMap::new(),
            of_resource: Vec::new(),
            of_target: Vec::new(),
            of_scope: Vec::new(),
            attributes: Vec::new(),
            labels: Vec::new(),
        }
    }

    /// Begins a resource.
    pub(super) fn resource(
        &mut self,
        symbols: &mut Symbols<'a>,
        resource: ResourceView<'a>,
        labels: ResourceLabels,
    ) {
        let Target { job, instance } = Target::of(resource.attributes());
        self.of_target.clear();
        for (name, value) in [("job", job), ("instance", instance)] {
            if !value.is_empty() {
                self.of_target.push((symbols.intern(name), symbols.intern(value)));
            }
        }
        self.of_resource.clear();
        let left_out = match labels {
            ResourceLabels::None => return,
            ResourceLabels::All => &[][..],
            ResourceLabels::WithoutService => &IDENTIFYING[..],
        };
        self.collect(symbols, resource.attributes(), left_out);
        self.of_resource.append(&mut self.attributes);
    }

    /// Begins a scope of the resource; `None` where scopes do not become labels.
    pub(super) fn scope(&mut self, symbols: &mut Symbols<'a>, scope: Option<ScopeMetricsView<'a>>) {
        self.of_scope.clear();
        let Some(scope_metrics) = scope else { return };
        let scope = scope_metrics.scope();
        let fields = [scope.name(), scope.version(), scope_metrics.schema_url()];
        for (field, value) in SCOPE_FIELDS.into_iter().zip(fields) {
            if !value.is_empty()
                && let Ok(name) = scope_label_name(field, self.strategy)
            {
                self.of_scope.push((symbols.intern(name), symbols.intern(value)));
            }
        }
        for attribute in scope.attributes() {
            let (key, value) = (attribute.key(), label_value(attribute.value()));
            if value.is_empty() || SCOPE_FIELDS.contains(&key) {
                continue;
            }
            if let Ok(name) = scope_label_name(key, self.strategy) {
                let label = (symbols.intern(name), symbols.intern(value));
                set(&mut self.of_scope, label);
            }
        }
    }

    /// Makes the labels of a point: [`LabelBuilder::current`].
    pub(super) fn point(&mut self, symbols: &mut Symbols<'a>, attributes: Attributes<'a>) {
        self.collect(symbols, attributes, &[]);
        for of_resource in &self.of_resource {
            let same = |attribute: &&mut Attribute<'_>| attribute.key == of_resource.key;
            match self.attributes.iter_mut().find(same) {
                Some(of_point) => of_point.value = of_resource.value,
                None => self.attributes.push(*of_resource),
            }
        }
        self.merge(symbols);
        for label in self.of_target.iter().chain(&self.of_scope) {
            set(&mut self.labels, *label);
        }
        self.finish(symbols);
    }

    /// The labels that were made last, ordered by name.
    pub(super) fn current(&self) -> &[Label] {
        &self.labels
    }

    /// The labels of the resource as `target_info` has them; `None` where they say nothing or nobody could find them.
    pub(super) fn target_info(
        &mut self,
        symbols: &mut Symbols<'a>,
        resource: ResourceView<'a>,
    ) -> Option<&[Label]> {
        self.collect(symbols, resource.attributes(), &IDENTIFYING);
        if self.attributes.is_empty() || self.of_target.is_empty() {
            return None;
        }
        self.merge(symbols);
        for label in &self.of_target {
            set(&mut self.labels, *label);
        }
        self.finish(symbols);
        Some(&self.labels)
    }

    /// Attributes into `self.attributes`. An empty value is no label.
    fn collect(&mut self, symbols: &mut Symbols<'a>, attributes: Attributes<'a>, left_out: &[&str]) {
        self.attributes.clear();
        for attribute in attributes {
            let key = attribute.key();
            let value = label_value(attribute.value());
            if value.is_empty() || left_out.contains(&key) {
                continue;
            }
            let strategy = self.strategy;
            let name = *self.names.entry(key).or_insert_with(|| {
                let name = label_name(key, strategy).ok()?;
                Some(if name == key {
                    symbols.intern(key)
                } else {
                    symbols.intern(name)
                })
            });
            if let Some(name) = name {
                let value = symbols.intern(value);
                self.attributes.push(Attribute { key, name, value });
            }
        }
    }

    /// Attributes to labels. Where several have one name their values are joined in the order of their keys.
    fn merge(&mut self, symbols: &mut Symbols<'a>) {
        self.attributes
            .sort_by(|a, b| (symbols.text(a.name), a.key).cmp(&(symbols.text(b.name), b.key)));
        self.labels.clear();
        for same in self.attributes.chunk_by(|a, b| a.name == b.name) {
            let value = match same {
                [one] => one.value,
                many => {
                    let texts: Vec<&str> = many.iter().map(|one| symbols.text(one.value)).collect();
                    let joined = texts.join(";");
                    symbols.intern(joined)
                }
            };
            self.labels.extend(same.first().map(|one| (one.name, value)));
        }
    }

    /// Adds external labels, which give way to all others, and orders by name.
    fn finish(&mut self, symbols: &Symbols<'a>) {
        for label in &self.external {
            if !self.labels.iter().any(|own| own.0 == label.0) {
                self.labels.push(*label);
            }
        }
        self.labels
            .sort_by(|a, b| symbols.text(a.0).cmp(symbols.text(b.0)));
    }
}

fn set(labels: &mut Vec<Label>, label: Label) {
    match labels.iter_mut().find(|own| own.0 == label.0) {
        Some(own) => own.1 = label.1,
        None => labels.push(label),
    }
}
