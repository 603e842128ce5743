//! One point becomes a series, or part of one.

use sidelight_exposition::write::FamilyType;
use sidelight_proto::views::{ExemplarView, Repeated, ValueView};
use sidelight_series::{OVERFLOW_KEY, SeriesId, SeriesTable, Timeline};

use super::exemplars;
use super::family::{Disagreement, Family};
use super::point::Point;
use super::recorder::{Metric, Recorder};
use super::refused::Reason;
use super::room::{Room, bytes_of};
use super::series::{Series, SeriesValue};

/// The longest label text of a series.
const MAX_LABEL_BYTES: usize = 64 << 10;

impl Recorder<'_> {
    /// Records one point.
    pub(super) fn point(
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
        // Whose figures they are is said by the resource alone.
        for target in ["job", "instance"] {
            if shared.labels.iter().any(|(name, _)| name == target) {
                labels.set_aside(target);
            }
        }
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
        let is_within = table.len() < self.state.rules.max_series_per_metric;
        if !is_within || !room.take(bytes_of_new(&self.identity, &value)) {
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
            is_for_others: false,
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
        room.overflow.note(metric.name, &metric.source.target.job);
        if !metric.described.is_delta {
            return Err(Reason::Cap);
        }
        self.labels.clear();
        let strategy = self.state.rules.strategy;
        self.labels
            .attribute(OVERFLOW_KEY, ValueView::Bool(true), strategy);
        self.write_identity(metric.source.shared.id)?;
        let Some(id) = table.find(&self.identity) else {
            if !room.take_for_others(bytes_of_new(&self.identity, &value)) {
                return Err(Reason::Cap);
            }
            let series = Series {
                is_for_others: true,
                ..self.series(true, metric, when, value)
            };
            table.insert(&self.identity, series);
            room.overflow.added_up();
            return Ok(());
        };
        let before = bytes_of(table, id);
        if let Some(series) = table.get_mut(id) {
            series.value.add(value);
            series.timeline.time = series.timeline.time.max(when.time);
            series.seen = self.now;
        }
        room.memory.change(before, bytes_of(table, id));
        room.overflow.added_up();
        Ok(())
    }
}

/// What a new series is charged with.
fn bytes_of_new(identity: &[u8], value: &SeriesValue) -> usize {
    SeriesTable::<Series>::bytes_of(identity) + value.heap_bytes()
}
