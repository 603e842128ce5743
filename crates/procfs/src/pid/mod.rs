//! Processes: `/proc/<pid>`.
//!
//! ```text
//! Pids ─ for_each ─▶ ProcDir::read(pid, "stat") ─▶ Stat::parse    all processes: one open, read, close each
//!   └ dir ─▶ ProcDir::process(pid) ─▶ Process ─ keep ─▶ read      one process for long: one pread for each file, and
//!                                                                 no other process is ever taken for it
//! ```
//!
//! Everything is read into a buffer of the caller's, who keeps it: a sample allocates nothing. The parsers are
//! functions of the text alone.

mod cgroup;
mod cmdline;
mod descriptors;
mod entries;
mod io;
mod limits;
mod process;
mod smaps_rollup;
mod sockets;
mod stat;
mod statm;
mod status;
mod threads;

#[cfg(test)]
mod tests;

pub use cgroup::{is_below, unified_path};
pub use cmdline::arguments;
pub use descriptors::{MAX_DESCRIPTORS, socket_inode};
pub use io::Io;
pub use limits::open_files_limit;
pub use process::{PidFile, Process, has_ended};
pub use smaps_rollup::SmapsRollup;
pub use sockets::{SocketTable, Transport, state_name};
pub use stat::Stat;
pub use statm::Statm;
pub use status::Status;
pub use threads::{MAX_THREADS, Thread};
