//! The settings that hold conditions, and the conditions of all of them in one list.

use sidelight_config::{Kind, Node, Reader, Setting, setting_enum, settings};
use sidelight_ottl::{Condition, Context, ParseError};

use super::Config;
use super::matching::{LogMatch, MetricMatch, SpanMatch};

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
        /// A resource that meets one of these is left out with all its records.
        resource: Vec<String>,
        /// A log record that meets one of these is left out.
        log_record: Vec<String>,
        /// Older form: only records that match are kept.
        include: Option<LogMatch>,
        /// Older form: records that match are left out.
        exclude: Option<LogMatch>,
    }
}

settings! {
    /// Conditions on traces.
    pub struct Traces {
        /// A resource that meets one of these is left out with all its spans.
        resource: Vec<String>,
        /// A span that meets one of these is left out.
        span: Vec<String>,
        /// An event that meets one of these is left out of its span.
        spanevent: Vec<String>,
    }
}

settings! {
    /// Older form of conditions on spans.
    pub struct Spans {
        /// Only spans that match are kept.
        include: Option<SpanMatch>,
        /// Spans that match are left out.
        exclude: Option<SpanMatch>,
    }
}

settings! {
    /// Conditions on metrics.
    pub struct Metrics {
        /// A resource that meets one of these is left out with all its metrics.
        resource: Vec<String>,
        /// A metric that meets one of these is left out.
        metric: Vec<String>,
        /// A data point that meets one of these is left out.
        datapoint: Vec<String>,
        /// Older form: only metrics that match are kept.
        include: Option<MetricMatch>,
        /// Older form: metrics that match are left out.
        exclude: Option<MetricMatch>,
    }
}

settings! {
    /// Conditions with settings of their own.
    pub struct Group {
        /// What they are asked of: `resource`, `scope`, `log`, `span`, `spanevent`, `metric`, `datapoint`. Without it that is
        /// seen from the fields they name.
        context: Option<String>,
        /// Another `error_mode` than that of the processor.
        error_mode: Option<ErrorMode>,
        /// The conditions.
        required conditions: Vec<String>,
    }
}

/// A condition alone, or several with settings of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    group: Group,
    is_alone: bool,
}

impl Setting for Entry {
    fn kind() -> Kind {
        Kind::Any
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        let alone = node.text().filter(|_| !node.is_null());
        let group = match alone {
            Some(condition) => Group {
                context: None,
                error_mode: None,
                conditions: vec![condition.to_owned()],
            },
            None => cx.block::<Group>(node, None)?,
        };
        Some(Self {
            group,
            is_alone: alone.is_some(),
        })
    }

    fn show(&self) -> String {
        self.group.conditions.join(", ")
    }
}

/// A condition, and what becomes of data for which it has no answer.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) condition: Condition,
    pub(super) mode: ErrorMode,
}

/// A condition that could not be read, with the setting it stands in.
pub(super) type Mistaken = (String, ParseError);

const OF_LOGS: [Context; 3] = [Context::RESOURCE, Context::SCOPE, Context::LOG];
const OF_TRACES: [Context; 4] = [
    Context::RESOURCE,
    Context::SCOPE,
    Context::SPAN,
    Context::SPAN_EVENT,
];
const OF_METRICS: [Context; 4] = [
    Context::RESOURCE,
    Context::SCOPE,
    Context::METRIC,
    Context::DATA_POINT,
];

impl Config {
    /// Every condition; those that have mistakes beside them.
    pub(super) fn rules(&self) -> (Vec<Rule>, Vec<Mistaken>) {
        let mut read = Read {
            mode: self.error_mode,
            rules: Vec::new(),
            mistaken: Vec::new(),
        };
        let (logs, traces, metrics) = (&self.logs, &self.traces, &self.metrics);
        for (setting, context, conditions) in [
            ("logs.resource", Context::RESOURCE, &logs.resource),
            ("logs.log_record", Context::LOG, &logs.log_record),
            ("traces.resource", Context::RESOURCE, &traces.resource),
            ("traces.span", Context::SPAN, &traces.span),
            ("traces.spanevent", Context::SPAN_EVENT, &traces.spanevent),
            ("metrics.resource", Context::RESOURCE, &metrics.resource),
            ("metrics.metric", Context::METRIC, &metrics.metric),
            ("metrics.datapoint", Context::DATA_POINT, &metrics.datapoint),
        ] {
            for (nth, text) in conditions.iter().enumerate() {
                read.condition(
                    format!("{setting}.{nth}"),
                    Condition::parse(context, text),
                    self.error_mode,
                );
            }
        }
        let matched = |include: Option<Option<String>>, exclude: Option<Option<String>>| {
            let include = include.flatten().map(|condition| format!("not ({condition})"));
            [("include", include), ("exclude", exclude.flatten())]
        };
        for (setting, context, blocks) in [
            (
                "logs",
                Context::LOG,
                matched(
                    logs.include.as_ref().map(LogMatch::condition),
                    logs.exclude.as_ref().map(LogMatch::condition),
                ),
            ),
            (
                "spans",
                Context::SPAN,
                matched(
                    self.spans.include.as_ref().map(SpanMatch::condition),
                    self.spans.exclude.as_ref().map(SpanMatch::condition),
                ),
            ),
            (
                "metrics",
                Context::METRIC,
                matched(
                    metrics.include.as_ref().map(MetricMatch::condition),
                    metrics.exclude.as_ref().map(MetricMatch::condition),
                ),
            ),
        ] {
            for (block, condition) in blocks {
                if let Some(text) = condition {
                    read.condition(
                        format!("{setting}.{block}"),
                        Condition::parse(context, &text),
                        self.error_mode,
                    );
                }
            }
        }
        read.entries("log_conditions", &OF_LOGS, &self.log_conditions);
        read.entries("trace_conditions", &OF_TRACES, &self.trace_conditions);
        read.entries("metric_conditions", &OF_METRICS, &self.metric_conditions);
        (read.rules, read.mistaken)
    }
}

struct Read {
    mode: ErrorMode,
    rules: Vec<Rule>,
    mistaken: Vec<Mistaken>,
}

impl Read {
    fn condition(&mut self, setting: String, parsed: Result<Condition, ParseError>, mode: ErrorMode) {
        match parsed {
            Ok(condition) => self.rules.push(Rule { condition, mode }),
            Err(error) => self.mistaken.push((setting, error)),
        }
    }

    fn entries(&mut self, setting: &str, contexts: &[Context], entries: &[Entry]) {
        for (nth, entry) in entries.iter().enumerate() {
            let named = |context: &Context| entry.group.context.as_deref() == Some(context.name());
            let context = contexts.iter().copied().find(named);
            if entry.group.context.is_some() && context.is_none() {
                let names: Vec<&str> = contexts.iter().map(|context| context.name()).collect();
                let message = format!("the context is one of {}", names.join(", "));
                self.mistaken
                    .push((format!("{setting}.{nth}.context"), ParseError { at: 0, message }));
                continue;
            }
            let mode = entry.group.error_mode.unwrap_or(self.mode);
            for (which, text) in entry.group.conditions.iter().enumerate() {
                let at = match entry.is_alone {
                    true => format!("{setting}.{nth}"),
                    false => format!("{setting}.{nth}.conditions.{which}"),
                };
                let parsed = match context {
                    Some(context) => Condition::parse(context, text),
                    None => Condition::infer(contexts, text),
                };
                self.condition(at, parsed, mode);
            }
        }
    }
}
