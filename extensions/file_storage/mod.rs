#![doc = include_str!("README.md")]

mod config;
#[cfg(test)]
mod tests;

use sidelight_component::About;

pub use config::Config;

/// What the list of extensions says about this one.
pub const ABOUT: About = About {
    name: "file_storage",
    aliases: &[],
    signals: &[],
    readme: include_str!("README.md"),
};
