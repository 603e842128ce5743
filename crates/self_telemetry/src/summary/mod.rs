//! "What flows": a short text for the terminal, made from two readings of the metrics.
//!
//! ```text
//! 13:58:06Z  sidelight healthy  up 1m05s  cpu 3.1 %  rss 14.2 MB
//!   see  host_metrics   cpu 12.3 %  memory 41 % of 25.2 GB
//!   in   otlp        traces 1,204/s  logs 30/s  refused 2/s
//!   out  otlp_grpc   traces 1,204/s  queue 12 %
//!   1,234,600 accepted, 1,234,000 delivered, 600 queued: every item is accounted for
//! ```

mod flow;
mod headlines;
mod numbers;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use sidelight_component::metrics::FamilySnapshot;
use sidelight_component::{Health, Now, grouped};
use sidelight_config::escaped;

use crate::ledger::{Edge, Ledger};
use crate::process::ProcessUsage;
use flow::{Flow, flows};
use numbers::{megabytes, rate, span};

/// One reading of everything that the summary is made from.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// When it was read.
    pub now: Now,
    /// The metrics of the registry.
    pub families: Vec<FamilySnapshot>,
    /// The ledger.
    pub ledger: Ledger,
    /// What the program used.
    pub process: ProcessUsage,
    /// The verdict.
    pub health: Health,
    /// What components see.
    pub headlines: Vec<Headlines>,
}

/// What one component sees, in its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headlines {
    /// The component's id.
    pub component: String,
    /// Its lines; control characters in them are shown as such.
    pub lines: Arc<[String]>,
}

/// Reasons of bad health that are shown.
const MAX_REASONS: usize = 5;

/// The summary of what happened between two readings; several lines, each with its line feed. `color` is for
/// terminals.
pub fn render(before: &Snapshot, now: &Snapshot, color: bool) -> String {
    let elapsed = now.now.instant.saturating_duration_since(before.now.instant);
    let mut text = String::new();
    head(&mut text, before, now, elapsed, color);
    reasons(&mut text, &now.health);
    headlines::push(&mut text, &now.headlines);
    let flows = flows(&before.families, &now.families);
    let width = flows
        .iter()
        .map(|flow| flow.name.chars().count())
        .max()
        .unwrap_or(0);
    for flow in &flows {
        line(&mut text, flow, width, elapsed);
    }
    ledger(&mut text, &now.ledger);
    text
}

fn head(text: &mut String, before: &Snapshot, now: &Snapshot, elapsed: Duration, color: bool) {
    let nanos = i128::from(now.now.unix_nanos);
    if let Ok(at) = jiff::Timestamp::from_nanosecond(nanos) {
        let _ = write!(text, "{}Z  sidelight ", at.strftime("%H:%M:%S"));
    }
    let (word, code) = match &now.health {
        Health::Starting => ("starting", 33),
        Health::Ok => ("healthy", 32),
        Health::Unhealthy(_) => ("UNHEALTHY", 31),
        Health::Stopping => ("stopping", 33),
    };
    let _ = if color {
        write!(text, "\u{1b}[{code}m{word}\u{1b}[0m")
    } else {
        write!(text, "{word}")
    };
    let used = (now.process.cpu_seconds - before.process.cpu_seconds).max(0.0);
    let share = if elapsed.is_zero() {
        0.0
    } else {
        100.0 * used / elapsed.as_secs_f64()
    };
    let _ = writeln!(
        text,
        "  up {}  cpu {share:.1} %  rss {}",
        span(now.process.uptime),
        megabytes(now.process.rss_bytes)
    );
}

fn reasons(text: &mut String, health: &Health) {
    let Health::Unhealthy(reasons) = health else {
        return;
    };
    for reason in reasons.iter().take(MAX_REASONS) {
        let _ = writeln!(text, "  !    {}", escaped(reason));
    }
    if reasons.len() > MAX_REASONS {
        let _ = writeln!(text, "  !    and {} more", reasons.len() - MAX_REASONS);
    }
}

fn line(text: &mut String, flow: &Flow, width: usize, elapsed: Duration) {
    let _ = write!(text, "  {:<3}  {:<width$} ", flow.direction, flow.name);
    for (signal, count) in &flow.passed {
        let _ = write!(text, "  {signal} {}", rate(*count, elapsed));
    }
    if flow.passed.is_empty() {
        text.push_str("  nothing yet");
    }
    if flow.failed > 0.0 {
        let _ = write!(text, "  {} {}", flow.failure, rate(flow.failed, elapsed));
    }
    if let Some(fill) = flow.queue_fill {
        let _ = write!(text, "  queue {:.0} %", 100.0 * fill);
    }
    text.push('\n');
}

/// What came in at the pipelines and went out at the exporters.
fn ledger(text: &mut String, ledger: &Ledger) {
    let pipelines = ledger
        .rows
        .iter()
        .filter(|row| matches!(row.edge, Edge::Pipeline(_)));
    let exporters = || {
        ledger
            .rows
            .iter()
            .filter(|row| matches!(row.edge, Edge::Exporter(..)))
    };
    let accepted: u64 = pipelines.map(|row| row.accepted).sum();
    let delivered: u64 = exporters().map(|row| row.delivered).sum();
    let queued: u64 = ledger.rows.iter().map(|row| row.queued).sum();
    let dropped: u64 = ledger.rows.iter().flat_map(|row| row.dropped.values()).sum();
    let _ = write!(
        text,
        "  {} accepted, {} delivered, {} queued",
        grouped(accepted),
        grouped(delivered),
        grouped(queued)
    );
    if dropped > 0 {
        let _ = write!(text, ", {} dropped", grouped(dropped));
    }
    let _ = match ledger.balances() {
        Ok(()) => writeln!(text, ": every item is accounted for"),
        Err(faults) => writeln!(text, ": DOES NOT BALANCE: {}", escaped(&faults.join("; "))),
    };
}

#[cfg(test)]
mod tests;
