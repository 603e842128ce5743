//! The calls of the torn file system.

use std::io::{self, IoSlice};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::disk::{Disk, Inode};
use super::fault::{Call, Fault, Plan, Refusal, error};
use super::power_cut::{after_power_cut, surviving_content};
use super::random::Random;
use crate::fs::{Fs, FsFile};

/// A machine with a disk. Clones are the same machine.
#[derive(Clone)]
pub struct TornFs {
    machine: Arc<Mutex<Machine>>,
}

/// An open file of it.
pub struct TornFile {
    machine: Arc<Mutex<Machine>>,
    inode: u64,
}

struct Machine {
    disk: Disk,
    plan: Plan,
    random: Random,
    calls: [u64; Call::ALL.len()],
    dead: bool,
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
        let machine = Machine {
            disk,
            plan: Plan::default(),
            random: Random::new(seed),
            calls: [0; Call::ALL.len()],
            dead: false,
        };
        Self {
            machine: Arc::new(Mutex::new(machine)),
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

    fn handle(&self, machine: &mut Machine, inode: u64) -> io::Result<TornFile> {
        machine.disk.inode(inode)?.handles += 1;
        Ok(TornFile {
            machine: Arc::clone(&self.machine),
            inode,
        })
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
            self.handle(machine, inode)
        })
    }

    fn open(&self, path: &Path) -> io::Result<TornFile> {
        call(&self.machine, Call::Open, |machine| {
            let inode = machine.disk.find(path)?;
            self.handle(machine, inode)
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

impl FsFile for TornFile {
    fn write_at(&self, offset: u64, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        let (mut machine, refusal) = enter(&self.machine, Call::WriteAt)?;
        let bytes: Vec<u8> = bytes.iter().flat_map(|slice| slice.iter().copied()).collect();
        let torn = machine.random.index(bytes.len());
        let taken = match refusal {
            None => bytes.len(),
            Some(Refusal::Short) => torn.max(1).min(bytes.len()),
            Some(Refusal::Io | Refusal::Die) => torn,
            Some(_) => 0,
        };
        let written = machine.disk.write(self.inode, length(offset), &bytes[..taken]);
        machine.outcome(refusal.filter(|how| *how != Refusal::Short), written)
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let (mut machine, refusal) = enter(&self.machine, Call::ReadAt)?;
        let short = machine.random.index(into.len()).max(1);
        let inode = machine.disk.inode(self.inode)?;
        let mut wanted = into.len();
        if refusal == Some(Refusal::Short) {
            wanted = wanted.min(short);
        }
        let begin = length(offset).min(inode.seen.len());
        let end = begin.saturating_add(wanted).min(inode.seen.len());
        into[..end - begin].copy_from_slice(&inode.seen[begin..end]);
        machine.outcome(refusal.filter(|how| *how != Refusal::Short), Ok(end - begin))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        call(&self.machine, Call::SetLen, |machine| {
            machine.disk.set_len(self.inode, length(len))
        })
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        call(&self.machine, Call::Allocate, |machine| {
            machine.disk.allocate(self.inode, length(len))
        })
    }

    fn sync_data(&self) -> io::Result<()> {
        let (mut machine, refusal) = enter(&self.machine, Call::SyncData)?;
        match refusal {
            None | Some(Refusal::Short) => machine.disk.sync(self.inode),
            Some(how) => {
                if how == Refusal::Io || how == Refusal::NoSpace {
                    machine.forget_pending(self.inode)?;
                }
                machine.outcome(Some(how), Ok(()))
            }
        }
    }
}

impl Drop for TornFile {
    fn drop(&mut self) {
        lock(&self.machine).disk.close(self.inode);
    }
}

impl Machine {
    /// What a call answers after it was done as far as it was.
    fn outcome<T>(&mut self, refusal: Option<Refusal>, done: io::Result<T>) -> io::Result<T> {
        let Some(how) = refusal else { return done };
        self.dead |= how == Refusal::Die;
        Err(error(how))
    }

    /// A failed sync: the disk has some of what was pending, nobody knows what, and it is not pending any more.
    fn forget_pending(&mut self, inode: u64) -> io::Result<()> {
        let mut random = self.random.split();
        let inode = self.disk.inode(inode)?;
        inode.durable = surviving_content(inode, &[], &mut random);
        inode.pending.clear();
        Ok(())
    }
}

/// A call that is done or not, never half.
fn call<T>(
    machine: &Mutex<Machine>,
    call: Call,
    act: impl FnOnce(&mut Machine) -> io::Result<T>,
) -> io::Result<T> {
    let (mut machine, refusal) = enter(machine, call)?;
    match refusal {
        None | Some(Refusal::Short) => act(&mut machine),
        Some(Refusal::Die) => {
            // The handle of a file that is made here would lock the machine when it is dropped.
            let done = if machine.random.once_in(2) {
                Some(act(&mut machine))
            } else {
                None
            };
            machine.dead = true;
            drop(machine);
            drop(done);
            Err(error(Refusal::Die))
        }
        Some(how) => Err(error(how)),
    }
}

/// Counts a call, runs what waits for it, and tells how it goes wrong.
fn enter(shared: &Mutex<Machine>, call: Call) -> io::Result<(MutexGuard<'_, Machine>, Option<Refusal>)> {
    let mut machine = lock(shared);
    if machine.dead {
        return Err(error(Refusal::Die));
    }
    machine.calls[call as usize] += 1;
    let hooks = machine.plan.hooks(call);
    if !hooks.is_empty() {
        drop(machine);
        hooks.into_iter().for_each(|hook| hook());
        machine = lock(shared);
        if machine.dead {
            return Err(error(Refusal::Die));
        }
    }
    let refusal = machine.plan.refusal(call);
    if refusal == Some(Refusal::Panic) {
        drop(machine);
        panic!("planned: {call:?}");
    }
    Ok((machine, refusal))
}

/// A panic that was planned happens without the lock; one in a hook does too.
fn lock(machine: &Mutex<Machine>) -> MutexGuard<'_, Machine> {
    machine.lock().unwrap_or_else(PoisonError::into_inner)
}

fn length(bytes: u64) -> usize {
    usize::try_from(bytes)
        .unwrap_or(usize::MAX / 2)
        .min(usize::MAX / 2)
}
