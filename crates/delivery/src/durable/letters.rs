//! Dead letters of one queue.

use std::io;
use std::path::Path;

use sidelight_component::{ComponentId, Signal};

use super::mailbox::Letter;

/// Keeps what the destination refused for good.
#[derive(Debug)]
pub(crate) struct DeadLetters {
}

impl DeadLetters {
    /// Opens the folder.
    pub(crate) fn open(_directory: &Path, _exporter: &ComponentId, _max_bytes: u64, _synced: bool) -> io::Result<Self> {
        Ok(Self {})
    }

    /// Keeps a letter.
    pub(crate) fn put(&mut self, _signal: Signal, _letter: &Letter) -> io::Result<()> {
        Ok(())
    }
}
