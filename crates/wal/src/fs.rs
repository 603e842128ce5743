//! The file system as the log sees it: a seam, so that tests can tear, forget and refuse writes.

mod real;

pub use real::{RealFile, RealFs};

use std::io::{self, IoSlice};
use std::path::Path;

/// Calls of a file system. Nothing here retries, except where a signal came in between (`EINTR`).
pub trait Fs: Clone + Send + std::marker::Sync + 'static {
    /// An open file.
    type File: FsFile;

    /// Makes a folder, 0700, and those above it.
    fn create_dir_all(&self, directory: &Path) -> io::Result<()>;

    /// Makes a file that must not be there yet, 0600, for writing and reading.
    fn create_new(&self, path: &Path) -> io::Result<Self::File>;

    /// Opens a file for reading.
    fn open(&self, path: &Path) -> io::Result<Self::File>;

    /// The names in a folder with the length of each file in bytes, in no order.
    fn list(&self, directory: &Path) -> io::Result<Vec<(String, u64)>>;

    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes what was made and removed in a folder durable.
    fn sync_directory(&self, directory: &Path) -> io::Result<()>;
}

/// An open file. Clones of the handle are shared between threads.
pub trait FsFile: Send + std::marker::Sync + 'static {
    /// Writes some of the bytes at an offset (`pwritev`); returns how many.
    fn write_at(&self, offset: u64, bytes: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Reads some bytes at an offset; 0 at the end.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize>;

    /// Cuts the file off, or makes it longer with zeros.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Takes room on the disk for so many bytes, so that they can be given up later.
    fn allocate(&self, len: u64) -> io::Result<()>;

    /// Makes the content durable (`fdatasync`).
    fn sync_data(&self) -> io::Result<()>;
}

/// Signals in a row that one call is repeated after.
const MAX_INTERRUPTIONS: usize = 16;

/// Calls again where a signal came in between. Not for syncs: whether one that was interrupted may be repeated is nowhere said.
pub(crate) fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    for _ in 0..MAX_INTERRUPTIONS {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            ended => return ended,
        }
    }
    call()
}
