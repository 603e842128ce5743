//! What every component has to keep, checked for all of them at once.
//!
//! The suite is run by `tests/conformance.rs` over the lists of the role crates. It is not for what a
//! component does: that is tested in its folder.

pub mod example;
pub mod folders;
pub mod readme;

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
