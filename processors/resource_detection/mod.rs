#![doc = include_str!("README.md")]

mod config;
mod detection;
mod detectors;
mod found;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use sidelight_component::{
    ALL_SIGNALS, About, Batch, Budget, BuildContext, BuildError, Load, Now, Out, Overloaded, Processor,
    ProcessorConfig,
};

pub use self::config::{Config, ContainerConfig, HostnameSource, SystemConfig, SystemdConfig, Toggle};
use self::detection::{Detection, Schedule};
use self::detectors::{Detector, Surroundings};
use self::found::Written;
use crate::rewriting::rewrite_batch;

/// What the list of processors says about this one.
pub const ABOUT: About = About {
    name: "resource_detection",
    aliases: &["resourcedetection"],
    signals: ALL_SIGNALS,
    readme: include_str!("README.md"),
};

/// What a sender is told to wait whose data comes before the detectors have answered.
const RETRY_AFTER: Duration = Duration::from_millis(500);

impl ProcessorConfig for Config {
    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Processor>, BuildError> {
        Ok(Box::new(ResourceDetection::new(self, cx, Surroundings::real())))
    }
}

struct ResourceDetection {
    detection: Detection,
    replaces: bool,
    /// Until then data waits for detectors that have not answered.
    waits_until: Instant,
    schedule: Schedule,
    budget: Budget,
}

impl ResourceDetection {
    fn new(config: &Config, cx: &BuildContext, at: Surroundings) -> Self {
        let now = cx.clock.now();
        let detection = Detection::new(Detector::all(config), at, cx.id.to_string(), cx.metrics.clone());
        detection.start();
        Self {
            detection,
            replaces: config.r#override,
            waits_until: now.instant + config.timeout,
            schedule: Schedule::new(config.refresh_interval, now),
            budget: cx.budget.clone(),
        }
    }
}

impl Processor for ResourceDetection {
    fn admit(&mut self, _: Load, now: Now) -> Result<(), Overloaded> {
        if now.instant < self.waits_until && !self.detection.is_complete() {
            return Err(Overloaded {
                retry_after: RETRY_AFTER,
            });
        }
        Ok(())
    }

    fn process(&mut self, mut batch: Batch, _: Now, out: &mut Out) {
        let found = self.detection.found();
        let mut written = Written {
            found: &found,
            replaces: self.replaces,
        };
        rewrite_batch(&mut batch, &self.budget, &mut written);
        out.push(batch);
    }

    fn next_timer(&self) -> Option<Instant> {
        self.schedule.next()
    }

    fn on_timer(&mut self, now: Now, _: &mut Out) {
        self.detection.start();
        self.schedule.advance(now);
    }
}
