//! The words of the host's telemetry in both spellings: the one table of what was renamed.
//!
//! Left: the semantic conventions 1.44. Right: what the Collector's receiver emits in 0.157.

use crate::sampling::Term;

/// `system.cpu.time` and others: what the processor did.
pub(super) const CPU_MODE: Term = Term::renamed("cpu.mode", "state");
/// The number of a processor; the Collector gives its name, `cpu0`.
pub(super) const CPU: Term = Term::renamed("cpu.logical_number", "cpu");
pub(super) const USER: Term = Term::same("user");
pub(super) const NICE: Term = Term::same("nice");
pub(super) const SYSTEM: Term = Term::same("system");
pub(super) const IDLE: Term = Term::same("idle");
pub(super) const IOWAIT: Term = Term::renamed("iowait", "wait");
pub(super) const INTERRUPT: Term = Term::same("interrupt");
/// The conventions count soft interrupts as interrupts.
pub(super) const SOFTIRQ: Term = Term::renamed("interrupt", "softirq");
pub(super) const STEAL: Term = Term::same("steal");

pub(super) const MEMORY_STATE: Term = Term::renamed("system.memory.state", "state");
pub(super) const SLAB_STATE: Term = Term::renamed("system.memory.linux.slab.state", "state");
pub(super) const HUGE_PAGES_STATE: Term = Term::same("system.memory.linux.hugepages.state");
pub(super) const USED: Term = Term::same("used");
pub(super) const FREE: Term = Term::same("free");
pub(super) const CACHED: Term = Term::same("cached");
pub(super) const BUFFERS: Term = Term::renamed("buffers", "buffered");
pub(super) const RECLAIMABLE: Term = Term::same("reclaimable");
pub(super) const UNRECLAIMABLE: Term = Term::same("unreclaimable");
/// States of memory that only the Collector has; the conventions have metrics of their own for them.
pub(super) const SLAB_RECLAIMABLE: Term = Term::same("slab_reclaimable");
pub(super) const SLAB_UNRECLAIMABLE: Term = Term::same("slab_unreclaimable");

pub(super) const DEVICE: Term = Term::renamed("system.device", "device");
pub(super) const DISK_DIRECTION: Term = Term::renamed("disk.io.direction", "direction");
pub(super) const READ: Term = Term::same("read");
pub(super) const WRITE: Term = Term::same("write");

pub(super) const FILE_SYSTEM_STATE: Term = Term::renamed("system.filesystem.state", "state");
pub(super) const MOUNT_POINT: Term = Term::renamed("system.filesystem.mountpoint", "mountpoint");
pub(super) const FS_TYPE: Term = Term::renamed("system.filesystem.type", "type");
pub(super) const FS_MODE: Term = Term::renamed("system.filesystem.mode", "mode");
pub(super) const RESERVED: Term = Term::same("reserved");

pub(super) const INTERFACE: Term = Term::renamed("network.interface.name", "device");
pub(super) const NETWORK_DIRECTION: Term = Term::renamed("network.io.direction", "direction");
pub(super) const RECEIVE: Term = Term::same("receive");
pub(super) const TRANSMIT: Term = Term::same("transmit");
pub(super) const TRANSPORT: Term = Term::renamed("network.transport", "protocol");
pub(super) const TCP: Term = Term::same("tcp");
pub(super) const UDP: Term = Term::same("udp");
pub(super) const CONNECTION_STATE: Term = Term::renamed("network.connection.state", "state");
/// The states of a TCP connection in the order of their numbers in the kernel.
pub(super) const CONNECTION_STATES: [Term; 11] = [
    Term::renamed("established", "ESTABLISHED"),
    Term::renamed("syn_sent", "SYN_SENT"),
    Term::renamed("syn_received", "SYN_RECV"),
    Term::renamed("fin_wait_1", "FIN_WAIT_1"),
    Term::renamed("fin_wait_2", "FIN_WAIT_2"),
    Term::renamed("time_wait", "TIME_WAIT"),
    Term::renamed("closed", "CLOSE"),
    Term::renamed("close_wait", "CLOSE_WAIT"),
    Term::renamed("last_ack", "LAST_ACK"),
    Term::renamed("listen", "LISTEN"),
    Term::renamed("closing", "CLOSING"),
];

pub(super) const PAGING_STATE: Term = Term::renamed("system.paging.state", "state");
pub(super) const PAGING_DIRECTION: Term = Term::renamed("system.paging.direction", "direction");
pub(super) const IN: Term = Term::renamed("in", "page_in");
pub(super) const OUT: Term = Term::renamed("out", "page_out");
pub(super) const FAULT_TYPE: Term = Term::renamed("system.paging.fault.type", "type");
pub(super) const MAJOR: Term = Term::same("major");
pub(super) const MINOR: Term = Term::same("minor");

pub(super) const PROCESS_STATE: Term = Term::renamed("process.state", "status");
pub(super) const RUNNING: Term = Term::same("running");
pub(super) const SLEEPING: Term = Term::same("sleeping");
pub(super) const STOPPED: Term = Term::same("stopped");
pub(super) const DEFUNCT: Term = Term::renamed("defunct", "zombies");
/// States of processes that only the Collector tells from sleeping.
pub(super) const BLOCKED: Term = Term::same("blocked");
pub(super) const IDLE_PROCESS: Term = Term::same("idle");
pub(super) const UNKNOWN: Term = Term::same("unknown");

pub(super) const PRESSURE_RESOURCE: Term = Term::same("sidelight.pressure.resource");
pub(super) const PRESSURE_SHARE: Term = Term::same("sidelight.pressure.share");
pub(super) const SOME: Term = Term::same("some");
pub(super) const FULL: Term = Term::same("full");
pub(super) const PRESSED_CPU: Term = Term::same("cpu");
pub(super) const PRESSED_MEMORY: Term = Term::same("memory");
pub(super) const PRESSED_IO: Term = Term::same("io");

/// Waiting for a disk; the conventions have `wait` among the modes of a process.
pub(super) const WAIT: Term = Term::same("wait");
pub(super) const SWITCH_TYPE: Term = Term::renamed("process.context_switch.type", "type");
pub(super) const VOLUNTARY: Term = Term::same("voluntary");
pub(super) const INVOLUNTARY: Term = Term::same("involuntary");
