//! Settings: which metrics are counted from which records.

use std::time::Duration;

use sidelight_config::{Check, setting_enum, settings};
use sidelight_ottl::{Condition, Context, Expression, quoted_text};

setting_enum! {
    /// What points are relative to.
    pub enum Temporality {
        /// To the first record of the series.
        Cumulative = "cumulative",
        /// To the previous point.
        Delta = "delta",
    }
}

settings! {
    /// An attribute of a metric.
    pub struct Attribute {
        /// Its key.
        required key: String,
        /// Its value, as an expression. Without it the record's attribute of this key.
        value: Option<String>,
        /// Its value where the record has none.
        default_value: Option<String>,
        /// Where the record has no value: whether it is counted without the attribute, rather than not at all.
        optional: bool = false,
    }
    validate Attribute::check;
}

settings! {
    /// An attribute of the resource that the metric's resource has too.
    pub struct ResourceAttribute {
        /// Its key.
        required key: String,
    }
}

settings! {
    /// A sum of values.
    pub struct Sum {
        /// What is added, as an expression.
        required value: String,
        /// Whether it never decreases: negative values are then left out.
        is_monotonic: bool = true,
    }
    validate Sum::check;
}

settings! {
    /// The last value.
    pub struct Gauge {
        /// The value, as an expression.
        required value: String,
    }
    validate Gauge::check;
}

settings! {
    /// Values in buckets.
    pub struct Histogram {
        /// The value, as an expression.
        required value: String,
        /// Upper bounds of the buckets but the last, in the unit of the value.
        buckets: Vec<f64> = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0],
    }
    validate Histogram::check;
}

settings! {
    /// One sum of counts divided by another, as a gauge.
    pub struct Ratio {
        /// Metrics whose sum is divided: names of counts or sums of this connector.
        required of: Vec<String>,
        /// Metrics by whose sum it is divided.
        required to: Vec<String>,
    }
}

settings! {
    /// A metric. Without `sum`, `gauge`, `histogram` or `ratio` it counts records.
    pub struct Metric {
        /// Its name.
        required name: String,
        /// What it measures.
        description: String,
        /// Its unit, in UCUM.
        unit: String,
        /// Records that meet one of these are counted; without one all records are.
        conditions: Vec<String>,
        /// Its attributes: each set of their values is a series.
        attributes: Vec<Attribute>,
        /// Attributes of the resource that are kept; without one all are.
        include_resource_attributes: Vec<ResourceAttribute>,
        /// A sum of values.
        sum: Option<Sum>,
        /// The last value.
        gauge: Option<Gauge>,
        /// Values in buckets.
        histogram: Option<Histogram>,
        /// One sum of counts divided by another.
        ratio: Option<Ratio>,
    }
    unsupported {
        "exponential_histogram" => "write `histogram` with `buckets`",
    }
    validate Metric::check;
}

settings! {
    /// Settings of the `log_metrics` connector.
    pub struct Config {
        /// Time between two points of a series.
        metrics_flush_interval: Duration [Duration::from_millis(10)..] = Duration::from_secs(15),
        /// What points are relative to.
        aggregation_temporality: Temporality = Temporality::Cumulative,
        /// A series that no record was counted in for so long ends. 0: it does not.
        metrics_expiration: Duration = Duration::ZERO,
        /// Most series of a metric; what is beyond is counted in one with the attribute `otel.metric.overflow`.
        aggregation_cardinality_limit: usize [1..] = 1000_usize,
        /// Whether points name the last record of a trace that was counted in them.
        exemplars: bool = true,
        /// The metrics.
        required logs: Vec<Metric>,
    }
    validate Config::check;
}

fn expression(check: &mut Check<'_, '_>, setting: &str, text: &str) {
    if let Err(problem) = Expression::parse(Context::LOG, text) {
        check.error(setting, &format!("is no expression: {problem}"));
    }
}

impl Attribute {
    fn check(&self, check: &mut Check<'_, '_>) {
        if let Some(value) = &self.value {
            expression(check, "value", value);
        }
        if self.key.is_empty() {
            check.error("key", "must not be empty");
        }
    }

    /// The expression that gives its value.
    pub(super) fn expression(&self) -> String {
        let own = || format!("attributes[{}]", quoted_text(&self.key));
        self.value.clone().unwrap_or_else(own)
    }
}

impl Sum {
    fn check(&self, check: &mut Check<'_, '_>) {
        expression(check, "value", &self.value);
    }
}

impl Gauge {
    fn check(&self, check: &mut Check<'_, '_>) {
        expression(check, "value", &self.value);
    }
}

impl Histogram {
    fn check(&self, check: &mut Check<'_, '_>) {
        expression(check, "value", &self.value);
        let rises = self
            .buckets
            .windows(2)
            .all(|pair| matches!(pair, [a, b] if a < b));
        if !rises || self.buckets.iter().any(|bound| !bound.is_finite()) {
            check.error("buckets", "must be numbers that rise");
        }
        if self.buckets.len() > sidelight_series::MAX_BOUNDS {
            check.error(
                "buckets",
                &format!("must be at most {}", sidelight_series::MAX_BOUNDS),
            );
        }
    }
}

impl Metric {
    fn check(&self, check: &mut Check<'_, '_>) {
        for (nth, condition) in self.conditions.iter().enumerate() {
            if let Err(problem) = Condition::parse(Context::LOG, condition) {
                check.error(
                    &format!("conditions.{nth}"),
                    &format!("is no condition: {problem}"),
                );
            }
        }
        if self.name.is_empty() {
            check.error("name", "must not be empty");
        }
        let kinds = [
            ("sum", self.sum.is_some()),
            ("gauge", self.gauge.is_some()),
            ("histogram", self.histogram.is_some()),
            ("ratio", self.ratio.is_some()),
        ];
        let mut given = kinds.iter().filter(|(_, given)| *given).map(|(name, _)| *name);
        if let (Some(first), Some(second)) = (given.next(), given.next()) {
            check.conflict(
                second,
                first,
                "cannot stand beside another kind: a metric has one",
            );
        }
        if self.ratio.is_some() {
            for (field, given) in [
                ("conditions", !self.conditions.is_empty()),
                ("attributes", !self.attributes.is_empty()),
            ] {
                if given {
                    check.conflict(
                        field,
                        "ratio",
                        "has no meaning for a ratio: it is made of other metrics",
                    );
                }
            }
        }
    }

    /// Whether it can be a part of a ratio.
    fn adds_up(&self) -> bool {
        self.gauge.is_none() && self.histogram.is_none() && self.ratio.is_none()
    }
}

impl Config {
    fn check(&self, check: &mut Check<'_, '_>) {
        if self.logs.is_empty() {
            check.error("logs", "has no metric");
        }
        for (nth, metric) in self.logs.iter().enumerate() {
            if self.logs[..nth].iter().any(|other| other.name == metric.name) {
                check.error(&format!("logs.{nth}.name"), "is the name of another metric here");
            }
            for (side, names) in metric
                .ratio
                .iter()
                .flat_map(|ratio| [("of", &ratio.of), ("to", &ratio.to)])
            {
                for name in names {
                    let there = self.logs.iter().find(|other| other.name == *name);
                    if !there.is_some_and(Metric::adds_up) {
                        let problem =
                            format!("names `{name}`, which is no count and no sum of this connector");
                        check.error(&format!("logs.{nth}.ratio.{side}"), &problem);
                    }
                }
            }
        }
    }
}
