//! The entries of a folder of a process: its descriptors, its threads.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;

use rustix::fs::{OFlags, RawDir};
use rustix::io::Errno;

use crate::pids::open_in;

/// Opens a folder below another.
pub(super) fn open_folder(parent: &OwnedFd, name: &str) -> io::Result<OwnedFd> {
    open_in(parent, format_args!("{name}"), OFlags::DIRECTORY)
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
