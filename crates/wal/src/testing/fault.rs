//! What fails, and when.

use std::io;

/// The calls of [`Fs`](crate::Fs) and [`FsFile`](crate::FsFile).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// `create_dir_all`
    CreateDirectory,
    /// `create_new`
    CreateNew,
    /// `open`
    Open,
    /// `list`
    List,
    /// `remove`
    Remove,
    /// `sync_directory`
    SyncDirectory,
    /// `write_at`
    WriteAt,
    /// `read_at`
    ReadAt,
    /// `set_len`
    SetLen,
    /// `allocate`
    Allocate,
    /// `sync_data`
    SyncData,
}

impl Call {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::CreateDirectory,
        Self::CreateNew,
        Self::Open,
        Self::List,
        Self::Remove,
        Self::SyncDirectory,
        Self::WriteAt,
        Self::ReadAt,
        Self::SetLen,
        Self::Allocate,
        Self::SyncData,
    ];
}

/// How a call goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// `EIO`. A write may have left some of its bytes. A sync marks what was pending as clean and *forgets* it: it can be read until the next
    /// start, a later sync succeeds, and the disk has at most parts of it. That is what Linux does.
    Io,
    /// `ENOSPC`, nothing done.
    NoSpace,
    /// `EINTR`, nothing done.
    Interrupted,
    /// A write or read of fewer bytes than asked for, at least one. Other calls are not changed.
    Short,
    /// A panic, nothing done.
    Panic,
    /// The process, or the machine, ends here: the call is done, half done or not done at all, and every later one fails.
    Die,
}

/// A refusal at certain calls. Calls are counted from the moment when it was planned.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// Of which kind; `None`: any.
    pub on: Option<Call>,
    /// The first call it strikes; 1 is the next one.
    pub nth: u64,
    /// How many calls in a row; `u64::MAX` for good.
    pub times: u64,
    /// How.
    pub how: Refusal,
}

impl Fault {
    /// At the n-th call of a kind, once.
    pub fn once(on: Call, nth: u64, how: Refusal) -> Self {
        Self {
            on: Some(on),
            nth,
            times: 1,
            how,
        }
    }

    /// The end at the n-th call of any kind.
    pub fn death_at(nth: u64) -> Self {
        Self {
            on: None,
            nth,
            times: 1,
            how: Refusal::Die,
        }
    }
}

/// What runs, once, when a call is reached.
pub(super) type Hook = Box<dyn FnOnce() + Send>;

/// The faults and hooks that were planned, each with the calls that it waits for yet.
#[derive(Default)]
pub(super) struct Plan {
    faults: Vec<Fault>,
    hooks: Vec<(Option<Call>, u64, Hook)>,
    /// Calls that went wrong.
    pub(super) refused: u64,
}

impl Plan {
    pub(super) fn add(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    pub(super) fn add_hook(&mut self, on: Option<Call>, nth: u64, hook: Hook) {
        self.hooks.push((on, nth, hook));
    }

    pub(super) fn clear(&mut self) {
        self.faults.clear();
        self.hooks.clear();
    }

    /// Counts a call for the hooks; those that waited for it.
    pub(super) fn hooks(&mut self, call: Call) -> Vec<Hook> {
        for (on, nth, _) in &mut self.hooks {
            if on.is_none_or(|on| on == call) {
                *nth = nth.saturating_sub(1);
            }
        }
        self.hooks
            .extract_if(.., |(_, nth, _)| *nth == 0)
            .map(|(_, _, hook)| hook)
            .collect()
    }

    /// Counts a call for the faults; how it goes wrong.
    pub(super) fn refusal(&mut self, call: Call) -> Option<Refusal> {
        let mut refusal = None;
        for fault in self
            .faults
            .iter_mut()
            .filter(|fault| fault.on.is_none_or(|on| on == call))
        {
            fault.nth = fault.nth.saturating_sub(1);
            if fault.nth == 0 && fault.times > 0 {
                fault.times = if fault.times == u64::MAX {
                    u64::MAX
                } else {
                    fault.times - 1
                };
                refusal = Some(fault.how);
            }
        }
        self.refused += u64::from(refusal.is_some());
        refusal
    }
}

/// The system's words for a refusal.
pub(super) fn error(how: Refusal) -> io::Error {
    match how {
        Refusal::NoSpace => io::Error::from(rustix::io::Errno::NOSPC),
        Refusal::Interrupted => io::Error::from(rustix::io::Errno::INTR),
        Refusal::Die => io::Error::other("the machine is off"),
        Refusal::Io | Refusal::Short | Refusal::Panic => io::Error::from(rustix::io::Errno::IO),
    }
}
