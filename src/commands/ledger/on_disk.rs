//! The account that the queues on disk keep, over all starts.

use std::io::{self, Write};

use sidelight_component::{ComponentId, QueueFolder, Signal};
use sidelight_pipeline::Plan;
use sidelight_self_telemetry::ledger::{Edge, Ledger, Row};
use sidelight_wal::Outcome;
use sidelight_wal::inspect::{Inspection, inspect};

use crate::arguments::Only;
use crate::commands::stopped::{Stopped, tell};
use crate::commands::storages;
use crate::exit::Exit;

/// Shows it, and says that it is no more than that. The exit code is that of an answer that is not there.
pub(super) fn show(plan: &Plan) -> Result<Exit, Stopped> {
    if plan.storages.is_empty() {
        tell("no queue is kept on disk either");
        return Ok(Exit::Failure);
    }
    let folders = storages::folders(&storages::of_plan(plan)?, &Only::default())?;
    let ledger = Ledger {
        rows: folders.iter().filter_map(row).collect(),
        lost_branches: 0,
    };
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "nobody answers; this is what the queues on disk hold, in items over all starts:"
    )?;
    write!(out, "{ledger}")?;
    Ok(Exit::Failure)
}

fn row(folder: &QueueFolder) -> Option<Row> {
    let log = folder.log();
    if !log.is_dir() {
        return None;
    }
    match inspect(&log) {
        Ok(of) => Some(row_of(&folder.exporter, folder.signal, &of)),
        Err(error) => {
            tell(&format!("{} {}: {error}", folder.exporter, folder.signal));
            None
        }
    }
}

/// As a running program counts them: what was refused at the entrance or written a second time was never taken.
fn row_of(exporter: &ComponentId, signal: Signal, of: &Inspection) -> Row {
    let mut row = Row::new(Edge::Exporter(exporter.clone(), signal));
    let not_taken = of.totals.of(Outcome::Refused) + of.totals.of(Outcome::Moved) + of.ended_meanwhile;
    row.accepted = (of.next - of.base).saturating_sub(not_taken);
    row.queued = of.live.items;
    for outcome in Outcome::ALL {
        let items = of.totals.of(outcome);
        match outcome {
            Outcome::Delivered => row.delivered = items,
            Outcome::Withdrawn => row.withdrawn = items,
            Outcome::Refused | Outcome::Moved => {}
            Outcome::Lost => drop_items(&mut row, "damaged", items + of.lost_items),
            Outcome::MaxElapsedTime | Outcome::RetryDisabled | Outcome::Shutdown => {
                drop_items(&mut row, outcome.as_str(), items);
            }
            Outcome::RejectedByDestination
            | Outcome::RejectedInPart
            | Outcome::TooLarge
            | Outcome::Encode
            | Outcome::Panic => drop_items(&mut row, &format!("rejected: {}", outcome.as_str()), items),
        }
    }
    row
}

fn drop_items(row: &mut Row, reason: &str, items: u64) {
    if items > 0 {
        row.dropped.insert(reason.to_owned(), items);
    }
}
