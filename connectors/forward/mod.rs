#![doc = include_str!("README.md")]

use sidelight_component::{
    ALL_SIGNALS, About, Batch, BuildContext, BuildError, ConnectorConfig, Now, Out, Processor, Signal,
};
use sidelight_config::settings;

/// What the list of connectors says about this one.
pub const ABOUT: About = About {
    name: "forward",
    aliases: &[],
    signals: ALL_SIGNALS,
    readme: include_str!("README.md"),
};

settings! {
    /// Settings of the `forward` connector: there are none.
    pub struct Config {
    }
}

impl ConnectorConfig for Config {
    const JOINS: &'static [(Signal, Signal)] = &[
        (Signal::Traces, Signal::Traces),
        (Signal::Metrics, Signal::Metrics),
        (Signal::Logs, Signal::Logs),
    ];

    fn build(&self, _: &BuildContext) -> Result<Box<dyn Processor>, BuildError> {
        Ok(Box::new(Forward))
    }
}

struct Forward;

impl Processor for Forward {
    fn process(&mut self, batch: Batch, _: Now, out: &mut Out) {
        out.push(batch);
    }
}
