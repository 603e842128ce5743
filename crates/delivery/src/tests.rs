//! The queue before a scripted exporter, in paused time.

mod acknowledging;
mod batching;
mod draining;
mod panicking;
mod property;
mod refusing;
mod reserving;
mod retrying;
mod rig;
mod parts;
