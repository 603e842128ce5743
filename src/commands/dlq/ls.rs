//! `sidelight dlq ls`: the dead letters, the oldest first.

use std::io::{self, Write};

use serde_json::{Value, json};
use sidelight_component::grouped;
use sidelight_config::shortened;
use sidelight_self_telemetry::Aligned;

use super::picking::{Found, all};
use crate::arguments::{Format, LsOptions};
use crate::commands::stopped::Stopped;
use crate::exit::Exit;
use crate::terminal::utc;

pub(super) fn run(options: &LsOptions) -> Result<Exit, Stopped> {
    let found = all(&options.place)?;
    let mut out = io::stdout().lock();
    match options.format {
        Format::Json => {
            let letters: Vec<Value> = found.iter().map(document).collect();
            writeln!(out, "{}", json!({ "letters": letters }))?;
        }
        Format::Text if found.is_empty() => writeln!(out, "there are no dead letters")?,
        Format::Text => write!(out, "{}", table(&found))?,
    }
    Ok(Exit::Success)
}

fn table(found: &[Found]) -> Aligned {
    let head = [
        "id", "when", "exporter", "signal", "why", "items", "bytes", "reason",
    ];
    let mut lines = vec![head.map(str::to_owned).to_vec()];
    lines.extend(found.iter().map(line));
    // The reason, which is last, is as long as it is.
    Aligned {
        left: head.len(),
        lines,
    }
}

fn line(found: &Found) -> Vec<String> {
    let (why, items, reason) = match &found.listed.header {
        Ok(header) => {
            let items = match (header.refused, header.items) {
                (refused, items) if refused == items => grouped(items),
                (refused, items) => format!("{} of {}", grouped(refused), grouped(items)),
            };
            (header.why.as_str(), items, shortened(&header.reason))
        }
        Err(unreadable) => ("damaged", String::new(), shortened(&unreadable.to_string())),
    };
    vec![
        found.listed.id.to_string(),
        utc(found.listed.id.unix_ms),
        shortened(found.folder.exporter.as_str()),
        found.folder.signal.to_string(),
        why.to_owned(),
        items,
        grouped(found.listed.file_bytes),
        reason,
    ]
}

fn document(found: &Found) -> Value {
    let listed = &found.listed;
    let mut document = json!({
        "id": listed.id.to_string(),
        "unix_ms": listed.id.unix_ms,
        "exporter": found.folder.exporter.as_str(),
        "signal": found.folder.signal.as_str(),
        "file": listed.path.to_string_lossy(),
        "file_bytes": listed.file_bytes,
    });
    let rest = match &listed.header {
        Ok(header) => json!({
            "why": header.why.as_str(),
            "reason": header.reason,
            "items": header.items,
            "refused_items": header.refused,
            "payload_bytes": header.payload_bytes,
        }),
        Err(unreadable) => json!({ "damaged": unreadable.to_string() }),
    };
    if let (Value::Object(document), Value::Object(rest)) = (&mut document, rest) {
        document.extend(rest);
    }
    document
}
