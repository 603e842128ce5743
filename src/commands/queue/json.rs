//! An inspection as JSON.

use serde_json::{Map, Value, json};
use sidelight_wal::inspect::{Damage, Inspection, Segment};
use sidelight_wal::{Live, Outcome};

use crate::commands::storages::LogFolder;

/// One log.
pub(super) fn document(log: &LogFolder, of: &Inspection) -> Value {
    let ended: Map<String, Value> = Outcome::ALL
        .into_iter()
        .map(|outcome| (outcome.as_str().to_owned(), of.totals.of(outcome).into()))
        .collect();
    json!({
        "exporter": log.exporter.as_ref().map(ToString::to_string),
        "signal": log.signal.map(|signal| signal.as_str()),
        "directory": log.path.to_string_lossy(),
        "first_ordinal": of.base,
        "next_ordinal": of.next,
        "waiting": live(&of.live),
        "oldest_waiting_unix_ms": of.oldest_live_ms(),
        "ended_items": ended,
        "disk_bytes": of.disk_bytes(),
        "intact": of.is_intact(),
        "lost_items": of.lost_items,
        "missing_items": of.missing_items,
        "ended_meanwhile_items": of.ended_meanwhile,
        "damaged_bytes": of.damaged_bytes(),
        "damaged_bytes_of_unknown_items": of.unknown_bytes,
        "further_damages": of.more_damages,
        "changed_meanwhile": of.changed,
        "files": of.segments.iter().map(file).collect::<Vec<_>>(),
    })
}

fn file(segment: &Segment) -> Value {
    json!({
        "path": segment.path.to_string_lossy(),
        "number": segment.number,
        "bytes": segment.bytes,
        "frames": segment.frames,
        "records": segment.records,
        "ordinals": [segment.ordinals.start, segment.ordinals.end],
        "waiting": live(&segment.live),
        "waiting_unix_ms": segment.live_ms.map(|(oldest, newest)| [oldest, newest]),
        "written_unix_ms": segment.written_ms.map(|(first, last)| [first, last]),
        "damages": segment.damages.iter().map(damage).collect::<Vec<_>>(),
    })
}

fn live(live: &Live) -> Value {
    json!({ "items": live.items, "requests": live.records, "bytes": live.bytes })
}

fn damage(damage: &Damage) -> Value {
    json!({
        "bytes": [damage.bytes.start, damage.bytes.end],
        "what": damage.what.to_string(),
        "lost_items": damage.lost_items,
    })
}
