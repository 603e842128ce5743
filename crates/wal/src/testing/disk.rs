//! Files and names: what a program sees, and what the disk has.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use super::fault::{Refusal, error};

/// Within a block everything is written together: what is dirty in it goes to the disk with what is clean.
pub(super) const BLOCK_BYTES: usize = 512;

/// A change of a file's content that no sync has brought to the disk.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// Whole blocks as they were seen after a write (the last one up to the file's end).
    Write { offset: usize, bytes: Vec<u8> },
    /// The length that was set.
    SetLen(usize),
}

/// A file, with or without a name.
#[derive(Clone, Debug, Default)]
pub(super) struct Inode {
    /// What reading it gives.
    pub(super) seen: Vec<u8>,
    /// What the disk has.
    pub(super) durable: Vec<u8>,
    /// What is to be done to `durable` yet, in order.
    pub(super) pending: Vec<Change>,
    /// Room taken by `allocate`.
    pub(super) allocated: usize,
    /// Open handles.
    pub(super) handles: usize,
}

impl Inode {
    pub(super) fn with(content: Vec<u8>) -> Self {
        Self {
            seen: content.clone(),
            durable: content,
            ..Self::default()
        }
    }

    /// Room it takes on the disk.
    fn bytes(&self) -> usize {
        self.seen.len().max(self.allocated)
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) {
        let begin = offset.min(self.seen.len()) / BLOCK_BYTES * BLOCK_BYTES;
        let end = offset + bytes.len();
        if self.seen.len() < end {
            self.seen.resize(end, 0);
        }
        self.seen[offset..end].copy_from_slice(bytes);
        let end = end.next_multiple_of(BLOCK_BYTES).min(self.seen.len());
        self.pending.push(Change::Write {
            offset: begin,
            bytes: self.seen[begin..end].to_vec(),
        });
    }

    fn set_len(&mut self, len: usize) {
        self.seen.resize(len, 0);
        self.allocated = self.allocated.min(len);
        self.pending.push(Change::SetLen(len));
    }

    /// Brings what is pending to the disk. Not simply what is seen: what a failed sync forgot stays forgotten.
    fn sync(&mut self) {
        for change in self.pending.drain(..) {
            match change {
                Change::Write { offset, bytes } => {
                    let end = offset + bytes.len();
                    if self.durable.len() < end {
                        self.durable.resize(end, 0);
                    }
                    self.durable[offset..end].copy_from_slice(&bytes);
                }
                Change::SetLen(len) => self.durable.resize(len, 0),
            }
        }
    }
}

/// One disk. Names are whole paths.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk {
    /// Room for all files together.
    pub(super) capacity: usize,
    next_inode: u64,
    pub(super) inodes: BTreeMap<u64, Inode>,
    /// The names that are seen.
    pub(super) names: BTreeMap<PathBuf, u64>,
    /// The names that the disk has.
    pub(super) durable_names: BTreeMap<PathBuf, u64>,
    /// What is to be done to them yet, in order: a name and its file, or none.
    pub(super) pending_names: Vec<(PathBuf, Option<u64>)>,
    pub(super) folders: BTreeSet<PathBuf>,
    pub(super) durable_folders: BTreeSet<PathBuf>,
}

impl Disk {
    pub(super) fn empty(capacity: usize, folders: BTreeSet<PathBuf>) -> Self {
        Self {
            capacity,
            durable_folders: folders.clone(),
            folders,
            ..Self::default()
        }
    }

    pub(super) fn room(&self) -> usize {
        self.capacity
            .saturating_sub(self.inodes.values().map(Inode::bytes).sum())
    }

