//! The metrics of OTLP that a target's points belong to, and the tables that find them.

use std::collections::HashMap;
use std::sync::Arc;

use super::point::Point;

/// The type of a metric in OTLP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Gauge,
    /// Cumulative.
    Sum {
        monotonic: bool,
    },
    Histogram,
    Exponential,
    Summary,
}

impl Kind {
    /// Number of the field for attributes in its points.
    pub(super) const fn attributes_field(self) -> u32 {
        match self {
            Self::Gauge | Self::Sum { .. } | Self::Summary => 7,
            Self::Histogram => 9,
            Self::Exponential => 1,
        }
    }
}

/// A metric.
#[derive(Debug)]
pub(super) struct Metric {
    pub(super) name: Box<str>,
    pub(super) kind: Kind,
    /// Where its help, unit and type are.
    pub(super) family: u32,
    /// Resource and scope.
    pub(super) group: u32,
    pub(super) points: Vec<u32>,
}

/// Metrics of one resource and scope.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) resource: u32,
    pub(super) scope: u32,
    pub(super) metrics: Vec<u32>,
}

/// All of a target's groups, metrics and points.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    pub(super) groups: Vec<Group>,
    pub(super) metrics: Vec<Metric>,
    pub(super) points: Vec<Point>,
    by_place: HashMap<(u32, u32), u32>,
    by_key: HashMap<(u32, Kind, Box<str>), u32>,
    by_attributes: HashMap<(u32, Arc<[u8]>), u32>,
}

impl Metrics {
    /// The group of a resource and scope.
    pub(super) fn group(&mut self, resource: u32, scope: u32) -> u32 {
        *self.by_place.entry((resource, scope)).or_insert_with(|| {
            self.groups.push(Group {
                resource,
                scope,
                metrics: Vec::new(),
            });
            self.groups.len() as u32 - 1
        })
    }

    /// The groups, those of one resource one after the other; the first stays the first.
    pub(super) fn groups_by_resource(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.groups.len() as u32).collect();
        order.sort_by_key(|at| self.groups[*at as usize].resource);
        order
    }

    /// The metric with this name and type.
    pub(super) fn metric(&mut self, group: u32, kind: Kind, name: &str, family: u32) -> u32 {
        let key = (group, kind, Box::<str>::from(name));
        if let Some(&at) = self.by_key.get(&key) {
            self.metrics[at as usize].family = family;
            return at;
        }
        let at = self.metrics.len() as u32;
        self.metrics.push(Metric {
            name: key.2.clone(),
            kind,
            family,
            group,
            points: Vec::new(),
        });
        self.groups[group as usize].metrics.push(at);
        self.by_key.insert(key, at);
        at
    }

    /// The point with these attributes.
    pub(super) fn point(&mut self, metric: u32, attributes: &[u8]) -> u32 {
        let key = (metric, Arc::from(attributes));
        if let Some(&at) = self.by_attributes.get(&key) {
            return at;
        }
        let at = self.points.len() as u32;
        self.points.push(Point::new(metric, Arc::clone(&key.1)));
        self.metrics[metric as usize].points.push(at);
        self.by_attributes.insert(key, at);
        at
    }

    /// Makes the tables anew after points and metrics have moved.
    pub(super) fn index(&mut self) {
        for metric in &mut self.metrics {
            metric.points.clear();
        }
        for group in &mut self.groups {
            group.metrics.clear();
        }
        self.by_place = (0..)
            .zip(&self.groups)
            .map(|(at, group)| ((group.resource, group.scope), at))
            .collect();
        for (at, metric) in (0..).zip(&self.metrics) {
            self.groups[metric.group as usize].metrics.push(at);
        }
        self.by_key = (0..)
            .zip(&self.metrics)
            .map(|(at, metric)| ((metric.group, metric.kind, metric.name.clone()), at))
            .collect();
        self.by_attributes.clear();
        for (at, point) in (0..).zip(&self.points) {
            self.metrics[point.metric as usize].points.push(at);
            self.by_attributes
                .insert((point.metric, point.attributes.clone()), at);
        }
    }
}
