//! What the process at hand is: the attributes of `sidelight.process.info`.

use std::path::Path;

use sidelight_procfs::pid::{PidFile, Process, Status, arguments};

use super::masking::masked;
use super::metrics::{COMMAND, COMMAND_ARGS, CREATION_TIME, EXECUTABLE_NAME, EXECUTABLE_PATH, OWNER, PID};
use crate::sampling::{Attr, Term, Users, creation_time, cut};

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
        let mut users = Users::new(describing.root.join("etc/passwd"));
        let owner = owner.map(|status| cut(&users.name(status.effective_uid)));
        let line = process.read(PidFile::Cmdline, buffer).unwrap_or_default();
        let all = masked(arguments(line));
        Self {
            pid: process.pid(),
            creation_time: creation_time(describing.created),
            command: all.first().cloned(),
            owner,
            executable_name: name.map(text),
            executable_path: path.as_ref().map(|path| text(path.as_os_str())),
            arguments: (describing.has_arguments && !all.is_empty()).then_some(all),
        }
    }

    /// Calls `work` with the attributes.
    pub(super) fn with_attributes(&self, work: impl FnOnce(&[(Term, Attr<'_>)])) {
        let all = [
            (PID, Some(Attr::Int(i64::from(self.pid)))),
            (CREATION_TIME, Some(Attr::Text(&self.creation_time))),
            (COMMAND, self.command.as_deref().map(Attr::Text)),
            (OWNER, self.owner.as_deref().map(Attr::Text)),
            (EXECUTABLE_NAME, self.executable_name.as_deref().map(Attr::Text)),
            (EXECUTABLE_PATH, self.executable_path.as_deref().map(Attr::Text)),
            (COMMAND_ARGS, self.arguments.as_deref().map(Attr::Texts)),
        ];
        let mut there = [(PID, Attr::Int(0)); 7];
        let mut count = 0;
        let known = all.into_iter().filter_map(|(key, value)| Some((key, value?)));
        for (slot, attribute) in there.iter_mut().zip(known) {
            *slot = attribute;
            count += 1;
        }
        work(there.get(..count).unwrap_or_default());
    }
}
