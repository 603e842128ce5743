//! Records that are left out.

use sidelight_component::BuildError;
use sidelight_config::{Check, settings};
use sidelight_ottl::{Condition, Context};

use super::{Failure, Operator, Way};
use crate::entry::Entry;
use crate::settings::Common;

settings! {
    /// Leaves out the records that meet a condition.
    pub struct Filter {
        /// What every operator has.
        flatten common: Common,
        /// The condition.
        required expr: String,
    }
    unsupported {
        "drop_ratio" => "every record that meets the condition is left out; remove it",
    }
    validate Filter::check;
}

impl Filter {
    fn check(&self, check: &mut Check<'_, '_>) {
        if let Err(problem) = Condition::parse(Context::LOG, &self.expr) {
            check.error("expr", &format!("is no condition: {problem}"));
        }
    }

    pub(crate) fn build(&self) -> Result<Box<dyn Operator>, BuildError> {
        let condition = Condition::parse(Context::LOG, &self.expr);
        Ok(Box::new(LeaveOut(condition.map_err(|problem| {
            BuildError::at("expr", problem.to_string())
        })?)))
    }
}

#[derive(Debug)]
struct LeaveOut(Condition);

impl Operator for LeaveOut {
    fn apply<'a>(&mut self, _: &mut Entry<'a>, said: Option<&mut String>) -> Result<(), Failure> {
        super::note(said, || "kept".to_owned());
        Ok(())
    }

    fn way(&self, entry: &Entry<'_>) -> Result<Way, Failure> {
        match self.0.matches(entry) {
            Ok(true) => Ok(Way::Out),
            Ok(false) => Ok(Way::On),
            Err(error) => Err(Failure::Unparsed(error.to_string())),
        }
    }
}
