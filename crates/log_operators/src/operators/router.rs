//! Records go on at one operator or another.

use sidelight_component::BuildError;
use sidelight_config::{Check, settings};
use sidelight_ottl::{Condition, Context};

use super::{Failure, Operator, Way};
use crate::entry::Entry;
use crate::settings::Common;

settings! {
    /// Where the records go that meet a condition.
    pub struct Route {
        /// The condition.
        required expr: String,
        /// The `id` of a later operator.
        required output: String,
    }
    unsupported {
        "attributes" => "use the operator `add`, where the route leads",
    }
    validate Route::check;
}

settings! {
    /// Sends records on at one operator or another.
    pub struct Router {
        /// What every operator has.
        flatten common: Common,
        /// The routes: of those whose condition a record meets the first is taken.
        required routes: Vec<Route>,
        /// The `id` of a later operator for records that meet none; without it they are left out.
        default: Option<String>,
    }
}

impl Route {
    fn check(&self, check: &mut Check<'_, '_>) {
        if let Err(problem) = Condition::parse(Context::LOG, &self.expr) {
            check.error("expr", &format!("is no condition: {problem}"));
        }
    }
}

impl Router {
    /// The settings that name where it leads, with what they name: the routes in their order, then the default.
    pub(crate) fn outputs(&self) -> Vec<(String, &str)> {
        let routes = self.routes.iter().enumerate();
        let routes = routes.map(|(nth, route)| (format!("routes.{nth}.output"), route.output.as_str()));
        routes
            .chain(self.default.iter().map(|id| ("default".to_owned(), id.as_str())))
            .collect()
    }

    pub(crate) fn build(&self) -> Result<Box<dyn Operator>, BuildError> {
        let conditions = self.routes.iter().enumerate().map(|(nth, route)| {
            Condition::parse(Context::LOG, &route.expr)
                .map_err(|problem| BuildError::at(format!("routes.{nth}.expr"), problem.to_string()))
        });
        Ok(Box::new(Routes {
            conditions: conditions.collect::<Result<_, _>>()?,
            has_default: self.default.is_some(),
        }))
    }
}

#[derive(Debug)]
struct Routes {
    conditions: Vec<Condition>,
    has_default: bool,
}

impl Operator for Routes {
    fn apply<'a>(&mut self, _: &mut Entry<'a>, _: Option<&mut String>) -> Result<(), Failure> {
        Ok(())
    }

    fn way(&self, entry: &Entry<'_>) -> Result<Way, Failure> {
        for (nth, condition) in self.conditions.iter().enumerate() {
            let is_met = condition.matches(entry);
            if is_met.map_err(|error| Failure::Unparsed(error.to_string()))? {
                return Ok(Way::Route(nth));
            }
        }
        Ok(if self.has_default {
            Way::Route(self.conditions.len())
        } else {
            Way::Out
        })
    }
}
