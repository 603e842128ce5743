//! Points become series.

use std::sync::Arc;

use parking_lot::MutexGuard;
use sidelight_exposition::labels::LabelTextBuilder;
use sidelight_exposition::write::FamilyType;
use sidelight_proto::views::{
    ExemplarView, MetricView, MetricsView, Repeated, ResourceMetricsView, ScopeMetricsView, ValueView,
};
use sidelight_series::{OVERFLOW_KEY, SeriesId, SeriesTable, Timeline};
use tracing::warn;

use super::family::{Described, Disagreement, Family};
use super::point::{Point, Points};
use super::refused::{Reason, Refused};
use super::room::{Room, bytes_of};
use super::series::{Owner, Series, SeriesValue};
use super::sources::Source;
use super::{Inner, State, exemplars};

/// Points that are recorded under one lock: about 50 µs.
const SLICE: usize = 64;
/// The longest label text of a series.
const MAX_LABEL_BYTES: usize = 64 << 10;

/// Records one request.
pub(in super::super) struct Recorder<'a> {
    state: &'a State,
    /// The second it is.
    now: u32,
    refused: Refused,
    /// Said when the lock is free.
    news: Vec<(Disagreement, String)>,
    labels: LabelTextBuilder,
    identity: Vec<u8>,
}

