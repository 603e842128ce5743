//! The ledger for people.

use std::fmt;

use sidelight_component::grouped;
use sidelight_config::escaped;

use super::{Ledger, Row};
use crate::aligned::Aligned;

/// A column's head, its figure, and whether it is shown when it is zero in every row.
type Column = (&'static str, fn(&Row) -> u64, bool);

const COLUMNS: [Column; 10] = [
    ("accepted", |row| row.accepted, true),
    ("created", |row| row.created, false),
    ("delivered", |row| row.delivered, true),
    ("queued", |row| row.queued, true),
    ("merged", |row| row.merged, false),
    ("filtered", |row| row.filtered.values().sum(), false),
    ("dropped", |row| row.dropped.values().sum(), false),
    ("refused", |row| row.refused, false),
    ("withdrawn", |row| row.withdrawn, false),
    ("maybe twice", |row| row.maybe_duplicate, false),
];

impl fmt::Display for Ledger {
    /// A table, the reasons below it, and the verdict. Lines end with a line feed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns: Vec<&Column> = COLUMNS
            .iter()
            .filter(|(_, of, always)| *always || self.rows.iter().any(|row| of(row) > 0))
            .collect();
        let mut lines = vec![
            std::iter::once(String::new())
                .chain(columns.iter().map(|c| c.0.to_owned()))
                .collect(),
        ];
        lines.extend(self.rows.iter().map(|row| {
            let edge = escaped(&row.edge.to_string()).into_owned();
            std::iter::once(edge)
                .chain(columns.iter().map(|(_, of, _)| grouped(of(row))))
                .collect()
        }));
        write!(f, "{}", Aligned { left: 1, lines })?;
        for row in &self.rows {
            let reasons = row.filtered.iter().map(|(by, n)| ("filtered by", by, n));
            let reasons = reasons.chain(row.dropped.iter().map(|(why, n)| ("dropped:", why, n)));
            for (how, detail, count) in reasons.filter(|(_, _, count)| **count > 0) {
                writeln!(
                    f,
                    "{}: {} {how} {}",
                    escaped(&row.edge.to_string()),
                    grouped(*count),
                    escaped(detail)
                )?;
            }
        }
        match self.balances() {
            Ok(()) => writeln!(f, "every item is accounted for"),
            Err(faults) => faults
                .iter()
                .try_for_each(|fault| writeln!(f, "DOES NOT BALANCE {}", escaped(fault))),
        }
    }
}
