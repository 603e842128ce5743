//! The control groups that processes are in, version 2.

use std::collections::HashMap;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sidelight_procfs::cgroup::{Cgroup, CgroupFile, CpuMax, MemoryEvents, unified_root};
use sidelight_procfs::pid::{PidFile, Process, unified_path};

use super::descriptor_allowance::DescriptorAllowance;
use super::figures::Figures;
use super::member::Reader;
use super::metrics::Metric;
use crate::sampling::MetricSet;

mod reading;

use reading::read_group;

/// Groups above a group that are asked for their limits.
const MAX_DEPTH: usize = 32;

/// Descriptors of a group that is kept: its folder and eleven files, and two of the group above.
const KEPT_DESCRIPTORS: usize = 14;

/// The groups of the host, each read once in a sample however many processes are in it.
#[derive(Debug)]
pub(super) struct Cgroups {
    /// `None` where version 2 is not mounted.
    root: Option<PathBuf>,
    /// Those that are kept open, by path.
    kept: HashMap<String, Group>,
    sample: u64,
}

/// A group that is kept open.
#[derive(Debug)]
struct Group {
    group: Cgroup,
    /// The group above: it outlives a group that its manager removes.
    parent: Option<Cgroup>,
    descriptors: usize,
    /// The sample that `reading` is of.
    sample: u64,
    reading: Reading,
}

/// What one sample reads of a group.
#[derive(Clone, Debug, Default)]
struct Reading {
    figures: Figures,
    kills: Kills,
    /// Tells the group from another of its name.
    inode: u64,
}

/// Processes that were killed for want of memory.
#[derive(Clone, Copy, Debug, Default)]
struct Kills {
    group: Option<u64>,
    parent: Option<u64>,
}

/// The group of one process, followed when it moves.
#[derive(Debug, Default)]
pub(super) struct CgroupWatch {
    path: String,
    inode: u64,
    /// When its sums began, as far as that is known, in Unix nanoseconds.
    start: u64,
    /// As seen last.
    kills: Kills,
}

// === impl Cgroups ===

impl Cgroups {
    /// Those below `mounted`, which is `/sys/fs/cgroup`.
    pub(super) fn new(mounted: &Path) -> Self {
        Self {
            root: unified_root(mounted),
            kept: HashMap::new(),
            sample: 0,
        }
    }

    /// A sample begins. Groups that the last one had no use for are let go.
    pub(super) fn begin(&mut self, allowance: &mut DescriptorAllowance) {
        let last = self.sample;
        self.kept.retain(|_, group| {
            let is_used = group.sample >= last;
            if !is_used {
                allowance.give_back(group.descriptors);
            }
            is_used
        });
        self.sample += 1;
    }

    /// Reads a group, once in a sample.
    fn read(
        &mut self,
        path: &str,
        due: MetricSet<Metric>,
        allowance: &mut DescriptorAllowance,
        buffer: &mut Vec<u8>,
    ) -> io::Result<Reading> {
        if self
            .kept
            .get(path)
            .is_some_and(|kept| kept.sample < self.sample && !is_there(&kept.group))
        {
            // Another of its name was made, or none.
            if let Some(gone) = self.kept.remove(path) {
                allowance.give_back(gone.descriptors);
            }
        }
        if let Some(kept) = self.kept.get_mut(path) {
            if kept.sample < self.sample {
                kept.sample = self.sample;
                read_group(kept, due, buffer);
            }
            return Ok(kept.reading.clone());
        }
        let mut group = self.open(path)?;
        read_group(&mut group, due, buffer);
        let reading = group.reading.clone();
        group.descriptors = allowance.take(KEPT_DESCRIPTORS);
        if group.descriptors == KEPT_DESCRIPTORS {
            self.kept.insert(path.to_owned(), group);
        } else {
            allowance.give_back(group.descriptors);
        }
        Ok(reading)
    }

    fn open(&self, path: &str) -> io::Result<Group> {
        let root = self.root.as_ref().ok_or(io::ErrorKind::NotFound)?;
        let group = Cgroup::open(root, path)?;
        Ok(Group {
            parent: above(path).and_then(|above| Cgroup::open(root, above).ok()),
            reading: Reading {
                inode: group.inode()?,
                ..Reading::default()
            },
            group,
            descriptors: 0,
            sample: self.sample,
        })
    }

