//! Settings, as the Collector's receiver has them.

mod ordering;

use std::time::Duration;

use sidelight_config::{ByteSize, Check, setting_enum, settings};

pub use ordering::{OrderingCriteria, SortBy, SortType};

use super::discovery::{Ordering, PathPattern};
use crate::log_lines::LineSettings;

setting_enum! {
    /// Where reading begins in the files that are there when the receiver is started for the first time.
    pub enum StartAt {
        /// At their first line.
        Beginning = "beginning",
        /// Behind their last line.
        End = "end",
    }
}

setting_enum! {
    /// How files are compressed.
    pub enum Compression {
        /// Not at all.
        None = "none" | "",
        /// Those that end in `.gz` with gzip (RFC 1952).
        Gzip = "gzip",
        /// Those that end in `.zst` with Zstandard (RFC 8878).
        Zstd = "zstd",
        /// As the first bytes of each file say.
        Auto = "auto",
    }
}

settings! {
    /// Settings of the `file_log` receiver.
    pub struct Config {
        /// The files: patterns with `*`, `?`, `[…]`, `{a,b}` and `**` for folders of any depth.
        required include: Vec<String>,
        /// Files that are left out: patterns of the same kind, for the same paths.
        exclude: Vec<String>,
        /// Files that were not written for so long are not taken up. 0: all are.
        exclude_older_than: Duration = Duration::ZERO,
        /// Of files that a program writes one after another: which are read.
        ordering_criteria: Option<OrderingCriteria>,
        /// Where reading begins in the files that are there when the receiver is started for the first time. Files that come
        /// later are read from their beginning, and after a restart all are read on.
        start_at: StartAt = StartAt::End,
        /// From bytes to records.
        flatten lines: LineSettings,
        /// Records get the file's name as `log.file.name`.
        include_file_name: bool = true,
        /// Records get the file's path as `log.file.path`.
        include_file_path: bool = false,
        /// Records get the name behind symbolic links as `log.file.name_resolved`.
        include_file_name_resolved: bool = false,
        /// Records get the path behind symbolic links as `log.file.path_resolved`.
        include_file_path_resolved: bool = false,
        /// Records get the file's owner as `log.file.owner.name`.
        include_file_owner_name: bool = false,
        /// Records get the file's group as `log.file.owner.group.name`.
        include_file_owner_group_name: bool = false,
        /// Records get their number in the file, from 1, as `log.file.record_number`.
        include_file_record_number: bool = false,
        /// Records get the offset of their first byte in the file as `log.file.record_offset`.
        include_file_record_offset: bool = false,
        /// Time between two looks at the files that are being written, and at all files where the system does not tell of
        /// changes.
        poll_interval: Duration [Duration::from_millis(10)..] = Duration::from_millis(200),
        /// First bytes of a file by which it is known again under another name, together with device and inode.
        fingerprint_size: ByteSize [ByteSize(16)..=ByteSize(64 << 10)] = ByteSize(1000),
        /// Files that are open at the same time at most; more take turns.
        max_concurrent_files: u32 [2..] = 1024,
        /// Files are deleted when everything in them was delivered. Takes `start_at: beginning`.
        delete_after_read: bool = false,
        /// A file that another process has locked with `flock` is left alone until it is free.
        acquire_fs_lock: bool = false,
        /// How files are compressed.
        compression: Compression = Compression::None,
    }
    unsupported {
        "header" => "there is no header at the beginning of a file; use operators for its lines",
        "include_file_permissions" => "permissions are not read; remove it",
        harmless "storage" => "places are always kept, in the state directory; remove it",
        harmless "retry_on_failure" => "lines that are refused for now are always handed over again; remove it",
        harmless "initial_buffer_size" => "one buffer serves all files; remove it",
        harmless "max_batches" => "files take turns, there are no batches of them; remove it",
        harmless "polls_to_archive" => "files that are gone are always remembered; remove it",
        harmless "on_truncate" => "a file that was cut is always read from its beginning, and a copy of it is read on; remove it",
    }
    validate Config::check;
}

impl Config {
    fn check(&self, check: &mut Check<'_, '_>) {
        if self.include.is_empty() {
            check.error_hint(
                "include",
                "names no file",
                "write patterns such as `/var/log/app/*.log`",
            );
        }
        for (setting, patterns) in [("include", &self.include), ("exclude", &self.exclude)] {
            for (number, pattern) in patterns.iter().enumerate() {
                if let Err(problem) = PathPattern::parse(pattern) {
                    check.error(&format!("{setting}.{number}"), &problem);
                }
            }
        }
        if self.delete_after_read && self.start_at == StartAt::End {
            check.conflict(
                "delete_after_read",
                "start_at",
                "takes `start_at: beginning`: what was not read would be deleted",
            );
        }
        if let Some(Err((setting, problem))) = self.ordering_criteria.as_ref().map(Ordering::new) {
            check.error(&format!("ordering_criteria.{setting}"), &problem);
        }
    }
}
