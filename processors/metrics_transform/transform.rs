//! Transformations on the metrics of one scope.

use super::config::{self, Aggregation, SubmatchCase, TransformAction};
use super::metric::{Metric, Slot};
use super::operation::Operation;
use super::point::{Kind, Point, attributes, with_label};
use super::selection::{Selection, Share};
use super::skip::{Skip, Skips};

/// One transformation, ready to run.
pub(super) struct Transform {
    selection: Selection,
    action: TransformAction,
    new_name: Option<String>,
    new_unit: Option<String>,
    aggregation: Aggregation,
    submatch_case: Option<SubmatchCase>,
    group_labels: Vec<(String, String)>,
    operations: Vec<Operation>,
}

/// Metrics that move to a resource of their own, and what it has on top of the old one.
pub(super) struct Group<'t, 'a> {
    pub(super) labels: &'t [(String, String)],
    pub(super) metrics: Vec<Slot<'a>>,
}

/// What the transformations of one request share.
pub(super) struct Work<'s> {
    pub(super) skips: &'s mut Skips,
    /// Bytes that `insert` may still add to the request.
    pub(super) allowance: usize,
    /// Points that `insert` made.
    pub(super) created: usize,
}

impl Transform {
    /// # Errors
    /// The setting and what is wrong with it.
    pub(super) fn compile(settings: &config::Transform) -> Result<Self, (String, String)> {
        Ok(Self {
            selection: Selection::compile(settings)?,
            action: settings.action,
            new_name: Some(settings.new_name.clone()).filter(|name| !name.is_empty()),
            new_unit: settings.new_unit.clone(),
            aggregation: settings.aggregation_type.unwrap_or(Aggregation::Sum),
            submatch_case: settings.submatch_case,
            group_labels: settings.group_resource_labels.clone().into_iter().collect(),
            operations: settings.operations.iter().map(Operation::new).collect(),
        })
    }

    /// Whether it looks at metrics of this name.
    pub(super) fn is_about(&self, name: &str) -> bool {
        self.selection.is_name(name)
    }

    /// Does it to the metrics of a scope. What moves to another resource is given back.
    pub(super) fn apply<'t, 'a>(
        &'t self,
        metrics: &mut Vec<Slot<'a>>,
        work: &mut Work<'_>,
    ) -> Option<Group<'t, 'a>> {
        match self.action {
            TransformAction::Update => self.update(metrics, work),
            TransformAction::Insert => self.insert(metrics, work),
            TransformAction::Combine => self.combine(metrics, work),
            TransformAction::Group => return self.group(metrics),
        }
        None
    }

    fn update(&self, metrics: &mut Vec<Slot<'_>>, work: &mut Work<'_>) {
        metrics.retain_mut(|slot| {
            let Some(mut metric) = self.selected(slot) else {
                return true;
            };
            let whole = match self.selection.share(&metric) {
                Share::None => return true,
                Share::Some => false,
                Share::All => true,
            };
            let keep = self.change(&mut metric, whole, work);
            *slot = Slot::Open(metric);
            keep
        });
    }

    fn insert(&self, metrics: &mut Vec<Slot<'_>>, work: &mut Work<'_>) {
        let mut copies = Vec::new();
        for slot in &*metrics {
            let Some(mut copy) = self.selected(slot) else {
                continue;
            };
            let had_points = !copy.points.is_empty();
            copy.points
                .retain(|point| self.selection.is_point(copy.kind, point));
            if had_points && copy.points.is_empty() {
                continue;
            }
            let bytes = copy.points.iter().map(|point| point.len()).sum::<usize>() + copy.name.len();
            let Some(left) = work.allowance.checked_sub(bytes) else {
                work.skips.add(Skip::TooLarge, &copy.name);
                continue;
            };
            let points = copy.points.len();
            if self.change(&mut copy, true, work) {
                work.allowance = left;
                work.created += points;
                copies.push(Slot::Open(copy));
            }
        }
        metrics.append(&mut copies);
    }

