//! The calls of the torn file system.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::disk::{Disk, Inode};
use super::fault::{Call, Fault};
use super::machine::{Machine, TornFile, call, length, lock};
use super::power_cut::after_power_cut;
use super::random::Random;
use crate::fs::Fs;

/// A machine with a disk. Clones are the same machine.
#[derive(Clone)]
pub struct TornFs {
    machine: Arc<Mutex<Machine>>,
}

impl TornFs {
    /// An empty disk of 1 GiB. The seed decides what is left to chance: where writes are torn, what a failed sync leaves.
    pub fn new(seed: u64) -> Self {
        Self::with_folder(seed, Path::new("/"))
    }

    /// The same with a folder that is durably there, and those above it.
    pub fn with_folder(seed: u64, folder: &Path) -> Self {
        let folders = folder.ancestors().map(Path::to_path_buf).collect();
        Self::with(Disk::empty(1 << 30, folders), seed)
    }

    fn with(disk: Disk, seed: u64) -> Self {
        Self {
            machine: Arc::new(Mutex::new(Machine::new(disk, seed))),
        }
    }

    /// The machine as it is found after its power failed now: what was synced, and of the rest what this seed leaves. Nothing is planned on it.
    /// The machine itself goes on; end it with [`TornFs::die`] where that matters.
    #[must_use]
    pub fn power_cut(&self, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let disk = after_power_cut(&lock(&self.machine).disk, &mut random);
        Self::with(disk, random.number())
    }

    /// The machine as it is found after the process was killed now: all that was written is seen, and no more durable than it was.
    #[must_use]
    pub fn kill(&self, seed: u64) -> Self {
        let mut disk = lock(&self.machine).disk.clone();
        for inode in disk.inodes.values_mut() {
            inode.handles = 0;
        }
        disk.forget_the_unreachable();
        Self::with(disk, seed)
    }

    /// Ends the machine: every later call fails and changes nothing.
    pub fn die(&self) {
        lock(&self.machine).dead = true;
    }

    /// True after [`TornFs::die`] or [`Refusal::Die`].
    pub fn is_dead(&self) -> bool {
        lock(&self.machine).dead
    }

    /// Plans a fault, beside those that were planned before. Where several strike the same call the last one counts.
    pub fn plan(&self, fault: Fault) {
        lock(&self.machine).plan.add(fault);
    }

    /// Runs something, once, when the n-th call from now on (1: the next) of a kind, or of any kind, is reached, before it is done. It may call this
    /// file system itself: what it does then happens in the middle of whoever made that call.
    pub fn when_reached(&self, on: Option<Call>, nth: u64, hook: impl FnOnce() + Send + 'static) {
        lock(&self.machine).plan.add_hook(on, nth, Box::new(hook));
    }

    /// Forgets everything that was planned.
    pub fn heal(&self) {
        lock(&self.machine).plan.clear();
    }

    /// Calls of a kind since the machine was started.
    pub fn calls(&self, call: Call) -> u64 {
        lock(&self.machine).calls[call as usize]
    }

    /// Calls of all kinds since then.
    pub fn all_calls(&self) -> u64 {
        lock(&self.machine).calls.iter().sum()
    }

    /// Calls that went wrong as planned, since then.
    pub fn refused_calls(&self) -> u64 {
        lock(&self.machine).plan.refused
    }

    /// Sets the room for all files together; may be less than what they take.
    pub fn set_capacity(&self, bytes: u64) {
        lock(&self.machine).disk.capacity = length(bytes);
    }

    /// The room that is left.
    pub fn room(&self) -> u64 {
        lock(&self.machine).disk.room() as u64
    }

    /// What a file holds, as a program sees it; `None` where there is none of this name.
    pub fn content(&self, path: &Path) -> Option<Vec<u8>> {
        let machine = lock(&self.machine);
        let number = machine.disk.names.get(path)?;
        Some(machine.disk.inodes.get(number)?.seen.clone())
    }

    /// The files of a folder as a program sees them, by name, with their lengths. Not a call.
    pub fn files(&self, folder: &Path) -> Vec<(PathBuf, u64)> {
        let mut files = lock(&self.machine).disk.list(folder).unwrap_or_default();
        files.sort_unstable();
        files
            .into_iter()
            .map(|(name, bytes)| (folder.join(name), bytes))
            .collect()
    }

    /// Puts a file there, durably, instead of one of the same name. Not a call.
    pub fn put(&self, path: &Path, content: Vec<u8>) {
        let mut machine = lock(&self.machine);
        let number = machine.disk.put(Inode::with(content));
        machine.disk.names.insert(path.to_path_buf(), number);
        machine.disk.durable_names.insert(path.to_path_buf(), number);
        machine.disk.pending_names.retain(|(pending, _)| pending != path);
    }

    /// Damages a file: everything it has is durable then. A file that is not there stays so. Not a call.
    pub fn damage(&self, path: &Path, damage: impl FnOnce(&mut Vec<u8>)) {
        if let Some(mut content) = self.content(path) {
            damage(&mut content);
            self.put(path, content);
        }
    }

    /// Flips all bits of a byte.
    pub fn flip(&self, path: &Path, offset: usize) {
        self.damage(path, |content| {
            if let Some(byte) = content.get_mut(offset) {
                *byte = !*byte;
            }
        });
    }

    /// Cuts a file off.
    pub fn cut(&self, path: &Path, length: usize) {
        self.damage(path, |content| content.truncate(length));
    }

    /// Fills bytes of a file with zeros, as far as it reaches.
    pub fn zero(&self, path: &Path, bytes: std::ops::Range<usize>) {
        self.damage(path, |content| {
            let end = bytes.end.min(content.len());
            if let Some(bytes) = content.get_mut(bytes.start.min(end)..end) {
                bytes.fill(0);
            }
        });
    }
}

impl Fs for TornFs {
    type File = TornFile;

    fn create_dir_all(&self, directory: &Path) -> io::Result<()> {
        call(&self.machine, Call::CreateDirectory, |machine| {
            machine.disk.make_folders(directory);
            Ok(())
        })
    }

    fn create_new(&self, path: &Path) -> io::Result<TornFile> {
        call(&self.machine, Call::CreateNew, |machine| {
            let inode = machine.disk.create(path)?;
            TornFile::of(&self.machine, machine, inode)
        })
    }

    fn open(&self, path: &Path) -> io::Result<TornFile> {
        call(&self.machine, Call::Open, |machine| {
            let inode = machine.disk.find(path)?;
            TornFile::of(&self.machine, machine, inode)
        })
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<(String, u64)>> {
        call(&self.machine, Call::List, |machine| {
            let mut list = machine.disk.list(directory)?;
            // In no order.
            for last in (1..list.len()).rev() {
                list.swap(machine.random.index(last + 1), last);
            }
            Ok(list)
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        call(&self.machine, Call::Remove, |machine| machine.disk.remove(path))
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        call(&self.machine, Call::SyncDirectory, |machine| {
            machine.disk.sync_folder(directory)
        })
    }
}
