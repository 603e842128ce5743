//! `sidelight queue verify`: reads every frame of every file.

use std::io::{self, Write};

use sidelight_component::grouped;
use sidelight_config::escaped;

use super::inspect::faults;
use super::inspections;
use crate::arguments::QueuePlace;
use crate::commands::stopped::Stopped;
use crate::commands::storages::logs;
use crate::exit::Exit;

pub(super) fn run(place: &QueuePlace) -> Result<Exit, Stopped> {
    let logs = logs(place)?;
    let mut out = io::stdout().lock();
    let (mut damaged, mut unseen) = (false, false);
    for (log, inspection) in inspections(&logs) {
        let Some(of) = inspection else {
            unseen = true;
            continue;
        };
        let name = log.to_string();
        let name = escaped(&name);
        let frames: u64 = of.segments.iter().map(|segment| segment.frames).sum();
        let (files, waiting) = (of.segments.len() as u64, of.live.items);
        let seen = format!(
            "{} files, {} frames, {} items wait",
            grouped(files),
            grouped(frames),
            grouped(waiting)
        );
        if of.is_intact() {
            writeln!(out, "{name}: intact: {seen}")?;
            continue;
        }
        damaged = true;
        writeln!(
            out,
            "{name}: damaged, {} items that waited are lost: {seen}",
            grouped(of.lost_items)
        )?;
        let folder = log.path.display().to_string();
        for fault in faults(&of) {
            writeln!(out, "  {}: {fault}", escaped(&folder))?;
        }
    }
    Ok(match (unseen, damaged) {
        (true, _) => Exit::Mistake,
        (false, true) => Exit::Failure,
        (false, false) => Exit::Success,
    })
}
