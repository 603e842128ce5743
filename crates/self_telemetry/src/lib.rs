//! What the program tells about itself.

pub mod admin;
pub mod exposition;
pub mod ledger;
pub mod logging;
pub mod process;
pub mod settings;
pub mod summary;
