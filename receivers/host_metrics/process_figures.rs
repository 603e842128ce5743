//! The figures of one process.

use sidelight_procfs::ProcDir;
use sidelight_procfs::pid::{Io, Stat, Statm, Status, has_ended};

use super::filter::Filter;
use super::host::{Host, share};
use super::known::{CpuTicks, Known, KnownProcesses};
use super::names::*;
use super::process::Process;
use crate::sampling::{MetricSet, Sample, Sink};

/// What is enough for `stat` and `io`; a name has 64 bytes at most and the figures some 300.
const FIGURES_BYTES: usize = 1024;

/// What is enough for `status`: 60 lines.
const STATUS_BYTES: usize = 4096;

/// What is wanted of a process.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) metrics: MetricSet<Process>,
    pub(super) filter: Filter,
    pub(super) youngest_seconds: f64,
    pub(super) is_legacy: bool,
}

/// What all processes of one sample are held against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whole {
    ticks_per_second: u64,
    uptime_seconds: f64,
    boot_unix_nanos: u64,
    memory_bytes: u64,
    processors: u64,
    seconds_since_last: Option<f64>,
}

impl Whole {
    pub(super) fn of(host: &mut Host) -> Option<Self> {
        let boot_unix_nanos = host.boot_unix_nanos();
        Some(Self {
            ticks_per_second: host.ticks_per_second,
            uptime_seconds: host.uptime()?,
            boot_unix_nanos,
            memory_bytes: host.memory_bytes().unwrap_or(0),
            processors: host.stat()?.cpus.len().max(1) as u64,
            seconds_since_last: host.seconds_since_last(),
        })
    }

    /// When a process started, in Unix nanoseconds.
    fn started(&self, stat: &Stat<'_>) -> u64 {
        let since_boot = u128::from(stat.start_ticks) * 1_000_000_000 / u128::from(self.ticks_per_second);
        self.boot_unix_nanos
            .saturating_add(u64::try_from(since_boot).unwrap_or(u64::MAX))
    }

    fn age_seconds(&self, stat: &Stat<'_>) -> f64 {
        (self.uptime_seconds - stat.start_ticks as f64 / self.ticks_per_second as f64).max(0.0)
    }
}

/// A process of a walk.
pub(super) struct OneProcess<'d> {
    pub(super) dir: ProcDir<'d>,
    pub(super) pid: u32,
    pub(super) whole: Whole,
    pub(super) counts_waits: bool,
}

impl OneProcess<'_> {
    /// Reads a file of it. What fails because it has ended meanwhile is no failure.
    fn read<'b>(&self, file: &'static str, buffer: &'b mut [u8], host: &mut Host) -> Option<&'b [u8]> {
        match self.dir.read(self.pid, file, buffer) {
            Ok(text) => Some(text),
            Err(error) => {
                self.count_failure(file, &error, host);
                None
            }
        }
    }

    fn count_failure(&self, file: &'static str, error: &std::io::Error, host: &mut Host) {
        if !has_ended(error) {
            let what = match file {
                "io" => "process io",
                "status" => "process status",
                "fd" => "process fd",
                _ => "process stat",
            };
            let advice = "it is missing for such processes; run as root, or with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH";
            host.failed
                .count(what, &format!("process {}: {error}", self.pid), advice);
        }
    }
}

impl Wanted {
    /// Writes one process, where it is wanted. Returns whether it was.
    pub(super) fn write(
        &self,
        one: OneProcess<'_>,
        known: &mut KnownProcesses,
        host: &mut Host,
        sample: &mut Sample<'_>,
    ) -> bool {
        let mut buffer = [0; FIGURES_BYTES];
        let Some(stat) = one.read("stat", &mut buffer, host).and_then(Stat::parse) else {
            return false;
        };
        if stat.is_zombie() || one.whole.age_seconds(&stat) < self.youngest_seconds {
            return false;
        }
        let started = one.whole.started(&stat);
        let process = known.of(one.dir, &stat, started, |name| self.filter.takes(name));
        let Some(process) = process else { return false };
        let last = process.replace_ticks(CpuTicks::of(&stat));
        let process: &Known = process;
        sample.resource(
            |resource| process.write(resource),
            |sink| {
                sink.sums_start(started);
                self.write_stat(&one, &stat, last, sink);
                self.write_memory(&one, host, sink);
                self.write_io(&one, host, sink);
                self.write_status(&one, host, sink);
                self.write_descriptors(&one, host, sink);
            },
        );
        true
    }

