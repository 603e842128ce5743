#![doc = include_str!("README.md")]

mod config;
mod discovery;
mod encryption;
mod fetch;
mod job;
mod labels;
mod meters;
mod names;
mod pool;
mod receiver;
mod relabel;
mod scraper;
mod series;
mod target;
#[cfg(test)]
mod tests;

use sidelight_component::{About, Signal};

pub use config::Config;

/// What the list of receivers says about this one.
pub const ABOUT: About = About {
    name: "prometheus",
    aliases: &[],
    signals: &[Signal::Metrics],
    readme: include_str!("README.md"),
};
