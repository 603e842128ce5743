//! `sidelight queue inspect`: what waits in each queue and in each of its files.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sidelight_component::grouped;
use sidelight_config::{escaped, format_duration};
use sidelight_self_telemetry::Aligned;
use sidelight_wal::Outcome;
use sidelight_wal::inspect::{Damage, Inspection, Segment};

use super::{inspections, json};
use crate::arguments::{Format, InspectOptions};
use crate::commands::stopped::Stopped;
use crate::commands::storages::{LogFolder, logs};
use crate::exit::Exit;
use crate::terminal::utc;

pub(super) fn run(options: &InspectOptions) -> Result<Exit, Stopped> {
    let logs = logs(&options.place)?;
    let mut out = io::stdout().lock();
    let mut exit = Exit::Success;
    let mut documents = Vec::new();
    for (log, inspection) in inspections(&logs) {
        let Some(inspection) = inspection else {
            exit = Exit::Mistake;
            continue;
        };
        match options.format {
            Format::Text => write!(out, "{}", text(log, &inspection, now_ms()))?,
            Format::Json => documents.push(json::document(log, &inspection)),
        }
    }
    if options.format == Format::Json {
        writeln!(out, "{}", serde_json::json!({ "logs": documents }))?;
    }
    Ok(exit)
}

fn text(log: &LogFolder, of: &Inspection, now_ms: u64) -> String {
    let mut text = format!(
        "{}: {} items in {} requests wait, {} bytes{}\n",
        escaped(&log.to_string()),
        grouped(of.live.items),
        grouped(of.live.records),
        grouped(of.live.bytes),
        oldest(of, now_ms),
    );
    let folder = log.path.display().to_string();
    let (files, bytes) = (of.segments.len() as u64, of.disk_bytes());
    // Writing to a String does not fail.
    let _ = writeln!(
        text,
        "  {}: {} files, {} bytes",
        escaped(&folder),
        grouped(files),
        grouped(bytes)
    );
    let _ = writeln!(text, "  ended: {}", ended(of));
    for line in files_table(&of.segments).to_string().lines() {
        let _ = writeln!(text, "  {line}");
    }
    for fault in faults(of) {
        let _ = writeln!(text, "  {fault}");
    }
    text
}

fn oldest(of: &Inspection, now_ms: u64) -> String {
    of.oldest_live_ms().map_or_else(String::new, |oldest| {
        let seconds = now_ms.saturating_sub(oldest) / 1000;
        let age = format_duration(Duration::from_secs(seconds));
        format!(", the oldest since {} ({age})", utc(oldest))
    })
}

/// `6 delivered, 40 destination`, over all starts.
fn ended(of: &Inspection) -> String {
    let ended: Vec<String> = Outcome::ALL
        .into_iter()
        .filter(|outcome| of.totals.of(*outcome) > 0)
        .map(|outcome| format!("{} {}", grouped(of.totals.of(outcome)), outcome.as_str()))
        .collect();
    if ended.is_empty() {
        "nothing".to_owned()
    } else {
        ended.join(", ")
    }
}

fn files_table(segments: &[Segment]) -> Aligned {
    let head = [
        "file",
        "bytes",
        "frames",
        "ordinals",
        "waiting items",
        "bytes",
        "from",
        "to",
    ];
    let mut lines = vec![head.map(str::to_owned).to_vec()];
    lines.extend(segments.iter().map(|segment| {
        let (from, to) = match segment.live_ms.or(segment.written_ms) {
            Some((from, to)) => (utc(from), utc(to)),
            None => Default::default(),
        };
        vec![
            file_name(segment),
            grouped(segment.bytes),
            grouped(segment.frames),
            format!("{}..{}", segment.ordinals.start, segment.ordinals.end),
            grouped(segment.live.items),
            grouped(segment.live.bytes),
            from,
            to,
        ]
    }));
    Aligned { left: 1, lines }
}

pub(super) fn file_name(segment: &Segment) -> String {
    let name = segment.path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// What is damaged or missing, a line each.
pub(super) fn faults(of: &Inspection) -> Vec<String> {
    let of_segment = |segment: &'_ Segment| {
        let name = file_name(segment);
        let told = segment
            .damages
            .iter()
            .map(move |damage| format!("DAMAGED {name} {}", place(damage)));
        told.collect::<Vec<_>>()
    };
    let mut faults: Vec<String> = of.segments.iter().flat_map(of_segment).collect();
    let mut add = |count: u64, rest: &str| {
        if count > 0 {
            faults.push(format!("DAMAGED {} {rest}", grouped(count)));
        }
    };
    add(of.more_damages, "more places");
    add(
        of.missing_items,
        "items are lost without a damaged place: a file is missing",
    );
    add(
        of.unknown_bytes,
        "of these bytes lie at the very end: nothing says how many items were there",
    );
    if of.changed {
        faults.push(
            "a program writes here, and what it is writing looks damaged; look again, or at a copy"
                .to_owned(),
        );
    }
    faults
}

fn place(damage: &Damage) -> String {
    let lost = match damage.lost_items {
        0 => "nothing that waited is lost".to_owned(),
        lost => format!("{} items that waited are lost", grouped(lost)),
    };
    format!(
        "bytes {}..{}: {}: {lost}",
        damage.bytes.start, damage.bytes.end, damage.what
    )
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