    fn combine(&self, metrics: &mut Vec<Slot<'_>>, work: &mut Work<'_>) {
        let found: Vec<Metric<'_>> = metrics
            .iter()
            .filter_map(|slot| self.selected(slot))
            .filter(|metric| self.selection.share(metric) != Share::None)
            .collect();
        let Some(first) = found.first() else {
            return;
        };
        if !found.iter().all(|metric| can_be_combined(first, metric)) {
            work.skips.add(Skip::Different, &first.name);
            return;
        }
        let mut combined = first.without_points();
        for slot in self.take(metrics) {
            let Slot::Open(metric) = slot else { continue };
            let labels = self.selection.labels_of_name(&metric.name);
            combined.points.extend(metric.points.iter().map(|point| {
                labels.iter().fold(point.clone(), |point, (label, value)| {
                    Point::Owned(with_label(metric.kind, &point, label, &self.in_case(value)))
                })
            }));
        }
        if let Err(skip) = super::aggregate::aggregate(&mut combined, self.aggregation) {
            work.skips.add(skip, &combined.name);
        }
        if self.change(&mut combined, true, work) {
            metrics.push(Slot::Open(combined));
        }
    }

    fn group<'t, 'a>(&'t self, metrics: &mut Vec<Slot<'a>>) -> Option<Group<'t, 'a>> {
        let taken = self.take(metrics);
        (!taken.is_empty()).then_some(Group {
            labels: &self.group_labels,
            metrics: taken,
        })
    }

    /// Takes the points that are selected out of their metrics, as metrics of their own. A metric that keeps points
    /// stays with them.
    fn take<'a>(&self, metrics: &mut Vec<Slot<'a>>) -> Vec<Slot<'a>> {
        let mut taken = Vec::new();
        metrics.retain_mut(|slot| {
            let Some(mut rest) = self.selected(slot) else {
                return true;
            };
            let had_points = !rest.points.is_empty();
            let mut moved = rest.without_points();
            let kind = rest.kind;
            (moved.points, rest.points) = std::mem::take(&mut rest.points)
                .into_iter()
                .partition(|point| self.selection.is_point(kind, point));
            if had_points && moved.points.is_empty() {
                return true;
            }
            let keep = !rest.points.is_empty();
            taken.push(Slot::Open(moved));
            *slot = Slot::Open(rest);
            keep
        });
        taken
    }

    /// A copy of the metric, taken apart, if it has a name that is looked at.
    fn selected<'a>(&self, slot: &Slot<'a>) -> Option<Metric<'a>> {
        self.selection
            .is_name(slot.name())
            .then(|| slot.opened())
            .flatten()
    }

    /// Name, unit and operations. False where all points went, and the metric with them.
    fn change(&self, metric: &mut Metric<'_>, whole: bool, work: &mut Work<'_>) -> bool {
        let was_empty = metric.points.is_empty();
        if whole {
            if let Some(template) = &self.new_name {
                metric.name = self.selection.expanded(template, &metric.name).into();
            }
            if let Some(unit) = &self.new_unit {
                metric.unit = unit.clone().into();
            }
        }
        for operation in &self.operations {
            if let Err(skip) = operation.apply(metric, &self.selection, whole) {
                work.skips.add(skip, &metric.name);
            }
        }
        was_empty || !metric.points.is_empty()
    }

    fn in_case(&self, text: &str) -> String {
        match self.submatch_case {
            None => text.to_owned(),
            Some(SubmatchCase::Lower) => text.to_lowercase(),
            Some(SubmatchCase::Upper) => text.to_uppercase(),
        }
    }
}

/// Whether points of the two can stand in one metric: type, unit, temporality, monotonicity and the names of their
/// labels are the same. Summaries never.
fn can_be_combined(first: &Metric<'_>, other: &Metric<'_>) -> bool {
    first.kind == other.kind
        && first.kind != Kind::Summary
        && first.unit == other.unit
        && first.temporality() == other.temporality()
        && first.is_monotonic() == other.is_monotonic()
        && label_names(first) == label_names(other)
}

fn label_names<'m>(metric: &'m Metric<'_>) -> std::collections::BTreeSet<&'m [u8]> {
    let points = metric.points.iter();
    points
        .flat_map(|point| attributes(metric.kind, point).map(|attribute| attribute.key_bytes()))
        .collect()
}
