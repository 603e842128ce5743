//! The write-ahead log of a durable queue. The reasons and the format are in `docs/rfcs/0004-durable-queue.md`.

mod end;
mod fs;
mod log;
mod record;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use end::{End, Live, Outcome, Totals};
pub use fs::{Fs, FsFile, RealFs};
pub use log::{AppendError, Flush, Flushed, Log, LogStatus, OpenError, Options, Sync};
pub use record::{Block, NewRecord, ReadLimit, Record};
