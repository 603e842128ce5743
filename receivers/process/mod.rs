#![doc = include_str!("README.md")]

mod cgroup_watch;
mod config;
mod descriptor_allowance;
mod exits;
mod failures;
mod figures;
mod headline;
mod info;
mod links;
mod logical_process;
mod masking;
mod member;
mod metrics;
mod process_list;
mod receiver;
mod schedule;
mod selector;
mod target;
mod thread_switches;
mod watch;

#[cfg(test)]
mod tests;

use sidelight_component::{About, Signal};

pub use config::{Config, Match, MatchType, MetricTiming, Target};
pub use metrics::Metric;

/// What the list of receivers says about this one.
pub const ABOUT: About = About {
    name: "process",
    aliases: &[],
    signals: &[Signal::Metrics],
    readme: include_str!("README.md"),
};
