//! A file of `/proc` or `/sys` that is read again and again.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// The most that is read of one file. `/proc/stat` of a host with 1,000 processors stays below 200 kB; a file
/// of `/proc/<pid>` is a page or some. What is longer is cut there.
const MAX_BYTES: usize = 4 << 20;

/// The piece of a table that is read at once.
const PIECE_BYTES: usize = 64 << 10;

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

    /// Calls `each` with every line, for tables that can be longer than what [`KeptFile::read`] reads. At a time only
    /// a piece of the file is in `buffer`. A line that is longer than the buffer is cut into several.
    ///
    /// # Errors
    /// What `pread(2)` says, and [`io::ErrorKind::FileTooLarge`] where the file goes on after `limit` bytes; the lines
    /// before that were given.
    pub fn for_each_line(
        &self,
        buffer: &mut Vec<u8>,
        limit: u64,
        mut each: impl FnMut(&[u8]),
    ) -> io::Result<()> {
        buffer.clear();
        buffer.resize(PIECE_BYTES, 0);
        let (mut position, mut kept) = (0, 0);
        loop {
            let read = match self.file.read_at(&mut buffer[kept..], position) {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let filled = kept + read;
            position += read as u64;
            let mut lines = buffer[..filled].split_inclusive(|byte| *byte == b'\n').peekable();
            kept = 0;
            while let Some(line) = lines.next() {
                let is_cut = lines.peek().is_none() && !line.ends_with(b"\n");
                if is_cut && read > 0 && line.len() < PIECE_BYTES {
                    kept = line.len();
                } else {
                    each(line.strip_suffix(b"\n").unwrap_or(line));
                }
            }
            if read == 0 {
                return Ok(());
            }
            if position >= limit {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            buffer.copy_within(filled - kept..filled, 0);
        }
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

    #[test]
    fn lines_are_whole_wherever_the_pieces_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("table");
        let long = "z".repeat(PIECE_BYTES + 5);
        let mut expected: Vec<String> = (0..20_000)
            .map(|n| format!("{n} {}", "x".repeat(n % 90)))
            .collect();
        expected.push("the last without an end".into());
        std::fs::write(&path, expected.join("\n")).expect("written");
        let (file, mut buffer) = (KeptFile::open(&path).expect("opened"), Vec::new());
        let mut read = |limit| {
            let mut lines = Vec::new();
            let end = file.for_each_line(&mut buffer, limit, |line| {
                lines.push(String::from_utf8_lossy(line).into_owned());
            });
            (lines, end.map_err(|error| error.kind()))
        };
        // Not compared whole: a failure would print them all.
        let (lines, end) = read(u64::MAX);
        assert!(lines == expected && end.is_ok());
        let (lines, end) = read(100_000);
        assert_eq!(end, Err(io::ErrorKind::FileTooLarge));
        assert!(lines[..] == expected[..lines.len()]);
        assert!(lines.len() > 1000);
        std::fs::write(&path, &long).expect("written");
        let (lines, end) = read(u64::MAX);
        assert!(lines.concat() == long && lines.len() == 2 && end.is_ok());
    }
}
