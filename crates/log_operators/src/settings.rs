//! The list `operators:`; each has its own settings, chosen by its `type`.

use sidelight_component::BuildError;
use sidelight_config::{Check, Kind, Node, Reader, Setting, setting_enum, settings};
use sidelight_ottl::{Condition, Context};

use crate::operators::{
    AccessLogParser, Add, Copy, CsvParser, EventParser, Filter, Flatten, GrokParser, JsonParser,
    KeyValueParser, Move, Operator, RegexParser, Remove, Retain, Router, SeverityParser, SyslogParser,
    TimeParser, TraceParser, UriParser,
};

setting_enum! {
    /// What becomes of a record that an operator cannot deal with. It is counted in any case.
    pub enum OnError {
        /// It goes on as it is, marked; the log says it, at most once a minute.
        Send = "send",
        /// It goes on as it is, marked.
        SendQuiet = "send_quiet",
        /// It is left out; the log says it, at most once a minute.
        Drop = "drop",
        /// It is left out.
        DropQuiet = "drop_quiet",
    }
}

settings! {
    /// What every operator has.
    pub struct Common {
        /// Which operator it is.
        r#type: String,
        /// Its name in messages; without it its type.
        id: Option<String>,
        /// It is asked only of records that meet this condition.
        r#if: Option<String>,
        /// What becomes of a record that it cannot deal with.
        on_error: OnError = OnError::Send,
        /// The `id` of a later operator that records go to from here; without it the next one.
        output: Option<String>,
    }
    validate Common::check;
}

impl Common {
    fn check(&self, check: &mut Check<'_, '_>) {
        if let Some(Err(problem)) = self
            .r#if
            .as_deref()
            .map(|text| Condition::parse(Context::LOG, text))
        {
            check.error("if", &format!("is no condition: {problem}"));
        }
    }

    pub(crate) fn condition(&self) -> Result<Option<Condition>, BuildError> {
        let condition = self
            .r#if
            .as_deref()
            .map(|text| Condition::parse(Context::LOG, text))
            .transpose();
        condition.map_err(|problem| BuildError::at("if", problem.to_string()))
    }
}

settings! {
    /// Does nothing.
    pub struct Noop {
        /// What every operator has.
        flatten common: Common,
    }
}

macro_rules! operators {
    ($($name:literal $(| $alias:literal)* => $Operator:ident: $common:expr,)*) => {
        /// One operator with its settings.
        #[derive(Clone, Debug, PartialEq)]
        pub enum OperatorSettings {
            $(#[doc = concat!("`", $name, "`")] $Operator(Box<$Operator>),)*
        }

        /// The types that there are.
        pub(crate) const TYPES: &[&str] = &[$($name),*];

        impl OperatorSettings {
            fn read_as(name: &str, node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
                match name {
                    $($name $(| $alias)* => cx.block::<$Operator>(node, None).map(|read| Self::$Operator(Box::new(read))),)*
                    other => {
                        let hint = hint(other);
                        cx.invalid(node.get("type").unwrap_or(node), &format!("is no operator: `{other}`"), Some(hint))
                    }
                }
            }

            pub(crate) fn common(&self) -> &Common {
                match self {
                    $(Self::$Operator(settings) => {
                        let common: fn(&$Operator) -> &Common = $common;
                        common(settings)
                    })*
                }
            }

            pub(crate) fn build(&self) -> Result<Box<dyn Operator>, BuildError> {
                match self {
                    $(Self::$Operator(settings) => settings.build(),)*
                }
            }
        }
    };
}

operators! {
    "access_log_parser" => AccessLogParser: |it| &it.parser.common,
    "add" => Add: |it| &it.common,
    "copy" => Copy: |it| &it.fields.common,
    "csv_parser" => CsvParser: |it| &it.parser.common,
    "filter" => Filter: |it| &it.common,
    "event_parser" => EventParser: |it| &it.common,
    "flatten" => Flatten: |it| &it.common,
    "grok_parser" | "grok" => GrokParser: |it| &it.parser.common,
    "json_parser" => JsonParser: |it| &it.parser.common,
    "key_value_parser" => KeyValueParser: |it| &it.parser.common,
    "move" => Move: |it| &it.fields.common,
    "noop" => Noop: |it| &it.common,
    "regex_parser" => RegexParser: |it| &it.parser.common,
    "remove" => Remove: |it| &it.common,
    "retain" => Retain: |it| &it.common,
    "router" => Router: |it| &it.common,
    "severity_parser" => SeverityParser: |it| &it.common,
    "syslog_parser" => SyslogParser: |it| &it.parser.common,
    "time_parser" => TimeParser: |it| &it.common,
    "trace_parser" => TraceParser: |it| &it.common,
    "uri_parser" => UriParser: |it| &it.parser.common,
}

/// What was meant, or what there is.
fn hint(unknown: &str) -> String {
    let later = ["recombine", "container", "scope_name_parser"];
    if later.contains(&unknown) {
        return "the Collector has it, it is not there yet".to_owned();
    }
    let near = TYPES
        .iter()
        .find(|known| known.starts_with(unknown) || unknown.starts_with(**known));
    match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", TYPES.join(", ")),
    }
}

