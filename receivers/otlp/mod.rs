#![doc = include_str!("README.md")]

mod config;
mod door;
mod grpc;
mod http;
mod reply;
mod service;
#[cfg(test)]
mod tests;
mod unread;

use sidelight_component::{ALL_SIGNALS, About};

pub use config::Config;

/// What the list of receivers says about this one.
pub const ABOUT: About = About {
    name: "otlp",
    aliases: &[],
    signals: ALL_SIGNALS,
    readme: include_str!("README.md"),
};
