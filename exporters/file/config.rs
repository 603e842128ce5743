//! Settings, as the Collector's `file` exporter has them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sidelight_component::sending::{RetryOnFailure, SendingQueue, SendingSettings};
use sidelight_component::{BuildContext, BuildError, Exporter, ExporterConfig, Resource};
use sidelight_config::{Check, setting_enum, settings};

use super::destination::Place;
use super::rotation::Keep;
use super::{FileExporter, record};

setting_enum! {
    /// How requests are encoded.
    pub enum Format {
        /// OTLP/JSON, one request a line.
        Json = "json",
        /// Protobuf, each request with its length before it.
        Proto = "proto",
    }
}

setting_enum! {
    /// How each request is compressed.
    pub enum Compression {
        /// Not at all.
        None = "none" | "",
        /// RFC 8878.
        Zstd = "zstd",
    }
}

settings! {
    /// When a file is put aside and how long it is kept then.
    pub struct Rotation {
        /// A file is put aside before it would grow beyond so many MiB.
        max_megabytes: u64 [1..=1_048_576] = 100,
        /// Files that were put aside are removed after so many days, by the time in their names; 0 means never.
        max_days: u32 [0..=36_500] = 0,
        /// So many files that were put aside are kept; 0 means all.
        max_backups: u32 = 100,
        /// True: the times in their names are local. False: UTC.
        localtime: bool = false,
    }
}

settings! {
    /// Settings of the `file` exporter.
    pub struct Config {
        /// The file; `-` or `/dev/stdout` is standard output, `/dev/stderr` standard error.
        required path: String,
        /// False: a file that is there at start is emptied (the Collector's default). Has no effect with `rotation`.
        append: bool = true,
        /// Puts the file aside when it is full; never without this block.
        rotation: Option<Rotation>,
        /// How requests are encoded: `json` is OTLP/JSON, one request a line; `proto` is protobuf, each request with
        /// its length before it.
        format: Format = Format::Json,
        /// How each request is compressed; then `json` has lengths instead of lines, too.
        compression: Compression = Compression::None,
        /// The longest time until what was written is on the disk itself. 0: whenever the system sees fit. What was
        /// acknowledged is in the file at once in any case.
        flush_interval: Duration = Duration::from_secs(1),
        /// True: the folders of `path` are made where they are missing.
        create_directory: bool = false,
        /// The permissions of folders that are made, in octal, less the umask. Without a value: `0755`.
        directory_permissions: Option<String>,
        /// The queue before the exporter.
        sending_queue: SendingQueue,
        /// How often a request that could not be written is written again.
        retry_on_failure: RetryOnFailure,
    }
    unsupported {
        "group_by" => "one file per resource is not built; remove it and write to one `path`, or use one exporter per pipeline",
        "encoding" => "there are no encoding extensions; remove it and use `format`",
    }
    validate Config::check;
}

impl Config {
    fn check(&self, check: &mut Check<'_, '_>) {
        if self.path.is_empty() {
            check.error_hint(
                "path",
                "is empty",
                "give the path of a file, or `-` for standard output",
            );
        }
        if self.rotation.is_some() && matches!(self.place(), Place::Stdout | Place::Stderr) {
            check.conflict(
                "rotation",
                "path",
                "is not possible for standard output and error",
            );
        }
        match &self.directory_permissions {
            Some(text) if mode(text).is_none() => {
                check.error_hint(
                    "directory_permissions",
                    "is no octal number up to 0777",
                    "write it as `\"0755\"`",
                );
            }
            Some(_) if !self.create_directory => {
                check.conflict(
                    "directory_permissions",
                    "create_directory",
                    "has no meaning without `create_directory: true`",
                );
            }
            _ => {}
        }
    }

    fn place(&self) -> Place {
        Place::of(&self.path)
    }

    fn layout(&self) -> record::Layout {
        match (self.format, self.compression) {
            (Format::Json, Compression::None) => record::Layout::Lines,
            (Format::Proto, Compression::None) => record::Layout::ProtoFrames,
            (_, Compression::Zstd) => record::Layout::ZstdFrames,
        }
    }

    /// What a file is opened and kept with.
    pub(super) fn keep(&self) -> Keep {
        let day = Duration::from_secs(24 * 60 * 60);
        let rotation = self.rotation.clone().unwrap_or_default();
        Keep {
            max_bytes: self.rotation.as_ref().map(|r| r.max_megabytes << 20),
            max_age: (rotation.max_days > 0).then(|| day * rotation.max_days),
            max_backups: (rotation.max_backups > 0).then_some(rotation.max_backups as usize),
            localtime: rotation.localtime,
        }
    }
}

/// Permissions from octal text.
fn mode(text: &str) -> Option<u32> {
    u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o777)
}

impl ExporterConfig for Config {
    fn sending(&self) -> SendingSettings {
        SendingSettings {
            queue: self.sending_queue.clone(),
            retry: self.retry_on_failure.clone(),
            // A write cannot be called back: giving up on one that hangs could only double its data.
            timeout: Duration::ZERO,
            max_request_bytes: None,
        }
    }

    fn resources(&self) -> Vec<Resource> {
        match self.place() {
            Place::Stdout | Place::Stderr => Vec::new(),
            Place::File(path) if path.starts_with("/dev") => Vec::new(),
            Place::File(path) => vec![Resource::Write {
                path,
                setting: "path".to_owned(),
            }],
        }
    }

    fn build(&self, cx: &BuildContext) -> Result<Arc<dyn Exporter>, BuildError> {
        let layout = self.layout();
        let destination = super::destination::Settings {
            place: self.place(),
            empties: !self.append && self.rotation.is_none(),
            layout,
            keep: self.keep(),
            directory_mode: self.create_directory.then(|| {
                self.directory_permissions
                    .as_deref()
                    .and_then(mode)
                    .unwrap_or(0o755)
            }),
        };
        let encoder = record::Encoder::new(self.format, layout, &cx.budget);
        Ok(Arc::new(FileExporter::new(
            destination,
            encoder,
            self.flush_interval,
            cx,
        )))
    }
}

impl Place {
    fn of(path: &str) -> Self {
        match path {
            "-" | "/dev/stdout" => Self::Stdout,
            "/dev/stderr" => Self::Stderr,
            path => Self::File(PathBuf::from(path)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_octal_and_nothing_beyond_them() {
        for (text, expected) in [
            ("0755", Some(0o755)),
            ("700", Some(0o700)),
            ("01777", None),
            ("0o755", None),
            ("9", None),
        ] {
            assert_eq!(mode(text), expected, "{text}");
        }
    }
}
