//! Settings that all receivers of log lines have.

use std::collections::BTreeMap;

use sidelight_component::{BuildContext, BuildError};
use sidelight_config::{Check, settings};
use sidelight_log_formats::{Map, Value};
use sidelight_log_framing::FramingSettings;
use sidelight_log_operators::{OperatorSettings, check_operators};

use super::LogLines;

settings! {
    /// From bytes to records.
    pub struct LineSettings {
        /// How bytes become lines.
        flatten framing: FramingSettings,
        /// What is made of a line, in this order: parsers and the like, as the Collector has them.
        operators: Vec<OperatorSettings>,
        /// Attributes that every record gets.
        attributes: BTreeMap<String, String>,
        /// Attributes of the resource of every record.
        resource: BTreeMap<String, String>,
    }
    validate LineSettings::check;
}

impl LineSettings {
    fn check(&self, check: &mut Check<'_, '_>) {
        check_operators(&self.operators, check);
        for (setting, values) in [("attributes", &self.attributes), ("resource", &self.resource)] {
            let is_expression = |value: &String| value.starts_with("EXPR(");
            for (name, _) in values.iter().filter(|(_, value)| is_expression(value)) {
                check.error_hint(
                    &format!("{setting}.{name}"),
                    "is an expression, and these values are texts",
                    "use the operators `copy` or `move` for what is in another field",
                );
            }
        }
    }

    /// Builds what makes records of lines.
    ///
    /// # Errors
    /// [`BuildError`] with the setting that cannot be used.
    pub(crate) fn build(&self, cx: &BuildContext) -> Result<LogLines, BuildError> {
        LogLines::new(self, cx)
    }

    /// `attributes:` as every record gets them.
    pub(crate) fn attributes(&self) -> Map<'static> {
        texts(&self.attributes)
    }

    /// `resource:` as every resource gets them.
    pub(crate) fn resource(&self) -> Map<'static> {
        texts(&self.resource)
    }
}

fn texts(pairs: &BTreeMap<String, String>) -> Map<'static> {
    let pair = |(key, value): (&String, &String)| (key.clone().into(), Value::Text(value.clone().into()));
    pairs.iter().map(pair).collect()
}
