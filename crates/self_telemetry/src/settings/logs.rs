//! `service: telemetry: logs:`.

use sidelight_config::{setting_enum, settings};
use tracing_subscriber::filter::LevelFilter;

setting_enum! {
    /// The least important events that are written.
    pub enum LogLevel {
        /// Everything.
        Debug = "debug" | "DEBUG",
        /// What an operator wants to know.
        Info = "info" | "INFO",
        /// What needs attention.
        Warn = "warn" | "WARN",
        /// What failed.
        Error = "error" | "ERROR",
    }
}

impl LogLevel {
    /// The filter of the tracing library.
    pub(crate) fn filter(self) -> LevelFilter {
        match self {
            Self::Debug => LevelFilter::DEBUG,
            Self::Info => LevelFilter::INFO,
            Self::Warn => LevelFilter::WARN,
            Self::Error => LevelFilter::ERROR,
        }
    }
}

setting_enum! {
    /// The form of a line.
    pub enum LogEncoding {
        /// For people.
        Console = "console",
        /// One JSON object.
        Json = "json",
    }
}

settings! {
    /// The program's log: one line per event.
    pub struct LogSettings {
        /// The least important events that are written. The environment variable `SIDELIGHT_LOG` replaces it.
        level: LogLevel = LogLevel::Info,
        /// The form of a line.
        encoding: LogEncoding = LogEncoding::Console,
        /// `stderr`, `stdout` or paths of files.
        output_paths: Vec<String> = ["stderr"],
    }
    unsupported {
        "processors" => "the program's log is not exported; read it from `output_paths`",
        harmless "development" => "there is no such mode; remove it",
        harmless "sampling" => "nothing is logged per batch, so lines are not sampled; remove it",
        harmless "error_output_paths" => "failures to write the log are not logged; remove it",
        harmless "disable_caller" => "file names and line numbers are never written; remove it",
        harmless "disable_stacktrace" => "stack traces are never written; remove it",
        harmless "disable_zap_resource" => "lines never carry the resource; remove it",
        harmless "initial_fields" => "lines have no fixed fields; add them where the log is read",
    }
    validate LogSettings::check;
}

/// Places that a line is written to.
const MAX_OUTPUTS: usize = 8;

impl LogSettings {
    fn check(&self, check: &mut sidelight_config::Check<'_, '_>) {
        if self.output_paths.iter().any(String::is_empty) {
            check.error("output_paths", "must not have an empty path");
        }
        if self.output_paths.is_empty() {
            check.error_hint(
                "output_paths",
                "must name at least one place",
                "to write less, set `level: error`",
            );
        }
        if self.output_paths.len() > MAX_OUTPUTS {
            check.error("output_paths", "must name at most 8 places");
        }
    }
}
