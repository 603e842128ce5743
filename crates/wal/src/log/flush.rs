//! What makes things durable and takes them off the disk.

use std::io;
use std::path::{Path, PathBuf};

use super::Log;
use crate::format::Name;
use crate::fs::{Fs, FsFile};

/// Calls of [`Log::begin_flush`] that are let pass at most after flushes that failed.
const MAX_PAUSE: u32 = 31;

/// When to flush.
#[derive(Debug, Default)]
pub(super) struct Pace {
    changed: bool,
    under_way: bool,
    failures: u32,
    pause: u32,
}

/// What is to be synced and removed; may run on another thread while the log goes on.
#[must_use]
pub struct Flush<F: Fs> {
    fs: F,
    /// There are new names in the folder.
    has_new_names: bool,
    /// The folder's own name may not be durable.
    with_parents: bool,
    directory: PathBuf,
    sync: Vec<Unsynced>,
    remove: Vec<(Name, PathBuf)>,
    /// Those of which nothing was ever durable and everything has moved on.
    remove_anyway: Vec<(Name, PathBuf)>,
}

/// A flush that has ended.
#[must_use]
pub struct Flushed {
    synced: Vec<Unsynced>,
    failed: Vec<Unsynced>,
    failed_syncs: u64,
    removed: Vec<Name>,
    parents: bool,
    /// Something has to be tried again.
    again: bool,
}

struct Unsynced {
    name: Name,
    path: PathBuf,
    /// So much of it was durable before the flush.
    before: u64,
    /// So much is after it.
    bytes: u64,
    is_new: bool,
}

impl<F: Fs> Log<F> {
    /// What a flush has to do now; `None` where nothing was written since the last one, or one is under way. After flushes that failed
    /// some calls are let pass, up to 31 in a row.
    ///
    /// It runs anywhere, at any time; until [`Log::end_flush`] is called with what it brought there is no other.
    pub fn begin_flush(&mut self) -> Option<Flush<F>> {
        if self.pace.under_way || !(self.pace.changed || !self.pending.is_empty()) || self.pace.waits() {
            return None;
        }
        self.write_ends();
        if self.segments.last().is_some_and(|last| last.poisoned) {
            // What ended is to be said where it can become durable. Without a new file nothing is removed.
            let _ = self.begin_segment();
        }
        self.pace.changed = false;
        self.pace.under_way = true;
        let (remove, remove_anyway) = self.what_can_be_removed();
        let is_kept = |name: Name| {
            !remove
                .iter()
                .chain(&remove_anyway)
                .any(|(removed, _)| *removed == name)
        };
        let sync: Vec<_> = self
            .segments
            .iter()
            .filter(|segment| segment.is_unsynced() && is_kept(segment.name))
            .map(|segment| Unsynced {
                name: segment.name,
                path: self.path_of(segment.name),
                before: segment.synced,
                bytes: segment.bytes,
                is_new: !segment.entry_synced,
            })
            .collect();
        Some(Flush {
            fs: self.fs.clone(),
            has_new_names: sync.iter().any(|file| file.is_new),
            with_parents: !self.parents_synced,
            directory: self.options.directory.clone(),
            sync,
            remove,
            remove_anyway,
        })
    }

    /// Files in which everything is done, as said in frames that are written: not in the newest one, which says it.
    fn what_can_be_removed(&self) -> (Vec<(Name, PathBuf)>, Vec<(Name, PathBuf)>) {
        let says_it = self
            .segments
            .last()
            .filter(|last| last.file.is_some() && !last.poisoned);
        let Some(last) = says_it.filter(|_| self.pending.is_empty()) else {
            return Default::default();
        };
        self.segments
            .iter()
            .filter(|segment| segment.name != last.name && self.state.is_done(segment.ordinals.clone()))
            .map(|segment| (segment, (segment.name, self.path_of(segment.name))))
            .fold(
                Default::default(),
                |(mut done, mut worthless): (Vec<_>, Vec<_>), (segment, removed)| {
                    let never_durable = segment.poisoned && segment.synced == 0;
                    if never_durable {
                        worthless.push(removed)
                    } else {
                        done.push(removed)
                    }
                    (done, worthless)
                },
            )
    }

    /// Enters what a flush did. Where a sync failed, what is live in the poisoned files is appended again.
    pub fn end_flush(&mut self, flushed: Flushed, now_ms: u64) {
        self.at(now_ms);
        self.pace.under_way = false;
        self.failed_syncs += flushed.failed_syncs;
        self.parents_synced |= flushed.parents;
        self.enter_synced(&flushed.synced);
        self.enter_failed(&flushed.failed);
        for name in &flushed.removed {
            self.segments.remove(*name);
            self.reader.close(*name);
        }
        if !flushed.removed.is_empty() {
            // Where there is no room for it, the next append tries again.
            let _ = self.reserve.take(&self.fs);
        }
        let moved = self.move_out_of_poisoned();
        let succeeded = moved && !flushed.again;
        if succeeded {
            self.empty_the_oldest();
        }
        self.moves.tidy(&self.state);
        self.pace.ended(succeeded);
    }

