//! What the process at hand is: the attributes of `sidelight.process.info`.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use jiff::Timestamp;
use sidelight_procfs::pid::{PidFile, Process, Status, arguments};

use super::masking::masked;
use super::metrics::{COMMAND, COMMAND_ARGS, CREATION_TIME, EXECUTABLE_NAME, EXECUTABLE_PATH, OWNER, PID};
use crate::sampling::{Attr, Term};

/// What is read of the list of users.
const MAX_USERS_BYTES: u64 = 1 << 20;

/// The longest text of an attribute, in bytes.
const MAX_TEXT_BYTES: usize = 1024;

/// What is said about a process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Info {
    pub(super) pid: u32,
    creation_time: String,
    command: Option<String>,
    arguments: Option<Vec<String>>,
    owner: Option<String>,
    executable_name: Option<String>,
    executable_path: Option<String>,
}

/// What is looked up for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Describing<'d> {
    /// The host's root directory.
    pub(super) root: &'d Path,
    /// Whether arguments are asked for.
    pub(super) has_arguments: bool,
    /// When the process started, in Unix nanoseconds.
    pub(super) created: u64,
}

impl Info {
    /// Describes a process. What cannot be read is left out.
    pub(super) fn of(process: &Process, describing: Describing<'_>, buffer: &mut Vec<u8>) -> Self {
        let path = process.executable().ok();
        let name = path.as_ref().and_then(|path| path.file_name());
        let text = |text: &std::ffi::OsStr| cut(&text.to_string_lossy());
        let owner = process.read(PidFile::Status, buffer).ok().and_then(Status::parse);
        let owner = owner.map(|status| owner_name(describing.root, status.effective_uid));
        let line = process.read(PidFile::Cmdline, buffer).unwrap_or_default();
        let all = masked(arguments(line));
        Self {
            pid: process.pid(),
            creation_time: iso_8601(describing.created),
            command: all.first().cloned(),
            owner,
            executable_name: name.map(text),
            executable_path: path.as_ref().map(|path| text(path.as_os_str())),
            arguments: (describing.has_arguments && !all.is_empty()).then_some(all),
        }
    }

    /// The attributes; seven at most.
    pub(super) fn attributes(&self) -> Vec<(Term, Attr<'_>)> {
        let texts = [
            (COMMAND, &self.command),
            (OWNER, &self.owner),
            (EXECUTABLE_NAME, &self.executable_name),
            (EXECUTABLE_PATH, &self.executable_path),
        ];
        let mut attributes = vec![
            (PID, Attr::Int(i64::from(self.pid))),
            (CREATION_TIME, Attr::Text(&self.creation_time)),
        ];
        let texts = texts
            .into_iter()
            .filter_map(|(key, text)| Some((key, Attr::Text(text.as_deref()?))));
        attributes.extend(texts);
        attributes.extend(
            self.arguments
                .as_deref()
                .map(|all| (COMMAND_ARGS, Attr::Texts(all))),
        );
        attributes
    }
}

/// The name of a user, or the number where the host's list does not have it.
fn owner_name(root: &Path, uid: u32) -> String {
    let mut text = String::new();
    let read = File::open(root.join("etc/passwd"))
        .and_then(|file| file.take(MAX_USERS_BYTES).read_to_string(&mut text));
    let name = read.ok().and_then(|_| name_of(&text, uid));
    name.map_or_else(|| uid.to_string(), cut)
}

/// passwd(5): name, password, uid.
fn name_of(users: &str, uid: u32) -> Option<&str> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then_some(name)
    })
}

fn cut(text: &str) -> String {
    let end = text
        .char_indices()
        .map(|(place, letter)| place + letter.len_utf8())
        .take_while(|end| *end <= MAX_TEXT_BYTES)
        .last();
    text.get(..end.unwrap_or(0)).unwrap_or_default().to_owned()
}

/// `2026-11-24T23:20:41.120Z`: milliseconds are finer than the kernel's ticks.
fn iso_8601(unix_nanos: u64) -> String {
    Timestamp::from_nanosecond(i128::from(unix_nanos))
        .map(|time| format!("{time:.3}"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_iso_8601_in_utc() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00.120Z"),
            (951_782_400, "2000-02-29T00:00:00.120Z"),
            (1_709_251_199, "2024-02-29T23:59:59.120Z"),
            (1_800_000_000, "2027-01-15T08:00:00.120Z"),
        ] {
            assert_eq!(iso_8601(seconds * 1_000_000_000 + 120_000_000), expected);
        }
    }

    #[test]
    fn a_user_is_found_by_number_and_a_long_text_is_cut_at_a_letter() {
        let users = "root:x:0:0:root:/root:/bin/sh\n\nbroken\napp:x:1000:1000::/:\n";
        assert_eq!(name_of(users, 1000), Some("app"));
        assert_eq!(name_of(users, 1001), None);
        assert_eq!(cut("ab"), "ab");
        assert_eq!(cut(&"ä".repeat(1000)).len(), MAX_TEXT_BYTES);
    }
}
