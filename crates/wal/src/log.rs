//! The log: one owner, no lock, no thread of its own; time and every call to the file system come from outside.

use std::io;
use std::ops::Range;
use std::path::PathBuf;

use crate::end::{End, Live, Totals};
use crate::fs::Fs;
use crate::record::{Block, NewRecord, ReadLimit};

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

/// Why a log cannot be opened. Damage is no reason.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be used.
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
    /// Bytes of all files.
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
}

/// What is to be synced and removed; may run on another thread while the log goes on.
#[must_use]
pub struct Flush<F: Fs> {
    fs: F,
}

/// A flush that has ended.
#[must_use]
pub struct Flushed(());

#[expect(clippy::todo, unused_variables, reason = "the interface, before it is built")]
impl<F: Fs> Log<F> {
    /// Opens the log, or begins it. Reads the heads of the files and the frames behind the last good head. `now_ms`: Unix time.
    ///
    /// Succeeds also where nothing can be written now: appends then fail until it can.
    ///
    /// # Errors
    /// [`OpenError`] where the folder cannot be made or listed, or is of a newer version.
    pub fn open(fs: F, options: Options, now_ms: u64) -> Result<Self, OpenError> {
        todo!()
    }

    /// Appends records, all or none, and returns their ordinals in order. When it returns they are written, in
    /// [`Sync::Fsync`] synced.
    ///
    /// `handed_over`: the caller passes them on itself, so [`Log::read`] will not give them. Only where [`Log::has_unread`] is false.
    ///
    /// # Errors
    /// [`AppendError`]; then none was appended.
    pub fn append(
        &mut self,
        group: &[NewRecord<'_>],
        handed_over: bool,
        now_ms: u64,
    ) -> Result<Vec<Range<u64>>, AppendError> {
        todo!()
    }

    /// True while records lie in the log that were neither read nor handed over since the start.
    pub fn has_unread(&self) -> bool {
        todo!()
    }

    /// Reads on: the next records that are live, in order, empty where there are none. What is damaged is skipped, counted and ends as
    /// lost.
    ///
    /// # Errors
    /// The system's; nothing was skipped then and it can be called again. After [`Log::skip_unreadable`] it goes on behind the place.
    pub fn read(&mut self, limit: ReadLimit) -> io::Result<Block> {
        todo!()
    }

    /// Gives up the place where [`Log::read`] fails (a bad sector): counts as damaged, like any other.
    pub fn skip_unreadable(&mut self) {
        todo!()
    }

    /// Writes what has come to its end. Where it cannot be written now it is kept and written with what comes next; nothing is removed
    /// before. Ranges that came to their end before, or never were, are ignored.
    pub fn end(&mut self, ends: &[End], now_ms: u64) {
        todo!()
    }

    /// Where a record that was read or handed over has moved since (see the RFC, "a failed sync"), its new ordinals. [`Log::end`] takes the
    /// old ones all the same.
    pub fn status(&self) -> LogStatus {
        todo!()
    }

    /// What a flush has to do now; `None` where nothing was written since the last one, or one is under way.
    pub fn begin_flush(&mut self) -> Option<Flush<F>> {
        todo!()
    }

    /// Enters what a flush did. Where a sync failed, what is live in the poisoned files is appended again.
    pub fn end_flush(&mut self, flushed: Flushed, now_ms: u64) {
        todo!()
    }
}

#[expect(clippy::todo, reason = "the interface, before it is built")]
impl<F: Fs> Flush<F> {
    /// Syncs, then removes, then syncs the folder.
    pub fn run(self) -> Flushed {
        todo!()
    }
}
