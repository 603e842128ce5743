//! When a sample is taken.

use std::time::Duration;

use sidelight_config::settings;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

settings! {
    /// When samples are taken, in the words of the Collector's scrapers.
    pub struct Timing {
        /// Time between two samples. One that is due while the last is still under way is skipped.
        collection_interval: Duration [Duration::from_millis(10)..] = Duration::from_secs(60),
        /// Time before the first sample.
        initial_delay: Duration = Duration::from_secs(1),
        /// A sample that takes longer is reported, and waited for; 0 means the interval.
        timeout: Duration = Duration::ZERO,
    }
}

impl Timing {
    /// Ticks after the initial delay and then once in every interval. A tick that was missed is left out, so that the
    /// others keep their distance.
    pub(crate) fn ticks(&self) -> Interval {
        let mut ticks = interval_at(Instant::now() + self.initial_delay, self.collection_interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        ticks
    }

    /// How long a sample may take before it is reported.
    pub(crate) fn longest_sample(&self) -> Duration {
        if self.timeout.is_zero() {
            self.collection_interval
        } else {
            self.timeout
        }
    }
}
