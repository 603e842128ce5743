//! What is measured: the table of metrics.

use crate::sampling::{Term, metric_table};

pub(super) const CPU_MODE: Term = Term::renamed("cpu.mode", "state");
pub(super) const DIRECTION: Term = Term::renamed("disk.io.direction", "direction");
pub(super) const SWITCH_TYPE: Term = Term::renamed("process.context_switch.type", "type");
pub(super) const FAULT_TYPE: Term = Term::renamed("system.paging.fault.type", "type");
pub(super) const TRANSPORT: Term = Term::same("network.transport");
pub(super) const CONNECTION_STATE: Term = Term::same("network.connection.state");
pub(super) const PATTERN: Term = Term::same("pattern");
pub(super) const EXIT_CAUSE: Term = Term::same("sidelight.process.exit.cause");
pub(super) const MEMORY_KIND: Term = Term::same("sidelight.process.memory.kind");
pub(super) const EVENT: Term = Term::same("sidelight.process.cgroup.event");
pub(super) const RESOURCE: Term = Term::same("sidelight.pressure.resource");
pub(super) const STALLED: Term = Term::same("sidelight.pressure.share");

pub(super) const PID: Term = Term::same("process.pid");
pub(super) const CREATION_TIME: Term = Term::same("process.creation.time");
pub(super) const COMMAND: Term = Term::same("process.command");
pub(super) const COMMAND_ARGS: Term = Term::same("process.command_args");
pub(super) const OWNER: Term = Term::same("process.owner");
pub(super) const EXECUTABLE_NAME: Term = Term::same("process.executable.name");
pub(super) const EXECUTABLE_PATH: Term = Term::same("process.executable.path");

