//! What was found out about processes before.

use std::collections::HashMap;
use std::path::PathBuf;

use sidelight_procfs::ProcDir;
use sidelight_procfs::pid::Stat;
use sidelight_proto::encode::ResourceEncoder;

use super::described::{Attribute, Described, Describing};
use super::host::Places;
use crate::sampling::Users;
use crate::sampling::{HostIdentity, Instance};

/// The processes of the last sample. There are at most as many as the host has.
#[derive(Debug)]
pub(super) struct KnownProcesses {
    by_pid: HashMap<u32, Known>,
    host: HostIdentity,
    proc: PathBuf,
    users: Users,
    attributes: Vec<Attribute>,
    /// The number of this sample.
    round: u64,
}

/// A process.
#[derive(Debug)]
pub(super) struct Known {
    /// When it started: a pid is given again, but not in the same tick.
    start_ticks: u64,
    /// Its name in the kernel, which changes with `exec`.
    comm: Box<[u8]>,
    /// `None` where it is not wanted.
    wanted: Option<(Instance, Described)>,
    ticks: Option<CpuTicks>,
    /// The sample that it was last seen in.
    round: u64,
}

/// Time on processors, in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CpuTicks {
    pub(super) user: u64,
    pub(super) system: u64,
    /// Waiting for disks.
    pub(super) wait: u64,
}

impl CpuTicks {
    pub(super) fn of(stat: &Stat<'_>) -> Self {
        Self {
            user: stat.user_ticks,
            system: stat.system_ticks,
            wait: stat.block_wait_ticks,
        }
    }

    pub(super) fn since(self, last: Self) -> Self {
        Self {
            user: self.user.saturating_sub(last.user),
            system: self.system.saturating_sub(last.system),
            wait: self.wait.saturating_sub(last.wait),
        }
    }
}

impl KnownProcesses {
    pub(super) fn new(places: &Places, host: HostIdentity, attributes: Vec<Attribute>) -> Self {
        Self {
            by_pid: HashMap::new(),
            host,
            proc: places.proc(),
            users: Users::new(places.root().join("etc/passwd")),
            attributes,
            round: 0,
        }
    }

    /// Where the processes are listed.
    pub(super) fn proc(&self) -> &std::path::Path {
        &self.proc
    }

    /// A sample begins.
    pub(super) fn begin(&mut self) {
        self.round += 1;
        self.users.begin();
    }

    /// It ended: what was not seen in it is gone.
    pub(super) fn end(&mut self) {
        let round = self.round;
        self.by_pid.retain(|_, known| known.round == round);
    }

    /// The process whose `stat` was read, where it is wanted; what it is, is looked up when it is first seen and after
    /// an `exec`.
    pub(super) fn of(
        &mut self,
        dir: ProcDir<'_>,
        stat: &Stat<'_>,
        started: u64,
        takes: impl Fn(&str) -> bool,
    ) -> Option<&mut Known> {
        let pid = stat.pid;
        let is_known = |known: &Known| known.start_ticks == stat.start_ticks && *known.comm == *stat.comm;
        if !self.by_pid.get(&pid).is_some_and(is_known) {
            let known = self.look_up(dir, stat, started, takes);
            self.by_pid.insert(pid, known);
        }
        let known = self.by_pid.get_mut(&pid)?;
        known.round = self.round;
        known.wanted.is_some().then_some(known)
    }

    fn look_up(
        &mut self,
        dir: ProcDir<'_>,
        stat: &Stat<'_>,
        started: u64,
        takes: impl Fn(&str) -> bool,
    ) -> Known {
        let describing = Describing {
            dir,
            stat,
            started,
            attributes: &self.attributes,
        };
        let name = describing.name();
        let wanted = takes(&name).then(|| {
            let selector = format!("process {}/{}", stat.pid, stat.start_ticks);
            let instance = self.host.instance("sidelight", &selector);
            (instance, describing.describe(name, &mut self.users))
        });
        let before = self
            .by_pid
            .get(&stat.pid)
            .filter(|known| known.start_ticks == stat.start_ticks);
        Known {
            start_ticks: stat.start_ticks,
            comm: stat.comm.into(),
            wanted,
            // An `exec` keeps the counters.
            ticks: before.and_then(|known| known.ticks),
            round: self.round,
        }
    }
}

impl Known {
    /// Notes the time on processors; returns that of the last sample.
    pub(super) fn replace_ticks(&mut self, now: CpuTicks) -> Option<CpuTicks> {
        self.ticks.replace(now)
    }

    /// Writes what it is.
    pub(super) fn write(&self, resource: &mut ResourceEncoder<'_>) {
        if let Some((instance, described)) = &self.wanted {
            instance.write(resource);
            described.write(resource);
        }
    }
}
