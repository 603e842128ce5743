//! `/proc/<pid>/fd`, proc_pid_fd(5).

use std::io;

use rustix::fs::{AtFlags, readlinkat_raw, statat};

use super::Process;
use super::entries::{each_entry, open_folder};
use crate::fields::number;

/// Most descriptors of one process that are looked at; those beyond are left out of links, and counted as so many.
pub const MAX_DESCRIPTORS: usize = 1 << 20;

impl Process {
    /// How many descriptors it has open.
    ///
    /// One call on Linux 6.2 and later, where the folder's size is their number and everybody may see it. Before, the
    /// folder is walked, which needs the right to ptrace the process.
    ///
    /// # Errors
    /// `EACCES` for the process of another user.
    pub fn descriptor_count(&self) -> io::Result<u64> {
        if self.is_procfs {
            let size = statat(&self.folder, "fd", AtFlags::empty())?.st_size;
            if size > 0 {
                return Ok(size.unsigned_abs());
            }
        }
        let mut count = 0;
        let folder = open_folder(&self.folder, "fd")?;
        each_entry(&folder, |_| {
            count += 1;
            count < MAX_DESCRIPTORS
        })?;
        Ok(count as u64)
    }

    /// Calls `take` with what each descriptor leads to: a path (cut at 4,096 bytes), `socket:[4711]`, `pipe:[4712]`,
    /// `anon_inode:[eventpoll]`. One that is closed meanwhile is left out.
    ///
    /// # Errors
    /// `EACCES` for the process of another user.
    pub fn each_descriptor(&self, mut take: impl FnMut(&[u8])) -> io::Result<()> {
        let folder = open_folder(&self.folder, "fd")?;
        let mut space = [0; 4096];
        let mut looked_at = 0;
        each_entry(&folder, |name| {
            let target = readlinkat_raw(&folder, name, &mut space).ok();
            if let Some(target) = target.and_then(|length| space.get(..length)) {
                take(target);
            }
            looked_at += 1;
            looked_at < MAX_DESCRIPTORS
        })
    }
}

/// The inode of a socket that a descriptor leads to: `socket:[4711]`.
pub fn socket_inode(target: &[u8]) -> Option<u64> {
    number(target.strip_prefix(b"socket:[")?.strip_suffix(b"]")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_socket_has_the_inode_of_one() {
        assert_eq!(socket_inode(b"socket:[4711]"), Some(4711));
        for other in ["pipe:[4711]", "socket:[]", "socket:[1", "/socket:[1]", ""] {
            assert_eq!(socket_inode(other.as_bytes()), None, "{other}");
        }
    }
}
