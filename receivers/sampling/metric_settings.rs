//! The setting `metrics:`, in the Collector's words: `{system.cpu.utilization: {enabled: true}}`.

use std::fmt::Debug;
use std::marker::PhantomData;

use sidelight_config::{
    BlockKind, Kind, Mistake, Node, Reader, Setting, Settings, closest, code, escaped, settings,
};

use super::{MetricDef, MetricSet, MetricTable};

settings! {
    /// What one metric can be told.
    pub struct MetricSwitch {
        /// Whether it is written. Where this is not given the table of metrics says it.
        enabled: Option<bool>,
    }
    unsupported {
        "attributes" => "points have the attributes that the README names; remove it (for each processor: `cpu.per_cpu: true`)",
        "aggregation_strategy" => "points are not added up over attributes; remove it",
    }
}

/// What the user said about metrics of table `M`, in a block `S` each: [`MetricSwitch`], or one of a receiver that
/// can be told more.
pub struct MetricSettings<M, S = MetricSwitch> {
    /// By the metric's number, ascending; at most one each.
    given: Vec<(usize, S)>,
    table: PhantomData<M>,
}

impl<M: MetricTable, S> MetricSettings<M, S> {
    /// What was given for a metric, by its number.
    pub fn given(&self, number: usize) -> Option<&S> {
        let at = self
            .given
            .binary_search_by_key(&number, |(number, _)| *number)
            .ok()?;
        self.given.get(at).map(|(_, settings)| settings)
    }
}

impl<M: MetricTable> MetricSettings<M> {
    /// The metrics to write.
    pub fn enabled(&self) -> MetricSet<M> {
        MetricSet::of(|number, definition| {
            let switch = self.given(number).and_then(|switch| switch.enabled);
            switch.unwrap_or(definition.enabled)
        })
    }
}

/// The place of a metric in its table, by either of its names.
fn number_of(metrics: &[MetricDef], name: &str) -> Option<usize> {
    metrics
        .iter()
        .position(|metric| metric.name == name)
        .or_else(|| metrics.iter().position(|metric| metric.legacy == Some(name)))
}

impl<M: MetricTable, S: Settings + Default> Setting for MetricSettings<M, S> {
    fn kind() -> Kind {
        Kind::Map(Box::new(Kind::Block(BlockKind::new(S::table))))
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        let Some(entries) = node.as_map() else {
            let hint = "write `name: {enabled: true}`, one metric per line, further to the right";
            return cx.wrong_type_hint(node, "a map of metrics to settings", Some(hint.to_owned()));
        };
        let mut given: Vec<(usize, S)> = Vec::new();
        let mut clean = true;
        for (key, value) in entries {
            let Some(number) = number_of(M::METRICS, &key.name) else {
                cx.push(unknown::<M>(&key.name, key.span, cx));
                clean = false;
                continue;
            };
            match cx.part::<S>(&key.name, key.span, value) {
                Some(settings) => {
                    given.retain(|(other, _)| *other != number);
                    given.push((number, settings));
                }
                None => clean = false,
            }
        }
        given.sort_by_key(|(number, _)| *number);
        clean.then_some(Self {
            given,
            table: PhantomData,
        })
    }

    fn show(&self) -> String {
        "{}".to_owned()
    }
}

fn unknown<M: MetricTable>(name: &str, place: sidelight_config::Span, cx: &Reader<'_>) -> Mistake {
    let names = M::METRICS
        .iter()
        .flat_map(|metric| [Some(metric.name), metric.legacy])
        .flatten();
    let message = format!("unknown metric `{}` in {}", escaped(name), cx.subject());
    let similar = closest(name, names).map(|similar| format!("did you mean `{similar}`?"));
    let known: Vec<&str> = M::METRICS.iter().map(|metric| metric.name).collect();
    Mistake::error(place, code::UNKNOWN_SETTING, message)
        .maybe_hint(similar)
        .note(format!("metrics: {}", known.join(", ")))
}

// Derived they would ask the same of `M`, which is only a name.

impl<M, S> Default for MetricSettings<M, S> {
    fn default() -> Self {
        Self {
            given: Vec::new(),
            table: PhantomData,
        }
    }
}

impl<M, S: Clone> Clone for MetricSettings<M, S> {
    fn clone(&self) -> Self {
        Self {
            given: self.given.clone(),
            table: PhantomData,
        }
    }
}

impl<M, S: Debug> Debug for MetricSettings<M, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(&self.given).finish()
    }
}

impl<M, S: PartialEq> PartialEq for MetricSettings<M, S> {
    fn eq(&self, other: &Self) -> bool {
        self.given == other.given
    }
}
