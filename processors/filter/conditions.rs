//! The settings that hold conditions, and the conditions of all of them in one list.

use sidelight_component::Signal;
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
    /// The conditions on a signal, or on all; those that have mistakes beside them.
    pub(super) fn rules(&self, signal: Option<Signal>) -> (Vec<Rule>, Vec<Mistaken>) {
        let mut read = Read {
            mode: self.error_mode,
            rules: Vec::new(),
            mistaken: Vec::new(),
        };
        let is_wanted = |of: Signal| signal.is_none_or(|signal| signal == of);
        if is_wanted(Signal::Logs) {
            let logs = &self.logs;
            read.all("logs.resource", Context::RESOURCE, &logs.resource);
            read.all("logs.log_record", Context::LOG, &logs.log_record);
            read.include(
                "logs",
                Context::LOG,
                logs.include.as_ref().and_then(LogMatch::condition),
            );
            read.exclude(
                "logs",
                Context::LOG,
                logs.exclude.as_ref().and_then(LogMatch::condition),
            );
            read.entries("log_conditions", &OF_LOGS, &self.log_conditions);
        }
        if is_wanted(Signal::Traces) {
            let (traces, spans) = (&self.traces, &self.spans);
            read.all("traces.resource", Context::RESOURCE, &traces.resource);
            read.all("traces.span", Context::SPAN, &traces.span);
            read.all("traces.spanevent", Context::SPAN_EVENT, &traces.spanevent);
            read.include(
                "spans",
                Context::SPAN,
                spans.include.as_ref().and_then(SpanMatch::condition),
            );
            read.exclude(
                "spans",
                Context::SPAN,
                spans.exclude.as_ref().and_then(SpanMatch::condition),
            );
            read.entries("trace_conditions", &OF_TRACES, &self.trace_conditions);
        }
        if is_wanted(Signal::Metrics) {
            let metrics = &self.metrics;
            read.all("metrics.resource", Context::RESOURCE, &metrics.resource);
            read.all("metrics.metric", Context::METRIC, &metrics.metric);
            read.all("metrics.datapoint", Context::DATA_POINT, &metrics.datapoint);
            read.include(
                "metrics",
                Context::METRIC,
                metrics.include.as_ref().and_then(MetricMatch::condition),
            );
            read.exclude(
                "metrics",
                Context::METRIC,
                metrics.exclude.as_ref().and_then(MetricMatch::condition),
            );
            read.entries("metric_conditions", &OF_METRICS, &self.metric_conditions);
        }
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

    fn all(&mut self, setting: &str, context: Context, conditions: &[String]) {
        for (nth, text) in conditions.iter().enumerate() {
            self.condition(
                format!("{setting}.{nth}"),
                Condition::parse(context, text),
                self.mode,
            );
        }
    }

    fn include(&mut self, block: &str, context: Context, condition: Option<String>) {
        if let Some(condition) = condition {
            let parsed = Condition::parse(context, &format!("not ({condition})"));
            self.condition(format!("{block}.include"), parsed, self.mode);
        }
    }

    fn exclude(&mut self, block: &str, context: Context, condition: Option<String>) {
        if let Some(condition) = condition {
            self.condition(
                format!("{block}.exclude"),
                Condition::parse(context, &condition),
                self.mode,
            );
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
