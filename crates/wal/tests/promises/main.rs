//! What the log promises, against a file system that tears, forgets and refuses.
//!
//! | module | what happens | what must hold |
//! |---|---|---|
//! | `model` | nothing bad; every order of calls | the log is the plain list of `world` |
//! | `power` | power cuts at any call, several in a row | answered and synced records are there, nothing is invented |
//! | `kill` | the process ends at each call | answered records are there, written ends stay |
//! | `failing` | each call fails, once or for a while, or panics | nothing answered is lost, it goes on |
//! | `damage` | each byte flipped, each length, each block zeroed | only what was touched is missing, and is counted |
//! | `full` | no room on the disk | ends are still written, room comes back |
//! | `numbers` | ordinals and file numbers at 2^32 and 2^64 | as everywhere |
//!
//! `WAL_SEEDS` says how many seeds the random ones run (500), `WAL_SEED` runs one. Where to start reading: `world.rs`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "what fails here is what is looked for; how many seeds ran is printed"
)]

mod damage;
mod entry;
mod failing;
mod found;
mod frames;
mod full;
mod kill;
mod model;
mod numbers;
mod power;
mod seeds;
mod step;
mod world;
