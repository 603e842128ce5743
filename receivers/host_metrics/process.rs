//! The `process` scraper: every process of the host, each a resource of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use sidelight_config::{Check, closest, settings};
use sidelight_procfs::pid::{Io, Stat, Statm, Status, has_ended};
use sidelight_procfs::{Pids, ProcDir};

use super::described::Attribute;
use super::filter::{Filter, ProcessNames, filter};
use super::host::{Host, Places, share};
use super::known::{CpuTicks, Known, KnownProcesses};
use super::names::*;
use crate::sampling::{
    HostIdentity, MetricSet, MetricSettings, MetricSwitch, Sample, Semconv, Sink, metric_table,
};

metric_table! {
    /// Metrics of the `process` scraper.
    pub enum Process {
        /// Time on processors.
        CpuTime = Counter "process.cpu.time" "s" on [CPU_MODE];
        /// Share of all processors since the last sample, 0 to 1.
        CpuUtilization = Gauge "process.cpu.utilization" "1" off [CPU_MODE];
        /// Physical memory in use.
        MemoryUsage = UpDownCounter "process.memory.usage" "By" on [];
        /// Address space.
        MemoryVirtual = UpDownCounter "process.memory.virtual" "By" on [];
        /// Physical memory as a share of the host's, 0 to 1; under `legacy` in per cent, as the Collector has it.
        MemoryUtilization = Gauge "process.memory.utilization" "1" off [];
        /// Bytes that disks were asked for.
        DiskIo = Counter "process.disk.io" "By" on [DISK_DIRECTION];
        /// Calls of `read`, `write` and the like.
        DiskOperations = Counter "process.disk.operations" "{operation}" off [DISK_DIRECTION];
        /// Threads.
        Threads = UpDownCounter "process.thread.count" "{thread}" off [] was "process.threads";
        /// Open file descriptors.
        Descriptors = UpDownCounter "process.unix.file_descriptor.count" "{file_descriptor}" off [] was "process.open_file_descriptors";
        /// Times that the main thread left a processor.
        ContextSwitches = Counter "process.context_switches" "{context_switch}" off [SWITCH_TYPE];
        /// Page faults; major ones needed a disk.
        PagingFaults = Counter "process.paging.faults" "{fault}" off [FAULT_TYPE];
        /// Signals that wait to be taken.
        SignalsPending = UpDownCounter "process.signals_pending" "{signal}" off [];
        /// Time since it started.
        Uptime = Gauge "process.uptime" "s" off [];
    }
}

settings! {
    /// The `process` scraper.
    pub struct ProcessSettings {
        /// Which metrics are written.
        metrics: MetricSettings<Process>,
        /// Which attributes of the resource are written: `process.command`, `process.executable.name`,
        /// `process.executable.path`, `process.owner`, `process.parent_pid`.
        resource_attributes: BTreeMap<String, MetricSwitch>,
        /// Processes to look at, no others.
        include: Option<ProcessNames>,
        /// Processes to leave out.
        exclude: Option<ProcessNames>,
        /// Processes that are younger are left out.
        scrape_process_delay: Duration = Duration::ZERO,
    }
    unsupported {
        harmless "mute_process_all_errors" => "there is one warning for each kind of figure that cannot be read; remove it",
        harmless "mute_process_name_error" => "there is one warning for each kind of figure that cannot be read; remove it",
        harmless "mute_process_exe_error" => "there is one warning for each kind of figure that cannot be read; remove it",
        harmless "mute_process_io_error" => "there is one warning for each kind of figure that cannot be read; remove it",
        harmless "mute_process_user_error" => "there is one warning for each kind of figure that cannot be read; remove it",
        harmless "mute_process_cgroup_error" => "there is one warning for each kind of figure that cannot be read; remove it",
    }
    validate ProcessSettings::check;
}

/// Most processes that are looked at; each is a resource of its own.
const MAX_PROCESSES: usize = 10_000;

/// What is enough for `stat` and `io`; a name has 64 bytes at most and the figures some 300.
const FIGURES_BYTES: usize = 1024;

/// What is enough for `status`: 60 lines.
const STATUS_BYTES: usize = 4096;

