//! Parsers: a text becomes fields.

use std::borrow::Cow;
use std::collections::BTreeMap;

use sidelight_component::BuildError;
use sidelight_config::{Check, setting_enum, settings};
use sidelight_log_formats::grok::{Grok, Library};
use sidelight_log_formats::syslog::Syslog;
use sidelight_log_formats::{Map, Miss, Pattern, PatternError, Value, json, key_value, uri};

use super::csv::Columns;
use super::severity::{Severity, SeverityBlock};
use super::time::{TimeBlock, TimeReader};
use super::trace::{TraceBlock, TraceReader};
use super::web::WebLog;
use super::{Failure, Operator, check_field, field, note};
use crate::entry::{Entry, text_of};
use crate::field::Field;
use crate::settings::Common;

settings! {
    /// What all parsers have.
    pub struct Parser {
        /// What every operator has.
        flatten common: Common,
        /// The field that is parsed.
        parse_from: String = "body",
        /// Where the result goes.
        parse_to: String = "attributes",
        /// Reads the time from the result.
        timestamp: Option<TimeBlock>,
        /// Reads the severity from the result.
        severity: Option<SeverityBlock>,
        /// Reads trace id and span id from the result.
        trace: Option<TraceBlock>,
    }
    validate Parser::check;
}

settings! {
    /// A regular expression with named groups.
    pub struct RegexParser {
        /// What all parsers have.
        flatten parser: Parser,
        /// The expression, with named groups: `^(?P<time>\S+) (?P<level>\w+)`.
        required regex: String,
    }
    unsupported {
        harmless "cache" => "expressions are quick enough without; remove it",
    }
    validate RegexParser::check;
}

setting_enum! {
    /// Whose names the fields of stock patterns have.
    pub enum EcsCompatibility {
        /// Logstash's older ones.
        Disabled = "disabled",
        /// Those of the Elastic Common Schema.
        V1 = "v1",
    }
}

settings! {
    /// Grok, as Logstash has it.
    pub struct GrokParser {
        /// What all parsers have.
        flatten parser: Parser,
        /// The pattern: `%{TIMESTAMP_ISO8601:timestamp} %{WORD:level} %{GREEDYDATA:message}`.
        pattern: Option<String>,
        /// Several, tried in this order.
        patterns: Vec<String>,
        /// Own patterns by name.
        pattern_definitions: BTreeMap<String, String>,
        /// The names of fields in the stock patterns: `disabled` for `clientip`, `v1` for `source.address`.
        ecs_compatibility: EcsCompatibility = EcsCompatibility::Disabled,
        /// True: what captured an empty text is an empty attribute; Logstash has none then, and so by default has this.
        keep_empty_captures: bool = false,
    }
    validate GrokParser::check;
}

settings! {
    /// A JSON object.
    pub struct JsonParser {
        /// What all parsers have.
        flatten parser: Parser,
    }
    unsupported {
        harmless "parse_ints" => "integers are always kept as such; remove it",
    }
}

settings! {
    /// `key=value key=value`.
    pub struct KeyValueParser {
        /// What all parsers have.
        flatten parser: Parser,
        /// What stands between key and value.
        delimiter: String = "=",
        /// What stands between two pairs; white space if it is empty.
        pair_delimiter: String,
    }
    validate KeyValueParser::check;
}

settings! {
    /// A URI.
    pub struct UriParser {
        /// What all parsers have.
        flatten parser: Parser,
    }
}

impl Parser {
    fn check(&self, check: &mut Check<'_, '_>) {
        check_field(check, "parse_from", &self.parse_from);
        check_field(check, "parse_to", &self.parse_to);
    }

    pub(super) fn build(&self, format: Format) -> Result<Box<dyn Operator>, BuildError> {
        Ok(Box::new(Parse {
            from: field("parse_from", &self.parse_from)?,
            to: field("parse_to", &self.parse_to)?,
            format,
            time: self.timestamp.as_ref().map(TimeBlock::build).transpose()?,
            severity: self.severity.as_ref().map(SeverityBlock::build).transpose()?,
            trace: self.trace.as_ref().map(TraceBlock::build).transpose()?,
        }))
    }
}

