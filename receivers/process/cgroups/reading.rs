//! What is read of a control group for metrics that are due.

use sidelight_procfs::cgroup::{Cgroup, CgroupFile, CpuMax, CpuStat, IoStat, MemoryEvents, limit};
use sidelight_procfs::host::pressure::Pressure;

use super::{Group, Kills};
use crate::process::figures::{Figure, Figures};
use crate::process::metrics::Metric;
use crate::sampling::MetricSet;

/// Reads what the metrics that are due are made of. What the controllers of the group do not tell is missing.
pub(super) fn read_group(group: &mut Group, due: MetricSet<Metric>, buffer: &mut Vec<u8>) {
    group.reading.kills = Kills::of(Some(&mut group.group), group.parent.as_mut(), buffer);
    let figures = &mut group.reading.figures;
    let mut files = Files {
        group: &mut group.group,
        buffer,
    };
    read_cpu(&mut files, due, figures);
    read_memory(&mut files, due, figures);
    read_pids(&mut files, due, figures);
    read_disks(&mut files, due, figures);
    read_pressure(&mut files, due, figures);
}

/// Reads files of one group.
struct Files<'f> {
    group: &'f mut Cgroup,
    buffer: &'f mut Vec<u8>,
}

impl Files<'_> {
    fn parse<T>(&mut self, file: CgroupFile, parse: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
        parse(self.group.read(file, self.buffer).ok()?)
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
