//! The queue before a scripted exporter, in paused time.

mod acknowledging;
mod batching;
mod draining;
mod on_disk;
mod panicking;
mod parts;
mod property;
mod refusing;
mod reserving;
mod retrying;
mod rig;
