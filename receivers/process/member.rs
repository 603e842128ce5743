//! One process of a target: what is read of it.

use std::io;
use std::ops::Deref;

use sidelight_procfs::ProcDir;
use sidelight_procfs::pid::{
    Io, PidFile, Process, SmapsRollup, Stat, Statm, Status, has_ended, open_files_limit,
};

use super::descriptor_allowance::DescriptorAllowance;
use super::failures::Reading;
use super::figures::{Figure, Figures};
use super::metrics::Metric;
use super::process_list::{Comm, Identity};
use super::thread_switches::ThreadSwitches;
use crate::sampling::MetricSet;

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

    /// Reads what the metrics that are due are made of.
    pub(super) fn read(&mut self, reader: &mut Reader<'_>) {
        let Ok(process) = Handle::of(self.held.as_ref(), reader.dir, self.identity.pid) else {
            // Where it has ended by now the next look says so.
            return;
        };
        read_memory(&process, &mut self.figures, reader);
        let status = read_status(&process, &mut self.figures, &mut self.switches, reader);
        self.allowed_cpus = status.map_or(self.allowed_cpus, |status| status.allowed_cpus);
        read_io(&process, &mut self.figures, reader);
        read_counts(&process, &mut self.figures, reader);
        read_threads(&process, &mut self.figures, &mut self.switches, reader);
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

/// Reads and parses a file. `None` where the process has ended, or it is not readable, which is told.
fn parse<T>(
    process: &Process,
    file: PidFile,
    reading: Reading,
    reader: &mut Reader<'_>,
    parse: impl FnOnce(&[u8]) -> Option<T>,
) -> Option<T> {
    match process.read(file, reader.buffer) {
        Ok(text) => parse(text),
        Err(error) => {
            tell(process, reading, &error, reader);
            None
        }
    }
}

/// Tells of a failed reading, but not where the process has ended.
fn tell(process: &Process, reading: Reading, error: &io::Error, reader: &mut Reader<'_>) {
    let mut is_gone = || {
        process
            .read(PidFile::Stat, reader.buffer)
            .is_err_and(|error| has_ended(&error))
    };
    if !has_ended(error) || !is_gone() {
        (reader.failed)(reading, error);
    }
}

fn read_memory(process: &Process, figures: &mut Figures, reader: &mut Reader<'_>) {
    let metrics = [
        Metric::MemoryUsage,
        Metric::MemoryVirtual,
        Metric::MemoryUtilization,
    ];
    if !reader.due.contains_any(&metrics) {
        return;
    }
    let statm = parse(process, PidFile::Statm, Reading::Statm, reader, Statm::parse);
    figures.set(Figure::Resident, statm.map(|statm| statm.resident_bytes));
    figures.set(Figure::Virtual, statm.map(|statm| statm.virtual_bytes));
}

fn read_status(
    process: &Process,
    figures: &mut Figures,
    switches: &mut ThreadSwitches,
    reader: &mut Reader<'_>,
) -> Option<Status> {
    let is_single = is_single_threaded(figures, switches);
    let asks_for_switches = reader.due.contains(Metric::ContextSwitches) && is_single;
    if !asks_for_switches && !reader.due.contains_any(&STATUS_METRICS) {
        return None;
    }
    let status = parse(process, PidFile::Status, Reading::Status, reader, Status::parse);
    let of = |get: fn(&Status) -> Option<u64>| status.as_ref().and_then(get);
    figures.set(Figure::ResidentAnon, of(|status| status.resident_anon_bytes));
    figures.set(Figure::ResidentFile, of(|status| status.resident_file_bytes));
    figures.set(Figure::ResidentShmem, of(|status| status.resident_shmem_bytes));
    figures.set(Figure::Peak, of(|status| status.peak_resident_bytes));
    figures.set(Figure::Swap, of(|status| status.swap_bytes));
    figures.set(
        Figure::PendingSignals,
        of(|status| Some(u64::from(status.pending_signals))),
    );
    if let Some(status) = status.filter(|_| asks_for_switches) {
        switches.begin();
        switches.take(process.pid(), &status);
        set_switches(figures, switches.end());
    }
    status
}

/// Whether its only thread is the first: then the process's own `status` says all.
fn is_single_threaded(figures: &Figures, switches: &ThreadSwitches) -> bool {
    figures.get(Figure::ThreadCount) == Some(1) && switches.threads() <= 1
}

fn set_switches(figures: &mut Figures, (voluntary, involuntary): (u64, u64)) {
    figures.set(Figure::Voluntary, voluntary);
    figures.set(Figure::Involuntary, involuntary);
}

fn read_io(process: &Process, figures: &mut Figures, reader: &mut Reader<'_>) {
    if !reader.due.contains_any(&[Metric::DiskIo, Metric::DiskOperations]) {
        return;
    }
    let io = parse(process, PidFile::Io, Reading::Io, reader, Io::parse);
    figures.set(Figure::ReadBytes, io.map(|io| io.read_bytes));
    figures.set(Figure::WrittenBytes, io.map(|io| io.written_bytes));
    figures.set(Figure::ReadCalls, io.map(|io| io.read_calls));
    figures.set(Figure::WriteCalls, io.map(|io| io.write_calls));
}

/// Figures that are one number each.
fn read_counts(process: &Process, figures: &mut Figures, reader: &mut Reader<'_>) {
    let due = reader.due;
    if due.contains(Metric::Descriptors) {
        let count = process.descriptor_count();
        if let Err(error) = &count {
            tell(process, Reading::Descriptors, error, reader);
        }
        figures.set(Figure::DescriptorCount, count.ok());
    }
    if due.contains(Metric::DescriptorLimit) {
        let limit = parse(
            process,
            PidFile::Limits,
            Reading::Limits,
            reader,
            open_files_limit,
        );
        figures.set(Figure::MostDescriptors, limit);
    }
    if due.contains(Metric::MemoryPss) {
        let rollup = parse(
            process,
            PidFile::SmapsRollup,
            Reading::SmapsRollup,
            reader,
            SmapsRollup::parse,
        );
        figures.set(
            Figure::Proportional,
            rollup.map(|rollup| rollup.proportional_bytes),
        );
    }
    if due.contains(Metric::OomScore) {
        let score = parse(process, PidFile::OomScore, Reading::OomScore, reader, |text| {
            std::str::from_utf8(text).ok()?.trim().parse().ok()
        });
        figures.set(Figure::KillScore, score);
    }
}

/// What is told by each thread.
fn read_threads(
    process: &Process,
    figures: &mut Figures,
    switches: &mut ThreadSwitches,
    reader: &mut Reader<'_>,
) {
    let is_single = is_single_threaded(figures, switches);
    let asks_for_switches = reader.due.contains(Metric::ContextSwitches) && !is_single;
    let asks_for_children = reader.due.contains(Metric::Children);
    if !asks_for_switches && !asks_for_children {
        return;
    }
    let (mut children, mut told) = (0, false);
    if asks_for_switches {
        switches.begin();
    }
    let walked = process.each_thread(|thread| {
        if asks_for_children && let Ok(pids) = thread.children(reader.buffer) {
            children += pids.count() as u64;
            told = true;
        }
        if asks_for_switches
            && let Ok(text) = thread.read(PidFile::Status, reader.buffer)
            && let Some(status) = Status::parse(text)
        {
            switches.take(thread.tid(), &status);
        }
    });
    if let Err(error) = walked {
        tell(process, Reading::Threads, &error, reader);
    }
    if asks_for_switches {
        set_switches(figures, switches.end());
    }
    if asks_for_children {
        figures.set(Figure::ChildCount, told.then_some(children));
    }
}
