#![doc = include_str!("README.md")]

use std::time::Duration;

use sidelight_component::{
    ALL_SIGNALS, About, Batch, BuildContext, BuildError, Load, Now, Out, Overloaded, Processor,
    ProcessorConfig,
};
use sidelight_config::{Fields, Reader, settings};

#[cfg(test)]
mod tests;

/// What the list of processors says about this one.
pub const ABOUT: About =
    About { name: "memory_limiter", aliases: &[], signals: ALL_SIGNALS, readme: include_str!("README.md") };

/// What a refused sender is told to wait.
const RETRY_AFTER: Duration = Duration::from_secs(1);

settings! {
    /// Settings of the `memory_limiter` processor.
    pub struct Config {
        /// The most MiB of data that this pipeline may keep under way. 0: the percentage decides.
        limit_mib: u64 = 0,
        /// Room below the limit at which refusing begins, in MiB. 0: a fifth of the limit.
        spike_limit_mib: u64 = 0,
        /// The limit as a share of the memory budget, in per cent. Used where `limit_mib` is 0.
        limit_percentage: u64 = 0,
        /// The spike room as a share of the memory budget, in per cent.
        spike_limit_percentage: u64 = 0,
        /// The Collector's interval between two looks at its memory. Sidelight counts bytes as they come and
        /// has nothing to look at; the setting is accepted and has no effect.
        check_interval: Duration = Duration::ZERO,
    }
    unsupported {
        harmless "min_gc_interval_when_soft_limited" => "there is no garbage collector; leave it out",
        harmless "min_gc_interval_when_hard_limited" => "there is no garbage collector; leave it out",
    }
}
