//! One process, held so that no other is taken for it.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use rustix::fs::{AtFlags, OFlags, PROC_SUPER_MAGIC, fstatfs, readlinkat, statat};
use rustix::io::Errno;

use crate::pids::open_in;
use crate::record::read_record;

/// What is read of a file at most. Command lines can be longer; nobody recognises a process by what comes then.
pub(super) const MAX_FILE_BYTES: usize = 128 << 10;

/// A file of `/proc/<pid>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PidFile {
    /// [`super::Stat`].
    Stat,
    /// [`super::Statm`].
    Statm,
    /// [`super::Status`].
    Status,
    /// [`super::Io`].
    Io,
    /// [`super::arguments`].
    Cmdline,
    /// [`super::unified_path`].
    Cgroup,
    /// [`super::open_files_limit`].
    Limits,
    /// [`super::SmapsRollup`].
    SmapsRollup,
    /// A number: how likely the process is the one to be killed when memory runs out; proc_pid_oom_score(5).
    OomScore,
}

impl PidFile {
    /// Those that can be kept open.
    const KEPT: [Self; 4] = [Self::Stat, Self::Statm, Self::Status, Self::Io];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stat => "stat",
            Self::Statm => "statm",
            Self::Status => "status",
            Self::Io => "io",
            Self::Cmdline => "cmdline",
            Self::Cgroup => "cgroup",
            Self::Limits => "limits",
            Self::SmapsRollup => "smaps_rollup",
            Self::OomScore => "oom_score",
        }
    }

    fn place(self) -> Option<usize> {
        Self::KEPT.iter().position(|kept| *kept == self)
    }
}

/// A process, held by a descriptor of its folder: when it has ended every read says so, also when another process has
/// its pid by then.
#[derive(Debug)]
pub struct Process {
    pid: u32,
    pub(super) folder: OwnedFd,
    /// Whether it is the kernel's: in a copy of one, the size of a folder means something else.
    pub(super) is_procfs: bool,
    kept: [Option<OwnedFd>; PidFile::KEPT.len()],
}

impl Process {
    pub(crate) fn new(pid: u32, folder: OwnedFd) -> io::Result<Self> {
        Ok(Self {
            pid,
            is_procfs: fstatfs(&folder)?.f_type == PROC_SUPER_MAGIC,
            folder,
            kept: [const { None }; PidFile::KEPT.len()],
        })
    }

    /// Its pid.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Keeps a file open from now on: reading it is then one `pread` instead of open, read and close, at the price of
    /// a descriptor. Only `stat`, `statm`, `status` and `io` can be; the others stay as they are.
    ///
    /// # Errors
    /// What `open(2)` says. The file is then read by its name as before.
    pub fn keep(&mut self, file: PidFile) -> io::Result<()> {
        let place = file.place();
        if let Some(place @ None) = place.and_then(|place| self.kept.get_mut(place)) {
            *place = Some(open_in(
                &self.folder,
                format_args!("{}", file.name()),
                OFlags::empty(),
            )?);
        }
        Ok(())
    }

    /// Reads a file into `buffer`, whose content is replaced and whose allocation is kept.
    ///
    /// # Errors
    /// What `open(2)` and `pread(2)` say: [`has_ended`], `EACCES` for what its user may not see.
    pub fn read<'b>(&self, file: PidFile, buffer: &'b mut Vec<u8>) -> io::Result<&'b [u8]> {
        match file.place().and_then(|place| self.kept.get(place)) {
            Some(Some(kept)) => read_record(kept, buffer, MAX_FILE_BYTES),
            _ => read_record(self.open(file.name())?, buffer, MAX_FILE_BYTES),
        }
    }

    pub(super) fn open(&self, name: &str) -> io::Result<OwnedFd> {
        open_in(&self.folder, format_args!("{name}"), OFlags::empty())
    }

    /// The file that it runs. ` (deleted)` at its end, where it was replaced since, is cut.
    ///
    /// # Errors
    /// `ENOENT` for a kernel thread and a zombie, `EACCES` for the process of another user.
    pub fn executable(&self) -> io::Result<PathBuf> {
        let target = readlinkat(&self.folder, "exe", Vec::new())?.into_bytes();
        let path = target.strip_suffix(b" (deleted)").unwrap_or(&target);
        Ok(OsString::from_vec(path.to_vec()).into())
    }

    /// Which network it sees: the same number for the same namespace; network_namespaces(7).
    ///
    /// # Errors
    /// As for [`Process::executable`].
    pub fn network_namespace(&self) -> io::Result<u64> {
        Ok(statat(&self.folder, "ns/net", AtFlags::empty())?.st_ino)
    }
}

/// Whether an error of reading `stat` says that the process has ended: `ESRCH` from an open file, `ENOENT` from its
/// folder.
pub fn has_ended(error: &io::Error) -> bool {
    let ended = [Errno::SRCH, Errno::NOENT];
    ended
        .iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}
