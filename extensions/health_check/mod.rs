#![doc = include_str!("README.md")]

mod answer;
mod config;
mod extension;
#[cfg(test)]
mod tests;

use sidelight_component::About;

pub use config::{Config, ResponseBody};

/// What the list of extensions says about this one.
pub const ABOUT: About = About {
    name: "health_check",
    aliases: &[],
    signals: &[],
    readme: include_str!("README.md"),
};
