//! The older blocks `include` and `exclude`: each is put into a condition, so that there is one way to decide.

use std::fmt::Write as _;

use sidelight_config::settings;
use sidelight_ottl::quoted_text;
use sidelight_proto::views::ValueView;

use crate::actions::Literal;
use crate::matching::{AttributeMatch, MatchType};

settings! {
    /// A range of severity numbers.
    pub struct SeverityMatch {
        /// The lowest that matches: `TRACE`, `DEBUG`, `INFO`, `WARN`, `ERROR`, `FATAL`, each with 2, 3 or 4 behind it, or the
        /// number.
        required min: String,
        /// Whether records without a severity number match.
        match_undefined: bool = false,
    }
}

settings! {
    /// Log records: all that is given must match; of a list of texts one.
    pub struct LogMatch {
        /// How texts are compared.
        match_type: MatchType = MatchType::Strict,
        /// Attributes of the resource.
        resource_attributes: Vec<AttributeMatch>,
        /// Attributes of the record.
        record_attributes: Vec<AttributeMatch>,
        /// Severity texts.
        severity_texts: Vec<String>,
        /// Severity numbers.
        severity_number: Option<SeverityMatch>,
        /// Bodies, as text.
        bodies: Vec<String>,
    }
}

settings! {
    /// Metrics: all that is given must match; of a list of names one.
    pub struct MetricMatch {
        /// How names are compared.
        match_type: MatchType = MatchType::Strict,
        /// Names of metrics.
        metric_names: Vec<String>,
        /// Attributes of the resource.
        resource_attributes: Vec<AttributeMatch>,
    }
    unsupported {
        harmless "regexp" => "results are not cached, because matching is quicker; remove it",
        "expressions" => "write a condition under `metric_conditions`",
    }
}

settings! {
    /// An instrumentation scope.
    pub struct LibraryMatch {
        /// Its name.
        required name: String,
        /// Its version; any when left out.
        version: Option<String>,
    }
}

settings! {
    /// Spans: all that is given must match; of a list of names one.
    pub struct SpanMatch {
        /// How names and values are compared.
        required match_type: MatchType,
        /// Names of services, the `service.name` of the resource.
        services: Vec<String>,
        /// Names of spans.
        span_names: Vec<String>,
        /// Kinds of spans, as `SPAN_KIND_SERVER`.
        span_kinds: Vec<String>,
        /// Attributes of the span.
        attributes: Vec<AttributeMatch>,
        /// Attributes of the resource.
        resources: Vec<AttributeMatch>,
        /// Instrumentation scopes.
        libraries: Vec<LibraryMatch>,
    }
    unsupported {
        harmless "regexp" => "results are not cached, because matching is quicker; remove it",
    }
}

/// Conditions that must all hold.
#[derive(Default)]
struct All(Vec<String>);

impl All {
    /// One of the texts is the value.
    fn one_of(&mut self, how: MatchType, value: &str, texts: &[String]) {
        if !texts.is_empty() {
            let each: Vec<String> = texts.iter().map(|text| is(how, value, text)).collect();
            self.0.push(format!("({})", each.join(" or ")));
        }
    }

    fn attributes(&mut self, how: MatchType, of: &str, wanted: &[AttributeMatch]) {
        for attribute in wanted {
            let path = format!("{of}.attributes[{}]", quoted_text(&attribute.key));
            self.0.push(match attribute.value.as_ref().map(Literal::view) {
                None => format!("{path} != nil"),
                Some(ValueView::String(text)) => is(how, &path, text),
                Some(ValueView::Bool(value)) => format!("{path} == {value}"),
                Some(ValueView::Int(value)) => format!("{path} == {value}"),
                Some(ValueView::Double(value)) => format!("{path} == {value:?}"),
                // Lists and maps are compared with nothing that comes.
                Some(_) => "false".to_owned(),
            });
        }
    }

    /// The condition; `None` where nothing is asked for.
    fn condition(self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.0.join(" and "))
    }
}

fn is(how: MatchType, value: &str, text: &str) -> String {
    match how {
        MatchType::Strict => format!("{value} == {}", quoted_text(text)),
        MatchType::Regexp => format!("IsMatch({value}, {})", quoted_text(text)),
    }
}

impl LogMatch {
    /// The condition that says the same; `None` where nothing is asked for.
    pub(super) fn condition(&self) -> Option<String> {
        let mut all = All::default();
        all.attributes(self.match_type, "resource", &self.resource_attributes);
        all.attributes(self.match_type, "log", &self.record_attributes);
        all.one_of(self.match_type, "log.severity_text", &self.severity_texts);
        all.one_of(self.match_type, "String(log.body)", &self.bodies);
        if let Some(severity) = &self.severity_number {
            let number = severity.min.trim().to_uppercase();
            let min = match number.parse::<u8>() {
                Ok(number) => number.to_string(),
                Err(_) => format!("SEVERITY_NUMBER_{number}"),
            };
            let mut condition = format!("log.severity_number >= {min}");
            let is_known = if severity.match_undefined {
                "or log.severity_number == 0"
            } else {
                "and log.severity_number != 0"
            };
            let _ = write!(condition, " {is_known}");
            all.0.push(format!("({condition})"));
        }
        all.condition()
    }
}

impl MetricMatch {
    /// As [`LogMatch::condition`].
    pub(super) fn condition(&self) -> Option<String> {
        let mut all = All::default();
        all.one_of(self.match_type, "metric.name", &self.metric_names);
        all.attributes(self.match_type, "resource", &self.resource_attributes);
        all.condition()
    }
}

impl SpanMatch {
    /// As [`LogMatch::condition`].
    pub(super) fn condition(&self) -> Option<String> {
        let mut all = All::default();
        all.one_of(
            self.match_type,
            "resource.attributes[\"service.name\"]",
            &self.services,
        );
        all.one_of(self.match_type, "span.name", &self.span_names);
        let kinds: Vec<String> = self
            .span_kinds
            .iter()
            .map(|kind| format!("span.kind == {kind}"))
            .collect();
        if !kinds.is_empty() {
            all.0.push(format!("({})", kinds.join(" or ")));
        }
        all.attributes(self.match_type, "span", &self.attributes);
        all.attributes(self.match_type, "resource", &self.resources);
        for library in &self.libraries {
            all.0.push(is(self.match_type, "scope.name", &library.name));
            let version = library.version.iter();
            all.0
                .extend(version.map(|version| is(self.match_type, "scope.version", version)));
        }
        all.condition()
    }
}
