//! `BUSINESS_EVENT: {…}`: a line that is an event.

use sidelight_component::BuildError;
use sidelight_config::{Check, settings};
use sidelight_log_formats::{Value, json};

use super::parse::owned;
use super::{Failure, Operator, check_field, field, note};
use crate::entry::{Entry, text_of};
use crate::field::Field;
use crate::settings::Common;

settings! {
    /// A JSON object behind a word: the record becomes an event. A record without the word stays as it is.
    pub struct EventParser {
        /// What every operator has.
        flatten common: Common,
        /// The field that is looked at.
        parse_from: String = "body",
        /// Where the object's members go.
        parse_to: String = "attributes",
        /// The word.
        prefix: String = "BUSINESS_EVENT:",
        /// The member with the event's name; without such a member `event_name` is what it is called.
        name_from: String = "event_type",
        /// The name of events that have none of their own.
        event_name: Option<String>,
    }
    validate EventParser::check;
}

impl EventParser {
    fn check(&self, check: &mut Check<'_, '_>) {
        check_field(check, "parse_from", &self.parse_from);
        check_field(check, "parse_to", &self.parse_to);
        if self.prefix.is_empty() {
            check.error("prefix", "is empty");
        }
    }

    pub(crate) fn build(&self) -> Result<Box<dyn Operator>, BuildError> {
        Ok(Box::new(Event {
            from: field("parse_from", &self.parse_from)?,
            to: field("parse_to", &self.parse_to)?,
            prefix: self.prefix.clone(),
            name_from: self.name_from.clone(),
            usual_name: self.event_name.clone().unwrap_or_default(),
        }))
    }
}

#[derive(Debug)]
struct Event {
    from: Field,
    to: Field,
    prefix: String,
    name_from: String,
    usual_name: String,
}

impl Operator for Event {
    fn apply<'a>(&mut self, entry: &mut Entry<'a>, said: Option<&mut String>) -> Result<(), Failure> {
        let text = self
            .from
            .get(entry)
            .and_then(text_of)
            .ok_or_else(|| Failure::NoField(self.from.to_string()))?;
        let Some((_, object)) = text.split_once(self.prefix.as_str()) else {
            note(said, || "no event".to_owned());
            return Ok(());
        };
        let (value, _) = json::parse_first(object)?;
        let Value::Map(map) = owned(value) else {
            return Err(Failure::Unparsed(format!(
                "behind `{}` there is JSON, but no object",
                self.prefix
            )));
        };
        entry.event_name = match map.get(&self.name_from) {
            Some(Value::Text(name)) => name.clone(),
            _ => self.usual_name.clone().into(),
        };
        note(said, || {
            format!("the event {:?} with {} members", entry.event_name, map.len())
        });
        self.to.set(entry, Value::Map(map));
        Ok(())
    }
}
