//! `/proc/<pid>/io`, proc_pid_io(5).

use crate::fields::{lines, number};

/// Input and output of a process, ended threads included. Readable for who may ptrace the process: the same user, or
/// `CAP_SYS_PTRACE`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Io {
    /// Bytes handed out by `read` and the like, from the page cache or a socket too.
    pub read_chars: u64,
    /// Bytes handed to `write` and the like.
    pub written_chars: u64,
    /// Calls of `read` and the like.
    pub read_calls: u64,
    /// Calls of `write` and the like.
    pub write_calls: u64,
    /// Bytes that block devices were asked for.
    pub read_bytes: u64,
    /// Bytes of pages that were dirtied and will go to block devices.
    pub written_bytes: u64,
    /// Of them given up again: the file was truncated or removed.
    pub cancelled_bytes: u64,
}

impl Io {
    /// Reads it. `None` without `read_bytes`: a kernel without `CONFIG_TASK_IO_ACCOUNTING`, or another file.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut io = Self::default();
        let mut is_io = false;
        for line in lines(text) {
            let Some(colon) = line.iter().position(|byte| *byte == b':') else {
                continue;
            };
            let (key, value) = line.split_at(colon);
            let Some(value) = value.get(1..).map(<[u8]>::trim_ascii).and_then(number) else {
                continue;
            };
            match key {
                b"rchar" => io.read_chars = value,
                b"wchar" => io.written_chars = value,
                b"syscr" => io.read_calls = value,
                b"syscw" => io.write_calls = value,
                b"read_bytes" => (io.read_bytes, is_io) = (value, true),
                b"write_bytes" => io.written_bytes = value,
                b"cancelled_write_bytes" => io.cancelled_bytes = value,
                _ => {}
            }
        }
        is_io.then_some(io)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_its_field() {
        let text = b"rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 5\nwrite_bytes: 6\ncancelled_write_bytes: 7\n";
        let expected = Io {
            read_chars: 1,
            written_chars: 2,
            read_calls: 3,
            write_calls: 4,
            read_bytes: 5,
            written_bytes: 6,
            cancelled_bytes: 7,
        };
        assert_eq!(Io::parse(text), Some(expected));
        assert_eq!(Io::parse(b"rchar: 1\nwchar: 2\n"), None);
    }
}
