//! The `processes` scraper: how many there are, in which states.

use std::path::PathBuf;

use sidelight_config::settings;
use sidelight_procfs::Pids;
use sidelight_procfs::host::states::States;

use super::host::{Host, Places};
use super::kernel_file::KernelFile;
use super::names::*;
use super::scraper::Scraper;
use crate::sampling::{FailedReads, MetricSet, MetricSettings, Points, Sink, metric_table};

metric_table! {
    /// Metrics of the `processes` scraper.
    pub enum Processes {
        /// Processes by state.
        Count = UpDownCounter "system.process.count" "{process}" on [PROCESS_STATE] was "system.processes.count";
        /// Processes and threads that were created.
        Created = Counter "system.process.created" "{process}" on [] was "system.processes.created";
        /// Threads that the system allows.
        Limit = UpDownCounter "system.process.limit" "{thread}" off [];
    }
}

settings! {
    /// The `processes` scraper.
    pub struct ProcessesSettings {
        /// Which metrics are written.
        metrics: MetricSettings<Processes>,
    }
}

#[derive(Debug)]
pub(super) struct ProcessesScraper {
    metrics: MetricSet<Processes>,
    proc: PathBuf,
    pids: Option<Pids>,
    threads_max: KernelFile,
}

impl ProcessesSettings {
    pub(super) fn scraper(&self, places: &Places) -> ProcessesScraper {
        let proc = places.proc();
        ProcessesScraper {
            metrics: self.metrics.enabled(),
            threads_max: KernelFile::at(
                proc.join("sys/kernel/threads-max"),
                "threads-max",
                "the limit of threads is missing",
            ),
            proc,
            pids: None,
        }
    }
}

impl Scraper for ProcessesScraper {
    fn scrape(&mut self, host: &mut Host, sink: &mut Sink<'_>) {
        let Some(stat) = host.stat() else { return };
        let (created, running, blocked) = (stat.created, stat.running, stat.blocked);
        if self.metrics.contains(Processes::Count)
            && let Some(states) = self.count(&mut host.failed)
        {
            sink.metric(self.metrics, Processes::Count, |points| {
                match points.is_legacy() {
                    true => write_legacy(points, &states, running, blocked),
                    false => write(points, &states),
                }
            });
        }
        sink.metric(self.metrics, Processes::Created, |points| {
            if let Some(created) = created {
                points.add(created, &[]);
            }
        });
        if self.metrics.contains(Processes::Limit) {
            let text = self.threads_max.read(&mut host.failed);
            let limit = text.and_then(|text| std::str::from_utf8(text).ok()?.trim().parse::<u64>().ok());
            sink.metric(self.metrics, Processes::Limit, |points| {
                if let Some(limit) = limit {
                    points.add(limit, &[]);
                }
            });
        }
    }
}

impl ProcessesScraper {
    /// Counts by a walk over all of them: one read of 512 bytes each.
    fn count(&mut self, failed: &mut FailedReads) -> Option<States> {
        let advice = "the counts of processes by state are missing";
        if self.pids.is_none() {
            match Pids::open(&self.proc) {
                Ok(pids) => self.pids = Some(pids),
                Err(error) => failed.count("proc", &error, advice),
            }
        }
        let mut states = States::default();
        // The name, the longest part before the state, is at most 64 bytes.
        let mut beginning = [0; 128];
        let walked = self.pids.as_mut()?.for_each(|dir, pid| {
            // One that ended meanwhile is not counted.
            if let Ok(stat) = dir.read(pid, "stat", &mut beginning) {
                states.count(stat);
            }
        });
        if let Err(error) = walked {
            self.pids = None;
            failed.count("proc", &error, advice);
            return None;
        }
        Some(states)
    }
}

fn write(points: &mut Points<'_>, states: &States) {
    // What waits for a disk sleeps as well; the conventions have no word of its own for it.
    let sleeping = states.sleeping + states.waiting + states.idle;
    for (state, count) in [
        (RUNNING, states.running),
        (SLEEPING, sleeping),
        (STOPPED, states.stopped),
        (DEFUNCT, states.defunct),
    ] {
        points.add(count, &[(PROCESS_STATE, state.into())]);
    }
}

/// As the Collector counts: running and blocked are threads, from `/proc/stat`; states without a process are left out.
fn write_legacy(points: &mut Points<'_>, states: &States, running: u64, blocked: u64) {
    points.add(running, &[(PROCESS_STATE, RUNNING.into())]);
    points.add(blocked, &[(PROCESS_STATE, BLOCKED.into())]);
    for (state, count) in [
        (SLEEPING, states.sleeping),
        (IDLE_PROCESS, states.idle),
        (STOPPED, states.stopped),
        (DEFUNCT, states.defunct),
        (UNKNOWN, states.other),
    ] {
        if count > 0 {
            points.add(count, &[(PROCESS_STATE, state.into())]);
        }
    }
}
