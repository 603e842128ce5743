use regex::Regex;
use sidelight_proto::views::{
    Attributes, LogRecordView, MetricView, ResourceView, ScopeView, SpanView, ValueView,
};

use super::match_config::{LibraryMatch, MatchConfig, SeverityMatch};
use crate::actions::Literal;
use crate::matching::{AttributeMatch, MatchType};
use crate::patterns;
use crate::value_text::{scalar_text, text_of};

/// Names of the kinds of spans, by number.
pub(super) const SPAN_KINDS: [&str; 6] = [
    "SPAN_KIND_UNSPECIFIED",
    "SPAN_KIND_INTERNAL",
    "SPAN_KIND_SERVER",
    "SPAN_KIND_CLIENT",
    "SPAN_KIND_PRODUCER",
    "SPAN_KIND_CONSUMER",
];

/// What the Collector compares service names with where the resource has none.
const NO_SERVICE_NAME: &str = "<nil-service-name>";

/// Which items the actions run on: those that `include` matches, if it is given, but `exclude` does not.
pub(super) struct Selection {
    include: Option<Properties>,
    exclude: Option<Properties>,
}

/// Properties of which all that are given must match.
struct Properties {
    services: Option<Names>,
    resources: Vec<AttributeTest>,
    libraries: Vec<LibraryTest>,
    span_names: Option<Names>,
    /// By number; the last for numbers without a name.
    span_kinds: [bool; SPAN_KINDS.len() + 1],
    log_bodies: Option<Names>,
    log_severity_texts: Option<Names>,
    log_severity_number: Option<SeverityMatch>,
    metric_names: Option<Names>,
    attributes: Vec<AttributeTest>,
    /// Whether the resource and the scope at hand match, tested once for all their items.
    resource_matches: bool,
    scope_matches: bool,
}

/// Names of which one must match.
enum Names {
    Strict(Vec<String>),
    Regexp(Vec<Regex>),
}

struct LibraryTest {
    name: Names,
    version: Option<Names>,
}

struct AttributeTest {
    key: String,
    expected: Expected,
}

enum Expected {
    Anything,
    Value(Literal),
    Text(Regex),
}

// === impl Selection ===

impl Selection {
    /// Compiles settings that were checked.
    ///
    /// # Errors
    /// What is wrong with an expression.
    pub(super) fn compile(
        include: Option<&MatchConfig>,
        exclude: Option<&MatchConfig>,
    ) -> Result<Self, String> {
        Ok(Selection {
            include: include.map(Properties::compile).transpose()?,
            exclude: exclude.map(Properties::compile).transpose()?,
        })
    }

    pub(super) fn looks_at_scopes(&self) -> bool {
        [&self.include, &self.exclude]
            .into_iter()
            .flatten()
            .any(|p| !p.libraries.is_empty())
    }

    pub(super) fn enter_resource(&mut self, resource: ResourceView<'_>) {
        for properties in [&mut self.include, &mut self.exclude].into_iter().flatten() {
            properties.resource_matches = properties.matches_resource(resource);
        }
    }

    pub(super) fn enter_scope(&mut self, scope: ScopeView<'_>) {
        for properties in [&mut self.include, &mut self.exclude].into_iter().flatten() {
            properties.scope_matches = properties.libraries.iter().all(|library| library.matches(scope));
        }
    }

    #[inline]
    pub(super) fn span(&self, span: SpanView<'_>) -> bool {
        self.selects(|properties| properties.matches_span(span))
    }

    #[inline]
    pub(super) fn log_record(&self, record: LogRecordView<'_>) -> bool {
        self.selects(|properties| properties.matches_log_record(record))
    }

    #[inline]
    pub(super) fn metric(&self, metric: MetricView<'_>) -> bool {
        self.selects(|properties| any_or_absent(&properties.metric_names, || metric.name()))
    }

    #[inline]
    fn selects(&self, item_matches: impl Fn(&Properties) -> bool) -> bool {
        let matches = |p: &Properties| p.resource_matches && p.scope_matches && item_matches(p);
        self.include.as_ref().is_none_or(matches) && !self.exclude.as_ref().is_some_and(matches)
    }
}

// === impl Properties ===

