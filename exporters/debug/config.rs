//! Settings, as the Collector's `debug` exporter has them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sidelight_component::sending::{RetryOnFailure, SendingQueue, SendingSettings};
use sidelight_component::{BuildContext, BuildError, Exporter, ExporterConfig, Resource};
use sidelight_config::{Check, setting_enum, settings};

use super::Debug;
use super::output::Target;

setting_enum! {
    /// How much is shown.
    pub enum Verbosity {
        /// One line per batch.
        Basic = "basic",
        /// One line per span, data point or log record.
        Normal = "normal",
        /// Everything there is.
        Detailed = "detailed",
    }
}

settings! {
    /// Settings of the `debug` exporter.
    pub struct Config {
        /// How much is shown: one line per batch, one line per item, or everything.
        verbosity: Verbosity = Verbosity::Basic,
        /// Batches of each signal shown in every second before `sampling_thereafter` counts.
        sampling_initial: u64 = 2,
        /// Of the further batches of that second every n-th is shown: 1 shows all, 0 none.
        sampling_thereafter: u64 = 1,
        /// True: shown as lines of the program's own log. The Collector's default is true.
        use_internal_logger: bool = false,
        /// `stdout`, `stderr` or paths of files, which are appended to.
        output_paths: Vec<String> = ["stdout"],
        /// The queue before the exporter; off, as in the Collector: the sender's batches are what is shown.
        sending_queue: SendingQueue = SendingQueue { enabled: false, ..SendingQueue::default() },
    }
    unsupported {
        "output" => "attributes cannot be left out of what is shown; remove it, or delete them with the `attributes` processor",
    }
    validate Config::check;
}

impl Config {
    fn check(&self, check: &mut Check<'_, '_>) {
        if self.use_internal_logger && check.is_given("output_paths") {
            check.conflict(
                "output_paths",
                "use_internal_logger",
                "has no meaning when the program's log is used",
            );
        }
        if self.output_paths.is_empty() {
            check.error_hint(
                "output_paths",
                "is empty",
                "give `stdout`, `stderr` or the path of a file",
            );
        }
        if self.output_paths.iter().any(String::is_empty) {
            check.error("output_paths", "has an empty path");
        }
    }

    fn targets(&self) -> Vec<Target> {
        if self.use_internal_logger {
            return vec![Target::Log];
        }
        self.output_paths.iter().map(|path| Target::of(path)).collect()
    }
}

impl ExporterConfig for Config {
    fn sending(&self) -> SendingSettings {
        SendingSettings {
            queue: self.sending_queue.clone(),
            // Nothing is ever to be sent again.
            retry: RetryOnFailure::default(),
            timeout: Duration::ZERO,
            max_request_bytes: None,
        }
    }

    fn resources(&self) -> Vec<Resource> {
        let files = self.targets().into_iter().filter_map(|target| match target {
            Target::File(path) => Some(path),
            Target::Log | Target::Stdout | Target::Stderr => None,
        });
        files
            .map(|path: PathBuf| Resource::Write {
                path,
                setting: "output_paths".to_owned(),
            })
            .collect()
    }

    fn build(&self, cx: &BuildContext) -> Result<Arc<dyn Exporter>, BuildError> {
        Ok(Arc::new(Debug::new(self, self.targets(), cx)))
    }
}
