#![doc = include_str!("../README.md")]

mod end;
mod format;
mod fs;
mod log;
mod range_set;
mod record;
mod scan;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use end::{End, Live, Outcome, Totals, share};
pub use fs::{Fs, FsFile, RealFile, RealFs};
pub use log::inspect;
pub use log::{AppendError, Flush, Flushed, Log, LogStatus, OpenError, Options, Sync};
pub use record::{Block, NewRecord, ReadLimit, Record};
