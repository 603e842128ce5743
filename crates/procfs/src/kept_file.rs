//! A file of `/proc` or `/sys` that is read again and again.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// The most that is read of one file. `/proc/stat` of a host with 1,000 processors stays below 200 kB; a file
/// of `/proc/<pid>` is a page or some. What is longer is cut there.
const MAX_BYTES: usize = 4 << 20;

/// What the buffer has at first.
const FIRST_BYTES: usize = 4096;

/// A file that stays open between two readings, so that a sample is one or two `pread` calls instead of open,
/// read and close. A file of `/proc/<pid>` belongs to that process: when it has ended, reading gives `ESRCH`,
/// also when another process has its pid by then.
#[derive(Debug)]
pub struct KeptFile {
    file: File,
    path: PathBuf,
}

impl KeptFile {
    /// Opens the file.
    ///
    /// # Errors
    /// What `open(2)` says: no such file, no permission.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        Ok(Self {
            file: File::open(&path)?,
            path,
        })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads it from its beginning into `buffer`, whose content is replaced and whose allocation is kept.
    ///
    /// The kernel makes the content for the first read of a position; a file that does not fit the buffer is
    /// read in several, which the kernel allows to differ by what happened in between.
    ///
    /// # Errors
    /// What `pread(2)` says: `ESRCH` where the process has ended, `EACCES`.
    pub fn read<'b>(&self, buffer: &'b mut Vec<u8>) -> io::Result<&'b [u8]> {
        if buffer.capacity() < FIRST_BYTES {
            buffer.reserve_exact(FIRST_BYTES);
        }
        let capacity = buffer.capacity();
        buffer.resize(capacity, 0);
        let mut filled = 0;
        loop {
            let read = match self.file.read_at(&mut buffer[filled..], filled as u64) {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    buffer.clear();
                    return Err(error);
                }
            };
            filled += read;
            if read == 0 || filled >= MAX_BYTES {
                break;
            }
            if filled == buffer.len() {
                buffer.resize((2 * filled).min(MAX_BYTES), 0);
            }
        }
        buffer.truncate(filled);
        Ok(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reading_starts_at_the_beginning_and_sees_what_is_new() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("figures");
        std::fs::write(&path, "1").expect("written");
        let (file, mut buffer) = (KeptFile::open(&path).expect("opened"), Vec::new());
        assert_eq!(file.read(&mut buffer).expect("read"), b"1");
        let long = "x".repeat(3 * FIRST_BYTES + 1);
        std::fs::write(&path, &long).expect("written");
        assert_eq!(file.read(&mut buffer).expect("read"), long.as_bytes());
        std::fs::write(&path, "2").expect("written");
        assert_eq!(file.read(&mut buffer).expect("read"), b"2");
    }

    #[test]
    fn a_process_that_ended_is_told_from_another_with_its_pid() {
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .expect("a child");
        let file = KeptFile::open(format!("/proc/{}/stat", child.id())).expect("opened");
        let mut buffer = Vec::new();
        assert!(file.read(&mut buffer).is_ok());
        child.kill().expect("killed");
        child.wait().expect("ended");
        let error = file.read(&mut buffer).expect_err("it has ended");
        assert_eq!(error.raw_os_error(), Some(libc::ESRCH));
    }
}
