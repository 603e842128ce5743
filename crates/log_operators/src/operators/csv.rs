//! Comma-separated values.

use std::borrow::Cow;

use sidelight_component::BuildError;
use sidelight_config::{Check, settings};
use sidelight_log_formats::csv::{Quotes, split};
use sidelight_log_formats::{Map, Value};

use super::parse::{Format, Parser};
use super::{Failure, Operator};

settings! {
    /// A line of comma-separated values; the header names them.
    pub struct CsvParser {
        /// What all parsers have.
        flatten parser: Parser,
        /// The names of the columns, with `header_delimiter` between them.
        header: Option<String>,
        /// The attribute of the record that holds the names instead.
        header_attribute: Option<String>,
        /// What stands between two values, one character.
        delimiter: String = ",",
        /// What stands between two names; without it `delimiter`.
        header_delimiter: Option<String>,
        /// True: a quote that is no field's beginning or end is a letter.
        lazy_quotes: bool = false,
        /// True: all quotes are letters.
        ignore_quotes: bool = false,
    }
    validate CsvParser::check;
}

impl CsvParser {
    fn check(&self, check: &mut Check<'_, '_>) {
        let header_delimiter = self.header_delimiter.as_deref();
        for (setting, text) in [
            ("delimiter", Some(&*self.delimiter)),
            ("header_delimiter", header_delimiter),
        ] {
            if text.is_some_and(|text| text.chars().count() != 1) {
                check.error(setting, "must be one character");
            }
        }
        match (&self.header, &self.header_attribute) {
            (None, None) => check.error_hint(
                "header",
                "is missing",
                "add `header: a,b,c`, or `header_attribute`",
            ),
            (Some(_), Some(_)) => {
                check.conflict("header", "header_attribute", "names the columns a second time")
            }
            _ => {}
        }
        if self.lazy_quotes && self.ignore_quotes {
            check.conflict(
                "lazy_quotes",
                "ignore_quotes",
                "has no effect beside `ignore_quotes`",
            );
        }
    }

    pub(crate) fn build(&self) -> Result<Box<dyn Operator>, BuildError> {
        let one = |text: &str| text.chars().next().unwrap_or(',');
        let delimiter = one(&self.delimiter);
        let between = self.header_delimiter.as_deref().map_or(delimiter, one);
        let names = self.header.as_deref().map(|header| named(header, between));
        self.parser.build(Format::Csv(Columns {
            names,
            attribute: self.header_attribute.clone().unwrap_or_default(),
            between,
            delimiter,
            quotes: match (self.ignore_quotes, self.lazy_quotes) {
                (true, _) => Quotes::Ignored,
                (false, true) => Quotes::Lazy,
                (false, false) => Quotes::Strict,
            },
        }))
    }
}

fn named(header: &str, between: char) -> Vec<String> {
    header.split(between).map(|name| name.trim().to_owned()).collect()
}

/// How a line becomes fields.
#[derive(Debug)]
pub(super) struct Columns {
    names: Option<Vec<String>>,
    /// Where the names are, where the settings have none.
    attribute: String,
    between: char,
    delimiter: char,
    quotes: Quotes,
}

impl Columns {
    /// The values of a line under their names, those of the settings or those that the record's attributes have.
    pub(super) fn parse<'a>(&self, line: Cow<'a, str>, attributes: &Map<'a>) -> Result<Map<'a>, Failure> {
        let own: Vec<String>;
        let names = match (&self.names, attributes.get(&self.attribute)) {
            (Some(names), _) => names,
            (None, Some(Value::Text(header))) => {
                own = named(header, self.between);
                &own
            }
            (None, _) => return Err(Failure::NoField(format!("attributes.{}", self.attribute))),
        };
        let values = match line {
            Cow::Borrowed(line) => split(line, self.delimiter, self.quotes),
            Cow::Owned(line) => split(&line, self.delimiter, self.quotes).map(|values| {
                values
                    .into_iter()
                    .map(|value| Cow::Owned(value.into_owned()))
                    .collect()
            }),
        };
        let values = values.map_err(Failure::Unparsed)?;
        if values.len() != names.len() {
            let problem = format!("there are {} values and {} columns", values.len(), names.len());
            return Err(Failure::Unparsed(problem));
        }
        let mut map = Map::new();
        for (name, value) in names.iter().zip(values) {
            map.insert(name.clone(), Value::Text(value));
        }
        Ok(map)
    }
}
