#![doc = include_str!("README.md")]

mod attributes;
mod catalogue;
mod checkpoints;
mod config;
mod content;
mod discovery;
mod file;
mod forms;
mod identity;
mod leaving;
mod looking;
mod meeting;
mod meters;
mod open_file;
mod opening;
mod reading;
mod receiver;
mod settling;
mod surveying;
mod tailer;
mod twins;
mod watching;

#[cfg(test)]
mod tests;

use sidelight_component::{About, BuildContext, BuildError, Receiver, ReceiverConfig, Sampler, Signal};

use crate::log_lines::sample_attributes;

pub use config::{Compression, Config, OrderingCriteria, SortBy, SortType, StartAt};
use receiver::FileLog;

/// What the list of receivers says about this one.
pub const ABOUT: About = About {
    name: "file_log",
    aliases: &["filelog"],
    signals: &[Signal::Logs],
    readme: include_str!("README.md"),
};

impl ReceiverConfig for Config {
    fn sampler(&self, cx: &BuildContext) -> Result<Option<Box<dyn Sampler>>, BuildError> {
        self.lines.sampler(sample_attributes(), cx)
    }

    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Receiver>, BuildError> {
        Ok(Box::new(FileLog::new(self, cx)?))
    }
}
