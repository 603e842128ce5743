#![doc = include_str!("README.md")]

mod asking;
mod conditions;
mod matching;
#[cfg(test)]
mod tests;

use sidelight_component::{
    ALL_SIGNALS, About, Batch, Budget, BuildContext, BuildError, Now, Out, Processor, ProcessorConfig, Seldom,
};
use sidelight_config::{Check, settings};
use tracing::warn;

use self::asking::{Asking, Conditions};
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
        let (rules, mistaken) = self.rules(None);
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
}

impl ProcessorConfig for Config {
    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Processor>, BuildError> {
        let signal = cx.pipeline.as_ref().map(|pipeline| pipeline.signal);
        let (rules, mistaken) = self.rules(signal);
        if let Some((setting, problem)) = mistaken.into_iter().next() {
            return Err(BuildError::at(setting, problem.to_string()));
        }
        Ok(Box::new(Filter {
            conditions: Conditions::of(rules),
            budget: cx.budget.clone(),
            id: cx.id.to_string(),
            says: Seldom::default(),
        }))
    }
}

struct Filter {
    conditions: Conditions,
    budget: Budget,
    id: String,
    says: Seldom,
}

impl Processor for Filter {
    fn process(&mut self, mut batch: Batch, now: Now, out: &mut Out) {
        let before = batch.items();
        let original = batch.payload.clone();
        let mut asking = Asking::new(&self.conditions);
        rewrite_batch(&mut batch, &self.budget, &mut asking);
        if let Some(trouble) = asking.trouble() {
            if trouble.mode != ErrorMode::Silent && self.says.may_say(now.instant).is_some() {
                let (condition, reason) = (trouble.condition, &trouble.error);
                warn!(component = self.id, condition, %reason, "a condition has no answer for some data");
            }
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