/// What all points of a metric have in common.
struct Metric<'a> {
    name: &'a str,
    described: Described<'a>,
    source: &'a Source,
    owner: Owner,
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
        let family = match inner.families.get_mut(metric.name) {
            Some(family) => family,
            None => inner
                .families
                .entry(Arc::from(metric.name))
                .or_insert_with(|| Family::new(&metric.described, rules.strategy.escapes())),
        };
        let mut room = Room {
            cap: &mut inner.cap,
            memory: &mut inner.memory,
            told_source: &mut inner.told_source,
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

    fn point(
        &mut self,
        family: &mut Family,
        room: &mut Room<'_>,
        metric: &Metric<'_>,
        point: Point<'_>,
    ) -> Result<(), Reason> {
        let shares = self.identify(&point, metric)?;
        let found = family.series.find(&self.identity);
        let value = match (point.value, found) {
            (Some(value), _) => value.map_err(|_| Reason::Malformed)?,
            (None, Some(id)) => return room.end(&mut family.series, id, metric.owner, point.time),
            (None, None) => return Ok(()),
        };
        let when = Timeline {
            start: point.start,
            time: point.time,
        };
        let id = match found {
            Some(id) => {
                self.update(&mut family.series, room, metric, id, when, value)?;
                id
            }
            None => match self.make(&mut family.series, room, metric, shares, when, value) {
                Ok(id) => id,
                Err(value) => return self.overflow(&mut family.series, room, metric, when, value),
            },
        };
        if let Some(new) = point.exemplars.filter(|_| metric.described.has_exemplars()) {
            self.merge_exemplars(&mut family.series, room, id, new);
        }
        Ok(())
    }

    /// Gives the next point to a series that is there.
    fn update(
        &mut self,
        table: &mut SeriesTable<Series>,
        room: &mut Room<'_>,
        metric: &Metric<'_>,
        id: SeriesId,
        when: Timeline,
        value: SeriesValue,
    ) -> Result<(), Reason> {
        let before = bytes_of(table, id);
        let Some(series) = table.get_mut(id) else {
            return Ok(());
        };
        if series.owner != metric.owner {
            self.tell_of_duplicates(room, metric);
        }
        series.take(metric.owner, metric.described.is_delta, when, value)?;
        series.seen = self.now;
        room.memory.change(before, bytes_of(table, id));
        Ok(())
    }

    fn merge_exemplars(
        &mut self,
        table: &mut SeriesTable<Series>,
        room: &mut Room<'_>,
        id: SeriesId,
        new: Repeated<'_, ExemplarView<'_>>,
    ) {
        let before = bytes_of(table, id);
        if let Some(series) = table.get_mut(id) {
            let strategy = self.state.rules.strategy;
            exemplars::merge(
                &mut series.exemplars,
                new,
                &series.value,
                &mut self.labels,
                strategy,
            );
        }
        room.memory.change(before, bytes_of(table, id));
    }

    /// One line for each resource that comes upon the series of another: after a restart all of its series do.
    fn tell_of_duplicates(&mut self, room: &mut Room<'_>, metric: &Metric<'_>) {
        if *room.told_source < metric.owner.source {
            *room.told_source = metric.owner.source;
            self.news.push((Disagreement::Labels, metric.name.to_owned()));
        }
    }

    /// Writes the identity of the point's series; whether it leaves the labels of its source out.
    fn identify(&mut self, point: &Point<'_>, metric: &Metric<'_>) -> Result<bool, Reason> {
        let (labels, shared) = (&mut self.labels, &metric.source.shared);
        labels.clear();
        for attribute in point.attributes {
            labels.attribute(attribute.key(), attribute.value(), self.state.rules.strategy);
        }
        match metric.described.family_type {
            FamilyType::Histogram => labels.set_aside("le"),
            FamilyType::Summary => labels.set_aside("quantile"),
            _ => {}
        }
        labels.set_aside("__name__");
        let meets = labels
            .names()
            .any(|name| shared.labels.iter().any(|(other, _)| other == name));
        if meets {
            for (name, value) in &shared.labels {
                labels.label(name, value);
            }
        }
        self.write_identity(if meets { 0 } else { shared.id })?;
        Ok(!meets)
    }

    /// The identity of the series with the labels that are at hand.
    fn write_identity(&mut self, shared: u32) -> Result<(), Reason> {
        let text = self.labels.text();
        if text.len() > MAX_LABEL_BYTES {
            return Err(Reason::Malformed);
        }
        self.identity.clear();
        self.identity.extend_from_slice(&shared.to_le_bytes());
        self.identity.extend_from_slice(text.as_bytes());
        Ok(())
    }

    /// Makes a series of its first point. Gives the value back where there is no room.
    fn make(
        &mut self,
        table: &mut SeriesTable<Series>,
        room: &mut Room<'_>,
        metric: &Metric<'_>,
        shares: bool,
        when: Timeline,
        value: SeriesValue,
    ) -> Result<SeriesId, SeriesValue> {
        if !room.take(bytes_of_new(&self.identity, &value)) {
            return Err(value);
        }
        let series = self.series(shares, metric, when, value);
        Ok(table.insert(&self.identity, series))
    }

    fn series(&self, shares: bool, metric: &Metric<'_>, when: Timeline, value: SeriesValue) -> Series {
        Series {
            shared: shares.then(|| metric.source.shared.clone()),
            owner: metric.owner,
            timeline: when,
            value,
            exemplars: None,
            seen: self.now,
        }
    }

    /// Adds a delta to the series of those that there is no room for. Other points cannot be added up.
    fn overflow(
        &mut self,
        table: &mut SeriesTable<Series>,
        room: &mut Room<'_>,
        metric: &Metric<'_>,
        when: Timeline,
        value: SeriesValue,
    ) -> Result<(), Reason> {
        if !metric.described.is_delta {
            return Err(Reason::Cap);
        }
        self.labels.clear();
        let strategy = self.state.rules.strategy;
        self.labels
            .attribute(OVERFLOW_KEY, ValueView::Bool(true), strategy);
        self.write_identity(metric.source.shared.id)?;
        let Some(id) = table.find(&self.identity) else {
            room.take_anyway(bytes_of_new(&self.identity, &value));
            table.insert(&self.identity, self.series(true, metric, when, value));
            return Ok(());
        };
        let before = bytes_of(table, id);
        if let Some(series) = table.get_mut(id) {
            series.value.add(value);
            series.timeline.time = series.timeline.time.max(when.time);
            series.seen = self.now;
        }
        room.memory.change(before, bytes_of(table, id));
        Ok(())
    }
}

/// What a new series is charged with.
fn bytes_of_new(identity: &[u8], value: &SeriesValue) -> usize {
    SeriesTable::<Series>::bytes_of(identity) + value.heap_bytes()
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
