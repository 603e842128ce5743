//! Settings, in the words of the Collector's `file_storage` extension. The engine keeps queues by them; the extension itself
//! has nothing to do.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sidelight_component::{
    BuildContext, BuildError, DrainSignal, Durability, Extension, ExtensionConfig, Host, ReceiverError,
    Resource, StorageSettings, async_trait,
};
use sidelight_config::{ByteSize, Check, settings};

settings! {
    /// Settings of the `file_storage` extension.
    pub struct Config {
        /// The folder. Without a value: one in the state directory, named like the extension.
        directory: Option<String>,
        /// The folder is made, 0700, where it is missing (in the Collector false).
        create_directory: bool = true,
        /// How long to wait for another process that has the folder.
        timeout: Duration = Duration::from_secs(1),
        /// What an acknowledgement stands for: `write` survives the end of the process, however it comes; `fsync` a power cut too.
        sync: Durability = Durability::Write,
        /// The Collector's word for `sync: fsync`.
        fsync: bool = false,
        /// What was written is brought to the disk at least so often; with `sync: write` a power cut costs no more than that.
        flush_interval: Duration [Duration::from_millis(10)..=Duration::from_secs(60)] = Duration::from_millis(200),
        /// What each queue keeps at most of what its destination refused for good; 0: nothing. The oldest go first.
        dead_letters: ByteSize = ByteSize::mib(64),
    }
    unsupported {
        "compaction" => "what is delivered is removed with its file within a moment; remove it",
        harmless "directory_permissions" => "the folder is for this program alone (0700); remove it",
        harmless "recreate" => "a damaged file never keeps the program from starting, and costs no more than what is damaged; remove it",
        harmless "max_size" => "each queue has its own bound: `sending_queue.queue_size`; remove it",
    }
    validate Config::check;
}

impl Config {
    fn check(&self, check: &mut Check<'_, '_>) {
        if self.fsync && check.is_given("sync") && self.sync == Durability::Write {
            check.conflict("fsync", "sync", "contradicts `sync`; remove one of them");
        }
        if self.directory.as_deref() == Some("") {
            check.error_hint(
                "directory",
                "must not be empty",
                "leave it out for a folder in the state directory",
            );
        }
    }
}

impl ExtensionConfig for Config {
    fn resources(&self) -> Vec<Resource> {
        let written = |directory: &String| Resource::Write {
            path: PathBuf::from(directory),
            setting: StorageSettings::DIRECTORY.to_owned(),
        };
        self.directory.iter().map(written).collect()
    }

    fn storage(&self) -> Option<StorageSettings> {
        Some(StorageSettings {
            directory: self.directory.as_ref().map(PathBuf::from),
            create_directory: self.create_directory,
            lock_timeout: self.timeout,
            durability: if self.fsync { Durability::Fsync } else { self.sync },
            flush_interval: self.flush_interval,
            dead_letter_bytes: self.dead_letters.as_usize() as u64,
        })
    }

    fn build(&self, _cx: &BuildContext) -> Result<Box<dyn Extension>, BuildError> {
        Ok(Box::new(FileStorage))
    }
}

/// Waits for the end: queues are the engine's.
struct FileStorage;

#[async_trait]
impl Extension for FileStorage {
    async fn run(self: Box<Self>, _host: Arc<dyn Host>, mut drain: DrainSignal) -> Result<(), ReceiverError> {
        drain.requested().await;
        Ok(())
    }
}
