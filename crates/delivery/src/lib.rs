#![doc = include_str!("../README.md")]

mod attempt;
mod backoff;
mod build;
mod cut;
mod deadlines;
mod dispatcher;
mod durable;
mod entry;
mod fresh;
mod journal;
mod ledger;
mod meters;
mod pace;
mod part;
mod parts;
mod queue;
mod queue_state;
mod retrying;
mod rules;
mod settle;
mod status;

#[cfg(test)]
mod tests;

pub use build::{QueueConfig, queue};
pub use durable::{QueueOnDisk, Storage};
pub use ledger::{DropReason, QueueLedger, RejectReason};
pub use queue::{Full, Queue, Reservation, Undelivered};
pub use status::ExporterStatus;
