//! The kernel's figures of a host and its processes, read through descriptors that stay open.
//!
//! For everyone who samples: the receivers `process` and `host_metrics`, the program's own figures, the summary on
//! the terminal. It is not for other systems than Linux and makes no telemetry.
//!
//! ```text
//! KeptFile ─ pread into one buffer ─▶ host::…, pid::… (parsers over text) ─▶ plain structs of numbers
//! ```
//!
//! Start reading with [`KeptFile`] and [`Pids`].

#[cfg(target_os = "linux")]
pub mod cgroup;
mod fields;
pub mod host;
mod kept_file;
#[cfg(target_os = "linux")]
pub mod pid;
#[cfg(target_os = "linux")]
mod pids;
#[cfg(target_os = "linux")]
mod record;

pub use kept_file::KeptFile;
#[cfg(target_os = "linux")]
pub use pids::{MAX_PIDS, Pids, ProcDir, WalkError, own_descriptor_limit};