impl Properties {
    fn compile(config: &MatchConfig) -> Result<Self, String> {
        let match_type = config.match_type;
        let names = |names: &[String]| match names {
            [] => Ok(None),
            names => Names::compile(match_type, names).map(Some),
        };
        let span_kinds = match names(&config.span_kinds)? {
            None => [true; SPAN_KINDS.len() + 1],
            Some(kinds) => {
                std::array::from_fn(|n| kinds.matches(SPAN_KINDS.get(n).copied().unwrap_or_default()))
            }
        };
        Ok(Properties {
            services: names(&config.services)?,
            resources: AttributeTest::compile_all(match_type, &config.resources)?,
            libraries: config
                .libraries
                .iter()
                .map(|library| LibraryTest::compile(match_type, library))
                .collect::<Result<_, _>>()?,
            span_names: names(&config.span_names)?,
            span_kinds,
            log_bodies: names(&config.log_bodies)?,
            log_severity_texts: names(&config.log_severity_texts)?,
            log_severity_number: config.log_severity_number.clone(),
            metric_names: names(&config.metric_names)?,
            attributes: AttributeTest::compile_all(match_type, &config.attributes)?,
            resource_matches: true,
            scope_matches: true,
        })
    }

    fn matches_resource(&self, resource: ResourceView<'_>) -> bool {
        let service_matches = match &self.services {
            None => true,
            Some(services) => match resource.attributes().get("service.name") {
                Some(name) => services.matches(&text_of(name)),
                None => services.matches(NO_SERVICE_NAME),
            },
        };
        service_matches && all_match(&self.resources, resource.attributes())
    }

    fn matches_span(&self, span: SpanView<'_>) -> bool {
        let kind = usize::try_from(span.kind())
            .unwrap_or(usize::MAX)
            .min(SPAN_KINDS.len());
        self.span_kinds[kind]
            && any_or_absent(&self.span_names, || span.name())
            && all_match(&self.attributes, span.attributes())
    }

    fn matches_log_record(&self, record: LogRecordView<'_>) -> bool {
        let severity_matches = || match &self.log_severity_number {
            None => true,
            Some(severity) => match record.severity_number() {
                0 => severity.match_undefined,
                number => number >= severity.min,
            },
        };
        let body_matches = || match &self.log_bodies {
            None => true,
            Some(bodies) => bodies.matches(&text_of(record.body())),
        };
        severity_matches()
            && any_or_absent(&self.log_severity_texts, || record.severity_text())
            && body_matches()
            && all_match(&self.attributes, record.attributes())
    }
}

#[inline]
fn any_or_absent<'a>(names: &Option<Names>, name: impl FnOnce() -> &'a str) -> bool {
    names.as_ref().is_none_or(|names| names.matches(name()))
}

fn all_match(tests: &[AttributeTest], attributes: Attributes<'_>) -> bool {
    tests.iter().all(|test| {
        attributes
            .get(&test.key)
            .is_some_and(|value| test.expected.is_met_by(value))
    })
}

impl Names {
    fn compile(match_type: MatchType, names: &[String]) -> Result<Self, String> {
        Ok(match match_type {
            MatchType::Strict => Names::Strict(names.to_vec()),
            MatchType::Regexp => Names::Regexp(
                names
                    .iter()
                    .map(|name| patterns::compile(name))
                    .collect::<Result<_, _>>()?,
            ),
        })
    }

    fn matches(&self, name: &str) -> bool {
        match self {
            Names::Strict(names) => names.iter().any(|other| other == name),
            Names::Regexp(names) => names.iter().any(|pattern| pattern.is_match(name)),
        }
    }
}

impl LibraryTest {
    fn compile(match_type: MatchType, library: &LibraryMatch) -> Result<Self, String> {
        let one = |name: &String| Names::compile(match_type, std::slice::from_ref(name));
        Ok(LibraryTest {
            name: one(&library.name)?,
            version: library.version.as_ref().map(one).transpose()?,
        })
    }

    fn matches(&self, scope: ScopeView<'_>) -> bool {
        self.name.matches(scope.name()) && any_or_absent(&self.version, || scope.version())
    }
}

impl AttributeTest {
    fn compile_all(match_type: MatchType, attributes: &[AttributeMatch]) -> Result<Vec<Self>, String> {
        let one = |attribute: &AttributeMatch| {
            let expected = match (&attribute.value, match_type) {
                (None, _) => Expected::Anything,
                (Some(value), MatchType::Strict) => Expected::Value(value.clone()),
                (Some(value), MatchType::Regexp) => {
                    Expected::Text(patterns::compile(&text_of(value.view()))?)
                }
            };
            Ok(AttributeTest {
                key: attribute.key.clone(),
                expected,
            })
        };
        attributes.iter().map(one).collect()
    }
}

impl Expected {
    fn is_met_by(&self, value: ValueView<'_>) -> bool {
        match self {
            Expected::Anything => true,
            Expected::Value(expected) => expected.view() == value,
            Expected::Text(pattern) => scalar_text(value).is_some_and(|text| pattern.is_match(&text)),
        }
    }
}
