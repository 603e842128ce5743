//! The control group that a process is in, version 2.

use std::io;
use std::path::Path;

use sidelight_procfs::cgroup::{Cgroup, CgroupFile, CpuMax, CpuStat, IoStat, MemoryEvents, limit};
use sidelight_procfs::host::pressure::Pressure;
use sidelight_procfs::pid::{PidFile, Process, unified_path};

use super::figures::{Figure, Figures};
use super::metrics::Metric;
use crate::sampling::MetricSet;

/// Groups above a group that are asked for their limits.
const MAX_DEPTH: usize = 32;

/// The group of one process, followed when it moves.
#[derive(Debug, Default)]
pub(super) struct CgroupWatch {
    path: String,
    group: Option<Cgroup>,
    /// The group above it: it outlives a group that its manager removes.
    parent: Option<Cgroup>,
    /// When its sums began, as far as that is known, in Unix nanoseconds.
    start: u64,
    kills: Kills,
}

/// Processes that were killed for want of memory, as seen last.
#[derive(Clone, Copy, Debug, Default)]
struct Kills {
    group: Option<u64>,
    parent: Option<u64>,
}

impl CgroupWatch {
    /// Opens the group that the process is in, where it is another than before. `started` is when sums of a group begin
    /// that was not there before.
    ///
    /// # Errors
    /// Why the group of the process cannot be told.
    pub(super) fn follow(
        &mut self,
        process: &Process,
        root: &Path,
        started: u64,
        buffer: &mut Vec<u8>,
    ) -> io::Result<()> {
        let path = unified_path(process.read(PidFile::Cgroup, buffer)?);
        let Some(path) = path.map(str::to_owned) else {
            // In none, or outside what we see: nothing to measure.
            *self = Self::default();
            return Ok(());
        };
        // A removed group is told by its empty folder: one of its name may have been made anew.
        let is_same = self.path == path && self.group.as_ref().is_some_and(is_there);
        if !is_same {
            let group = Cgroup::open(root, &path)?;
            let above = path.rsplit_once('/').filter(|_| path != "/");
            self.parent = above.and_then(|(above, _)| Cgroup::open(root, above).ok());
            self.start = started;
            (self.path, self.group) = (path, Some(group));
        }
        self.kills = self.read_kills(buffer);
        Ok(())
    }

    /// When its sums began.
    pub(super) fn start(&self) -> u64 {
        self.start
    }

    /// Whether a process of the group was killed for want of memory since the last time it was followed. Where the group
    /// is gone the one above it is asked.
    pub(super) fn has_killed(&mut self, buffer: &mut Vec<u8>) -> bool {
        let (before, after) = (self.kills, self.read_kills(buffer));
        let grew = |before: Option<u64>, after: Option<u64>| Some(before? < after?);
        let is_killed = grew(before.group, after.group).or_else(|| {
            before.group?;
            grew(before.parent, after.parent)
        });
        self.kills = after;
        is_killed.unwrap_or(false)
    }

    fn read_kills(&self, buffer: &mut Vec<u8>) -> Kills {
        let mut of = |group: &Option<Cgroup>| {
            let text = group.as_ref()?.read(CgroupFile::MemoryEvents, buffer).ok()?;
            Some(MemoryEvents::parse(text)?.oom_kill)
        };
        Kills {
            group: of(&self.group),
            parent: of(&self.parent),
        }
    }

    /// Reads what the metrics that are due are made of. What its controllers do not tell is missing.
    pub(super) fn read(&self, due: MetricSet<Metric>, figures: &mut Figures, buffer: &mut Vec<u8>) {
        let mut read = Files {
            group: self.group.as_ref(),
            buffer,
        };
        read_cpu(&mut read, due, figures);
        read_memory(&mut read, due, figures);
        read_pids(&mut read, due, figures);
        read_disks(&mut read, due, figures);
        read_pressure(&mut read, due, figures);
    }

    /// The limit of processors of this group and those above it, in thousandths.
    pub(super) fn milli_cpus(&self, root: &Path, buffer: &mut Vec<u8>) -> Option<u64> {
        let mut least = None;
        let mut path = self.group.as_ref().map(|_| self.path.as_str());
        for _ in 0..MAX_DEPTH {
            let Some(at) = path else { break };
            let limit = Cgroup::open(root, at).ok().and_then(|group| {
                let text = group.read(CgroupFile::CpuMax, buffer).ok()?;
                CpuMax::parse(text)?.milli_cpus()
            });
            least = least.into_iter().chain(limit).min();
            path = at
                .rsplit_once('/')
                .map(|(above, _)| above)
                .filter(|_| at.len() > 1);
        }
        least
    }
}