    fn enter_synced(&mut self, synced: &[Unsynced]) {
        let newest = self.segments.last().map(|last| last.name);
        for file in synced {
            let Some(segment) = self.segments.get_mut(file.name) else {
                continue;
            };
            if !segment.poisoned {
                segment.synced = segment.synced.max(file.bytes);
                segment.entry_synced = true;
            }
            if newest != Some(file.name) && !segment.is_unsynced() {
                segment.file = None;
            }
        }
    }

    fn enter_failed(&mut self, failed: &[Unsynced]) {
        for file in failed {
            if let Some(segment) = self.segments.get_mut(file.name) {
                // A sync that succeeded meanwhile may have overlooked what this one was told.
                segment.synced = segment.synced.min(file.before);
                segment.poison();
            }
            if self.segments.last().is_some_and(|last| last.name == file.name) {
                self.leave_tail();
            }
        }
    }
}

impl<F: Fs> Flush<F> {
    /// Syncs, then removes, then syncs the folder. Blocks as long as the disk takes.
    pub fn run(self) -> Flushed {
        let Self {
            fs,
            has_new_names,
            with_parents,
            directory,
            sync,
            remove,
            remove_anyway,
        } = self;
        let names = if has_new_names {
            sync_directories(&fs, &directory, with_parents)
        } else {
            Ok(())
        };
        let mut flushed = Flushed {
            synced: Vec::new(),
            failed: Vec::new(),
            failed_syncs: u64::from(names.is_err()),
            removed: Vec::new(),
            parents: has_new_names && names.is_ok(),
            again: names.is_err(),
        };
        for file in sync {
            flushed.sync(&fs, file, names.is_ok());
        }
        let durable = !flushed.again;
        let done = if durable { remove } else { Vec::new() };
        for (name, path) in remove_anyway.into_iter().chain(done) {
            match fs.remove(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => flushed.again = true,
                _ => flushed.removed.push(name),
            }
        }
        if !flushed.removed.is_empty() && fs.sync_directory(&directory).is_err() {
            // Those files may be back after a power cut. All that was in them is done: they are removed again.
            flushed.failed_syncs += 1;
        }
        flushed
    }
}

impl Flushed {
    fn sync<F: Fs>(&mut self, fs: &F, file: Unsynced, names_are_durable: bool) {
        // A handle of its own: the kernel tells an error once to each handle, and the owner of the log is to hear of it too.
        let Ok(handle) = fs.open(&file.path) else {
            self.again = true;
            return;
        };
        let synced = handle.sync_data();
        self.failed_syncs += u64::from(synced.is_err());
        if synced.is_ok() && (names_are_durable || !file.is_new) {
            self.synced.push(file);
        } else {
            self.failed.push(file);
            self.again = true;
        }
    }
}

/// Makes the names in a folder durable; `parents`: also its own, and those of the folders above it.
pub(super) fn sync_directories<F: Fs>(fs: &F, directory: &Path, parents: bool) -> io::Result<()> {
    fs.sync_directory(directory)?;
    let above = directory.ancestors().skip(1).filter(|_| parents);
    for parent in above {
        let parent = if parent.as_os_str().is_empty() {
            Path::new(".")
        } else {
            parent
        };
        match fs.sync_directory(parent) {
            Err(error) if !was_never_made_here(&error) => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Folders that cannot be opened or written by this program were not made by it.
fn was_never_made_here(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, NotFound, PermissionDenied, ReadOnlyFilesystem, Unsupported};
    matches!(
        error.kind(),
        InvalidInput | NotFound | PermissionDenied | ReadOnlyFilesystem | Unsupported
    )
}

impl Pace {
    /// Something was written.
    pub(super) fn changed(&mut self) {
        self.changed = true;
    }

    fn waits(&mut self) -> bool {
        let waits = self.pause > 0;
        self.pause = self.pause.saturating_sub(1);
        waits
    }

    fn ended(&mut self, succeeded: bool) {
        if succeeded {
            self.failures = 0;
            return;
        }
        self.changed = true;
        // 0, 1, 3, 7, …: one failure is made good at once, a disk that is broken is left in peace.
        self.pause = (1_u32.checked_shl(self.failures).unwrap_or(u32::MAX) - 1).min(MAX_PAUSE);
        self.failures = self.failures.saturating_add(1);
    }
}
