//! How far each file was delivered, on disk.
//!
//! One file: what is known when it is made, then an entry for each move. It is made anew when it has grown, by a new file
//! that takes its name. A torn entry at the end is what a kill leaves behind and costs one move. A file that is damaged
//! elsewhere is put aside under the name `checkpoints.damaged`; what stands before the damage counts.

mod format;

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sidelight_component::make_private_directory;

pub(super) use format::Entry;
use format::Loaded;

/// Growth after which the file is made anew, unless it is larger than that.
const GROWTH_BYTES: u64 = 1 << 20;

/// Moves are brought to the disk itself at least so often: a power cut costs their repetition.
const SYNC_INTERVAL: Duration = Duration::from_secs(10);

/// How often it is tried to take the folder, and the pause between.
const LOCK_TRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(25);

/// The wait after a failure to write.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);

/// What was there.
#[derive(Debug)]
pub(super) struct Restored {
    pub(super) entries: Vec<Entry>,
    /// Nothing was ever kept here: the receiver is started for the first time.
    pub(super) is_first: bool,
    /// Where the damaged file is now.
    pub(super) damaged: Option<PathBuf>,
}

/// The file, open. The lock on the folder ends with it.
#[derive(Debug)]
pub(super) struct Checkpoints {
    path: PathBuf,
    _lock: File,
    /// `None` until it is made anew: at the start, and after a failure.
    file: Option<File>,
    unwritten: Vec<u8>,
    grown: u64,
    snapshot: u64,
    synced: Instant,
    is_synced: bool,
    retry_at: Option<Instant>,
}

impl Checkpoints {
    /// Takes the folder and reads what is there. Blocks.
    ///
    /// # Errors
    /// A sentence: another process has the folder, or it cannot be used.
    pub(super) fn open(folder: &Path, now: Instant) -> Result<(Self, Restored), String> {
        let failed = |error: io::Error| format!("{}: {error}", folder.display());
        make_private_directory(folder).map_err(failed)?;
        let lock = private(folder.join("lock")).map_err(failed)?;
        if let Err(error) = take(&lock) {
            return Err(format!(
                "{}: {error}: is another process using it?",
                folder.display()
            ));
        }
        let path = folder.join("checkpoints");
        let restored = restore(&path).map_err(failed)?;
        let checkpoints = Self {
            path,
            _lock: lock,
            file: None,
            unwritten: Vec::new(),
            grown: 0,
            snapshot: 0,
            synced: now,
            is_synced: true,
            retry_at: None,
        };
        Ok((checkpoints, restored))
    }

    /// Notes where a file is now; [`Checkpoints::write`] writes it.
    pub(super) fn note(&mut self, entry: &Entry) {
        // Without a file everything is written anew.
        if self.file.is_some() {
            format::put_entry(&mut self.unwritten, entry);
        }
    }

    /// Forgets a file.
    pub(super) fn forget(&mut self, id: u64) {
        if self.file.is_some() {
            format::put_forgotten(&mut self.unwritten, id);
        }
    }

    /// Writes what was noted. `all` gives everything that is known, for a file that is made anew. Blocks.
    ///
    /// # Errors
    /// What the system said, at most every few seconds; it is tried again with everything.
    pub(super) fn write(&mut self, now: Instant, all: impl FnOnce() -> Vec<Entry>) -> io::Result<()> {
        if self.retry_at.is_some_and(|at| now < at) {
            return Ok(());
        }
        let written = match &mut self.file {
            Some(file) if self.grown <= self.snapshot.max(GROWTH_BYTES) => {
                self.grown += self.unwritten.len() as u64;
                self.is_synced &= self.unwritten.is_empty();
                let is_due = !self.is_synced && now.duration_since(self.synced) >= SYNC_INTERVAL;
                let written = file.write_all(&self.unwritten);
                self.unwritten.clear();
                written.and_then(|()| if is_due { self.sync(now) } else { Ok(()) })
            }
            _ => self.make_anew(&all(), now),
        };
        self.retry_at = None;
        if written.is_err() {
            // What the file ends with is not known: the next one is made anew.
            self.file = None;
            self.unwritten.clear();
            self.retry_at = Some(now + RETRY_INTERVAL);
        }
        written
    }

    /// True where everything that was noted is in the file.
    pub(super) fn is_written(&self) -> bool {
        self.file.is_some()
    }

    /// Brings everything to the disk: the receiver ends. Blocks.
    ///
    /// # Errors
    /// What the system said.
    pub(super) fn finish(&mut self, now: Instant, all: impl FnOnce() -> Vec<Entry>) -> io::Result<()> {
        self.retry_at = None;
        self.make_anew(&all(), now)
    }

    fn sync(&mut self, now: Instant) -> io::Result<()> {
        self.synced = now;
        self.is_synced = true;
        self.file.as_ref().map_or(Ok(()), File::sync_data)
    }

    fn make_anew(&mut self, all: &[Entry], now: Instant) -> io::Result<()> {
        let mut bytes = format::header();
        all.iter().for_each(|entry| format::put_entry(&mut bytes, entry));
        let new = self.path.with_extension("new");
        match std::fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = private(new.clone())?;
        file.write_all(&bytes)?;
        file.sync_data()?;
        std::fs::rename(&new, &self.path)?;
        if let Some(folder) = self.path.parent() {
            File::open(folder)?.sync_all()?;
        }
        self.file = Some(file);
        self.unwritten.clear();
        (self.grown, self.snapshot) = (0, bytes.len() as u64);
        (self.synced, self.is_synced) = (now, true);
        Ok(())
    }
}

/// Takes the lock. A process that is started at the same time by another thread has it for a moment as well.
fn take(lock: &File) -> Result<(), TryLockError> {
    for _ in 1..LOCK_TRIES {
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::park_timeout(LOCK_PAUSE),
            taken => return taken,
        }
    }
    lock.try_lock()
}

/// Opens a file for appending that nobody else may read.
fn private(path: PathBuf) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
}

fn restore(path: &Path) -> io::Result<Restored> {
    let bytes = match std::fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // A file that was put aside was there once: nothing begins at the end.
            return Ok(Restored {
                entries: Vec::new(),
                is_first: !path.with_extension("damaged").exists(),
                damaged: None,
            });
        }
        bytes => bytes?,
    };
    let Loaded { entries, is_damaged } = format::load(&bytes);
    let damaged = if is_damaged {
        let aside = path.with_extension("damaged");
        std::fs::rename(path, &aside)?;
        Some(aside)
    } else {
        None
    };
    // The last entry of each file counts.
    let by_id: BTreeMap<u64, Entry> = entries;
    Ok(Restored {
        entries: by_id.into_values().collect(),
        is_first: false,
        damaged,
    })
}

#[cfg(test)]
mod tests;