metric_table! {
    /// Metrics of a process.
    pub enum Metric {
        /// Time on processors.
        CpuTime = Counter "process.cpu.time" "s" on [CPU_MODE];
        /// Share of the processors it may use (affinity, quota of its cgroup), since the last point; 0 to 1.
        CpuUtilization = Gauge "process.cpu.utilization" "1" off [CPU_MODE];
        /// Physical memory in use: RSS.
        MemoryUsage = UpDownCounter "process.memory.usage" "By" on [];
        /// Address space.
        MemoryVirtual = UpDownCounter "process.memory.virtual" "By" on [];
        /// RSS as a share of the host's memory; 0 to 1, under `legacy` 0 to 100 as the Collector has it.
        MemoryUtilization = Gauge "process.memory.utilization" "1" off [];
        /// Bytes that disks were asked for; what the page cache answered is not among them.
        DiskIo = Counter "process.disk.io" "By" on [DIRECTION];
        /// Calls of `read`, `write` and the like, to whatever file or socket.
        DiskOperations = Counter "process.disk.operations" "{operation}" on [DIRECTION];
        /// Threads.
        Threads = UpDownCounter "process.thread.count" "{thread}" on [] was "process.threads";
        /// Open file descriptors.
        Descriptors = UpDownCounter "process.unix.file_descriptor.count" "{file_descriptor}" on []
            was "process.open_file_descriptors";
        /// Times that its threads left a processor.
        ContextSwitches = Counter "process.context_switches" "{context_switch}" on [SWITCH_TYPE];
        /// Page faults; major ones needed the disk.
        PagingFaults = Counter "process.paging.faults" "{fault}" on [FAULT_TYPE];
        /// Signals that wait to be taken.
        SignalsPending = UpDownCounter "process.signals_pending" "{signal}" off [];
        /// Time since it started.
        Uptime = Gauge "process.uptime" "s" on [];

        /// 1 while it runs, else 0.
        Up = Gauge "sidelight.process.up" "1" on [];
        /// Times that it was found again after it had ended.
        Restarts = Counter "sidelight.process.restarts" "{restart}" on [];
        /// Times that it ended, by cause: `oom_kill`, `signal`, `error` (an exit status other than 0), `success`,
        /// `unknown`.
        Exits = Counter "sidelight.process.exits" "{exit}" on [EXIT_CAUSE];
        /// 1, with what the process at hand is.
        Info = Gauge "sidelight.process.info" "1" on
            [PID, CREATION_TIME, COMMAND, COMMAND_ARGS, OWNER, EXECUTABLE_NAME, EXECUTABLE_PATH];
        /// Processes that are added up here; 1 but for `match: sum`.
        Processes = UpDownCounter "sidelight.process.count" "{process}" on [];
        /// Its children that run, or have ended and were not waited for.
        Children = UpDownCounter "sidelight.process.child.count" "{process}" on [];
        /// Open files by the patterns of `open_files`.
        OpenFiles = UpDownCounter "sidelight.process.open_files" "{file}" on [PATTERN];
        /// Its sockets.
        Sockets = UpDownCounter "sidelight.process.socket.count" "{socket}" off [TRANSPORT, CONNECTION_STATE];
        /// The most descriptors that it may have open (soft limit).
        DescriptorLimit = Gauge "sidelight.process.file_descriptor.limit" "{file_descriptor}" on [];
        /// RSS by kind: `anon` (heap, stacks), `file` (code, mapped files), `shmem`.
        MemoryRss = UpDownCounter "sidelight.process.memory.rss" "By" on [MEMORY_KIND];
        /// The most RSS there ever was.
        MemoryPeak = Gauge "sidelight.process.memory.peak" "By" on [];
        /// Swapped out.
        MemorySwap = UpDownCounter "sidelight.process.memory.swap" "By" on [];
        /// Memory with what is shared divided among its users: PSS. Dear: the kernel walks all pages.
        MemoryPss = UpDownCounter "sidelight.process.memory.pss" "By" off [];
        /// How likely it is the one to be killed when memory runs out; 0 to 2000.
        OomScore = Gauge "sidelight.process.oom_score" "1" off [];

        /// Processor time of its cgroup.
        CgroupCpuTime = Counter "sidelight.process.cgroup.cpu.time" "s" on [CPU_MODE];
        /// The most processors that its cgroup may use.
        CgroupCpuLimit = Gauge "sidelight.process.cgroup.cpu.limit" "{cpu}" on [];
        /// Periods of that limit.
        CgroupCpuPeriods = Counter "sidelight.process.cgroup.cpu.periods" "{period}" on [];
        /// Periods in which the limit was reached.
        CgroupThrottledPeriods = Counter "sidelight.process.cgroup.cpu.throttled.periods" "{period}" on [];
        /// Time for which the cgroup was held back.
        CgroupThrottledTime = Counter "sidelight.process.cgroup.cpu.throttled.time" "s" on [];
        /// Memory of its cgroup, page cache included.
        CgroupMemoryUsage = UpDownCounter "sidelight.process.cgroup.memory.usage" "By" on [];
        /// The most memory of its cgroup.
        CgroupMemoryLimit = Gauge "sidelight.process.cgroup.memory.limit" "By" on [];
        /// Times that memory of its cgroup ran short: `low`, `high`, `max`, `oom`, `oom_kill`.
        CgroupMemoryEvents = Counter "sidelight.process.cgroup.memory.events" "{event}" on [EVENT];
        /// Processes and threads in its cgroup.
        CgroupPids = UpDownCounter "sidelight.process.cgroup.pids.count" "{thread}" on [];
        /// The most of them.
        CgroupPidsLimit = Gauge "sidelight.process.cgroup.pids.limit" "{thread}" on [];
        /// Bytes that its cgroup moved from and to disks.
        CgroupDiskIo = Counter "sidelight.process.cgroup.disk.io" "By" on [DIRECTION];
        /// Requests for it.
        CgroupDiskOperations = Counter "sidelight.process.cgroup.disk.operations" "{operation}" on [DIRECTION];
        /// Time for which `some` or `full` (all) of its cgroup stood still for want of `cpu`, `memory` or `io`.
        CgroupPressure = Counter "sidelight.process.cgroup.pressure.time" "s" on [RESOURCE, STALLED];
    }
}
