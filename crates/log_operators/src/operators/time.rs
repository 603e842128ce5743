//! Times.

use std::collections::BTreeMap;

use sidelight_component::BuildError;
use sidelight_config::{Check, setting_enum, settings};
use sidelight_log_formats::{Layout, LayoutError, LayoutKind};

use super::{Failure, Operator, check_field, field, note};
use crate::entry::{Entry, text_of};
use crate::field::Field;
use crate::settings::Common;

setting_enum! {
    /// How a layout is written.
    pub enum LayoutType {
        /// `%Y-%m-%d %H:%M:%S`
        Strptime = "strptime",
        /// `2006-01-02 15:04:05`
        Gotime = "gotime",
        /// `yyyy-MM-dd HH:mm:ss,SSS`
        Java = "java",
        /// `s`, `ms`, `us`, `ns`, `s.ms`, `s.us`, `s.ns`
        Epoch = "epoch",
    }
}

settings! {
    /// Where the time of a record stands, and how it is written.
    pub struct TimeBlock {
        /// The field with the time.
        required parse_from: String,
        /// How it is written.
        required layout: String,
        /// How the layout is written: `strptime`, `gotime`, `java` or `epoch`.
        layout_type: LayoutType = LayoutType::Strptime,
        /// The time zone of a text without one, by its IANA name; without it that of this machine, and UTC if the layout ends in `Z`.
        location: Option<String>,
        /// What abbreviations of time zones in the text mean, by IANA names: `{PDT: America/Los_Angeles}`.
        time_zone_locations: BTreeMap<String, String>,
    }
    validate TimeBlock::check;
}

settings! {
    /// The time of a record.
    pub struct TimeParser {
        /// What every operator has.
        flatten common: Common,
        /// Where it stands, and how.
        required flatten time: TimeBlock,
    }
}

impl TimeBlock {
    fn compile(&self) -> Result<Layout, LayoutError> {
        let kind = match self.layout_type {
            LayoutType::Strptime => LayoutKind::Strptime,
            LayoutType::Gotime => LayoutKind::Gotime,
            LayoutType::Java => LayoutKind::Java,
            LayoutType::Epoch => LayoutKind::Epoch,
        };
        let layout = Layout::parse(&self.layout, kind, self.location.as_deref());
        let mut zones = self.time_zone_locations.iter();
        zones.try_fold(layout?, |layout, (abbreviation, location)| {
            layout.with_zone(abbreviation, location)
        })
    }

    fn check(&self, check: &mut Check<'_, '_>) {
        check_field(check, "parse_from", &self.parse_from);
        if let Err(problem) = self.compile() {
            check.error("layout", &format!("cannot be used: {problem}"));
        }
    }

    pub(crate) fn build(&self) -> Result<TimeReader, BuildError> {
        Ok(TimeReader {
            from: field("parse_from", &self.parse_from)?,
            layout: self
                .compile()
                .map_err(|problem| BuildError::at("layout", problem))?,
            shown: self.layout.clone(),
        })
    }
}

impl TimeParser {
    pub(crate) fn build(&self) -> Result<Box<dyn Operator>, BuildError> {
        Ok(Box::new(self.time.build()?))
    }
}

/// Reads the time of a record.
#[derive(Debug)]
pub(crate) struct TimeReader {
    from: Field,
    layout: Layout,
    shown: String,
}

impl TimeReader {
    pub(crate) fn apply(&self, entry: &mut Entry<'_>) -> Result<(), Failure> {
        let text = self
            .from
            .get(entry)
            .and_then(text_of)
            .ok_or_else(|| Failure::NoField(self.from.to_string()))?;
        let nanos = self
            .layout
            .read(&text, entry.observed_unix_nano)
            .map_err(|problem| {
                Failure::Unparsed(format!("{text:?} is no time as in `{}`: {problem}", self.shown))
            })?;
        entry.time_unix_nano = u64::try_from(nanos).ok();
        Ok(())
    }
}

impl Operator for TimeReader {
    fn apply<'a>(&mut self, entry: &mut Entry<'a>, said: Option<&mut String>) -> Result<(), Failure> {
        TimeReader::apply(self, entry)?;
        note(said, || {
            format!("time {} ns", entry.time_unix_nano.unwrap_or_default())
        });
        Ok(())
    }
}
