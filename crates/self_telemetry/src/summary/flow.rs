//! What went through each receiver and exporter between two readings.

use std::collections::BTreeMap;

use sidelight_component::metrics::FamilySnapshot;
use sidelight_config::shortened;

/// One receiver or exporter.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Flow {
    /// `in` or `out`.
    pub(super) direction: &'static str,
    /// The component's id, safe to print.
    pub(super) name: String,
    /// Items that passed since the reading before, for each signal that ever had one.
    pub(super) passed: Vec<(&'static str, f64)>,
    /// The word for what did not pass.
    pub(super) failure: &'static str,
    /// Items that did not pass since the reading before.
    pub(super) failed: f64,
    /// How full the fullest queue is, 0 to 1.
    pub(super) queue_fill: Option<f64>,
}

/// The endings of the Collector's names and the signals they stand for.
const SIGNALS: [(&str, &str); 3] = [
    ("spans", "traces"),
    ("metric_points", "metrics"),
    ("log_records", "logs"),
];

/// Receivers, then exporters, each by name.
pub(super) fn flows(before: &[FamilySnapshot], now: &[FamilySnapshot]) -> Vec<Flow> {
    let change = Change { before, now };
    let receivers = Side {
        direction: "in",
        label: "receiver",
        passed: "otelcol_receiver_accepted_",
        failure: "refused",
        failed: "otelcol_receiver_refused_",
    };
    let exporters = Side {
        direction: "out",
        label: "exporter",
        passed: "otelcol_exporter_sent_",
        failure: "failed",
        failed: "otelcol_exporter_send_failed_",
    };
    let mut flows = receivers.flows(&change);
    flows.extend(exporters.flows(&change).into_iter().map(|mut flow| {
        flow.queue_fill = queue_fill(now, &flow.name);
        flow
    }));
    flows
        .iter_mut()
        .for_each(|flow| flow.name = shortened(&flow.name));
    flows
}

struct Side {
    direction: &'static str,
    label: &'static str,
    passed: &'static str,
    failure: &'static str,
    failed: &'static str,
}

impl Side {
    fn flows(&self, change: &Change<'_>) -> Vec<Flow> {
        let mut flows: BTreeMap<String, Flow> = BTreeMap::new();
        for (ending, signal) in SIGNALS {
            let passed = change.by_label(&format!("{}{ending}", self.passed), self.label);
            for (name, (difference, total)) in passed {
                let flow = self.entry(&mut flows, name);
                if total > 0.0 {
                    flow.passed.push((signal, difference));
                }
            }
            for (name, (difference, _)) in change.by_label(&format!("{}{ending}", self.failed), self.label) {
                self.entry(&mut flows, name).failed += difference;
            }
        }
        flows.into_values().collect()
    }

    fn entry<'f>(&self, flows: &'f mut BTreeMap<String, Flow>, name: String) -> &'f mut Flow {
        flows.entry(name.clone()).or_insert_with(|| Flow {
            direction: self.direction,
            name,
            passed: Vec::new(),
            failure: self.failure,
            failed: 0.0,
            queue_fill: None,
        })
    }
}

struct Change<'a> {
    before: &'a [FamilySnapshot],
    now: &'a [FamilySnapshot],
}

impl Change<'_> {
    /// Difference and total of a counter, summed over all labels but one. A counter that is smaller than
    /// before began again at zero.
    fn by_label(&self, family: &str, label: &str) -> BTreeMap<String, (f64, f64)> {
        let before = totals(self.before, family, label);
        let now = totals(self.now, family, label);
        let change = now.into_iter().map(|(name, total)| {
            let earlier = before
                .get(&name)
                .copied()
                .filter(|earlier| *earlier <= total)
                .unwrap_or(0.0);
            (name, (total - earlier, total))
        });
        change.collect()
    }
}

fn totals(families: &[FamilySnapshot], family: &str, label: &str) -> BTreeMap<String, f64> {
    let mut totals = BTreeMap::new();
    for (labels, value) in families
        .iter()
        .filter(|f| f.name == family)
        .flat_map(|f| &f.series)
    {
        if let Some((_, name)) = labels.iter().find(|(key, _)| key == label) {
            *totals.entry(name.clone()).or_insert(0.0) += value;
        }
    }
    totals
}

/// The fullest of the exporter's queues: size and capacity have the same labels.
fn queue_fill(families: &[FamilySnapshot], exporter: &str) -> Option<f64> {
    let series = |name: &'static str| {
        families
            .iter()
            .filter(move |f| f.name == name)
            .flat_map(|f| &f.series)
    };
    series("otelcol_exporter_queue_size")
        .filter(|(labels, _)| {
            labels
                .iter()
                .any(|(key, value)| key == "exporter" && value == exporter)
        })
        .filter_map(|(labels, size)| {
            let (_, capacity) =
                series("otelcol_exporter_queue_capacity").find(|(other, _)| other == labels)?;
            (*capacity > 0.0).then(|| size / capacity)
        })
        .reduce(f64::max)
}
