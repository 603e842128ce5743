//! `/proc/<pid>/task`, proc_pid_task(5).

use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::OFlags;

use super::entries::{each_entry, open_folder};
use super::process::MAX_FILE_BYTES;
use super::{PidFile, Process};
use crate::fields::{number, words};
use crate::pids::open_in;
use crate::record::read_record;

/// Most threads of one process that are looked at.
pub const MAX_THREADS: usize = 4096;

/// One thread of a process.
#[derive(Debug)]
pub struct Thread<'f> {
    folder: &'f OwnedFd,
    tid: u32,
}

impl Process {
    /// Calls `take` with each thread, at most [`MAX_THREADS`]. Returns whether these were all.
    ///
    /// # Errors
    /// `ENOENT` where the process has ended.
    pub fn each_thread(&self, mut take: impl FnMut(&Thread<'_>)) -> io::Result<bool> {
        let folder = open_folder(&self.folder, "task")?;
        let (mut taken, mut all) = (0, true);
        each_entry(&folder, |name| {
            let Some(tid) = number(name).and_then(|tid| u32::try_from(tid).ok()) else {
                return true;
            };
            all = taken < MAX_THREADS;
            if all {
                take(&Thread { folder: &folder, tid });
            }
            taken += 1;
            all
        })?;
        Ok(all)
    }
}

impl Process {
    /// The children of a process that has only its first thread; see [`Thread::children`].
    ///
    /// # Errors
    /// As there.
    pub fn children_of_first_thread<'b>(
        &self,
        buffer: &'b mut Vec<u8>,
    ) -> io::Result<impl Iterator<Item = u32> + use<'b>> {
        let path = format_args!("task/{}/children", self.pid());
        let file = open_in(&self.folder, path, OFlags::empty())?;
        Ok(pids(read_record(&file, buffer, MAX_FILE_BYTES)?))
    }
}

impl Thread<'_> {
    /// Its id; of the first thread the process's.
    pub fn tid(&self) -> u32 {
        self.tid
    }

    /// Reads a file of the thread.
    ///
    /// # Errors
    /// `ENOENT` and `ESRCH` where it has ended.
    pub fn read<'b>(&self, file: PidFile, buffer: &'b mut Vec<u8>) -> io::Result<&'b [u8]> {
        self.read_named(file.name(), buffer)
    }

    /// The children that this thread started, or that it was given as the next of kin; proc_tid_children(5).
    ///
    /// # Errors
    /// `ENOENT` on a kernel without `CONFIG_PROC_CHILDREN`, or where the thread has ended.
    pub fn children<'b>(&self, buffer: &'b mut Vec<u8>) -> io::Result<impl Iterator<Item = u32> + use<'b>> {
        Ok(pids(self.read_named("children", buffer)?))
    }

    fn read_named<'b>(&self, name: &str, buffer: &'b mut Vec<u8>) -> io::Result<&'b [u8]> {
        let file = open_in(self.folder, format_args!("{}/{name}", self.tid), OFlags::empty())?;
        read_record(&file, buffer, MAX_FILE_BYTES)
    }
}

fn pids(text: &[u8]) -> impl Iterator<Item = u32> {
    words(text).filter_map(|pid| u32::try_from(number(pid)?).ok())
}
