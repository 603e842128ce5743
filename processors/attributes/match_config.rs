use sidelight_component::Signal;
use sidelight_config::{Check, settings};
use sidelight_proto::views::ValueView;

use super::selection::SPAN_KINDS;
use crate::actions::Literal;
use crate::matching::{AttributeMatch, MatchType};
use crate::patterns;

settings! {
    /// An instrumentation scope.
    pub struct LibraryMatch {
        /// Its name.
        name: String,
        /// Its version; any when left out, and none where it is the empty text.
        version: Option<String>,
    }
}

settings! {
    /// A range of severity numbers.
    pub struct SeverityMatch {
        /// The lowest that matches: 1 trace, 5 debug, 9 info, 13 warn, 17 error, 21 fatal.
        min: i32 [0..=24] = 0,
        /// Whether records without a severity number match.
        match_undefined: bool = false,
    }
}

settings! {
    /// Properties. All that are given must match; of a list of names one.
    pub struct MatchConfig {
        /// How names and values are compared.
        required match_type: MatchType,
        /// Traces: names of services, the `service.name` of the resource.
        services: Vec<String>,
        /// Traces: names of spans.
        span_names: Vec<String>,
        /// Traces: kinds of spans, as `SPAN_KIND_SERVER`.
        span_kinds: Vec<String>,
        /// Logs: bodies, as text.
        log_bodies: Vec<String>,
        /// Logs: severity texts.
        log_severity_texts: Vec<String>,
        /// Logs: severity numbers.
        log_severity_number: Option<SeverityMatch>,
        /// Metrics: names of metrics.
        metric_names: Vec<String>,
        /// Traces and logs: attributes of the span or log record. All must match.
        attributes: Vec<AttributeMatch>,
        /// Attributes of the resource. All must match.
        resources: Vec<AttributeMatch>,
        /// Traces and logs: instrumentation scopes. All must match.
        libraries: Vec<LibraryMatch>,
    }
    unsupported {
        harmless "regexp" => "results are not cached, because matching is quicker; remove it",
    }
    validate MatchConfig::check;
}

const TRACES: &[Signal] = &[Signal::Traces];
const LOGS: &[Signal] = &[Signal::Logs];
const METRICS: &[Signal] = &[Signal::Metrics];
const ITEMS: &[Signal] = &[Signal::Traces, Signal::Logs];
const ALL: &[Signal] = &[Signal::Traces, Signal::Logs, Signal::Metrics];

impl MatchConfig {
    /// The properties: name, whether it is given, and the signals it has a meaning for.
    fn properties(&self) -> [(&'static str, bool, &'static [Signal]); 10] {
        [
            ("services", !self.services.is_empty(), TRACES),
            ("span_names", !self.span_names.is_empty(), TRACES),
            ("span_kinds", !self.span_kinds.is_empty(), TRACES),
            ("log_bodies", !self.log_bodies.is_empty(), LOGS),
            ("log_severity_texts", !self.log_severity_texts.is_empty(), LOGS),
            ("log_severity_number", self.log_severity_number.is_some(), LOGS),
            ("metric_names", !self.metric_names.is_empty(), METRICS),
            ("attributes", !self.attributes.is_empty(), ITEMS),
            ("resources", !self.resources.is_empty(), ALL),
            ("libraries", !self.libraries.is_empty(), ITEMS),
        ]
    }