impl Noop {
    fn build(&self) -> Result<Box<dyn Operator>, BuildError> {
        #[derive(Debug)]
        struct Nothing;
        impl Operator for Nothing {
            fn apply<'a>(
                &mut self,
                _: &mut crate::entry::Entry<'a>,
                _: Option<&mut String>,
            ) -> Result<(), crate::operators::Failure> {
                Ok(())
            }
        }
        Ok(Box::new(Nothing))
    }
}

impl OperatorSettings {
    /// What it is called in messages and by `output`.
    pub(crate) fn id(&self) -> &str {
        let common = self.common();
        common.id.as_deref().unwrap_or(&common.r#type)
    }

    /// The settings that name a later operator, with what they name: its `output`, then its routes.
    pub(crate) fn outputs(&self) -> Vec<(String, &str)> {
        let own = self
            .common()
            .output
            .iter()
            .map(|id| ("output".to_owned(), id.as_str()));
        let routes = match self {
            Self::Router(router) => router.outputs(),
            _ => Vec::new(),
        };
        own.chain(routes).collect()
    }
}

/// Where an operator of this id stands behind the one at `from`: records only go on.
///
/// # Errors
/// What is wrong with the name.
pub(crate) fn later(operators: &[OperatorSettings], from: usize, id: &str) -> Result<usize, String> {
    let place = |at: &usize| operators.get(*at).is_some_and(|other| other.id() == id);
    if let Some(at) = (from + 1..operators.len()).find(place) {
        return Ok(at);
    }
    Err(match (0..=from).any(|at| place(&at)) {
        true => format!("names `{id}`, which does not stand behind it: put it there"),
        false => format!("names `{id}`, which no operator here has as its `id`"),
    })
}

/// Checks what operators name, as settings of a receiver.
pub fn check_operators(operators: &[OperatorSettings], check: &mut Check<'_, '_>) {
    for (nth, operator) in operators.iter().enumerate() {
        for (setting, id) in operator.outputs() {
            if let Err(problem) = later(operators, nth, id) {
                check.error(&format!("operators.{nth}.{setting}"), &problem);
            }
        }
    }
}

impl Setting for OperatorSettings {
    fn kind() -> Kind {
        Kind::Text("operator, by its `type`")
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        match node.get("type").and_then(Node::text) {
            Some(name) => {
                let name = name.to_owned();
                Self::read_as(&name, node, cx)
            }
            None => cx.invalid(
                node,
                "has no `type`",
                Some(format!("add `type:` with one of {}", TYPES.join(", "))),
            ),
        }
    }

    fn show(&self) -> String {
        self.common().r#type.clone()
    }
}
