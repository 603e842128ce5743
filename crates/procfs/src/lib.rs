//! The kernel's figures of a host and its processes, read through descriptors that stay open.
//!
//! For everyone who samples: the receivers `process` and `host_metrics`, the program's own figures, the summary on
//! the terminal. It is not for other systems than Linux and makes no telemetry.
//!
//! ```text
//! KeptFile ─ pread into one buffer ─▶ host::…, pid::… (parsers over text) ─▶ plain structs of numbers
//! ```
//!
//! Start reading with [`KeptFile`].

mod kept_file;
pub mod pid;
mod record;
mod text;

pub use kept_file::KeptFile;
