//! A request is walked through: resources, scopes, metrics, and their points in slices.

use std::sync::Arc;

use parking_lot::MutexGuard;
use sidelight_exposition::labels::LabelTextBuilder;
use sidelight_proto::views::{MetricView, MetricsView, ResourceMetricsView, ScopeMetricsView};
use sidelight_series::SharedBounds;
use tracing::warn;

use super::family::{Described, Disagreement, Family};
use super::point::Points;
use super::refused::{Reason, Refused};
use super::room::Room;
use super::series::Owner;
use super::sources::Source;
use super::{Inner, State};

/// Points that are recorded under one lock: about 50 µs.
const SLICE: usize = 64;

/// Records one request.
pub(in super::super) struct Recorder<'a> {
    pub(super) state: &'a State,
    /// The second it is.
    pub(super) now: u32,
    refused: Refused,
    /// Said when the lock is free.
    pub(super) news: Vec<(Disagreement, String)>,
    /// The labels of the point at hand.
    pub(super) labels: LabelTextBuilder,
    /// The identity of its series.
    pub(super) identity: Vec<u8>,
}

/// What all points of a metric have in common.
pub(super) struct Metric<'a> {
    pub(super) name: &'a str,
    pub(super) described: Described<'a>,
    pub(super) source: &'a Source,
    pub(super) owner: Owner,
}

impl<'a> Recorder<'a> {
    pub(in super::super) fn new(state: &'a State, now: u32) -> Self {
        Self {
            state,
            now,
            refused: Refused::default(),
            news: Vec::new(),
            labels: LabelTextBuilder::default(),
            identity: Vec::new(),
        }
    }

    /// Records all points and says what was not taken. `component` stands in the log.
    pub(in super::super) fn record(mut self, request: MetricsView<'_>, component: &str) -> Refused {
        for resource in request.resource_metrics() {
            for scope in resource.scope_metrics() {
                self.scope(&resource, &scope);
            }
        }
        for (disagreement, family) in &self.news {
            report(*disagreement, family, component);
        }
        let overflowing = self.state.lock().overflow.news(self.now);
        if let Some(overflowing) = overflowing {
            overflowing.say(component);
        }
        self.refused
    }

    fn scope(&mut self, resource: &ResourceMetricsView<'_>, scope: &ScopeMetricsView<'_>) {
        let source = {
            let inner = &mut *self.state.lock();
            let (sources, memory) = (&mut inner.sources, &mut inner.memory);
            sources.source(resource, scope, &self.state.rules, memory, self.now)
        };
        for metric in scope.metrics() {
            match &source {
                Some(source) => self.metric(&metric, source),
                None => self.refuse_all(&metric, Reason::Cap),
            }
        }
    }

    fn refuse_all(&mut self, metric: &MetricView<'_>, reason: Reason) {
        self.refused.add(reason, metric.data_points() as u64);
    }

    fn metric(&mut self, metric: &MetricView<'_>, source: &Source) {
        let (Some(described), Some(mut points)) = (Described::of(metric), Points::of(metric.data())) else {
            return self.refuse_all(metric, Reason::Malformed);
        };
        let namer = &self.state.rules.namer;
        let Ok(name) = namer.name(metric.name(), metric.unit(), described.kind) else {
            return self.refuse_all(metric, Reason::Name);
        };
        let owner = Owner {
            source: source.id,
            metric: hash(metric.name(), metric.unit()),
        };
        let metric = Metric {
            name: &name,
            described,
            source,
            owner,
        };
        loop {
            let mut inner = self.state.lock();
            let has_more = self.slice(&mut inner, &metric, &mut points);
            MutexGuard::unlock_fair(inner);
            if !has_more {
                return;
            }
        }
    }

    /// Records some points; whether there may be more.
    fn slice(&mut self, inner: &mut Inner, metric: &Metric<'_>, points: &mut Points<'_>) -> bool {
        let rules = &self.state.rules;
        let mut room = Room {
            cap: &mut inner.cap,
            overflow: &mut inner.overflow,
            memory: &mut inner.memory,
            told_source: &mut inner.told_source,
        };
        let family = match inner.families.get_mut(metric.name) {
            Some(family) => family,
            None if room.is_full() => {
                return self.refuse_slice(&mut room, metric, points);
            }
            None => inner
                .families
                .entry(Arc::from(metric.name))
                .or_insert_with(|| Family::new(&metric.described, rules.strategy.escapes())),
        };
        let is_welcome = self.agrees(family, metric);
        for _ in 0..SLICE {
            let Some(point) = points.next(&mut family.bounds) else {
                return false;
            };
            let recorded = if is_welcome {
                self.point(family, &mut room, metric, point)
            } else {
                Err(Reason::Type)
            };
            if let Err(reason) = recorded {
                self.refused.add(reason, 1);
            }
        }
        true
    }

    /// Refuses some points of a metric that there is no room for at all; whether there may be more.
    fn refuse_slice(&mut self, room: &mut Room<'_>, metric: &Metric<'_>, points: &mut Points<'_>) -> bool {
        let mut bounds = SharedBounds::default();
        for _ in 0..SLICE {
            if points.next(&mut bounds).is_none() {
                return false;
            }
            room.overflow.note(metric.name, &metric.source.target.job);
            self.refused.add(Reason::Cap, 1);
        }
        true
    }

    /// True where the metric can be part of the family; what it says otherwise is reported once.
    fn agrees(&mut self, family: &mut Family, metric: &Metric<'_>) -> bool {
        let (rules, described) = (&self.state.rules, &metric.described);
        let escapes = rules.strategy.escapes();
        let is_reserved = *metric.name == *rules.target_info;
        if !family.is_of(described.family_type) && family.series.is_empty() {
            *family = Family::new(described, escapes);
        }
        if !family.is_of(described.family_type) || is_reserved {
            self.tell(family, Disagreement::Type, metric.name);
            return false;
        }
        if family.help() != described.help {
            self.tell(family, Disagreement::Help, metric.name);
        }
        if family.has_other_unit(described, escapes) {
            self.tell(family, Disagreement::Unit, metric.name);
        }
        true
    }

    fn tell(&mut self, family: &mut Family, disagreement: Disagreement, name: &str) {
        if family.is_news(disagreement) {
            self.news.push((disagreement, name.to_owned()));
        }
    }
}

/// FNV-1a: tells metrics of one family apart, the same way after every restart.
fn hash(name: &str, unit: &str) -> u32 {
    let bytes = name.bytes().chain([0]).chain(unit.bytes());
    bytes.fold(0x811c_9dc5, |hash: u32, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

fn report(disagreement: Disagreement, family: &str, component: &str) {
    match disagreement {
        Disagreement::Type => warn!(
            component,
            family,
            "metrics of different types have this name; those of the first are shown, the others refused"
        ),
        Disagreement::Help => warn!(
            component,
            family, "metrics of this name have different descriptions; the first one is shown"
        ),
        Disagreement::Unit => warn!(
            component,
            family, "metrics of this name have different units; the first one is shown"
        ),
        Disagreement::Labels => warn!(
            component,
            family,
            "several resources or metrics have series with the same labels; those of the latest are shown. Resources \
             are told apart by `service.name` and `service.instance.id`, or by `resource_to_telemetry_conversion`"
        ),
    }
}