    /// Whether every property that is given has a meaning for a signal.
    ///
    /// # Errors
    /// The first that has none.
    pub(super) fn check_signal(&self, signal: Signal) -> Result<(), &'static str> {
        let foreign = |(_, given, signals): &(_, bool, &[Signal])| *given && !signals.contains(&signal);
        self.properties()
            .into_iter()
            .find(foreign)
            .map_or(Ok(()), |(name, ..)| Err(name))
    }

    /// The lists of names.
    fn names(&self) -> [(&'static str, &[String]); 6] {
        [
            ("services", &self.services),
            ("span_names", &self.span_names),
            ("span_kinds", &self.span_kinds),
            ("log_bodies", &self.log_bodies),
            ("log_severity_texts", &self.log_severity_texts),
            ("metric_names", &self.metric_names),
        ]
    }

    fn check(&self, check: &mut Check<'_, '_>) {
        let properties = self.properties();
        if properties.iter().all(|(_, given, _)| !given) {
            let names: Vec<_> = properties.iter().map(|(name, ..)| format!("`{name}`")).collect();
            let problem = "is given without anything to match";
            check.error_hint("match_type", problem, format!("add one of {}", names.join(", ")));
        }
        self.check_common_signal(check);
        match self.match_type {
            MatchType::Strict => self.check_strict(check),
            MatchType::Regexp => self.check_expressions(check),
        }
    }

    /// Properties that no signal has together can never match.
    fn check_common_signal(&self, check: &mut Check<'_, '_>) {
        let given: Vec<_> = self
            .properties()
            .into_iter()
            .filter(|(_, given, _)| *given)
            .collect();
        for (nth, (name, _, signals)) in given.iter().enumerate() {
            let stranger = given[..nth]
                .iter()
                .find(|(.., others)| !signals.iter().any(|s| others.contains(s)));
            if let Some((other, ..)) = stranger {
                let problem =
                    format!("and `{other}` belong to different signals; use two `attributes` processors");
                check.conflict(name, other, &problem);
            }
        }
    }

    fn check_strict(&self, check: &mut Check<'_, '_>) {
        for (nth, kind) in self.span_kinds.iter().enumerate() {
            if SPAN_KINDS[1..].contains(&kind.as_str()) {
                continue;
            }
            let full = format!("SPAN_KIND_{}", kind.to_uppercase());
            let hint = match SPAN_KINDS[1..].iter().find(|known| **known == full) {
                Some(known) => format!("did you mean `{known}`?"),
                None => format!("kinds: {}", SPAN_KINDS[1..].join(", ")),
            };
            check.error_hint(&format!("span_kinds.{nth}"), "is no kind of span", hint);
        }
        for (list, attributes) in [("attributes", &self.attributes), ("resources", &self.resources)] {
            for (nth, attribute) in attributes.iter().enumerate() {
                if let Some(ValueView::Array(_) | ValueView::KvList(_)) =
                    attribute.value.as_ref().map(Literal::view)
                {
                    let problem = "must be text, a number or a boolean to be compared";
                    check.error(&format!("{list}.{nth}.value"), problem);
                }
            }
        }
        for (list, names) in self.names() {
            for (nth, _) in names.iter().enumerate().filter(|(_, name)| name.contains(".*")) {
                let problem = "is compared as it is; for an expression write `match_type: regexp`";
                check.warning(&format!("{list}.{nth}"), problem);
            }
        }
    }

    fn check_expressions(&self, check: &mut Check<'_, '_>) {
        for (list, names) in self.names() {
            for (nth, name) in names.iter().enumerate() {
                check_expression(check, &format!("{list}.{nth}"), name);
            }
        }
        for (nth, library) in self.libraries.iter().enumerate() {
            check_expression(check, &format!("libraries.{nth}.name"), &library.name);
            let version = library.version.as_deref().unwrap_or_default();
            check_expression(check, &format!("libraries.{nth}.version"), version);
        }
        for (list, attributes) in [("attributes", &self.attributes), ("resources", &self.resources)] {
            for (nth, attribute) in attributes.iter().enumerate() {
                let setting = format!("{list}.{nth}.value");
                match attribute.value.as_ref().map(Literal::view) {
                    None => {}
                    Some(ValueView::String(pattern)) => check_expression(check, &setting, pattern),
                    Some(_) => {
                        let hint = "put it in quotes, or write `match_type: strict`";
                        check.error_hint(&setting, "must be text with `match_type: regexp`", hint);
                    }
                }
            }
        }
    }
}

fn check_expression(check: &mut Check<'_, '_>, setting: &str, pattern: &str) {
    if let Err(problem) = patterns::compile(pattern) {
        check.error(setting, &problem);
    }
}
