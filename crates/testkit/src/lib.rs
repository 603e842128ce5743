//! What every component has to keep, checked for all of them at once; and what tests of several crates share.
//!
//! The suite is run by `tests/conformance.rs` over the lists of the role crates. It is not for what a
//! component does: that is tested in its folder, with the requests, peers and rigs that are here when a second
//! folder needs them.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

pub mod answers;
pub mod component;
pub mod example;
pub mod exporter;
pub mod folders;
pub mod http2_frames;
pub mod readme;
pub mod requests;
pub mod scripted_http1;
pub mod scripted_http2;

use sidelight_component::{About, Role};
use sidelight_config::Table;

/// A component as the suite sees it.
#[derive(Clone)]
pub struct Subject {
    /// Its role.
    pub role: Role,
    /// What it says about itself.
    pub about: About,
    /// Its settings.
    pub table: Table,
}

impl Subject {
    /// The path of its README below the repository's root.
    pub fn readme_path(&self) -> String {
        format!("{}/{}/README.md", self.role.section(), self.about.name)
    }
}
