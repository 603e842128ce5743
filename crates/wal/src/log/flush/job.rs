//! The part of a flush that waits for the disk.

use std::io;
use std::path::{Path, PathBuf};

use crate::format::{Name, PROBE};
use crate::fs::{Fs, FsFile, uninterrupted};

/// What is to be synced and removed; may run on another thread while the log goes on.
#[must_use]
pub struct Flush<F: Fs> {
    pub(super) fs: F,
    /// There are new names in the folder.
    pub(super) has_new_names: bool,
    /// The folder's own name may not be durable.
    pub(super) with_parents: bool,
    /// Syncs failed: one file is risked before others are.
    pub(super) probe: bool,
    pub(super) directory: PathBuf,
    pub(super) sync: Vec<Unsynced>,
    pub(super) remove: Vec<Removal>,
    /// Those of which nothing was ever durable and everything has moved on.
    pub(super) remove_anyway: Vec<Removal>,
}

/// A flush that has ended.
#[must_use]
pub struct Flushed {
    pub(super) synced: Vec<Unsynced>,
    pub(super) failed: Vec<Unsynced>,
    pub(super) failed_syncs: u64,
    pub(super) removed: Vec<Name>,
    pub(super) parents: bool,
    /// Something has to be tried again.
    pub(super) again: bool,
    /// Nothing was attempted: syncs still fail.
    pub(super) probe_failed: bool,
}

/// A file that is to be removed.
pub(super) type Removal = (Name, PathBuf);

pub(super) struct Unsynced {
    pub(super) name: Name,
    pub(super) path: PathBuf,
    /// So much of it was durable before the flush.
    pub(super) before: u64,
    /// So much is after it.
    pub(super) bytes: u64,
    pub(super) is_new: bool,
}

impl<F: Fs> Flush<F> {
    /// Syncs, then removes, then syncs the folder. Blocks as long as the disk takes.
    pub fn run(self) -> Flushed {
        let Self {
            fs,
            has_new_names,
            with_parents,
            probe,
            directory,
            sync,
            remove,
            remove_anyway,
        } = self;
        if probe && probe_syncs(&fs, &directory).is_err() {
            return Flushed::failed_probe();
        }
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
            probe_failed: false,
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
    fn failed_probe() -> Self {
        let (synced, failed, removed) = Default::default();
        Self {
            synced,
            failed,
            failed_syncs: 1,
            removed,
            parents: false,
            again: true,
            probe_failed: true,
        }
    }

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

/// Whether a file can be made durable, shown with one that does not matter: a file whose sync fails is no longer of use. Where the file cannot be
/// made nothing is known, which is no failure.
fn probe_syncs<F: Fs>(fs: &F, directory: &Path) -> io::Result<()> {
    let path = directory.join(PROBE);
    // Where one was left.
    let _ = fs.remove(&path);
    let Ok(file) = fs.create_new(&path) else {
        return Ok(());
    };
    let written = uninterrupted(|| file.write_at(0, &[io::IoSlice::new(b"x")]));
    let synced = if written.is_ok() { file.sync_data() } else { Ok(()) };
    let _ = fs.remove(&path);
    synced
}

/// Makes the names in a folder durable; `parents`: also its own, and those of the folders above it.
pub(in crate::log) fn sync_directories<F: Fs>(fs: &F, directory: &Path, parents: bool) -> io::Result<()> {
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