fn is_there(group: &Cgroup) -> bool {
    let entries = std::fs::metadata(group.path()).and_then(|there| {
        use std::os::unix::fs::MetadataExt as _;
        Ok(there.ino() == group.inode()?)
    });
    entries.unwrap_or(false)
}

/// Reads files of one group.
struct Files<'f> {
    group: Option<&'f Cgroup>,
    buffer: &'f mut Vec<u8>,
}

impl Files<'_> {
    fn parse<T>(&mut self, file: CgroupFile, parse: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
        parse(self.group?.read(file, self.buffer).ok()?)
    }
}

fn read_cpu(files: &mut Files<'_>, due: MetricSet<Metric>, figures: &mut Figures) {
    let metrics = [
        Metric::CgroupCpuTime,
        Metric::CgroupCpuPeriods,
        Metric::CgroupThrottledPeriods,
        Metric::CgroupThrottledTime,
    ];
    if due.contains_any(&metrics) {
        let stat = files.parse(CgroupFile::CpuStat, CpuStat::parse);
        figures.set(Figure::GroupUser, stat.map(|stat| stat.user_us));
        figures.set(Figure::GroupSystem, stat.map(|stat| stat.system_us));
        figures.set(Figure::GroupPeriods, stat.and_then(|stat| stat.periods));
        let throttled = stat.and_then(|stat| stat.throttled_periods);
        figures.set(Figure::GroupThrottledPeriods, throttled);
        figures.set(
            Figure::GroupThrottledTime,
            stat.and_then(|stat| stat.throttled_us),
        );
    }
    if due.contains(Metric::CgroupCpuLimit) {
        let max = files.parse(CgroupFile::CpuMax, CpuMax::parse);
        figures.set(Figure::GroupCpuLimit, max.and_then(|max| max.milli_cpus()));
    }
}

fn read_memory(files: &mut Files<'_>, due: MetricSet<Metric>, figures: &mut Figures) {
    if due.contains(Metric::CgroupMemoryUsage) {
        figures.set(Figure::GroupMemory, files.parse(CgroupFile::MemoryCurrent, limit));
    }
    if due.contains(Metric::CgroupMemoryLimit) {
        figures.set(
            Figure::GroupMemoryLimit,
            files.parse(CgroupFile::MemoryMax, limit),
        );
    }
    if due.contains(Metric::CgroupMemoryEvents) {
        let events = files.parse(CgroupFile::MemoryEvents, MemoryEvents::parse);
        figures.set(Figure::GroupLow, events.map(|events| events.low));
        figures.set(Figure::GroupHigh, events.map(|events| events.high));
        figures.set(Figure::GroupMax, events.map(|events| events.max));
        figures.set(Figure::GroupOom, events.map(|events| events.oom));
        figures.set(Figure::GroupOomKill, events.map(|events| events.oom_kill));
    }
}

fn read_pids(files: &mut Files<'_>, due: MetricSet<Metric>, figures: &mut Figures) {
    if due.contains(Metric::CgroupPids) {
        figures.set(Figure::GroupPids, files.parse(CgroupFile::PidsCurrent, limit));
    }
    if due.contains(Metric::CgroupPidsLimit) {
        figures.set(Figure::GroupPidsLimit, files.parse(CgroupFile::PidsMax, limit));
    }
}

fn read_disks(files: &mut Files<'_>, due: MetricSet<Metric>, figures: &mut Figures) {
    if due.contains_any(&[Metric::CgroupDiskIo, Metric::CgroupDiskOperations]) {
        let io = files.parse(CgroupFile::IoStat, |text| Some(IoStat::parse(text)));
        figures.set(Figure::GroupReadBytes, io.map(|io| io.read_bytes));
        figures.set(Figure::GroupWrittenBytes, io.map(|io| io.written_bytes));
        figures.set(Figure::GroupReads, io.map(|io| io.reads));
        figures.set(Figure::GroupWrites, io.map(|io| io.writes));
    }
}

fn read_pressure(files: &mut Files<'_>, due: MetricSet<Metric>, figures: &mut Figures) {
    if !due.contains(Metric::CgroupPressure) {
        return;
    }
    for (file, some, full) in [
        (CgroupFile::CpuPressure, Figure::CpuSome, Figure::CpuFull),
        (CgroupFile::MemoryPressure, Figure::MemorySome, Figure::MemoryFull),
        (CgroupFile::IoPressure, Figure::IoSome, Figure::IoFull),
    ] {
        let pressure = files.parse(file, Pressure::parse);
        figures.set(some, pressure.map(|pressure| pressure.some.total_us));
        let stalled = pressure.and_then(|pressure| pressure.full);
        figures.set(full, stalled.map(|stalled| stalled.total_us));
    }
}
