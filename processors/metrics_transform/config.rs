//! Settings, as the Collector's `metrics_transform` processor has them.

use std::collections::BTreeMap;

use sidelight_config::{Check, setting_enum, settings};

use crate::patterns;

setting_enum! {
    /// How names and labels are compared.
    pub enum MatchType {
        /// Equal.
        Strict = "strict",
        /// As regular expressions, found anywhere in the text.
        Regexp = "regexp",
    }
}

setting_enum! {
    /// What becomes of a metric that matches.
    pub enum TransformAction {
        /// It is changed in place.
        Update = "update",
        /// A changed copy is added; the metric stays as it is.
        Insert = "insert",
        /// All that match become one new metric.
        Combine = "combine",
        /// All that match move to a resource of their own.
        Group = "group",
    }
}

setting_enum! {
    /// How points that become one are joined.
    pub enum Aggregation {
        /// Added up.
        Sum = "sum",
        /// Their mean, a double.
        Mean = "mean",
        /// The least.
        Min = "min",
        /// The greatest.
        Max = "max",
        /// How many there were.
        Count = "count",
        /// The middle one; the mean of the two in the middle, a double.
        Median = "median",
    }
}

setting_enum! {
    /// The case of a label's value that was taken from a metric's name.
    pub enum SubmatchCase {
        /// Small letters.
        Lower = "lower",
        /// Capitals.
        Upper = "upper",
    }
}

setting_enum! {
    /// What an operation does.
    pub enum OperationAction {
        /// Gives every point the label, where it has none of that name.
        AddLabel = "add_label",
        /// Renames a label, its values, or both.
        UpdateLabel = "update_label",
        /// Removes the points with this value of the label.
        DeleteLabelValue = "delete_label_value",
        /// Makes doubles of integers and integers of doubles.
        ToggleScalarDataType = "toggle_scalar_data_type",
        /// Multiplies.
        ScaleValue = "experimental_scale_value",
        /// Keeps the labels of the set; points that then have the same labels become one.
        AggregateLabels = "aggregate_labels",
        /// Makes one value of several; points that then have the same labels become one.
        AggregateLabelValues = "aggregate_label_values",
    }
}

settings! {
    /// A value of a label and what it becomes.
    pub struct ValueAction {
        /// The value as it is.
        required value: String,
        /// What it becomes. `{{version}}` stands for Sidelight's version.
        new_value: String,
    }
}

settings! {
    /// An operation on the metric that the action gave.
    pub struct Operation {
        /// What to do.
        required action: OperationAction,
        /// For `update_label`, `delete_label_value`, `aggregate_label_values`: the label.
        label: String,
        /// For `add_label`: the label to add. For `update_label`: its new name.
        new_label: String,
        /// For `add_label`: its value. For `aggregate_label_values`: the value for those of `aggregated_values`.
        /// `{{version}}` stands for Sidelight's version.
        new_value: String,
        /// For `update_label`: values that become others.
        value_actions: Vec<ValueAction>,
        /// For `delete_label_value`: points with this value of the label are removed.
        label_value: String,
        /// For `experimental_scale_value`: the factor.
        experimental_scale: Option<f64>,
        /// For `aggregate_labels`: the labels that stay.
        label_set: Vec<String>,
        /// For `aggregate_label_values`: the values that become `new_value`.
        aggregated_values: Vec<String>,
        /// For `aggregate_labels` and `aggregate_label_values`: how points become one. Histograms take `sum` alone.
        aggregation_type: Option<Aggregation>,
    }
    validate Operation::check;
}

settings! {
    /// One transformation.
    pub struct Transform {
        /// Name of the metrics, or the expression for it.
        required include: String,
        /// How `include` and `experimental_match_labels` are compared.
        match_type: MatchType = MatchType::Strict,
        /// Labels that a point must have; the empty value also matches where there is no such label.
        experimental_match_labels: BTreeMap<String, String>,
        /// What becomes of the metrics.
        required action: TransformAction,
        /// The new name. With `match_type: regexp`, `$1`, `${1}` and `${name}` stand for groups of `include`; in a
        /// file, write `$$` for `$`.
        new_name: String,
        /// The new unit, in UCUM; the empty text takes it away. Sidelight's own: the Collector keeps the unit.
        new_unit: Option<String>,
        /// For `combine`: how points become one.
        aggregation_type: Option<Aggregation>,
        /// For `combine`: the case of labels' values that come from groups of `include`.
        submatch_case: Option<SubmatchCase>,
        /// For `group`: attributes of the new resource, on top of those of the old one.
        group_resource_labels: BTreeMap<String, String>,
        /// Operations on what the action gave, in their order.
        operations: Vec<Operation>,
    }
    validate Transform::check;
}

