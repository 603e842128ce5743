//! `/proc/<pid>/mountinfo` and `/proc/filesystems`.

use crate::fields::{lines, unescaped, words};

/// Most mounts that are read; a host with containers has some thousands.
const MAX_MOUNTS: usize = 100_000;

/// A mount (proc_pid_mountinfo(5)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where it is, as its mount namespace sees it.
    pub mount_point: String,
    /// What is mounted: `/dev/sda1`, `tmpfs`, `server:/share`.
    pub device: String,
    /// `ext4`.
    pub fs_type: String,
    /// Whether it was mounted read-only.
    pub read_only: bool,
}

/// The mounts, in the file's order.
pub fn mounts(text: &[u8]) -> impl Iterator<Item = Mount> {
    lines(text).take(MAX_MOUNTS).filter_map(mount)
}

fn mount(line: &[u8]) -> Option<Mount> {
    // id, parent, major:minor, root, mount point, options, any number of tags, `-`, type, source, super options.
    let mut fields = words(line).skip(4);
    let mount_point = unescaped(fields.next()?);
    let options = fields.next()?;
    let mut fields = fields.skip_while(|field| *field != b"-").skip(1);
    Some(Mount {
        mount_point,
        fs_type: unescaped(fields.next()?),
        // An empty source is written as nothing at all: then this is the super options, as it is for the kernel's
        // own tools.
        device: unescaped(fields.next()?),
        read_only: options.split(|byte| *byte == b',').any(|option| option == b"ro"),
    })
}

/// Whether file systems of a type lie on a device, by the text of `/proc/filesystems`. A type that is not in it does.
pub fn is_on_a_device(filesystems: &[u8], fs_type: &str) -> bool {
    let mut known = lines(filesystems);
    let without = known.any(|line| {
        let mut fields = words(line);
        fields.next() == Some(b"nodev") && fields.next() == Some(fs_type.as_bytes())
    });
    !without
}
