//! The processes there are.

use std::fmt;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, RawDir, SeekFrom, openat, readlinkat_raw, seek};
use rustix::io::{Errno, pread};

use crate::fields::number;
use crate::pid::Process;

/// Bytes of directory entries that the kernel gives at once: some 1,000 processes.
const ENTRIES_BYTES: usize = 32 << 10;

/// The most processes that one walk goes over; `PID_MAX_LIMIT` of the kernel, so that it ends in any case.
pub const MAX_PIDS: usize = 4 << 20;

/// The directory `/proc`, kept open. A walk over it makes no allocation, and a file of a process is opened relative
/// to it, which saves the kernel the way from the root.
#[derive(Debug)]
pub struct Pids {
    proc: OwnedFd,
    path: PathBuf,
    entries: Box<[MaybeUninit<u8>]>,
}

/// Why a walk over the processes ended early.
#[derive(Debug, thiserror::Error)]
#[error("{path} cannot be listed: {source}")]
pub struct WalkError {
    path: PathBuf,
    source: io::Error,
}

impl Pids {
    /// Opens the directory.
    ///
    /// # Errors
    /// What `open(2)` says.
    pub fn open(proc: impl Into<PathBuf>) -> io::Result<Self> {
        let path = proc.into();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self {
            proc: rustix::fs::open(&path, flags, Mode::empty())?,
            path,
            entries: Box::new_uninit_slice(ENTRIES_BYTES),
        })
    }

    /// Where files of processes are opened, without a walk.
    pub fn dir(&self) -> ProcDir<'_> {
        ProcDir(&self.proc)
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Calls `each` with every process id, in the kernel's order (ascending). Processes that begin or end meanwhile
    /// may be among them or not.
    ///
    /// # Errors
    /// Where the directory cannot be read; the processes before that were given.
    pub fn for_each(&mut self, mut each: impl FnMut(ProcDir<'_>, u32)) -> Result<(), WalkError> {
        let Self { proc, path, entries } = self;
        let failed = |errno: Errno| WalkError {
            path: path.clone(),
            source: errno.into(),
        };
        seek(&*proc, SeekFrom::Start(0)).map_err(failed)?;
        let mut listing = RawDir::new(&*proc, entries);
        let mut seen = 0;
        while let Some(entry) = listing.next() {
            let entry = entry.map_err(failed)?;
            let pid = number(entry.file_name().to_bytes()).and_then(|pid| u32::try_from(pid).ok());
            if let Some(pid) = pid {
                each(ProcDir(proc), pid);
                seen += 1;
                if seen >= MAX_PIDS {
                    break;
                }
            }
        }
        Ok(())
    }
}

/// Opens files of processes.
#[derive(Clone, Copy, Debug)]
pub struct ProcDir<'a>(&'a OwnedFd);

impl ProcDir<'_> {
    /// Opens `/proc/<pid>/<file>`.
    ///
    /// # Errors
    /// `ENOENT`, `ESRCH` where the process has ended, `EACCES` without the right.
    pub fn open(self, pid: u32, file: &str) -> io::Result<OwnedFd> {
        open_in(self.0, format_args!("{pid}/{file}"), OFlags::empty())
    }

    /// Takes hold of a process.
    ///
    /// # Errors
    /// `ENOENT` where there is no such process, `EMFILE` where too many files are open.
    pub fn process(self, pid: u32) -> io::Result<Process> {
        let folder = open_in(self.0, format_args!("{pid}"), OFlags::DIRECTORY)?;
        Process::new(pid, folder)
    }

    /// Where the link `/proc/<pid>/<file>` leads to.
    ///
    /// # Errors
    /// As [`ProcDir::open`]; `ENOENT` also for the program of a kernel thread.
    pub fn link<'b>(self, pid: u32, file: &str, buffer: &'b mut [u8]) -> io::Result<&'b [u8]> {
        let folder = open_in(self.0, format_args!("{pid}"), OFlags::DIRECTORY)?;
        let filled = readlinkat_raw(&folder, file, &mut *buffer)?;
        Ok(&buffer[..filled.min(buffer.len())])
    }

    /// Which process this one is, in this `/proc`: another number than we know where it belongs to another pid
    /// namespace.
    pub fn own_pid(self) -> Option<u32> {
        let mut space = [0; 16];
        let filled = readlinkat_raw(self.0, "self", &mut space).ok()?;
        u32::try_from(number(space.get(..filled)?)?).ok()
    }

    /// Reads the beginning of `/proc/<pid>/<file>` into `buffer`: open, one read, close. For files that the buffer is
    /// known to be large enough for.
    ///
    /// # Errors
    /// As [`ProcDir::open`].
    pub fn read<'b>(self, pid: u32, file: &str, buffer: &'b mut [u8]) -> io::Result<&'b [u8]> {
        let file = self.open(pid, file)?;
        let filled = pread(&file, &mut *buffer, 0)?;
        Ok(&buffer[..filled.min(buffer.len())])
    }
}

/// How many descriptors this program may have open: the soft limit, RLIMIT_NOFILE.
pub fn own_descriptor_limit() -> u64 {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    limit.current.unwrap_or(u64::MAX)
}

/// Opens a file for reading by a short path below a folder, which is made without an allocation: `4242/status`.
pub(crate) fn open_in(folder: impl AsFd, path: fmt::Arguments<'_>, more: OFlags) -> io::Result<OwnedFd> {
    let mut space = [0; 64];
    let mut unused = &mut space[..];
    io::Write::write_fmt(&mut unused, path)?;
    let unused = unused.len();
    let used = &space[..space.len() - unused];
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | more;
    Ok(openat(folder, used, flags, Mode::empty())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_walk_finds_this_process_and_can_read_of_it() {
        let mut pids = Pids::open("/proc").expect("opened");
        for _ in 0..3 {
            let (mut found, mut last) = (0, 0);
            pids.for_each(|dir, pid| {
                assert!(pid > last, "ascending");
                last = pid;
                if pid == std::process::id() {
                    found += 1;
                    let mut buffer = [0; 512];
                    let stat = dir.read(pid, "stat", &mut buffer).expect("read");
                    assert!(stat.starts_with(format!("{pid} (").as_bytes()));
                }
            })
            .expect("listed");
            assert_eq!(found, 1);
        }
    }

    #[test]
    fn a_process_that_is_not_there_is_an_error_and_a_long_name_too() {
        let mut pids = Pids::open("/proc").expect("opened");
        let mut first = true;
        let walked = pids.for_each(|dir, _| {
            if std::mem::take(&mut first) {
                assert!(dir.read(u32::MAX, "stat", &mut [0; 64]).is_err());
                assert!(dir.open(1, &"x".repeat(100)).is_err());
            }
        });
        walked.expect("listed");
    }
}