#[derive(Debug)]
pub(super) struct ProcessScraper {
    settings: Wanted,
    pids: Option<Pids>,
    known: KnownProcesses,
    /// Whether the kernel counts how long processes wait for disks.
    counts_waits: bool,
}

/// What is wanted of a process.
#[derive(Debug)]
struct Wanted {
    metrics: MetricSet<Process>,
    filter: Filter,
    youngest_seconds: f64,
    is_legacy: bool,
}

/// What all processes of one sample are held against.
#[derive(Clone, Copy, Debug)]
struct Whole {
    ticks_per_second: u64,
    uptime_seconds: f64,
    boot_unix_nanos: u64,
    memory_bytes: u64,
    processors: u64,
    seconds_since_last: Option<f64>,
}

impl ProcessSettings {
    fn check(&self, check: &mut Check<'_, '_>) {
        for name in self.resource_attributes.keys() {
            let setting = format!("resource_attributes.{name}");
            match name.as_str() {
                _ if Attribute::named(name).is_some() || name == "process.pid" => {}
                "process.command_line" | "process.cgroup" => check.error_hint(
                    &setting,
                    "is not supported",
                    "the `process` receiver tells more of chosen processes, with secrets masked; remove it here",
                ),
                _ => {
                    let known = Attribute::ALL.map(Attribute::name);
                    let hint = closest(name, known).map_or_else(
                        || format!("the attributes are {}", known.join(", ")),
                        |similar| format!("did you mean `{similar}`?"),
                    );
                    check.error_hint(&setting, "is no attribute of a process", hint);
                }
            }
        }
    }

    pub(super) fn scraper(&self, places: &Places, semconv: Semconv, host: HostIdentity) -> ProcessScraper {
        let is_wanted = |attribute: Attribute| {
            let switch = self.resource_attributes.get(attribute.name());
            switch.and_then(|switch| switch.enabled).unwrap_or(true)
        };
        ProcessScraper {
            settings: Wanted {
                metrics: self.metrics.enabled(),
                filter: filter!(self.include, self.exclude),
                youngest_seconds: self.scrape_process_delay.as_secs_f64(),
                is_legacy: semconv == Semconv::Legacy,
            },
            pids: None,
            known: KnownProcesses::new(
                places,
                host,
                Attribute::ALL.into_iter().filter(|a| is_wanted(*a)).collect(),
            ),
            counts_waits: std::fs::read(places.proc().join("sys/kernel/task_delayacct"))
                .is_ok_and(|text| text.trim_ascii() == b"1"),
        }
    }
}

impl ProcessScraper {
    /// Writes all processes.
    pub(super) fn scrape(&mut self, host: &mut Host, sample: &mut Sample<'_>) {
        let Some(whole) = Whole::of(host) else { return };
        let advice = "all figures of processes are missing";
        if self.pids.is_none() {
            match Pids::open(self.known.proc()) {
                Ok(pids) => self.pids = Some(pids),
                Err(error) => return host.failed.count("proc", &error, advice),
            }
        }
        let Self {
            settings,
            pids: Some(pids),
            known,
            counts_waits,
        } = self
        else {
            return;
        };
        let mut written = 0;
        known.begin();
        let walked = pids.for_each(|dir, pid| {
            if written < MAX_PROCESSES {
                let one = OneProcess {
                    dir,
                    pid,
                    whole,
                    counts_waits: *counts_waits,
                };
                written += usize::from(settings.write(one, known, host, sample));
            }
        });
        known.end();
        if written == MAX_PROCESSES {
            let error = format!("there are more than {MAX_PROCESSES}");
            host.failed.count(
                "processes",
                &error,
                "the rest is missing; choose some with include",
            );
        }
        if let Err(error) = walked {
            self.pids = None;
            host.failed.count("proc", &error, advice);
        }
    }
}

impl Whole {
    fn of(host: &mut Host) -> Option<Self> {
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
struct OneProcess<'d> {
    dir: ProcDir<'d>,
    pid: u32,
    whole: Whole,
    counts_waits: bool,
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
    fn write(
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
