//! The operators in their order.

use std::time::Instant;

use sidelight_component::metrics::Counter;
use sidelight_component::{BuildContext, BuildError, Seldom};
use sidelight_log_formats::{Map, Value};
use sidelight_ottl::Condition;
use tracing::warn;

use crate::entry::Entry;
use crate::line::{Line, Source};
use crate::operators::{Failure, Operator, Way, note};
use crate::records::Records;
use crate::settings::{OnError, OperatorSettings, later};
use crate::{CUT, UNPARSED};

/// What one operator made of a record, for `sidelight explain`.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The operator's id (`regex_parser/nginx`, or its type).
    pub operator: String,
    /// In one line: what it did, or why it did nothing (a pattern that did not match and how far it came).
    pub said: String,
}

/// The operators of one receiver, ready to run. It belongs to one thread.
#[derive(Debug)]
pub struct Chain {
    stages: Vec<Stage>,
    receiver: String,
}

#[derive(Debug)]
struct Stage {
    id: String,
    operator: Box<dyn Operator>,
    /// Where records go from here: the place of a stage, or one behind the last.
    next: usize,
    /// Where its routes lead, in the same way, with the ids.
    routes: Vec<(usize, String)>,
    condition: Option<Condition>,
    on_error: OnError,
    failures: Counter,
    says: Seldom,
}

impl Chain {
    /// Builds the operators.
    ///
    /// # Errors
    /// [`BuildError`] with the operator's place.
    pub fn build(operators: &[OperatorSettings], cx: &BuildContext) -> Result<Self, BuildError> {
        let stages = operators.iter().enumerate().map(|(index, settings)| {
            let common = settings.common();
            let id = settings.id().to_owned();
            let place = |setting: &str| format!("operators.{index}.{setting}");
            let mut routes = Vec::new();
            for (setting, to) in settings.outputs() {
                let at = later(operators, index, to);
                routes.push((
                    at.map_err(|problem| BuildError::at(place(&setting), problem))?,
                    to.to_owned(),
                ));
            }
            let next = match &common.output {
                Some(_) => routes.remove(0).0,
                None => index + 1,
            };
            let operator = settings.build().map_err(|error| BuildError {
                setting: Some(match error.setting {
                    Some(setting) => place(&setting),
                    None => format!("operators.{index}"),
                }),
                ..error
            })?;
            let labels = [("receiver", cx.id.as_str()), ("operator", id.as_str())];
            let help = "Log records that an operator could not deal with.";
            let failures = cx
                .metrics
                .counter("sidelight_log_operator_failures", help, &labels);
            Ok(Stage {
                id,
                operator,
                next,
                routes,
                condition: common.condition().map_err(|error| BuildError {
                    setting: Some(place("if")),
                    ..error
                })?,
                on_error: common.on_error,
                failures,
                says: Seldom::default(),
            })
        });
        Ok(Self {
            stages: stages.collect::<Result<_, BuildError>>()?,
            receiver: cx.id.to_string(),
        })
    }

    /// Runs a line through the operators; what comes out is written into `records`.
    pub fn run(&mut self, line: Line<'_>, source: &Source, now: Instant, records: &mut Records) {
        if self.stages.is_empty() {
            return records.line(&line, source);
        }
        let mut entry = entry(&line, source);
        let mut at = 0;
        while let Some(stage) = self.stages.get_mut(at) {
            at = match stage.step(&mut entry, None) {
                Ok(Asked::Done | Asked::NotMeant) => stage.next,
                Ok(Asked::Routed(to)) => to,
                Ok(Asked::LeftOut) => return,
                Err(failure) if stage.failed(&mut entry, &failure, now, &self.receiver) => stage.next,
                Err(_) => return,
            }
        }
        records.entry(&entry, source);
    }

