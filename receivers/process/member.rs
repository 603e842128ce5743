//! One process of a target: what is read of it.

use std::io;
use std::ops::Deref;

use sidelight_procfs::ProcDir;
use sidelight_procfs::pid::{PidFile, Process, Stat, has_ended};

use super::descriptor_allowance::DescriptorAllowance;
use super::failures::Reading;
use super::figures::{Figure, Figures};
use super::metrics::Metric;
use super::process_list::{Comm, Identity};
use super::thread_switches::ThreadSwitches;
use crate::sampling::MetricSet;

mod reading;

/// The metrics that are made of `status` alone.
const STATUS_METRICS: [Metric; 5] = [
    Metric::MemoryRss,
    Metric::MemoryPeak,
    Metric::MemorySwap,
    Metric::SignalsPending,
    Metric::CpuUtilization,
];

/// A process that a target has hold of.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) identity: Identity,
    /// What was read last, each figure when it was due.
    pub(super) figures: Figures,
    pub(super) comm: Comm,
    /// Processors it may run on, as far as asked for.
    pub(super) allowed_cpus: u32,
    /// `None`: there are too many to hold them all, and it is opened for each sample.
    held: Option<Process>,
    /// Descriptors that `held` takes.
    descriptors: usize,
    switches: ThreadSwitches,
    /// When its limits were read, in ticks since the boot.
    limits_read: Option<u64>,
}

/// How a process was found not to run any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Its parent has not asked for its status yet: this is it, 0 also where it is not told to us.
    Status(i32),
    /// It is gone.
    Gone,
}

/// What reading needs beside the process.
pub(super) struct Reader<'r> {
    pub(super) dir: ProcDir<'r>,
    pub(super) buffer: &'r mut Vec<u8>,
    pub(super) due: MetricSet<Metric>,
    pub(super) uptime_ticks: u64,
    /// Whether the kernel counts waiting for disks.
    pub(super) counts_waits: bool,
    /// Takes what could not be read.
    pub(super) failed: &'r mut dyn FnMut(Reading, &io::Error),
}

impl Member {
    /// Takes hold of a process. `None` where it has ended meanwhile.
    pub(super) fn adopt(
        identity: Identity,
        enabled: MetricSet<Metric>,
        allowance: &mut DescriptorAllowance,
        dir: ProcDir<'_>,
    ) -> Option<Self> {
        let files = kept_files(enabled);
        let mut member = Self {
            identity,
            figures: Figures::default(),
            comm: Comm::default(),
            allowed_cpus: 0,
            held: None,
            descriptors: allowance.take(1 + files.len()),
            switches: ThreadSwitches::default(),
            limits_read: None,
        };
        if member.descriptors > 0 {
            let Ok(mut process) = dir.process(identity.pid) else {
                member.leave(allowance);
                return None;
            };
            for file in files.into_iter().take(member.descriptors - 1) {
                // What cannot be kept is read by its name, and reading says what is wrong.
                let _ = process.keep(file);
            }
            member.held = Some(process);
        }
        Some(member)
    }

    /// Gives its descriptors back.
    pub(super) fn leave(&mut self, allowance: &mut DescriptorAllowance) {
        self.held = None;
        allowance.give_back(std::mem::take(&mut self.descriptors));
    }

    /// Looks whether it still runs, and reads what the look gives anyway.
    ///
    /// # Errors
    /// [`Ending`] where it does not, or another process has its pid.
    pub(super) fn look(&mut self, reader: &mut Reader<'_>) -> Result<(), Ending> {
        let process = match self.process(reader.dir) {
            Ok(process) => process,
            Err(error) => return not_known(&error, reader),
        };
        let text = match process.read(PidFile::Stat, reader.buffer) {
            Ok(text) => text,
            Err(error) => return not_known(&error, reader),
        };
        let stat = Stat::parse(text).ok_or(Ending::Gone)?;
        if stat.start_ticks != self.identity.start_ticks {
            return Err(Ending::Gone);
        }
        if stat.is_zombie() {
            // Who may not know the status is told 0, and may not know the program either.
            let is_hidden = process
                .executable()
                .is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied);
            return Err(if is_hidden {
                Ending::Gone
            } else {
                Ending::Status(stat.exit_code)
            });
        }
        self.comm = Comm::of(stat.comm);
        let waits = reader.counts_waits.then_some(stat.block_wait_ticks);
        let figures = &mut self.figures;
        figures.set(Figure::CpuUser, stat.user_ticks);
        figures.set(Figure::CpuSystem, stat.system_ticks);
        figures.set(Figure::CpuWait, waits);
        figures.set(Figure::MinorFaults, stat.minor_faults);
        figures.set(Figure::MajorFaults, stat.major_faults);
        figures.set(Figure::ThreadCount, stat.threads);
        figures.set(Figure::Members, 1);
        figures.set(Figure::Age, reader.uptime_ticks.saturating_sub(stat.start_ticks));
        Ok(())
    }

    /// The process, opened for now where it is not held.
    pub(super) fn process(&self, dir: ProcDir<'_>) -> io::Result<Handle<'_>> {
        Handle::of(self.held.as_ref(), dir, self.identity.pid)
    }
}

/// A process that is held, or that was opened for the moment.
pub(super) enum Handle<'h> {
    Held(&'h Process),
    Opened(Process),
}

impl<'h> Handle<'h> {
    fn of(held: Option<&'h Process>, dir: ProcDir<'_>, pid: u32) -> io::Result<Self> {
        match held {
            Some(process) => Ok(Self::Held(process)),
            None => Ok(Self::Opened(dir.process(pid)?)),
        }
    }
}

impl Deref for Handle<'_> {
    type Target = Process;

    fn deref(&self) -> &Process {
        match self {
            Self::Held(process) => process,
            Self::Opened(process) => process,
        }
    }
}

/// The files worth keeping open for these metrics, the most useful first.
fn kept_files(enabled: MetricSet<Metric>) -> Vec<PidFile> {
    let memory = [
        Metric::MemoryUsage,
        Metric::MemoryVirtual,
        Metric::MemoryUtilization,
    ];
    let io = [Metric::DiskIo, Metric::DiskOperations];
    let status = enabled.contains_any(&STATUS_METRICS) || enabled.contains(Metric::ContextSwitches);
    let files = [
        (PidFile::Stat, true),
        (PidFile::Statm, enabled.contains_any(&memory)),
        (PidFile::Io, enabled.contains_any(&io)),
        (PidFile::Status, status),
    ];
    files
        .into_iter()
        .filter_map(|(file, is_used)| is_used.then_some(file))
        .collect()
}

/// A look that failed: the process has ended, or it cannot be read for now (no descriptor is left) and counts as running.
fn not_known(error: &io::Error, reader: &mut Reader<'_>) -> Result<(), Ending> {
    if has_ended(error) {
        return Err(Ending::Gone);
    }
    (reader.failed)(Reading::Stat, error);
    Ok(())
}
