//! Reading a file that the kernel makes in one piece.

use std::io;
use std::os::fd::AsFd;

use rustix::buffer::spare_capacity;
use rustix::io::{Errno, pread};

/// What a buffer has at first; `stat` and `status` are shorter.
const FIRST_BYTES: usize = 4096;

/// Reads a file from its beginning into `buffer`, whose content is replaced and whose allocation is kept. What is
/// longer than `max` bytes is cut near there.
///
/// A read that does not fill the buffer is the whole: so it is with the files below `/proc/<pid>` and of a cgroup,
/// which the kernel makes at the first read. One call, where reading to the end is two.
///
/// # Errors
/// What `pread(2)` says: `ESRCH` where the process has ended, `EACCES`, `ENODEV` where the cgroup is gone.
pub(crate) fn read_record(file: impl AsFd, buffer: &mut Vec<u8>, max: usize) -> io::Result<&[u8]> {
    buffer.clear();
    loop {
        let full = buffer.len() == buffer.capacity();
        if full {
            buffer.reserve(buffer.len().max(FIRST_BYTES));
        }
        let (space, offset) = (buffer.capacity() - buffer.len(), buffer.len() as u64);
        match pread(file.as_fd(), spare_capacity(buffer), offset) {
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
            Ok(read) if read < space || buffer.len() >= max => return Ok(buffer),
            Ok(_) => {}
        }
    }
}