    /// As [`Chain::run`], and says each step.
    pub fn explain(
        &mut self,
        line: Line<'_>,
        source: &Source,
        now: Instant,
        records: &mut Records,
        steps: &mut dyn FnMut(Step),
    ) {
        let mut entry = entry(&line, source);
        let mut at = 0;
        while let Some(stage) = self.stages.get_mut(at) {
            let mut said = String::new();
            let asked = stage.step(&mut entry, Some(&mut said));
            at = stage.next;
            let goes_on = match &asked {
                Ok(Asked::Done) => true,
                Ok(Asked::Routed(to)) => {
                    at = *to;
                    true
                }
                Ok(Asked::NotMeant) => {
                    said = "not asked: its condition is false".to_owned();
                    true
                }
                Ok(Asked::LeftOut) => false,
                Err(failure) => {
                    said = format!("not done: {failure}");
                    if let Some(reach) = stage.operator.reach(&entry) {
                        said = format!("{said}; {reach}");
                    }
                    stage.marks(&mut entry)
                }
            };
            if !goes_on {
                let separator = if said.is_empty() { "" } else { "; " };
                said = format!("{said}{separator}the record is left out");
            }
            steps(Step {
                operator: stage.id.clone(),
                said: if said.is_empty() { "done".to_owned() } else { said },
            });
            if !goes_on {
                return;
            }
        }
        let _ = now;
        records.entry(&entry, source);
    }

    /// Offset of the oldest line of the source that an operator holds; a checkpoint may not pass it.
    pub fn oldest_held(&self, source: u64) -> Option<u64> {
        let _ = source;
        None
    }

    /// When [`Chain::on_timer`] wants to be called.
    pub fn next_timer(&self) -> Option<Instant> {
        None
    }

    /// Gives out what was held for too long.
    pub fn on_timer(&mut self, now: Instant, records: &mut Records) {
        let _ = (now, records);
    }

    /// Gives out everything that is held of a source (it has ended), or of all.
    pub fn flush(&mut self, source: Option<u64>, records: &mut Records) {
        let _ = (source, records);
    }
}

/// What came of asking an operator.
enum Asked {
    Done,
    /// Its condition is false.
    NotMeant,
    /// The record goes on at this place.
    Routed(usize),
    /// The record ends here.
    LeftOut,
}

impl Stage {
    fn step(&mut self, entry: &mut Entry<'_>, said: Option<&mut String>) -> Result<Asked, Failure> {
        if let Some(condition) = &self.condition {
            let is_meant = condition.matches(entry);
            if !is_meant.map_err(|error| Failure::Unparsed(format!("`if`: {error}")))? {
                return Ok(Asked::NotMeant);
            }
        }
        match self.operator.way(entry)? {
            Way::On => {}
            Way::Out => return Ok(Asked::LeftOut),
            Way::Route(nth) => {
                let Some((at, id)) = self.routes.get(nth) else {
                    return Ok(Asked::LeftOut);
                };
                note(said, || format!("goes on at {id}"));
                return Ok(Asked::Routed(*at));
            }
        }
        self.operator.apply(entry, said)?;
        Ok(Asked::Done)
    }

    /// Counts a failure and says it; whether the record goes on.
    fn failed(&mut self, entry: &mut Entry<'_>, failure: &Failure, now: Instant, receiver: &str) -> bool {
        self.failures.add(1);
        if matches!(self.on_error, OnError::Send | OnError::Drop)
            && let Some(before) = self.says.may_say(now)
        {
            let operator = &self.id;
            warn!(receiver, operator, reason = %failure, unsaid_before = before, "a log record could not be dealt with");
        }
        self.marks(entry)
    }

    /// Marks a record that goes on although the operator could not deal with it.
    fn marks(&self, entry: &mut Entry<'_>) -> bool {
        if matches!(self.on_error, OnError::Drop | OnError::DropQuiet) {
            return false;
        }
        let mark = match entry.attributes.get(UNPARSED) {
            Some(Value::Text(others)) => format!("{others},{}", self.id),
            _ => self.id.clone(),
        };
        entry.attributes.insert(UNPARSED, Value::Text(mark.into()));
        true
    }
}

fn entry<'a>(line: &Line<'a>, source: &'a Source) -> Entry<'a> {
    let mut attributes = Map::new();
    for (key, value) in source.attributes.iter() {
        attributes.push(key, borrowed(value));
    }
    if line.cut {
        attributes.insert(CUT, Value::Bool(true));
    }
    Entry {
        observed_unix_nano: line.observed_unix_nano,
        body: Value::Text(line.text.into()),
        attributes,
        ..Entry::default()
    }
}

fn borrowed<'a>(value: &'a Value<'static>) -> Value<'a> {
    match value {
        Value::Text(text) => Value::Text(text.as_ref().into()),
        other => other.clone(),
    }
}
