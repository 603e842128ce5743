//! A queue on disk: one log, one thread that owns it, and what is in memory of it.
//!
//! ```text
//! enqueue ─▶ Mailbox ─▶ Keeper ─▶ append ─▶ ack ─▶ window ─▶ dispatcher ─▶ exporter
//!                ▲         │ ▲                                   │
//!                │         ▼ │ read, while the window has room   │
//!                │        log ──▶ Flusher (syncs, removes)       │
//!                └──────────────────── ends ◀────────────────────┘
//! ```
//!
//! The dispatcher does not know where its parts came from. The log itself is `sidelight_wal`.

mod flusher;
mod keeper;
mod letters;
mod loading;
mod lock;
mod mailbox;
mod outcome;
mod storage;
mod storage_meters;
mod trouble;
mod window;

pub(crate) use flusher::Flusher;
pub(crate) use keeper::{Keeper, Reading};
pub(crate) use mailbox::Mailbox;
pub(crate) use outcome::Restored;
pub use storage::{QueueOnDisk, Storage};
pub(crate) use storage_meters::StorageMeters;
pub(crate) use window::Window;
