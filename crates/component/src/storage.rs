//! Where queues keep what must survive the end of the process: what an extension says of itself as a storage.

mod folder;

use std::path::PathBuf;
use std::time::Duration;

pub use folder::{QueueFolder, exporter_of};
use sidelight_config::setting_enum;

setting_enum! {
    /// What an acknowledgement of a durable queue stands for.
    pub enum Durability {
        /// Written: survives the end of the process, however it comes. A power cut can cost what was written since the last flush.
        Write = "write",
        /// On the disk: survives a power cut too.
        Fsync = "fsync",
    }
}

/// A folder for queues, and how it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageSettings {
    /// The folder; `None`: one below the state directory, named like the extension.
    pub directory: Option<PathBuf>,
    /// The folder is made, 0700, where it is missing.
    pub create_directory: bool,
    /// How long to wait for another process that has the folder.
    pub lock_timeout: Duration,
    /// What an acknowledgement stands for.
    pub durability: Durability,
    /// What was written is brought to the disk at least so often.
    pub flush_interval: Duration,
    /// What each queue keeps at most of what its destination refused for good, in bytes; 0: nothing.
    pub dead_letter_bytes: u64,
}

impl StorageSettings {
    /// The setting that names the folder, for errors.
    pub const DIRECTORY: &str = "directory";
}
