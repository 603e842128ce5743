#![doc = include_str!("README.md")]

mod input;
mod receiver;

use std::path::PathBuf;

use sidelight_component::{
    About, BuildContext, BuildError, Receiver, ReceiverConfig, Resource, Sampler, Signal,
};
use sidelight_config::settings;

use crate::log_lines::LineSettings;
use receiver::Stdin;

/// What the list of receivers says about this one.
pub const ABOUT: About = About {
    name: "stdin",
    aliases: &[],
    signals: &[Signal::Logs],
    readme: include_str!("README.md"),
};

settings! {
    /// Settings of the `stdin` receiver.
    pub struct Config {
        /// From bytes to records.
        flatten lines: LineSettings,
    }
}

impl ReceiverConfig for Config {
    fn resources(&self) -> Vec<Resource> {
        vec![Resource::Write {
            path: PathBuf::from("/dev/stdin"),
            setting: String::new(),
        }]
    }

    fn ends_the_program(&self) -> bool {
        true
    }

    fn sampler(&self, cx: &BuildContext) -> Result<Option<Box<dyn Sampler>>, BuildError> {
        self.lines.sampler(self.lines.attributes(), cx)
    }

    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Receiver>, BuildError> {
        Ok(Box::new(Stdin::new(self, cx)?))
    }
}
