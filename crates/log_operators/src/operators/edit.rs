//! Operators that move fields about.

use sidelight_component::BuildError;
use sidelight_config::{Check, Node, settings};
use sidelight_log_formats::{Map, Value};

use super::{Failure, Operator, check_field, field, note};
use crate::entry::Entry;
use crate::field::{Field, merge};
use crate::settings::Common;

settings! {
    /// Puts a value into a field.
    pub struct Add {
        /// What every operator has.
        flatten common: Common,
        /// The field.
        required field: String,
        /// The value: a text, a number, a list, a map.
        required value: Node,
    }
    validate Add::check;
}

settings! {
    /// Takes a field out.
    pub struct Remove {
        /// What every operator has.
        flatten common: Common,
        /// The field.
        required field: String,
    }
    validate Remove::check;
}

settings! {
    /// Keeps these fields and no others of the places that they are in.
    pub struct Retain {
        /// What every operator has.
        flatten common: Common,
        /// The fields.
        required fields: Vec<String>,
    }
    validate Retain::check;
}

settings! {
    /// Two fields.
    pub struct FromTo {
        /// What every operator has.
        flatten common: Common,
        /// Where the value is.
        required from: String,
        /// Where it goes.
        required to: String,
    }
    validate FromTo::check;
}

settings! {
    /// Moves a field.
    pub struct Move {
        /// Which, and where to.
        required flatten fields: FromTo,
    }
}

settings! {
    /// Copies a field.
    pub struct Copy {
        /// Which, and where to.
        required flatten fields: FromTo,
    }
}

settings! {
    /// Moves what is in a map one level up.
    pub struct Flatten {
        /// What every operator has.
        flatten common: Common,
        /// The map.
        required field: String,
    }
    validate Flatten::check;
}

impl Add {
    fn check(&self, check: &mut Check<'_, '_>) {
        check_field(check, "field", &self.field);
        if self.value.text().is_some_and(|text| text.starts_with("EXPR(")) {
            check.error_hint(
                "value",
                "is an expression, which is not possible",
                "use `copy` or `move` for what is in another field",
            );
        }
    }

    pub(crate) fn build(&self) -> Result<Box<dyn Operator>, BuildError> {
        let value = value_of(&self.value);
        Ok(Box::new(Put {
            to: field("field", &self.field)?,
            value,
        }))
    }
}

/// A value of the configuration.
fn value_of(node: &Node) -> Value<'static> {
    use sidelight_config::Value as Yaml;
    match &node.value {
        Yaml::Null => Value::Empty,
        Yaml::Bool(is) => Value::Bool(*is),
        Yaml::Int(number) => Value::Int(*number),
        Yaml::Float(number) => Value::Double(*number),
        Yaml::String(text) => Value::Text(text.clone().into()),
        Yaml::List(items) => Value::List(items.iter().map(value_of).collect()),
        Yaml::Map(entries) => {
            let pair =
                |(key, node): &(sidelight_config::Key, Node)| (key.name.clone().into(), value_of(node));
            Value::Map(entries.iter().map(pair).collect())
        }
    }
}

impl Remove {
    fn check(&self, check: &mut Check<'_, '_>) {
        check_field(check, "field", &self.field);
    }

    pub(crate) fn build(&self) -> Result<Box<dyn Operator>, BuildError> {
        Ok(Box::new(Take(field("field", &self.field)?)))
    }
}

impl Retain {
    fn check(&self, check: &mut Check<'_, '_>) {
        self.fields
            .iter()
            .for_each(|field| check_field(check, "fields", field));
    }

    pub(crate) fn build(&self) -> Result<Box<dyn Operator>, BuildError> {
        let fields = self
            .fields
            .iter()
            .map(|text| field("fields", text))
            .collect::<Result<_, _>>()?;
        Ok(Box::new(Keep(fields)))
    }
}

impl FromTo {
    fn check(&self, check: &mut Check<'_, '_>) {
        check_field(check, "from", &self.from);
        check_field(check, "to", &self.to);
    }

