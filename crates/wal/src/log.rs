//! The log: one owner, no lock, no thread of its own; time and every call to the file system come from outside.

mod append;
mod ends;
mod flush;
pub mod inspect;
mod moves;
mod open;
mod read;
mod relocate;
mod reserve;
mod segments;
mod state;
mod tail;
#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;

pub use flush::{Flush, Flushed};

use crate::end::{Live, Totals};
use crate::fs::Fs;
use ends::PendingEnds;
use flush::Pace;
use moves::Moves;
use read::Reader;
use reserve::Reserve;
use segments::Segments;
use state::State;
use tail::Tail;

/// What an answer stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sync {
    /// Written: survives the end of the process, however it comes. A power cut can cost what was written since the last flush.
    #[default]
    Write,
    /// Synced: survives a power cut too.
    Fsync,
}

/// How a log is kept.
#[derive(Clone, Debug)]
pub struct Options {
    /// Its folder; nobody else writes there. Made, 0700, where it is missing.
    pub directory: PathBuf,
    /// What an answer stands for.
    pub sync: Sync,
    /// A file that is so large is followed by a new one.
    pub segment_bytes: u64,
    /// Files with so many bytes together are emptied of the little that is live in them, where that is little.
    pub target_bytes: u64,
    /// Kept on the disk so that ends can be written when it is full.
    pub reserve_bytes: u64,
}

/// Why a log cannot be opened. Damage is no reason, nor is a bad sector.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be used, or a file in it cannot be opened or read at all.
    #[error("cannot {what} {}: {source}", path.display())]
    Io {
        /// What was attempted.
        what: &'static str,
        /// On which path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file was written by a newer version of the program.
    #[error("{} has format {found}, this program knows up to 1: use the version that wrote it, or move it away", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u8,
    },
}

/// Why a group could not be appended. None of it counts: its ordinals ended as refused.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// A call failed; [`io::ErrorKind::StorageFull`] where there is no room.
    #[error("cannot write to {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Every ordinal was given out (2^64 items).
    #[error("the log's numbers are used up: remove its folder")]
    UsedUp,
}

impl From<AppendError> for io::Error {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Io { source, .. } => source,
            AppendError::UsedUp => Self::other(error),
        }
    }
}

/// What can be seen of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogStatus {
    /// The ordinal of the next item.
    pub next: u64,
    /// Ordinals before it were used up before the oldest file that was found; nothing is known of them.
    pub base: u64,
    /// What has not come to its end.
    pub live: Live,
    /// What has, by outcome. `next - base = totals + live.items`.
    pub totals: Totals,
    /// Bytes of all files but the reserve.
    pub disk_bytes: u64,
    /// Files.
    pub segments: usize,
    /// Bytes that were skipped because they are damaged, since the start; what they have cost is in `totals` as
    /// [`Lost`](crate::Outcome::Lost) where a later frame is intact.
    pub damaged_bytes: u64,
    /// Of those, bytes at the end of a file behind which nothing says how many items were there.
    pub damaged_bytes_of_unknown_items: u64,
    /// Syncs that failed since the start.
    pub failed_syncs: u64,
}

/// A log.
pub struct Log<F: Fs> {
    fs: F,
    options: Options,
    /// The newest time that was told.
    now_ms: u64,
    state: State,
    segments: Segments<F::File>,
    /// How it goes with the newest segment; none where the next write is to begin a new one.
    tail: Option<Tail>,
    next_number: u64,
    pending: PendingEnds,
    moves: Moves,
    reserve: Reserve,
    reader: Reader<F::File>,
    pace: Pace,
    /// The folder's own name is durable.
    parents_synced: bool,
    damaged_bytes: u64,
    damaged_bytes_of_unknown_items: u64,
    failed_syncs: u64,
    /// Kept for the next write: its memory.
    scratch: Vec<u8>,
}

impl<F: Fs> Log<F> {
    /// What can be seen of it. O(1).
    pub fn status(&self) -> LogStatus {
        LogStatus {
            next: self.state.next(),
            base: self.state.base(),
            live: self.state.live(),
            totals: self.state.totals().clone(),
            disk_bytes: self.segments.bytes(),
            segments: self.segments.len(),
            damaged_bytes: self.damaged_bytes,
            damaged_bytes_of_unknown_items: self.damaged_bytes_of_unknown_items,
            failed_syncs: self.failed_syncs,
        }
    }

    fn path_of(&self, name: crate::format::Name) -> PathBuf {
        name.path(&self.options.directory)
    }

    fn at(&mut self, now_ms: u64) {
        self.now_ms = now_ms;
    }
}
