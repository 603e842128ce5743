//! The room on a file system (statvfs(3)).

use std::io;
use std::path::Path;

/// The room on a file system, in bytes, and its inodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Space {
    /// Its size.
    pub total: u64,
    /// Free for everyone.
    pub available: u64,
    /// Free for root, the reserve included.
    pub free: u64,
    /// Inodes.
    pub inodes: u64,
    /// Free inodes.
    pub inodes_free: u64,
}

impl Space {
    /// Asks the file system at `path`. Waits as long as the file system does: a network file system whose server is
    /// away answers never.
    ///
    /// # Errors
    /// What `statvfs(3)` says.
    pub fn of(path: &Path) -> io::Result<Self> {
        let answer = rustix::fs::statvfs(path)?;
        let bytes = |blocks: u64| blocks.saturating_mul(answer.f_frsize);
        Ok(Self {
            total: bytes(answer.f_blocks),
            available: bytes(answer.f_bavail),
            free: bytes(answer.f_bfree),
            inodes: answer.f_files,
            inodes_free: answer.f_ffree,
        })
    }

    /// In use.
    pub fn used(&self) -> u64 {
        self.total.saturating_sub(self.free)
    }

    /// Kept for root.
    pub fn reserved(&self) -> u64 {
        self.free.saturating_sub(self.available)
    }
}
