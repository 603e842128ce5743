//! Operations on one metric.

use std::collections::{BTreeMap, BTreeSet};

use sidelight_proto::views::AttributeView;

use super::aggregate::aggregate;
use super::config::{self, Aggregation, OperationAction};
use super::metric::Metric;
use super::number::toggled;
use super::point::{
    Point, attribute_text, attributes, is_text, label, with_label, with_label_renamed, with_labels_kept,
};
use super::scale::{can_scale, scaled_point};
use super::selection::Selection;
use super::skip::Skip;

/// An operation with what it needs.
pub(super) enum Operation {
    AddLabel {
        label: String,
        value: String,
    },
    UpdateLabel {
        label: String,
        new_label: Option<String>,
        values: BTreeMap<String, String>,
    },
    DeleteLabelValue {
        label: String,
        value: String,
    },
    ToggleScalarDataType,
    Scale(f64),
    AggregateLabels {
        kept: BTreeSet<String>,
        aggregation: Aggregation,
    },
    AggregateLabelValues {
        label: String,
        values: BTreeSet<String>,
        new_value: String,
        aggregation: Aggregation,
    },
}

impl Operation {
    /// What the settings say; what they lack was reported when they were read.
    pub(super) fn new(settings: &config::Operation) -> Self {
        let aggregation = settings.aggregation_type.unwrap_or(Aggregation::Sum);
        let label = settings.label.clone();
        match settings.action {
            OperationAction::AddLabel => Self::AddLabel {
                label: settings.new_label.clone(),
                value: with_version(&settings.new_value),
            },
            OperationAction::UpdateLabel => Self::UpdateLabel {
                label,
                new_label: Some(settings.new_label.clone()).filter(|name| !name.is_empty()),
                values: settings
                    .value_actions
                    .iter()
                    .map(|action| (action.value.clone(), with_version(&action.new_value)))
                    .collect(),
            },
            OperationAction::DeleteLabelValue => Self::DeleteLabelValue {
                label,
                value: settings.label_value.clone(),
            },
            OperationAction::ToggleScalarDataType => Self::ToggleScalarDataType,
            OperationAction::ScaleValue => Self::Scale(settings.experimental_scale.unwrap_or(1.0)),
            OperationAction::AggregateLabels => Self::AggregateLabels {
                kept: settings.label_set.iter().cloned().collect(),
                aggregation,
            },
            OperationAction::AggregateLabelValues => Self::AggregateLabelValues {
                label,
                values: settings.aggregated_values.iter().cloned().collect(),
                new_value: with_version(&settings.new_value),
                aggregation,
            },
        }
    }

    /// Does it to a metric. `whole` says that all points of the metric are selected: some operations are only done then,
    /// because they would mix points that are with points that are not.
    ///
    /// # Errors
    /// It has no meaning for the metric's type; the metric is as it was.
    pub(super) fn apply(
        &self,
        metric: &mut Metric<'_>,
        selection: &Selection,
        whole: bool,
    ) -> Result<(), Skip> {
        match self {
            Self::UpdateLabel {
                label,
                new_label,
                values,
            } => {
                update_label(metric, selection, label, new_label.as_deref(), values);
            }
            Self::ToggleScalarDataType if metric.kind.is_number() => {
                change_points(metric, selection, |_, point| toggled(point));
            }
            Self::ToggleScalarDataType => {}
            Self::Scale(factor) if can_scale(metric.kind, *factor) => {
                change_points(metric, selection, |kind, point| {
                    scaled_point(kind, point, *factor)
                });
            }
            Self::Scale(_) => return Err(Skip::NegativeScale),
            _ if whole => return self.apply_to_whole(metric),
            _ => {}
        }
        Ok(())
    }

    fn apply_to_whole(&self, metric: &mut Metric<'_>) -> Result<(), Skip> {
        let kind = metric.kind;
        match self {
            Self::AddLabel { label: name, value } => {
                for point in &mut metric.points {
                    if label(kind, point, name).is_none() {
                        *point = Point::Owned(with_label(kind, point, name, value));
                    }
                }
            }
            Self::DeleteLabelValue { label, value } => {
                metric.points.retain(|point| {
                    let found = attributes(kind, point).get(label);
                    !found.is_some_and(|found| is_text(found, value))
                });
            }
            Self::AggregateLabels { kept, aggregation } => {
                let mut changed = metric.clone();
                keep_labels(&mut changed, kept);
                aggregate(&mut changed, *aggregation)?;
                *metric = changed;
            }
            Self::AggregateLabelValues {
                label,
                values,
                new_value,
                aggregation,
            } => {
                let mut changed = metric.clone();
                replace_values(&mut changed, label, values, new_value);
                aggregate(&mut changed, *aggregation)?;
                *metric = changed;
            }
            Self::UpdateLabel { .. } | Self::ToggleScalarDataType | Self::Scale(_) => {}
        }
        Ok(())
    }
}

/// Changes the points that are selected; `None` leaves one as it is.
fn change_points(
    metric: &mut Metric<'_>,
    selection: &Selection,
    change: impl Fn(super::point::Kind, &[u8]) -> Option<Vec<u8>>,
) {
    let kind = metric.kind;
    for point in &mut metric.points {
        if selection.is_point(kind, point)
            && let Some(changed) = change(kind, point)
        {
            *point = Point::Owned(changed);
        }
    }
}

fn update_label(
    metric: &mut Metric<'_>,
    selection: &Selection,
    name: &str,
    new_name: Option<&str>,
    values: &BTreeMap<String, String>,
) {
    change_points(metric, selection, |kind, point| {
        let value = label(kind, point, name)?;
        let new_value = values.get(&*value);
        match (new_name, new_value) {
            (None, None) => None,
            (None, Some(new_value)) => Some(with_label(kind, point, name, new_value)),
            (Some(new_name), None) => with_label_renamed(kind, point, name, new_name),
            (Some(new_name), Some(new_value)) => {
                let renamed = with_label_renamed(kind, point, name, new_name)?;
                Some(with_label(kind, &renamed, new_name, new_value))
            }
        }
    });
}

fn keep_labels(metric: &mut Metric<'_>, kept: &BTreeSet<String>) {
    let kind = metric.kind;
    for point in &mut metric.points {
        let keep = |attribute: AttributeView<'_>| kept.contains(attribute.key());
        if let Some(changed) = with_labels_kept(kind, point, keep) {
            *point = Point::Owned(changed);
        }
    }
}

fn replace_values(metric: &mut Metric<'_>, name: &str, values: &BTreeSet<String>, new_value: &str) {
    let kind = metric.kind;
    for point in &mut metric.points {
        let found = attributes(kind, point).find(|attribute| attribute.key_bytes() == name.as_bytes());
        if found.is_some_and(|attribute| values.contains(&*attribute_text(attribute))) {
            *point = Point::Owned(with_label(kind, point, name, new_value));
        }
    }
}

/// `{{version}}` stands for the program's version, as in the Collector.
fn with_version(text: &str) -> String {
    text.replace("{{version}}", env!("CARGO_PKG_VERSION"))
}