    fn write_stat(&self, one: &OneProcess<'_>, stat: &Stat<'_>, last: Option<CpuTicks>, sink: &mut Sink<'_>) {
        let (metrics, whole) = (self.metrics, &one.whole);
        let modes = |ticks: CpuTicks| {
            let wait = one.counts_waits.then_some(ticks.wait);
            [
                (USER, Some(ticks.user)),
                (SYSTEM, Some(ticks.system)),
                (WAIT, wait),
            ]
        };
        let now = CpuTicks::of(stat);
        let ticks_per_second = whole.ticks_per_second as f64;
        sink.metric(metrics, Process::CpuTime, |points| {
            for (mode, ticks) in modes(now) {
                if let Some(ticks) = ticks {
                    points.add(ticks as f64 / ticks_per_second, &[(CPU_MODE, mode.into())]);
                }
            }
        });
        if let (Some(last), Some(seconds)) = (last, whole.seconds_since_last) {
            let available = seconds * ticks_per_second * whole.processors as f64;
            sink.metric(metrics, Process::CpuUtilization, |points| {
                for (mode, ticks) in modes(now.since(last)) {
                    if let Some(ticks) = ticks {
                        points.add((ticks as f64 / available).min(1.0), &[(CPU_MODE, mode.into())]);
                    }
                }
            });
        }
        sink.metric(metrics, Process::MemoryVirtual, |points| {
            points.add(stat.virtual_bytes, &[])
        });
        sink.metric(metrics, Process::Threads, |points| points.add(stat.threads, &[]));
        sink.metric(metrics, Process::PagingFaults, |points| {
            for (kind, faults) in [(MAJOR, stat.major_faults), (MINOR, stat.minor_faults)] {
                points.add(faults, &[(FAULT_TYPE, kind.into())]);
            }
        });
        sink.metric(metrics, Process::Uptime, |points| {
            points.add(whole.age_seconds(stat), &[])
        });
    }

    /// `stat` has the memory too, but adds up only what each processor has handed in of its count: on a host with many
    /// of them that is off by megabytes.
    fn write_memory(&self, one: &OneProcess<'_>, host: &mut Host, sink: &mut Sink<'_>) {
        if !self
            .metrics
            .contains_any(&[Process::MemoryUsage, Process::MemoryUtilization])
        {
            return;
        }
        let mut buffer = [0; FIGURES_BYTES];
        let Some(statm) = one.read("statm", &mut buffer, host).and_then(Statm::parse) else {
            return;
        };
        let resident = statm.resident_bytes;
        sink.metric(self.metrics, Process::MemoryUsage, |points| {
            points.add(resident, &[])
        });
        let per_cent = if self.is_legacy { 100.0 } else { 1.0 };
        sink.metric(self.metrics, Process::MemoryUtilization, |points| {
            points.add(share(resident, one.whole.memory_bytes) * per_cent, &[]);
        });
    }

    fn write_io(&self, one: &OneProcess<'_>, host: &mut Host, sink: &mut Sink<'_>) {
        if !self
            .metrics
            .contains_any(&[Process::DiskIo, Process::DiskOperations])
        {
            return;
        }
        let mut buffer = [0; FIGURES_BYTES];
        let Some(io) = one.read("io", &mut buffer, host).and_then(Io::parse) else {
            return;
        };
        for (metric, read, written) in [
            (Process::DiskIo, io.read_bytes, io.written_bytes),
            (Process::DiskOperations, io.read_calls, io.write_calls),
        ] {
            sink.metric(self.metrics, metric, |points| {
                for (direction, value) in [(READ, read), (WRITE, written)] {
                    points.add(value, &[(DISK_DIRECTION, direction.into())]);
                }
            });
        }
    }

    fn write_status(&self, one: &OneProcess<'_>, host: &mut Host, sink: &mut Sink<'_>) {
        if !self
            .metrics
            .contains_any(&[Process::ContextSwitches, Process::SignalsPending])
        {
            return;
        }
        let mut buffer = [0; STATUS_BYTES];
        let Some(status) = one.read("status", &mut buffer, host).and_then(Status::parse) else {
            return;
        };
        sink.metric(self.metrics, Process::ContextSwitches, |points| {
            for (kind, switches) in [
                (VOLUNTARY, status.voluntary_switches),
                (INVOLUNTARY, status.involuntary_switches),
            ] {
                points.add(switches, &[(SWITCH_TYPE, kind.into())]);
            }
        });
        sink.metric(self.metrics, Process::SignalsPending, |points| {
            points.add(u64::from(status.pending_signals), &[]);
        });
    }

    fn write_descriptors(&self, one: &OneProcess<'_>, host: &mut Host, sink: &mut Sink<'_>) {
        if !self.metrics.contains(Process::Descriptors) {
            return;
        }
        match one
            .dir
            .process(one.pid)
            .and_then(|process| process.descriptor_count())
        {
            Ok(count) => sink.metric(self.metrics, Process::Descriptors, |points| {
                points.add(count, &[])
            }),
            Err(error) => one.count_failure("fd", &error, host),
        }
    }
}