    fn build(&self, copies: bool) -> Result<Box<dyn Operator>, BuildError> {
        Ok(Box::new(Transfer {
            from: field("from", &self.from)?,
            to: field("to", &self.to)?,
            copies,
        }))
    }
}

impl Move {
    pub(crate) fn build(&self) -> Result<Box<dyn Operator>, BuildError> {
        self.fields.build(false)
    }
}

impl Copy {
    pub(crate) fn build(&self) -> Result<Box<dyn Operator>, BuildError> {
        self.fields.build(true)
    }
}

impl Flatten {
    fn check(&self, check: &mut Check<'_, '_>) {
        check_field(check, "field", &self.field);
    }

    pub(crate) fn build(&self) -> Result<Box<dyn Operator>, BuildError> {
        Ok(Box::new(Lift(field("field", &self.field)?)))
    }
}

#[derive(Debug)]
struct Put {
    to: Field,
    value: Value<'static>,
}

impl Operator for Put {
    fn apply<'a>(&mut self, entry: &mut Entry<'a>, said: Option<&mut String>) -> Result<(), Failure> {
        self.to.set(entry, self.value.clone());
        note(said, || format!("put into {}", self.to));
        Ok(())
    }
}

#[derive(Debug)]
struct Take(Field);

impl Operator for Take {
    fn apply<'a>(&mut self, entry: &mut Entry<'a>, said: Option<&mut String>) -> Result<(), Failure> {
        match self.0.remove(entry) {
            Some(_) => {
                note(said, || format!("{} taken out", self.0));
                Ok(())
            }
            None => Err(Failure::NoField(self.0.to_string())),
        }
    }
}

#[derive(Debug)]
struct Keep(Vec<Field>);

impl Operator for Keep {
    fn apply<'a>(&mut self, entry: &mut Entry<'a>, said: Option<&mut String>) -> Result<(), Failure> {
        let found: Vec<(&Field, Value<'a>)> = self
            .0
            .iter()
            .filter_map(|field| Some((field, field.get(entry)?.clone())))
            .collect();
        if self.0.iter().any(Field::is_in_body) {
            entry.body = Value::Map(Map::new());
        }
        if self.0.iter().any(Field::is_attribute) {
            entry.attributes.clear();
        }
        if self
            .0
            .iter()
            .any(|field| !field.is_attribute() && !field.is_in_body())
        {
            entry.resource.clear();
        }
        note(said, || format!("kept {} of {}", found.len(), self.0.len()));
        found
            .into_iter()
            .for_each(|(field, value)| field.set(entry, value));
        Ok(())
    }
}

#[derive(Debug)]
struct Transfer {
    from: Field,
    to: Field,
    copies: bool,
}

impl Operator for Transfer {
    fn apply<'a>(&mut self, entry: &mut Entry<'a>, said: Option<&mut String>) -> Result<(), Failure> {
        let value = match self.copies {
            true => self.from.get(entry).cloned(),
            false => self.from.remove(entry),
        };
        let value = value.ok_or_else(|| Failure::NoField(self.from.to_string()))?;
        self.to.set(entry, value);
        note(said, || format!("{} to {}", self.from, self.to));
        Ok(())
    }
}

#[derive(Debug)]
struct Lift(Field);

impl Operator for Lift {
    fn apply<'a>(&mut self, entry: &mut Entry<'a>, said: Option<&mut String>) -> Result<(), Failure> {
        let is_map = matches!(self.0.get(entry), Some(Value::Map(_)));
        if !is_map {
            return Err(Failure::Unparsed(format!("{} is no map", self.0)));
        }
        let Some(Value::Map(map)) = self.0.remove(entry) else {
            return Ok(());
        };
        note(said, || format!("{} keys of {} moved up", map.len(), self.0));
        match (self.0.is_in_body(), &mut entry.body) {
            (true, Value::Map(body)) => merge(body, map),
            (true, body) => *body = Value::Map(map),
            (false, _) if self.0.is_attribute() => merge(&mut entry.attributes, map),
            (false, _) => merge(&mut entry.resource, map),
        }
        Ok(())
    }
}