settings! {
    /// Settings of the `metrics_transform` processor.
    pub struct Config {
        /// Transformations, in their order; each sees what the ones before it left.
        required transforms: Vec<Transform>,
    }
    validate Config::check;
}

impl Config {
    fn check(&self, check: &mut Check<'_, '_>) {
        if self.transforms.is_empty() {
            check.error_hint(
                "transforms",
                "is empty",
                "add a transformation, or remove the processor",
            );
        }
    }
}

impl Transform {
    fn check(&self, check: &mut Check<'_, '_>) {
        if self.include.is_empty() {
            check.error_hint("include", "is empty", "write the name of a metric");
        }
        self.check_needed(check);
        self.check_unused(check);
        if self.match_type == MatchType::Regexp {
            check_expression(check, "include", &self.include);
            for (label, value) in &self.experimental_match_labels {
                check_expression(check, &format!("experimental_match_labels.{label}"), value);
            }
        }
    }

    fn check_needed(&self, check: &mut Check<'_, '_>) {
        let makes_a_metric = matches!(self.action, TransformAction::Insert | TransformAction::Combine);
        if makes_a_metric && self.new_name.is_empty() {
            check.error_hint("new_name", "is missing", "a metric that is added needs a name");
        }
        if self.action == TransformAction::Combine && self.aggregation_type.is_none() {
            check.error_hint(
                "aggregation_type",
                "is missing",
                "`combine` needs to know how points become one: add `aggregation_type: sum`",
            );
        }
        if self.action == TransformAction::Group && !check.is_given("group_resource_labels") {
            check.error_hint(
                "group_resource_labels",
                "is missing",
                "`group` needs attributes that tell the new resource from the old one",
            );
        }
    }

    /// What the Collector ignores without a word.
    fn check_unused(&self, check: &mut Check<'_, '_>) {
        let combine = self.action == TransformAction::Combine;
        let group = self.action == TransformAction::Group;
        let unused = [
            (
                "aggregation_type",
                !combine,
                "has an effect with `action: combine` alone",
            ),
            (
                "submatch_case",
                !combine,
                "has an effect with `action: combine` alone",
            ),
            (
                "group_resource_labels",
                !group,
                "has an effect with `action: group` alone",
            ),
            (
                "operations",
                group,
                "have no effect with `action: group`; use a second transformation",
            ),
            (
                "new_name",
                group,
                "has no effect with `action: group`; use a second transformation",
            ),
            (
                "new_unit",
                group,
                "has no effect with `action: group`; use a second transformation",
            ),
        ];
        for (setting, is_unused, problem) in unused {
            if is_unused && check.is_given(setting) {
                check.warning(setting, problem);
            }
        }
    }
}

impl Operation {
    fn check(&self, check: &mut Check<'_, '_>) {
        match self.action {
            OperationAction::AddLabel => {
                self.need(check, "new_label", self.new_label.is_empty());
                self.need(check, "new_value", self.new_value.is_empty());
            }
            OperationAction::UpdateLabel => self.need(check, "label", self.label.is_empty()),
            OperationAction::DeleteLabelValue => {
                self.need(check, "label", self.label.is_empty());
                self.need(check, "label_value", !check.is_given("label_value"));
            }
            OperationAction::ToggleScalarDataType => {}
            OperationAction::ScaleValue => self.check_scale(check),
            OperationAction::AggregateLabels => self.check_aggregation(check),
            OperationAction::AggregateLabelValues => {
                self.need(check, "label", self.label.is_empty());
                self.need(check, "aggregated_values", self.aggregated_values.is_empty());
                self.need(check, "new_value", !check.is_given("new_value"));
                self.check_aggregation(check);
            }
        }
    }

    fn need(&self, check: &mut Check<'_, '_>, setting: &str, missing: bool) {
        if missing {
            let action = self.action.as_str();
            check.error_hint(
                setting,
                "is missing",
                format!("`action: {action}` needs `{setting}`"),
            );
        }
    }

    fn check_scale(&self, check: &mut Check<'_, '_>) {
        match self.experimental_scale {
            None => self.need(check, "experimental_scale", true),
            Some(scale) if scale == 0.0 || !scale.is_finite() => {
                check.error("experimental_scale", "must be a number other than 0");
            }
            Some(_) => {}
        }
    }

    fn check_aggregation(&self, check: &mut Check<'_, '_>) {
        self.need(check, "aggregation_type", self.aggregation_type.is_none());
    }
}

fn check_expression(check: &mut Check<'_, '_>, setting: &str, pattern: &str) {
    if let Err(problem) = patterns::compile(pattern) {
        check.error(setting, &problem);
    }
}
