#![doc = include_str!("README.md")]

mod asking;
mod conditions;
mod matching;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use sidelight_component::{
    ALL_SIGNALS, About, Batch, Budget, BuildContext, BuildError, Now, Out, Processor, ProcessorConfig, Signal,
};
use sidelight_config::{Check, settings};
use tracing::warn;

use self::asking::{Asking, Conditions, Trouble};
pub use self::conditions::ErrorMode;
use self::conditions::{Entry, Logs, Metrics, Spans, Traces};
use crate::rewriting::rewrite_batch;

/// What the list of processors says about this one.
pub const ABOUT: About = About {
    name: "filter",
    aliases: &[],
    signals: ALL_SIGNALS,
    readme: include_str!("README.md"),
};

/// A condition that has no answer is said at most so often.
const SAYS_EVERY: Duration = Duration::from_secs(60);

settings! {
    /// Settings of the `filter` processor.
    pub struct Config {
        /// What becomes of data for which a condition has no answer, such as a sum of texts.
        error_mode: ErrorMode = ErrorMode::Ignore,
        /// Spans and events that meet one of these are left out.
        trace_conditions: Vec<Entry>,
        /// Metrics and data points that meet one of these are left out.
        metric_conditions: Vec<Entry>,
        /// Log records that meet one of these are left out.
        log_conditions: Vec<Entry>,
        /// Conditions on logs, by what they are asked of.
        logs: Logs,
        /// Conditions on traces, by what they are asked of.
        traces: Traces,
        /// Older form of conditions on spans.
        spans: Spans,
        /// Conditions on metrics, by what they are asked of.
        metrics: Metrics,
    }
    unsupported {
        "profiles" => "there are no profiles here",
        "profile_conditions" => "there are no profiles here",
    }
    validate Config::check;
}

impl Config {
    fn check(&self, check: &mut Check<'_, '_>) {
        let (rules, mistaken) = self.rules();
        for (setting, problem) in &mistaken {
            check.error(setting, &format!("is no condition: {problem}"));
        }
        if rules.is_empty() && mistaken.is_empty() {
            check.error_hint(
                "log_conditions",
                "holds no condition, nor does any other setting",
                "add one under `trace_conditions`, `metric_conditions` or `log_conditions`, or remove the processor",
            );
        }
    }

    /// What there is for a signal: a condition on resources stands under its signal.
    fn of_signal(&self, signal: Signal) -> Self {
        let mut of_signal = Self {
            error_mode: self.error_mode,
            ..Self::default()
        };
        match signal {
            Signal::Logs => {
                of_signal.logs = self.logs.clone();
                of_signal.log_conditions = self.log_conditions.clone();
            }
            Signal::Metrics => {
                of_signal.metrics = self.metrics.clone();
                of_signal.metric_conditions = self.metric_conditions.clone();
            }
            Signal::Traces => {
                of_signal.traces = self.traces.clone();
                of_signal.spans = self.spans.clone();
                of_signal.trace_conditions = self.trace_conditions.clone();
            }
        }
        of_signal
    }
}

impl ProcessorConfig for Config {
    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Processor>, BuildError> {
        let of_signal = cx
            .pipeline
            .as_ref()
            .map(|pipeline| self.of_signal(pipeline.signal));
        let (rules, mistaken) = of_signal.as_ref().unwrap_or(self).rules();
        if let Some((setting, problem)) = mistaken.into_iter().next() {
            return Err(BuildError::at(setting, problem.to_string()));
        }
        Ok(Box::new(Filter {
            conditions: Conditions::of(rules),
            budget: cx.budget.clone(),
            announcer: Announcer {
                id: cx.id.to_string(),
                said: None,
            },
        }))
    }
}

struct Filter {
    conditions: Conditions,
    budget: Budget,
    announcer: Announcer,
}

/// Says what has no answer, not too often.
struct Announcer {
    id: String,
    said: Option<Instant>,
}

impl Processor for Filter {
    fn process(&mut self, mut batch: Batch, now: Now, out: &mut Out) {
        let before = batch.items();
        let original = batch.payload.clone();
        let mut asking = Asking::new(&self.conditions);
        rewrite_batch(&mut batch, &self.budget, &mut asking);
        if let Some(trouble) = asking.trouble() {
            self.announcer.say(&trouble, now.instant);
            if trouble.mode == ErrorMode::Propagate {
                batch.payload = original;
                return out.drop(batch, "a condition has no answer");
            }
        }
        let after = batch.items();
        if after == 0 && before > 0 {
            batch.payload = original;
            return out.filter(batch);
        }
        out.note_filtered(before - after);
        out.push(batch);
    }
}

impl Announcer {
    fn say(&mut self, trouble: &Trouble<'_>, now: Instant) {
        let is_due = self
            .said
            .is_none_or(|said| now.saturating_duration_since(said) >= SAYS_EVERY);
        if trouble.mode != ErrorMode::Silent && is_due {
            self.said = Some(now);
            warn!(component = self.id, condition = trouble.condition, reason = %trouble.error, "a condition has no answer for some data");
        }
    }
}
