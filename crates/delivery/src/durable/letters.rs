//! The dead letters of one queue: what its destination refused for good.

use std::io;
use std::path::PathBuf;

use sidelight_component::metrics::{Counter, Registry};
use sidelight_component::{ComponentId, Signal};
use sidelight_dead_letters::{DeadLetters, Letter, Why};

use super::keeper::now_ms;
use super::mailbox::Refused;
use crate::ledger::RejectReason;

/// Keeps them, bounded.
#[derive(Debug)]
pub(crate) struct Letters {
    directory: PathBuf,
    exporter: ComponentId,
    max_bytes: u64,
    synced: bool,
    /// `None` where it could not be opened yet: a disk that fails keeps nothing from starting.
    folder: Option<DeadLetters>,
    meters: Option<Meters>,
}

#[derive(Debug)]
struct Meters {
    kept: Counter,
    removed: Counter,
}

impl Letters {
    /// Of one exporter's queue, in this folder.
    pub(crate) fn new(directory: PathBuf, exporter: &ComponentId, max_bytes: u64, synced: bool) -> Self {
        Self {
            directory,
            exporter: exporter.clone(),
            max_bytes,
            synced,
            folder: None,
            meters: None,
        }
    }

    /// Opens the folder, unless it is open.
    ///
    /// # Errors
    /// The system's, where it cannot be made or listed.
    pub(crate) fn open(&mut self) -> io::Result<&mut DeadLetters> {
        match &mut self.folder {
            Some(folder) => Ok(folder),
            closed => {
                let opened = DeadLetters::open(
                    &self.directory,
                    self.exporter.as_str(),
                    self.max_bytes,
                    self.synced,
                )?;
                Ok(closed.insert(opened))
            }
        }
    }

    /// From now on it is counted.
    pub(crate) fn count(&mut self, registry: &Registry, signal: Signal) {
        let labels = [
            ("exporter", self.exporter.as_str()),
            ("data_type", signal.as_str()),
        ];
        let counter =
            |what: &str, help| registry.counter(&format!("sidelight_dead_letters_{what}"), help, &labels);
        self.meters = Some(Meters {
            kept: counter("kept_items", "Items that were kept as dead letters"),
            removed: counter(
                "removed_items",
                "Items of dead letters that went to make room, or that were too large for it",
            ),
        });
    }

    /// Keeps what was refused.
    ///
    /// # Errors
    /// The system's; it is not kept then.
    pub(crate) fn put(&mut self, signal: Signal, refused: &Refused) -> io::Result<()> {
        let pieces: Vec<&[u8]> = refused
            .payload
            .chunks()
            .iter()
            .map(|chunk| &chunk.bytes[..])
            .collect();
        let items = refused.payload.items();
        let put = self.open()?.put(Letter {
            signal,
            why: why(refused.why),
            reason: &refused.reason,
            items: items as u64,
            refused: refused.items,
            payload: &pieces,
            now_ms: now_ms(),
        })?;
        if let Some(meters) = &self.meters {
            let (kept, too_large) = if put.kept { (items, 0) } else { (0, items) };
            meters.kept.add(kept as u64);
            meters.removed.add(put.removed_items + too_large as u64);
        }
        Ok(())
    }
}

fn why(reason: RejectReason) -> Why {
    match reason {
        RejectReason::Destination => Why::Destination,
        RejectReason::Partial => Why::Partial,
        RejectReason::TooLarge => Why::TooLarge,
        RejectReason::Encode => Why::Encode,
        RejectReason::Panic => Why::Panic,
    }
}