impl RegexParser {
    fn check(&self, check: &mut Check<'_, '_>) {
        if let Err(problem) = Pattern::compile(&self.regex) {
            check.error("regex", &problem.to_string());
        }
    }

    pub(crate) fn build(&self) -> Result<Box<dyn Operator>, BuildError> {
        let pattern = Pattern::compile(&self.regex).map_err(|problem| BuildError::at("regex", problem))?;
        self.parser.build(Format::Regex(Box::new(pattern)))
    }
}

impl GrokParser {
    fn grok(&self) -> Result<Grok, PatternError> {
        let patterns: Vec<String> = self.pattern.iter().chain(&self.patterns).cloned().collect();
        let library = match self.ecs_compatibility {
            EcsCompatibility::Disabled => Library::Legacy,
            EcsCompatibility::V1 => Library::EcsV1,
        };
        let grok = Grok::with_library(library, &patterns, &self.pattern_definitions)?;
        Ok(if self.keep_empty_captures {
            grok
        } else {
            grok.without_empty_captures()
        })
    }

    fn check(&self, check: &mut Check<'_, '_>) {
        let setting = if self.patterns.is_empty() {
            "pattern"
        } else {
            "patterns"
        };
        if let Err(problem) = self.grok() {
            check.error(setting, &format!("cannot be used: {problem}"));
        }
    }

    pub(crate) fn build(&self) -> Result<Box<dyn Operator>, BuildError> {
        let grok = self
            .grok()
            .map_err(|problem| BuildError::at("pattern", problem))?;
        self.parser.build(Format::Grok(Box::new(grok)))
    }
}

impl JsonParser {
    pub(crate) fn build(&self) -> Result<Box<dyn Operator>, BuildError> {
        self.parser.build(Format::Json)
    }
}

impl UriParser {
    pub(crate) fn build(&self) -> Result<Box<dyn Operator>, BuildError> {
        self.parser.build(Format::Uri)
    }
}

impl KeyValueParser {
    fn check(&self, check: &mut Check<'_, '_>) {
        if self.delimiter.is_empty() {
            check.error("delimiter", "is empty");
        }
        if self.delimiter == self.pair_delimiter {
            check.conflict("pair_delimiter", "delimiter", "is the same as `delimiter`");
        }
    }

    pub(crate) fn build(&self) -> Result<Box<dyn Operator>, BuildError> {
        self.parser.build(Format::KeyValue {
            between: self.delimiter.clone(),
            pairs: self.pair_delimiter.clone(),
        })
    }
}

/// What a line has room for at first.
const FIELDS: usize = 16;

#[derive(Debug)]
pub(super) enum Format {
    Regex(Box<Pattern>),
    Grok(Box<Grok>),
    Json,
    AccessLog(Box<WebLog>),
    Syslog(Box<Syslog>),
    KeyValue { between: String, pairs: String },
    Csv(Columns),
    Uri,
}

#[derive(Debug)]
struct Parse {
    from: Field,
    to: Field,
    format: Format,
    time: Option<TimeReader>,
    severity: Option<Severity>,
    trace: Option<TraceReader>,
}

impl Operator for Parse {
    fn apply<'a>(&mut self, entry: &mut Entry<'a>, said: Option<&mut String>) -> Result<(), Failure> {
        let text = self
            .from
            .get(entry)
            .and_then(text_of)
            .ok_or_else(|| Failure::NoField(self.from.to_string()))?;
        let mut map = Map::with_capacity(FIELDS);
        let known = self.format.parse(text, entry, &mut map)?;
        note(said, || {
            map.iter()
                .map(|(key, value)| format!("{key}={}", shown(value)))
                .collect::<Vec<_>>()
                .join(", ")
        });
        self.to.set(entry, Value::Map(map));
        if known.time_unix_nano.is_some() {
            entry.time_unix_nano = known.time_unix_nano;
        }
        if let Some((number, text)) = known.severity {
            (entry.severity_number, entry.severity_text) = (number, text);
        }
        // The blocks of a parser report a failure, and what was parsed stays.
        if let Some(time) = &self.time {
            time.apply(entry)?;
        }
        if let Some(severity) = &self.severity {
            severity.apply(entry)?;
        }
        if let Some(trace) = &self.trace {
            trace.apply(entry)?;
        }
        Ok(())
    }

    fn reach(&self, entry: &Entry<'_>) -> Option<String> {
        let Format::Grok(grok) = &self.format else {
            return None;
        };
        Some(grok.reach(&text_of(self.from.get(entry)?)?))
    }
}

