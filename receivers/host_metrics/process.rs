//! The `process` scraper: every process of the host, each a resource of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use sidelight_config::{Check, closest, settings};
use sidelight_procfs::Pids;

use super::described::Attribute;
use super::filter::{ProcessNames, filter};
use super::host::{Host, Places};
use super::known::KnownProcesses;
use super::names::*;
use super::process_figures::{OneProcess, Wanted, Whole};
use crate::sampling::{HostIdentity, MetricSettings, MetricSwitch, Sample, Semconv, metric_table};

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

#[derive(Debug)]
pub(super) struct ProcessScraper {
    settings: Wanted,
    pids: Option<Pids>,
    known: KnownProcesses,
    /// Whether the kernel counts how long processes wait for disks.
    counts_waits: bool,
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
