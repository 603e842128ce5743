//! A folder for queues: the lock on it, where each queue lies, and how it fares.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{io, thread};

use sidelight_component::sending::{SendingQueue, Sizer};
use sidelight_component::{
    BuildError, ComponentId, Durability, QueueFolder, Signal, StatusReporter, StorageSettings,
    check_private_directory, make_private_directory,
};
use sidelight_wal::{Log, LogStatus, Options, RealFs, Sync};
use tracing::info;

use super::keeper::now_ms;
use super::letters::Letters;
use super::trouble::{Health, Trouble};

/// The largest default capacity of a queue.
const DEFAULT_CAPACITY: u64 = 1 << 30;
/// The default is so much of what is free on the disk, where that is less.
const SHARE_OF_FREE_SPACE: u64 = 10;

/// The largest file of a log, and the smallest. Between them a file is a sixteenth of the queue.
const SEGMENT_BYTES: std::ops::RangeInclusive<u64> = 64 << 10..=16 << 20;
const SEGMENTS: u64 = 16;

/// Kept so that ends can be written on a full disk; less where the queue is small.
const RESERVE_BYTES: u64 = 1 << 20;

/// How often a lock that another process has is tried.
const LOCK_AGAIN: Duration = Duration::from_millis(50);

/// A folder for queues, locked for this process until it is dropped.
#[derive(Debug)]
pub struct Storage {
    directory: PathBuf,
    settings: StorageSettings,
    health: Arc<Health>,
    _lock: File,
}

/// A log that was opened, for [`queue`](crate::queue).
pub struct QueueOnDisk {
    pub(crate) log: Log<RealFs>,
    pub(crate) letters: Option<Letters>,
    pub(crate) flush_interval: Duration,
    pub(crate) trouble: Trouble,
    /// In bytes, where the settings do not say.
    pub(crate) default_capacity: u64,
}

impl Storage {
    /// Makes the folder where it may, and takes its lock. `default_directory` is used where the settings name none; `status` is the
    /// extension's.
    ///
    /// # Errors
    /// [`BuildError`] at the setting `directory`, where the folder cannot be used or another process has it.
    pub fn open(
        settings: &StorageSettings,
        default_directory: PathBuf,
        status: StatusReporter,
    ) -> Result<Self, BuildError> {
        let directory = settings.directory.clone().unwrap_or(default_directory);
        let at = |message| BuildError::at(StorageSettings::DIRECTORY, message);
        let usable = match settings.create_directory {
            true => make_private_directory(&directory),
            false => check_private_directory(&directory),
        };
        usable.map_err(|e| at(format!("cannot keep queues in {}: {e}", directory.display())))?;
        let lock = lock(&directory, settings.lock_timeout).map_err(at)?;
        Ok(Self {
            directory,
            settings: settings.clone(),
            health: Arc::new(Health {
                status,
                failing: Default::default(),
            }),
            _lock: lock,
        })
    }

    /// Opens the log of one exporter's queue. Damage is no error.
    ///
    /// # Errors
    /// [`BuildError`] where its folder cannot be used, or was written by a newer version.
    pub fn queue(
        &self,
        exporter: &ComponentId,
        signal: Signal,
        settings: &SendingQueue,
    ) -> Result<QueueOnDisk, BuildError> {
        let started = Instant::now();
        let folder = QueueFolder::new(&self.directory, exporter, signal);
        let at = |message: String| BuildError::at(StorageSettings::DIRECTORY, message);
        let free = free_bytes(&self.directory).map_err(|e| {
            at(format!(
                "cannot tell how much is free in {}: {e}",
                self.directory.display()
            ))
        })?;
        let default_capacity = (free / SHARE_OF_FREE_SPACE).clamp(*SEGMENT_BYTES.start(), DEFAULT_CAPACITY);
        let capacity = match settings.capacity() {
            Some((bytes, Sizer::Bytes)) => bytes,
            _ => default_capacity,
        };
        let options = self.options(&folder, capacity);
        let log = Log::open(RealFs, options, now_ms()).map_err(|e| at(e.to_string()))?;
        let mut letters = self.letters(&folder, exporter);
        say_what_was_found(exporter, signal, &log.status(), started);
        let trouble = Trouble {
            exporter: exporter.clone(),
            signal,
            health: self.health.clone(),
        };
        if let Some(Err(e)) = letters.as_mut().map(Letters::open) {
            trouble.failing(&format!("cannot use its dead letters: {e}"));
        }
        Ok(QueueOnDisk {
            log,
            letters,
            flush_interval: self.settings.flush_interval,
            trouble,
            default_capacity,
        })
    }
}

impl Storage {
    /// How the log of a queue of so many bytes is kept.
    fn options(&self, folder: &QueueFolder, capacity: u64) -> Options {
        Options {
            directory: folder.log(),
            sync: match self.settings.durability {
                Durability::Write => Sync::Write,
                Durability::Fsync => Sync::Fsync,
            },
            segment_bytes: (capacity / SEGMENTS).clamp(*SEGMENT_BYTES.start(), *SEGMENT_BYTES.end()),
            target_bytes: capacity,
            reserve_bytes: RESERVE_BYTES.min(capacity / SEGMENTS),
        }
    }

    /// `None` where none are to be kept.
    fn letters(&self, folder: &QueueFolder, exporter: &ComponentId) -> Option<Letters> {
        let max_bytes = self.settings.dead_letter_bytes;
        let synced = self.settings.durability == Durability::Fsync;
        (max_bytes > 0).then(|| Letters::new(folder.dead_letters(), exporter, max_bytes, synced))
    }
}

#[expect(clippy::disallowed_methods, reason = "nothing runs yet that could be blocked")]
fn lock(directory: &Path, timeout: Duration) -> Result<File, String> {
    let path = directory.join("lock");
    let cannot = |e: io::Error| format!("cannot lock {}: {e}", path.display());
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits() as i32)
        .open(&path)
        .map_err(cannot)?;
    let until = Instant::now() + timeout;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(e)) => return Err(cannot(e)),
            Err(TryLockError::WouldBlock) if Instant::now() >= until => {
                return Err(format!(
                    "another process keeps its queues in {}: stop it, or give this one another `directory`",
                    directory.display()
                ));
            }
            Err(TryLockError::WouldBlock) => thread::sleep(LOCK_AGAIN),
        }
    }
}

fn free_bytes(directory: &Path) -> io::Result<u64> {
    let stat = rustix::fs::statvfs(directory)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

fn say_what_was_found(exporter: &ComponentId, signal: Signal, status: &LogStatus, started: Instant) {
    if status.live.items == 0 {
        return;
    }
    let (items, bytes, files) = (status.live.items, status.live.bytes, status.segments);
    let took_ms = started.elapsed().as_millis() as u64;
    info!(%exporter, %signal, items, bytes, files, took_ms, "the queue goes on with what it held");
}