impl Format {
    /// Parses a text of a record.
    fn parse<'a>(
        &mut self,
        text: Cow<'a, str>,
        entry: &Entry<'a>,
        into: &mut Map<'a>,
    ) -> Result<Known<'a>, Failure> {
        match self {
            Self::Regex(pattern) => pattern.captures(text, into).map_err(missed)?,
            Self::Grok(grok) => grok.captures(text, into).map_err(missed)?,
            Self::Json => match text {
                Cow::Borrowed(text) => object(json::parse(text)?, into)?,
                Cow::Owned(text) => object(owned(json::parse(&text)?), into)?,
            },
            Self::AccessLog(web) => return web.parse(text, into),
            Self::Syslog(syslog) => {
                return super::syslog::parse(syslog, &text, entry.observed_unix_nano, into);
            }
            Self::Uri => *into = uri::parse(&text).map_err(Failure::Unparsed)?,
            Self::Csv(columns) => *into = columns.parse(text, &entry.attributes)?,
            Self::KeyValue { between, pairs } => {
                let unparsed = Failure::Unparsed;
                *into = match text {
                    Cow::Borrowed(text) => key_value::parse(text, between, pairs).map_err(unparsed)?,
                    Cow::Owned(text) => match owned(Value::Map(
                        key_value::parse(&text, between, pairs).map_err(unparsed)?,
                    )) {
                        Value::Map(map) => map,
                        _ => Map::new(),
                    },
                };
            }
        }
        Ok(Known::default())
    }
}

/// What a parser read that is no attribute.
#[derive(Debug, Default)]
pub(super) struct Known<'a> {
    pub(super) time_unix_nano: Option<u64>,
    pub(super) severity: Option<(u8, Cow<'a, str>)>,
}

fn missed(miss: Miss) -> Failure {
    match miss {
        Miss::NoMatch => Failure::Unparsed("the pattern does not match".to_owned()),
        Miss::TooLong => Failure::TooLong,
    }
}

impl From<json::JsonError> for Failure {
    fn from(error: json::JsonError) -> Self {
        Self::Unparsed(format!("no JSON: {error}"))
    }
}

pub(super) fn object<'a>(value: Value<'a>, into: &mut Map<'a>) -> Result<(), Failure> {
    match value {
        Value::Map(map) => {
            *into = map;
            Ok(())
        }
        _ => Err(Failure::Unparsed("JSON, but no object".to_owned())),
    }
}

/// A copy that borrows from nothing.
pub(super) fn owned<'a>(value: Value<'_>) -> Value<'a> {
    match value {
        Value::Empty => Value::Empty,
        Value::Text(text) => Value::Text(text.into_owned().into()),
        Value::Int(number) => Value::Int(number),
        Value::Double(number) => Value::Double(number),
        Value::Bool(is) => Value::Bool(is),
        Value::Bytes(bytes) => Value::Bytes(bytes.into_owned().into()),
        Value::List(list) => Value::List(list.into_iter().map(owned).collect()),
        Value::Map(map) => Value::Map(
            map.into_iter()
                .map(|(key, value)| (key.into_owned(), owned(value)))
                .collect(),
        ),
    }
}

/// A value in a few words.
fn shown(value: &Value<'_>) -> String {
    match value {
        Value::Empty => "null".to_owned(),
        Value::Text(text) => format!("{text:?}"),
        Value::Int(number) => number.to_string(),
        Value::Double(number) => number.to_string(),
        Value::Bool(is) => is.to_string(),
        Value::Bytes(bytes) => format!("{} bytes", bytes.len()),
        Value::List(list) => format!("[{} values]", list.len()),
        Value::Map(map) => format!("{{{} keys}}", map.len()),
    }
}
