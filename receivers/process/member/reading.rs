//! What is read of a process for metrics that are due.

use std::io;

use sidelight_procfs::host::ticks_per_second;
use sidelight_procfs::pid::{Io, PidFile, Process, SmapsRollup, Statm, Status, has_ended, open_files_limit};

use super::{Handle, Member, Reader, STATUS_METRICS};
use crate::process::failures::Reading;
use crate::process::figures::{Figure, Figures};
use crate::process::metrics::Metric;
use crate::process::thread_switches::ThreadSwitches;

/// Limits are read again after this time.
const LIMITS_SECONDS: u64 = 60;

impl Member {
    /// Reads what the metrics that are due are made of.
    pub(in crate::process) fn read(&mut self, reader: &mut Reader<'_>) {
        let Ok(process) = Handle::of(self.held.as_ref(), reader.dir, self.identity.pid) else {
            // Where it has ended by now the next look says so.
            return;
        };
        read_memory(&process, &mut self.figures, reader);
        let status = read_status(&process, &mut self.figures, &mut self.switches, reader);
        self.allowed_cpus = status.map_or(self.allowed_cpus, |status| status.allowed_cpus);
        read_io(&process, &mut self.figures, reader);
        read_counts(&process, &mut self.figures, reader);
        read_limits(&process, &mut self.figures, &mut self.limits_read, reader);
        read_threads(&process, &mut self.figures, &mut self.switches, reader);
    }
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

/// The limit of descriptors, once in a while: hardly anybody changes it.
fn read_limits(process: &Process, figures: &mut Figures, last: &mut Option<u64>, reader: &mut Reader<'_>) {
    let is_old = |read: u64| reader.uptime_ticks.saturating_sub(read) >= LIMITS_SECONDS * ticks_per_second();
    if reader.due.contains(Metric::DescriptorLimit) && last.is_none_or(is_old) {
        let limit = parse(
            process,
            PidFile::Limits,
            Reading::Limits,
            reader,
            open_files_limit,
        );
        figures.set(Figure::MostDescriptors, limit);
        *last = Some(reader.uptime_ticks);
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
    if is_single {
        let children = process.children_of_first_thread(reader.buffer);
        figures.set(Figure::ChildCount, children.ok().map(|pids| pids.count() as u64));
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
