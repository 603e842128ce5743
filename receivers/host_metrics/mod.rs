#![doc = include_str!("README.md")]

mod config;
mod connections;
mod cpu;
mod described;
mod disk;
mod filesystem;
mod filter;
mod headline;
mod host;
mod kernel_file;
mod known;
mod load;
mod memory;
mod names;
mod network;
mod paging;
mod patient;
mod process;
mod process_figures;
mod processes;
mod sampler;
mod scraper;
mod system;

#[cfg(test)]
mod tests;

use sidelight_component::{
    About, BuildContext, BuildError, DrainSignal, Outputs, Receiver, ReceiverConfig, ReceiverError, Signal,
    async_trait,
};

pub use config::{Config, Scrapers};
use sampler::HostSampler;

/// What the list of receivers says about this one.
pub const ABOUT: About = About {
    name: "host_metrics",
    aliases: &["hostmetrics"],
    signals: &[Signal::Metrics],
    readme: include_str!("README.md"),
};

impl ReceiverConfig for Config {
    fn holds_back(&self) -> bool {
        false
    }

    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Receiver>, BuildError> {
        Ok(Box::new(HostMetrics {
            config: self.clone(),
            cx: cx.clone(),
        }))
    }
}

struct HostMetrics {
    config: Config,
    cx: BuildContext,
}

#[async_trait]
impl Receiver for HostMetrics {
    /// Samples until told to drain.
    async fn run(self: Box<Self>, outputs: Outputs, drain: DrainSignal) -> Result<(), ReceiverError> {
        let Self { config, cx } = *self;
        let sampler = HostSampler::new(&config, &cx);
        crate::sampling::run(sampler, config.timing, cx.clock, cx.status, outputs, drain).await
    }
}
