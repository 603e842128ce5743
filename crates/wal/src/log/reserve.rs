//! Room on the disk that is kept so that ends can be written when it is full.

use std::io;
use std::path::{Path, PathBuf};

use crate::format::RESERVE;
use crate::fs::{Fs, FsFile, uninterrupted};

#[derive(Debug)]
pub(super) struct Reserve {
    path: PathBuf,
    bytes: u64,
    held: bool,
    /// It was given up, or there was no room for it: what comes free is to be the reserve before it is anything else.
    comes_first: bool,
}

impl Reserve {
    /// `found`: bytes of the file that is there.
    pub(super) fn new(directory: &Path, bytes: u64, found: Option<u64>) -> Self {
        let held = found.is_some_and(|found| found >= bytes);
        Self {
            path: directory.join(RESERVE),
            bytes,
            held,
            comes_first: false,
        }
    }

    /// Takes the room where it is not held. A file system that cannot reserve any is no error.
    pub(super) fn take<F: Fs>(&mut self, fs: &F) -> io::Result<()> {
        if self.held || self.bytes == 0 {
            return Ok(());
        }
        let made = self.make(fs);
        self.held = made.is_ok();
        self.comes_first = matches!(&made, Err(error) if error.kind() == io::ErrorKind::StorageFull);
        if self.comes_first { made } else { Ok(()) }
    }

    /// Whether there is room for data.
    ///
    /// # Errors
    /// [`io::ErrorKind::StorageFull`] where there is not even room for the reserve.
    pub(super) fn leaves_room<F: Fs>(&mut self, fs: &F) -> io::Result<()> {
        if self.comes_first { self.take(fs) } else { Ok(()) }
    }

    fn make<F: Fs>(&self, fs: &F) -> io::Result<()> {
        let file = match fs.create_new(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                fs.remove(&self.path)?;
                fs.create_new(&self.path)?
            }
            created => created?,
        };
        let allocated = uninterrupted(|| file.allocate(self.bytes));
        if allocated.is_err() {
            // Half of it would not be what is promised. Where it stays it is removed the next time.
            let _ = fs.remove(&self.path);
        }
        allocated
    }

    /// Gives the room up. False where there was none.
    pub(super) fn give_up<F: Fs>(&mut self, fs: &F) -> bool {
        if !self.held || fs.remove(&self.path).is_err() {
            return false;
        }
        self.held = false;
        self.comes_first = true;
        true
    }
}