    /// The file with this name.
    pub(super) fn find(&self, path: &Path) -> io::Result<u64> {
        self.names
            .get(path)
            .copied()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(super) fn inode(&mut self, number: u64) -> io::Result<&mut Inode> {
        self.inodes.get_mut(&number).ok_or_else(|| error(Refusal::Io))
    }

    pub(super) fn put(&mut self, inode: Inode) -> u64 {
        self.next_inode += 1;
        self.inodes.insert(self.next_inode, inode);
        self.next_inode
    }

    pub(super) fn make_folders(&mut self, folder: &Path) {
        self.folders.extend(folder.ancestors().map(Path::to_path_buf));
    }

    pub(super) fn create(&mut self, path: &Path) -> io::Result<u64> {
        if !path.parent().is_some_and(|folder| self.folders.contains(folder)) {
            return Err(io::ErrorKind::NotFound.into());
        }
        if self.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let number = self.put(Inode::default());
        self.names.insert(path.to_path_buf(), number);
        self.pending_names.push((path.to_path_buf(), Some(number)));
        Ok(number)
    }

    pub(super) fn remove(&mut self, path: &Path) -> io::Result<()> {
        let number = self.find(path)?;
        self.names.remove(path);
        self.pending_names.push((path.to_path_buf(), None));
        self.free_if_unused(number);
        Ok(())
    }

    pub(super) fn close(&mut self, number: u64) {
        if let Some(inode) = self.inodes.get_mut(&number) {
            inode.handles = inode.handles.saturating_sub(1);
        }
        self.free_if_unused(number);
    }

    /// Gives the room of a file back that nobody can reach any more. Where the disk still has its name its content comes back with that.
    fn free_if_unused(&mut self, number: u64) {
        let named = self.names.values().any(|named| *named == number);
        let comes_back = self.durable_names.values().any(|named| *named == number)
            || self.pending_names.iter().any(|(_, named)| *named == Some(number));
        match self.inodes.get_mut(&number) {
            Some(inode) if !named && inode.handles == 0 && comes_back => {
                inode.seen = Vec::new();
                inode.allocated = 0;
            }
            Some(inode) if !named && inode.handles == 0 => {
                self.inodes.remove(&number);
            }
            _ => {}
        }
    }

    /// Names and lengths of the files in a folder.
    pub(super) fn list(&self, folder: &Path) -> io::Result<Vec<(String, u64)>> {
        if !self.folders.contains(folder) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let inside = self
            .names
            .iter()
            .filter(|(path, _)| path.parent() == Some(folder));
        Ok(inside
            .filter_map(|(path, number)| {
                let name = path.file_name()?.to_str()?.to_owned();
                Some((name, self.inodes.get(number)?.seen.len() as u64))
            })
            .collect())
    }

    pub(super) fn sync_folder(&mut self, folder: &Path) -> io::Result<()> {
        if !self.folders.contains(folder) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let inside = |path: &Path| path.parent() == Some(folder);
        for (path, number) in self.pending_names.extract_if(.., |(path, _)| inside(path)) {
            match number {
                Some(number) => self.durable_names.insert(path, number),
                None => self.durable_names.remove(&path),
            };
        }
        self.durable_folders
            .extend(self.folders.iter().filter(|path| inside(path)).cloned());
        self.forget_the_unreachable();
        Ok(())
    }

    /// Drops the files that have no name anywhere, no handle, and no name to come back with.
    pub(super) fn forget_the_unreachable(&mut self) {
        let named: BTreeSet<u64> = self
            .names
            .values()
            .chain(self.durable_names.values())
            .chain(
                self.pending_names
                    .iter()
                    .filter_map(|(_, number)| number.as_ref()),
            )
            .copied()
            .collect();
        self.inodes
            .retain(|number, inode| inode.handles > 0 || named.contains(number));
    }

    /// Writes as much as there is room for; fails where there is none.
    pub(super) fn write(&mut self, number: u64, offset: usize, bytes: &[u8]) -> io::Result<usize> {
        let room = self.room();
        let inode = self.inode(number)?;
        // Within what the file has taken already a write needs no more.
        let fits = (inode.bytes() + room).saturating_sub(offset).min(bytes.len());
        if fits == 0 && !bytes.is_empty() {
            return Err(error(Refusal::NoSpace));
        }
        inode.write(offset, &bytes[..fits]);
        Ok(fits)
    }

    pub(super) fn set_len(&mut self, number: u64, len: usize) -> io::Result<()> {
        // A hole takes no room, but it is counted here: a log has no use for holes.
        if len > self.inode(number)?.bytes() + self.room() {
            return Err(error(Refusal::NoSpace));
        }
        self.inode(number)?.set_len(len);
        Ok(())
    }

    /// As `fallocate` without flags: the file is so long afterwards, with zeros.
    pub(super) fn allocate(&mut self, number: u64, len: usize) -> io::Result<()> {
        if len > self.inode(number)?.bytes() + self.room() {
            return Err(error(Refusal::NoSpace));
        }
        let inode = self.inode(number)?;
        if inode.seen.len() < len {
            inode.set_len(len);
        }
        inode.allocated = inode.allocated.max(len);
        Ok(())
    }

    pub(super) fn sync(&mut self, number: u64) -> io::Result<()> {
        self.inode(number)?.sync();
        Ok(())
    }
}
