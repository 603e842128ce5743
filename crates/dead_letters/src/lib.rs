#![doc = include_str!("../README.md")]

mod amending;
mod folder;
mod format;
mod name;
mod reading;

pub use amending::amend;
pub use folder::{DeadLetters, Letter, Put};
pub use format::{Damage, Header, MAX_LETTER_BYTES, Why};
pub use name::LetterId;
pub use reading::{Listed, Opened, Unreadable, list, read, remove, sync_folder};