    /// What was killed so far in the group and above it, also where the group is gone.
    fn kills(&mut self, path: &str, buffer: &mut Vec<u8>) -> Kills {
        if let Some(kept) = self.kept.get_mut(path) {
            // A copy of the host's files would still answer for a group that is gone.
            let is_there = is_there(&kept.group);
            return Kills::of(
                Some(&mut kept.group).filter(|_| is_there),
                kept.parent.as_mut(),
                buffer,
            );
        }
        let open = |path| Cgroup::open(self.root.as_ref()?, path).ok();
        let (mut group, mut parent) = (open(path), above(path).and_then(open));
        Kills::of(group.as_mut(), parent.as_mut(), buffer)
    }

    /// The limit of processors of a group and those above it, in thousandths.
    fn milli_cpus(&self, path: &str, buffer: &mut Vec<u8>) -> Option<u64> {
        let root = self.root.as_ref()?;
        let mut least = None;
        let mut path = Some(path);
        for _ in 0..MAX_DEPTH {
            let Some(at) = path else { break };
            let limit = Cgroup::open(root, at).ok().and_then(|mut group| {
                let text = group.read(CgroupFile::CpuMax, buffer).ok()?;
                CpuMax::parse(text)?.milli_cpus()
            });
            least = least.into_iter().chain(limit).min();
            path = above(at);
        }
        least
    }
}

/// The path of the group above; `None` at the root.
fn above(path: &str) -> Option<&str> {
    let (above, _) = path.rsplit_once('/').filter(|_| path.len() > 1)?;
    Some(if above.is_empty() { "/" } else { above })
}

fn is_there(group: &Cgroup) -> bool {
    std::fs::metadata(group.path())
        .and_then(|there| Ok(there.ino() == group.inode()?))
        .unwrap_or(false)
}

impl Kills {
    fn of(group: Option<&mut Cgroup>, parent: Option<&mut Cgroup>, buffer: &mut Vec<u8>) -> Self {
        let mut of = |group: Option<&mut Cgroup>| {
            let text = group?.read(CgroupFile::MemoryEvents, buffer).ok()?;
            Some(MemoryEvents::parse(text)?.oom_kill)
        };
        Self {
            group: of(group),
            parent: of(parent),
        }
    }
}

// === impl CgroupWatch ===

impl CgroupWatch {
    /// Reads the group that the process is in into `figures`. `starts`: when the host booted, as old as the sums of the
    /// first group may be, and when the process started, with which those of a later group began.
    ///
    /// # Errors
    /// Why the group of the process cannot be told.
    pub(super) fn read(
        &mut self,
        process: &Process,
        (boot, created): (u64, u64),
        groups: &mut Cgroups,
        allowance: &mut DescriptorAllowance,
        figures: &mut Figures,
        reader: &mut Reader<'_>,
    ) -> io::Result<()> {
        if groups.root.is_none() {
            return Ok(());
        }
        let path = unified_path(process.read(PidFile::Cgroup, reader.buffer)?);
        if path != Some(&self.path) {
            let path = path.unwrap_or_default().to_owned();
            self.path = path;
        }
        if self.path.is_empty() {
            // In none, or outside what we see: nothing to measure.
            *figures = Figures::default();
            return Ok(());
        }
        let reading = groups.read(&self.path, reader.due, allowance, reader.buffer)?;
        if self.inode != reading.inode {
            self.start = if self.inode == 0 { boot } else { created };
            self.inode = reading.inode;
        }
        self.kills = reading.kills;
        *figures = reading.figures;
        Ok(())
    }

    /// When its sums began.
    pub(super) fn start(&self) -> u64 {
        self.start
    }

    /// Whether both are in the same group, which then is measured once.
    pub(super) fn is_that_of(&self, other: &Self) -> bool {
        self.inode == other.inode
    }

    /// Whether a process of the group was killed for want of memory since it was read last. Where the group is gone the
    /// one above it is asked.
    pub(super) fn has_killed(&mut self, groups: &mut Cgroups, buffer: &mut Vec<u8>) -> bool {
        let (before, after) = (self.kills, groups.kills(&self.path, buffer));
        let grew = |before: Option<u64>, after: Option<u64>| Some(before? < after?);
        let is_killed = grew(before.group, after.group).or_else(|| {
            before.group?;
            grew(before.parent, after.parent)
        });
        self.kills = after;
        is_killed.unwrap_or(false)
    }

    /// The limit of processors, in thousandths.
    pub(super) fn milli_cpus(&self, groups: &Cgroups, buffer: &mut Vec<u8>) -> Option<u64> {
        groups
            .milli_cpus(&self.path, buffer)
            .filter(|_| !self.path.is_empty())
    }
}
