//! Fills the ledger: a row for each pipeline, each connector and each queue.

use std::collections::BTreeSet;
use std::sync::Arc;

use sidelight_component::{ComponentId, Signal, lost_branches};
use sidelight_delivery::{DropReason, Queue, RejectReason};
use sidelight_self_telemetry::ledger::{Edge, Ledger, Row};

use crate::line::Line;

/// A difference is a fault when it is the same in so many readings: counters that move while they are read
/// can be off for a moment.
const READINGS: usize = 3;

/// What the ledger is read from.
pub(crate) struct LedgerSource {
    lines: Vec<Arc<Line>>,
    queues: Vec<(ComponentId, Signal, Queue)>,
}

impl LedgerSource {
    pub(crate) fn new(lines: &[Arc<Line>], queues: &[(ComponentId, Signal, Queue)]) -> Self {
        Self {
            lines: lines.to_vec(),
            queues: queues.to_vec(),
        }
    }

    /// The ledger now.
    pub(crate) fn read(&self) -> Ledger {
        let pipelines = self.lines.iter().map(|line| pipeline_row(line));
        let queues = self
            .queues
            .iter()
            .map(|(id, signal, queue)| queue_row(id, *signal, queue));
        Ledger {
            rows: pipelines.chain(queues).collect(),
            lost_branches: lost_branches(),
        }
    }

    /// What does not balance, in every one of several readings.
    pub(crate) fn imbalances(&self) -> Vec<String> {
        let faults = || {
            self.read()
                .balances()
                .err()
                .unwrap_or_default()
                .into_iter()
                .collect::<BTreeSet<_>>()
        };
        let mut lasting = faults();
        for _ in 1..READINGS {
            if lasting.is_empty() {
                break;
            }
            let again = faults();
            lasting.retain(|fault| again.contains(fault));
        }
        lasting.into_iter().collect()
    }
}

/// The row of a pipeline, read while no batch is in its processors. Where there is no such moment, what is missing is
/// taken for what is inside; a loss shows at the next moment of rest.
fn pipeline_row(line: &Line) -> Row {
    for _ in 0..READINGS {
        let before = line.traffic.at_rest();
        let row = row_of_counters(line);
        if before.is_some() && before == line.traffic.at_rest() {
            return row;
        }
    }
    let mut row = row_of_counters(line);
    row.queued = row.missing();
    row
}

fn row_of_counters(line: &Line) -> Row {
    let mut row = Row::new(line.edge.clone());
    // What went out is read before what came in.
    let delivered = line.stages.last().map(|last| last.outgoing.get());
    for stage in &line.stages {
        row.created += stage.created.get();
        row.merged += stage.merged.get();
        if stage.filtered.get() > 0 {
            *row.filtered.entry(stage.component.clone()).or_default() += stage.filtered.get();
        }
        for (reason, items) in stage.dropped.lock().iter() {
            *row.dropped.entry((*reason).to_owned()).or_default() += items.get();
        }
    }
    row.refused = line.refused.get();
    let accepted = line.accepted.get();
    row.accepted = accepted + row.refused;
    row.delivered = delivered.unwrap_or(accepted);
    row
}

fn queue_row(id: &ComponentId, signal: Signal, queue: &Queue) -> Row {
    let account = queue.ledger();
    let mut row = Row::new(Edge::Exporter(id.clone(), signal));
    row.refused = account.refused;
    row.accepted = account.enqueued + account.refused;
    row.delivered = account.delivered;
    row.queued = account.held();
    row.withdrawn = account.withdrawn;
    row.maybe_duplicate = account.maybe_duplicate;
    let drops = DropReason::ALL
        .into_iter()
        .map(|why| (why.as_str().to_owned(), account.dropped_for(why)));
    let rejects = RejectReason::ALL
        .into_iter()
        .map(|why| (format!("rejected: {}", why.as_str()), account.rejected_for(why)));
    row.dropped
        .extend(drops.chain(rejects).filter(|(_, items)| *items > 0));
    row
}
