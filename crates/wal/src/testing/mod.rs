//! For tests: a disk in memory that tears, forgets, refuses and is damaged, always the same way for one seed.
//!
//! [`TornFs`] keeps apart what a program *sees* (the page cache) and what the disk *has* (what was synced), for contents and for
//! names. [`TornFs::power_cut`] and [`TornFs::kill`] leave the machine as it is and return another one, as it would be found at the next start,
//! so one moment can be cut off in many ways. What fails, and when, is planned with [`Fault`]s.
//!
//! Where to start reading: `torn_fs.rs` (what can be done), `machine.rs` (how a call goes), `disk.rs` (what is seen and what is there), `power_cut.rs` (what survives).

mod disk;
mod fault;
mod machine;
mod power_cut;
mod random;
mod torn_fs;

pub use fault::{Call, Fault, Refusal};
pub use machine::TornFile;
pub use random::Random;
pub use torn_fs::TornFs;

#[cfg(test)]
mod tests;
