//! `/proc` itself: which processes there are.

use std::fmt::{self, Write};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, PROC_SUPER_MAGIC, RawDir, fstatfs, openat};
use rustix::io::Errno;

use super::process::{MAX_FILE_BYTES, PidFile, Process};
use crate::record::read_record;
use crate::text::number;

/// Most processes that are listed; what comes after is left out.
pub const MAX_PROCESSES: usize = 1 << 16;

pub(super) const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
pub(super) const FILE: OFlags = OFlags::RDONLY.union(OFlags::CLOEXEC);

/// The `/proc` of a host, or a folder that looks like one.
#[derive(Debug)]
pub struct ProcFolder {
    folder: OwnedFd,
    path: PathBuf,
    /// Whether it is the kernel's: in a copy of one, sizes of folders mean something else.
    is_procfs: bool,
}

impl ProcFolder {
    /// Opens it.
    ///
    /// # Errors
    /// What `open(2)` says.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        let folder = openat(CWD, &path, FOLDER, Mode::empty())?;
        let is_procfs = fstatfs(&folder)?.f_type == PROC_SUPER_MAGIC;
        Ok(Self {
            folder,
            path,
            is_procfs,
        })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Lists the processes, ascending, into `pids`, whose content is replaced; at most [`MAX_PROCESSES`].
    ///
    /// # Errors
    /// What `getdents64(2)` says.
    pub fn pids(&self, pids: &mut Vec<u32>) -> io::Result<()> {
        pids.clear();
        let listing = openat(&self.folder, ".", FOLDER, Mode::empty())?;
        each_entry(&listing, |name| {
            pids.extend(number(name).and_then(|pid| u32::try_from(pid).ok()));
            pids.len() < MAX_PROCESSES
        })?;
        if !self.is_procfs {
            pids.sort_unstable();
        }
        Ok(())
    }

    /// Reads a file of a process without keeping anything: for those who look at all processes once.
    ///
    /// # Errors
    /// What `open(2)` and `read(2)` say: [`has_ended`](super::has_ended), no permission.
    pub fn read<'b>(&self, pid: u32, file: PidFile, buffer: &'b mut Vec<u8>) -> io::Result<&'b [u8]> {
        let path = ShortPath::of(format_args!("{pid}/{}", file.name()));
        let file = openat(&self.folder, path.as_str(), FILE, Mode::empty())?;
        read_record(&file, buffer, MAX_FILE_BYTES)
    }

    /// Takes hold of a process.
    ///
    /// # Errors
    /// What `open(2)` says: there is no such process, too many open files.
    pub fn process(&self, pid: u32) -> io::Result<Process> {
        let path = ShortPath::of(format_args!("{pid}"));
        let folder = openat(&self.folder, path.as_str(), FOLDER, Mode::empty())?;
        Ok(Process::new(pid, folder, self.is_procfs))
    }
}

/// Calls `take` with the name of every entry but `.` and `..`, until it returns false.
pub(super) fn each_entry(folder: &OwnedFd, mut take: impl FnMut(&[u8]) -> bool) -> io::Result<()> {
    let mut space = [MaybeUninit::<u8>::uninit(); 8192];
    let mut entries = RawDir::new(folder, &mut space);
    while let Some(entry) = entries.next() {
        match entry {
            Ok(entry) => {
                let name = entry.file_name().to_bytes();
                if !matches!(name, b"." | b"..") && !take(name) {
                    break;
                }
            }
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// A path below a folder of `/proc`, made without an allocation: `4242/status`.
pub(super) struct ShortPath {
    text: [u8; 48],
    len: usize,
}

impl ShortPath {
    pub(super) fn of(parts: fmt::Arguments<'_>) -> Self {
        let mut path = Self {
            text: [0; 48],
            len: 0,
        };
        // What does not fit is cut, and then no such file.
        let _ = path.write_fmt(parts);
        path
    }

    pub(super) fn as_str(&self) -> &str {
        let text = self.text.get(..self.len).unwrap_or_default();
        std::str::from_utf8(text).unwrap_or_default()
    }
}

impl Write for ShortPath {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let end = self.len + part.len();
        let space = self.text.get_mut(self.len..end).ok_or(fmt::Error)?;
        space.copy_from_slice(part.as_bytes());
        self.len = end;
        Ok(())
    }
}
