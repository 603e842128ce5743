#![doc = include_str!("README.md")]

use std::time::Duration;

use sidelight_component::{
    ALL_SIGNALS, About, Batch, BuildContext, BuildError, Load, Now, Out, Overloaded, Processor,
    ProcessorConfig,
};
use sidelight_config::{Check, settings};

#[cfg(test)]
mod tests;

/// What the list of processors says about this one.
pub const ABOUT: About = About {
    name: "memory_limiter",
    aliases: &[],
    signals: ALL_SIGNALS,
    readme: include_str!("README.md"),
};

/// What a refused sender is told to wait.
const RETRY_AFTER: Duration = Duration::from_secs(1);

settings! {
    /// Settings of the `memory_limiter` processor.
    pub struct Config {
        /// The most MiB of data that this pipeline may keep under way. 0: the percentage decides.
        limit_mib: u64 [0..=1_048_576] = 0,
        /// Room below the limit at which refusing begins, in MiB. 0: a fifth of the limit.
        spike_limit_mib: u64 [0..=1_048_576] = 0,
        /// The limit as a share of the memory budget, in per cent. Used where `limit_mib` is 0.
        limit_percentage: u64 [0..=100] = 0,
        /// The spike room as a share of the memory budget, in per cent.
        spike_limit_percentage: u64 [0..=100] = 0,
        /// The Collector's interval between two looks at its memory. Sidelight counts bytes as they come and
        /// has nothing to look at; the setting is accepted and has no effect.
        check_interval: Duration = Duration::ZERO,
    }
    unsupported {
        harmless "min_gc_interval_when_soft_limited" => "there is no garbage collector; leave it out",
        harmless "min_gc_interval_when_hard_limited" => "there is no garbage collector; leave it out",
    }
    validate Config::check;
}

impl Config {
    fn check(&self, check: &mut Check<'_, '_>) {
        if self.limit_mib == 0 && self.limit_percentage == 0 {
            check.error_hint(
                "limit_mib",
                "and `limit_percentage` are both missing",
                "give one of them: the most data that this pipeline may keep under way",
            );
        }
        if self.limit_mib > 0 && self.spike_limit_mib >= self.limit_mib {
            check.conflict("spike_limit_mib", "limit_mib", "must be smaller than `limit_mib`");
        }
        if self.limit_percentage > 0 && self.spike_limit_percentage >= self.limit_percentage {
            check.conflict(
                "spike_limit_percentage",
                "limit_percentage",
                "must be smaller than `limit_percentage`",
            );
        }
    }

    /// The bytes at which refusing begins: the limit less the spike room.
    fn soft_limit(&self, budget: usize) -> usize {
        let of_budget = |percent: u64| budget / 100 * usize::try_from(percent).unwrap_or(100);
        let mib = |mib: u64| usize::try_from(mib << 20).unwrap_or(usize::MAX);
        let (limit, spike) = match self.limit_mib {
            0 => (
                of_budget(self.limit_percentage),
                of_budget(self.spike_limit_percentage),
            ),
            limit => (mib(limit), mib(self.spike_limit_mib)),
        };
        // The Collector's default: a fifth of the limit.
        limit - if spike == 0 { limit / 5 } else { spike.min(limit) }
    }
}

impl ProcessorConfig for Config {
    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Processor>, BuildError> {
        Ok(Box::new(MemoryLimiter {
            soft_limit: self.soft_limit(cx.budget.limit()),
        }))
    }
}

/// Refuses at the door of its pipeline while the pipeline keeps too much under way.
struct MemoryLimiter {
    soft_limit: usize,
}

impl Processor for MemoryLimiter {
    fn admit(&mut self, load: Load, _: Now) -> Result<(), Overloaded> {
        // A single batch larger than the limit is let in when nothing else is under way: it could never
        // come in otherwise.
        let fits = load.pipeline_bytes + load.incoming_bytes <= self.soft_limit || load.pipeline_bytes == 0;
        fits.then_some(()).ok_or(Overloaded {
            retry_after: RETRY_AFTER,
        })
    }

    fn process(&mut self, batch: Batch, _: Now, out: &mut Out) {
        out.push(batch);
    }
}
