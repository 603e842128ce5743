//! The operators: one file for each kind, with its settings.

mod csv;
mod edit;
mod event;
mod filter;
mod parse;
mod router;
mod severity;
mod syslog;
mod time;
mod trace;
mod web;

use std::fmt;

use sidelight_component::BuildError;
use sidelight_config::Check;

use crate::entry::Entry;
use crate::field::Field;

pub(crate) use csv::CsvParser;
pub(crate) use edit::{Add, Copy, Flatten, Move, Remove, Retain};
pub(crate) use event::EventParser;
pub(crate) use filter::Filter;
pub(crate) use parse::{GrokParser, JsonParser, KeyValueParser, RegexParser, UriParser};
pub(crate) use router::Router;
pub(crate) use severity::SeverityParser;
pub(crate) use syslog::SyslogParser;
pub(crate) use time::TimeParser;
pub(crate) use trace::TraceParser;
pub(crate) use web::AccessLogParser;

/// What an operator does with a record.
pub(crate) trait Operator: fmt::Debug + Send {
    /// Does it; says what in a few words if `said` wants to know.
    ///
    /// # Errors
    /// Why it could not: the record is as it was.
    fn apply<'a>(&mut self, entry: &mut Entry<'a>, said: Option<&mut String>) -> Result<(), Failure>;

    /// Where the record goes from here.
    ///
    /// # Errors
    /// Why that cannot be said.
    fn way(&self, entry: &Entry<'_>) -> Result<Way, Failure> {
        let _ = entry;
        Ok(Way::On)
    }

    /// How far it came with a record that it could not deal with.
    fn reach(&self, entry: &Entry<'_>) -> Option<String> {
        let _ = entry;
        None
    }
}

/// Where a record goes from an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// To the next one, or to that which `output` names.
    On,
    /// Nowhere: it ends here, on purpose.
    Out,
    /// To what the operator's route of this number leads to.
    Route(usize),
}

/// Why an operator could not do its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The field is not there.
    NoField(String),
    /// What is in it has another form.
    Unparsed(String),
    /// It is longer than what is captured from.
    TooLong,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoField(field) => write!(f, "there is no {field}"),
            Self::Unparsed(why) => f.write_str(why),
            Self::TooLong => write!(
                f,
                "longer than the {} KiB that patterns are looked for in",
                sidelight_log_formats::CAPTURE_LIMIT >> 10
            ),
        }
    }
}

/// Checks a setting that is a field.
pub(crate) fn check_field(check: &mut Check<'_, '_>, setting: &str, field: &str) {
    if let Err(problem) = Field::parse(field) {
        check.error(setting, &format!("is no field: {problem}"));
    }
}

/// A setting that is a field.
///
/// # Errors
/// At the setting; one that was checked is good.
pub(crate) fn field(setting: &str, text: &str) -> Result<Field, BuildError> {
    Field::parse(text).map_err(|problem| BuildError::at(setting, problem))
}

/// Notes what was done.
pub(crate) fn note(said: Option<&mut String>, what: impl FnOnce() -> String) {
    if let Some(said) = said {
        *said = what();
    }
}
