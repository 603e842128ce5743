//! The machine behind the calls: what is counted, what strikes, and its open files.

use std::io::{self, IoSlice};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::disk::Disk;
use super::fault::{Call, Plan, Refusal, error};
use super::power_cut::surviving_content;
use super::random::Random;
use crate::fs::FsFile;

/// An open file of it.
pub struct TornFile {
    machine: Arc<Mutex<Machine>>,
    inode: u64,
}

pub(super) struct Machine {
    pub(super) disk: Disk,
    pub(super) plan: Plan,
    pub(super) random: Random,
    pub(super) calls: [u64; Call::ALL.len()],
    pub(super) dead: bool,
}

impl TornFile {
    pub(super) fn of(shared: &Arc<Mutex<Machine>>, machine: &mut Machine, inode: u64) -> io::Result<Self> {
        machine.disk.inode(inode)?.handles += 1;
        Ok(Self {
            machine: Arc::clone(shared),
            inode,
        })
    }
}

impl FsFile for TornFile {
    fn write_at(&self, offset: u64, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        let (mut machine, refusal) = enter(&self.machine, Call::WriteAt)?;
        let bytes = bytes.iter().fold(Vec::new(), |mut all, slice| {
            all.extend_from_slice(slice);
            all
        });
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
    pub(super) fn new(disk: Disk, seed: u64) -> Self {
        let (plan, random) = (Plan::default(), Random::new(seed));
        Self {
            disk,
            plan,
            random,
            calls: [0; Call::ALL.len()],
            dead: false,
        }
    }

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
pub(super) fn call<T>(
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
pub(super) fn lock(machine: &Mutex<Machine>) -> MutexGuard<'_, Machine> {
    machine.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn length(bytes: u64) -> usize {
    usize::try_from(bytes)
        .unwrap_or(usize::MAX / 2)
        .min(usize::MAX / 2)
}
