//! The ledger: where every item is, at any moment.
//!
//! Each pipeline and each queue before an exporter has a row. What came in, and what was made there, must be
//! found again on the other side:
//!
//! ```text
//! accepted + created = delivered + queued + merged + filtered{by} + dropped{reason} + refused + withdrawn
//! ```
//!
//! This is plain data: the engine fills it, [`Ledger::balances`] judges it, and it is shown as a table and
//! as metrics. Counters that move while they are read can be off for a moment; read what went out before
//! what came in, and judge a difference only when it is still there in the next reading.

mod page;
mod table;

use std::collections::BTreeMap;
use std::fmt;

pub use page::NoLedger;
use sidelight_component::metrics::{FamilySnapshot, Kind, Labels};
use sidelight_component::{ComponentId, PipelineId, Signal};

/// What a row is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edge {
    /// A pipeline: from its receivers to the queues of its exporters.
    Pipeline(PipelineId),
    /// A connector: from the pipelines before it to those behind it, with what it takes and what it makes of it.
    Connector(ComponentId, Signal, Signal),
    /// The queue of one signal before an exporter, and the exporter.
    Exporter(ComponentId, Signal),
}

/// One row. All figures are items (spans, data points or log records) since the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What the row is about.
    pub edge: Edge,
    /// Came in.
    pub accepted: u64,
    /// Were made here: by a processor, or read back from disk at the start.
    pub created: u64,
    /// Were given to what comes behind: the queues, or the destination.
    pub delivered: u64,
    /// Are held or on their way.
    pub queued: u64,
    /// Went into others: several points became one, records were counted.
    pub merged: u64,
    /// Were refused for now: the sender was asked to come back.
    pub refused: u64,
    /// Were taken back when their sender stopped waiting.
    pub withdrawn: u64,
    /// Were left out on purpose, by component.
    pub filtered: BTreeMap<String, u64>,
    /// Were dropped, by reason.
    pub dropped: BTreeMap<String, u64>,
    /// Of those delivered, refused or withdrawn: may have reached the destination more than once. A remark,
    /// not a term.
    pub maybe_duplicate: u64,
}

/// All rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// The rows, in the order in which they are shown.
    pub rows: Vec<Row>,
    /// Batches that ended without an answer: [`sidelight_component::lost_branches`]. Always a fault.
    pub lost_branches: u64,
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pipeline(id) => write!(f, "pipeline/{id}"),
            Self::Connector(id, from, to) => write!(f, "connector/{id}/{from}/{to}"),
            Self::Exporter(id, signal) => write!(f, "exporter/{id}/{signal}"),
        }
    }
}

/// A kind, a label that tells who or why, and the count.
type Figure<'a> = (&'static str, Option<(&'static str, &'a str)>, u64);

// === impl Row ===

impl Row {
    /// A row without an item.
    pub fn new(edge: Edge) -> Self {
        Self {
            edge,
            accepted: 0,
            created: 0,
            delivered: 0,
            queued: 0,
            merged: 0,
            refused: 0,
            withdrawn: 0,
            filtered: BTreeMap::new(),
            dropped: BTreeMap::new(),
            maybe_duplicate: 0,
        }
    }

    /// The terms on the side of what came in.
    fn incoming(&self) -> u128 {
        u128::from(self.accepted) + u128::from(self.created)
    }

    /// The terms on the other side.
    fn found(&self) -> u128 {
        let plain = [
            self.delivered,
            self.queued,
            self.merged,
            self.refused,
            self.withdrawn,
        ];
        plain
            .iter()
            .chain(self.filtered.values())
            .chain(self.dropped.values())
            .map(|n| u128::from(*n))
            .sum()
    }

    /// What came in and is not found: zero where the row balances, or has too much.
    pub fn missing(&self) -> u64 {
        u64::try_from(self.incoming().saturating_sub(self.found())).unwrap_or(u64::MAX)
    }

    /// # Errors
    /// What is missing, or found twice.
    fn balance(&self) -> Result<(), String> {
        let (incoming, found) = (self.incoming(), self.found());
        let fault = match incoming.cmp(&found) {
            std::cmp::Ordering::Equal => return Ok(()),
            std::cmp::Ordering::Greater => format!("{} items are not accounted for", incoming - found),
            std::cmp::Ordering::Less => format!("{} items are counted twice", found - incoming),
        };
        Err(format!("{}: {fault} (in: {incoming}, found: {found})", self.edge))
    }

    /// Every figure with its kind, and who or why where that is told apart.
    fn figures(&self) -> Vec<Figure<'_>> {
        let mut figures = vec![
            ("accepted", None, self.accepted),
            ("created", None, self.created),
            ("delivered", None, self.delivered),
            ("queued", None, self.queued),
            ("merged", None, self.merged),
            ("refused", None, self.refused),
            ("withdrawn", None, self.withdrawn),
        ];
        figures.extend(
            self.filtered
                .iter()
                .map(|(by, n)| ("filtered", Some(("by", by.as_str())), *n)),
        );
        figures.extend(
            self.dropped
                .iter()
                .map(|(why, n)| ("dropped", Some(("reason", why.as_str())), *n)),
        );
        figures.push(("maybe_duplicate", None, self.maybe_duplicate));
        figures
    }
}

// === impl Ledger ===

impl Ledger {
    /// Whether every item is accounted for.
    ///
    /// # Errors
    /// One sentence per row that does not balance, and one where batches ended without an answer.
    pub fn balances(&self) -> Result<(), Vec<String>> {
        let mut faults: Vec<String> = self.rows.iter().filter_map(|row| row.balance().err()).collect();
        if self.lost_branches > 0 {
            faults.push(format!("{} batches ended without an answer", self.lost_branches));
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    /// `sidelight_ledger_items{edge, kind, by | reason}` and `sidelight_ledger_lost_batches`.
    pub fn families(&self) -> [FamilySnapshot; 2] {
        let mut items = FamilySnapshot {
            name: "sidelight_ledger_items".to_owned(),
            help: "Items by where they are: accepted and created equal the sum of all other kinds but maybe_duplicate",
            kind: Kind::Gauge,
            series: Vec::new(),
        };
        for row in &self.rows {
            let edge = row.edge.to_string();
            for (kind, detail, count) in row.figures() {
                let mut labels: Labels = vec![
                    ("edge".to_owned(), edge.clone()),
                    ("kind".to_owned(), kind.to_owned()),
                ];
                labels.extend(detail.map(|(name, value)| (name.to_owned(), value.to_owned())));
                items.series.push((labels, count as f64));
            }
        }
        let lost = FamilySnapshot {
            name: "sidelight_ledger_lost_batches".to_owned(),
            help: "Batches that ended without an answer; always a fault of the program",
            kind: Kind::Counter,
            series: vec![(Labels::new(), self.lost_branches as f64)],
        };
        [items, lost]
    }
}

#[cfg(test)]
mod tests;
