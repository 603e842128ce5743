#![doc = include_str!("README.md")]

mod record;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use sidelight_component::{
    About, Batch, Budget, BuildContext, BuildError, Now, Out, Processor, ProcessorConfig, Signal,
};
use sidelight_config::{Check, setting_enum, settings};
use sidelight_ottl::{Condition, EvalError};
use sidelight_proto::rewrite::{Context, Keep, LogRecordEdits, Rewriter};
use sidelight_proto::views::LogRecordView;
use tracing::warn;

use self::record::Record;
use crate::rewriting::rewrite_batch;

/// What the list of processors says about this one.
pub const ABOUT: About = About {
    name: "filter",
    aliases: &[],
    signals: &[Signal::Logs],
    readme: include_str!("README.md"),
};

/// A condition that has no answer is said at most so often.
const SAYS_EVERY: Duration = Duration::from_secs(60);

setting_enum! {
    /// What becomes of data for which a condition has no answer.
    pub enum ErrorMode {
        /// The condition counts as false; the log says so, at most once a minute.
        Ignore = "ignore",
        /// The condition counts as false.
        Silent = "silent",
        /// The whole batch is refused.
        Propagate = "propagate",
    }
}

settings! {
    /// Conditions on logs.
    pub struct Logs {
        /// A log record that meets one of these is left out.
        log_record: Vec<String>,
    }
    unsupported {
        "resource" => "write the condition under `log_record`, with `resource.attributes[\"key\"]`",
        "include" => "write what is left out under `log_record`, as a condition",
        "exclude" => "write what is left out under `log_record`, as a condition",
    }
    validate Logs::check;
}

settings! {
    /// Settings of the `filter` processor.
    pub struct Config {
        /// What becomes of data for which a condition has no answer, such as a sum of texts.
        error_mode: ErrorMode = ErrorMode::Propagate,
        /// Conditions on logs.
        logs: Logs,
    }
    unsupported {
        "traces" => "conditions on spans are not there yet",
        "metrics" => "conditions on metrics are not there yet",
        "profiles" => "there are no profiles here",
        "spans" => "conditions on spans are not there yet",
        "trace_conditions" => "conditions on spans are not there yet",
        "metric_conditions" => "conditions on metrics are not there yet",
        "log_conditions" => "write them under `logs.log_record`",
    }
    validate Config::check;
}

impl Logs {
    fn check(&self, check: &mut Check<'_, '_>) {
        for (nth, condition) in self.log_record.iter().enumerate() {
            if let Err(problem) = Condition::parse(condition) {
                check.error(
                    &format!("log_record.{nth}"),
                    &format!("is no condition: {problem}"),
                );
            }
        }
    }
}

impl Config {
    fn check(&self, check: &mut Check<'_, '_>) {
        if self.logs.log_record.is_empty() {
            check.error_hint(
                "logs",
                "has no condition",
                "add one under `logs.log_record`, or remove the processor",
            );
        }
    }
}

impl ProcessorConfig for Config {
    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Processor>, BuildError> {
        let conditions = self.logs.log_record.iter().enumerate().map(|(nth, text)| {
            Condition::parse(text)
                .map_err(|problem| BuildError::at(format!("logs.log_record.{nth}"), problem.to_string()))
        });
        Ok(Box::new(Filter {
            conditions: conditions.collect::<Result<_, _>>()?,
            mode: self.error_mode,
            budget: cx.budget.clone(),
            id: cx.id.to_string(),
            said: None,
        }))
    }
}

struct Filter {
    conditions: Vec<Condition>,
    mode: ErrorMode,
    budget: Budget,
    id: String,
    said: Option<Instant>,
}

impl Processor for Filter {
    fn process(&mut self, mut batch: Batch, now: Now, out: &mut Out) {
        let before = batch.items();
        let original = batch.payload.clone();
        let mut asking = Asking {
            conditions: &self.conditions,
            trouble: None,
        };
        rewrite_batch(&mut batch, &self.budget, &mut asking);
        if let Some(trouble) = asking.trouble {
            self.say(&trouble, now.instant);
            if self.mode == ErrorMode::Propagate {
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

impl Filter {
    fn say(&mut self, trouble: &EvalError, now: Instant) {
        let is_due = self
            .said
            .is_none_or(|said| now.saturating_duration_since(said) >= SAYS_EVERY);
        if self.mode != ErrorMode::Silent && is_due {
            self.said = Some(now);
            warn!(component = self.id, reason = %trouble, "a condition has no answer for some log records");
        }
    }
}

/// Asks every record whether it is left out.
struct Asking<'c> {
    conditions: &'c [Condition],
    /// The first condition that had no answer.
    trouble: Option<EvalError>,
}

impl Rewriter for Asking<'_> {
    fn log_record(&mut self, at: Context<'_>, record: LogRecordView<'_>, _: &mut LogRecordEdits<'_>) -> Keep {
        let record = Record::new(at, record);
        for condition in self.conditions {
            match condition.matches(&record) {
                Ok(true) => return Keep::No,
                Ok(false) => {}
                Err(error) => {
                    self.trouble.get_or_insert(error);
                }
            }
        }
        Keep::Yes
    }
}
