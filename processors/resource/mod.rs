#![doc = include_str!("README.md")]

use sidelight_component::{
    ALL_SIGNALS, About, Batch, Budget, BuildContext, BuildError, Now, Out, Processor, ProcessorConfig,
};
use sidelight_config::{Check, settings};
use sidelight_proto::rewrite::{AttributeEdits, Interest, Keep, Rewriter};
use sidelight_proto::views::ResourceView;

use crate::actions::{ActionConfig, Actions};
use crate::rewriting::rewrite_batch;

/// What the list of processors says about this one.
pub const ABOUT: About = About {
    name: "resource",
    aliases: &[],
    signals: ALL_SIGNALS,
    readme: include_str!("README.md"),
};

settings! {
    /// Settings of the `resource` processor.
    pub struct Config {
        /// Actions on the attributes of the resource, in their order.
        required attributes: Vec<ActionConfig>,
    }
    unsupported {
        "actions" => "the list of this processor is called `attributes`",
    }
    validate Config::check;
}

impl Config {
    fn check(&self, check: &mut Check<'_, '_>) {
        if self.attributes.is_empty() {
            check.error_hint("attributes", "is empty", "add an action, or remove the processor");
        }
    }
}

impl ProcessorConfig for Config {
    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Processor>, BuildError> {
        let actions = Actions::compile(&self.attributes)
            .map_err(|(nth, problem)| BuildError::at(format!("attributes.{nth}"), problem))?;
        Ok(Box::new(Resource {
            actions: ResourceActions(actions),
            budget: cx.budget.clone(),
        }))
    }
}

struct Resource {
    actions: ResourceActions,
    budget: Budget,
}

impl Processor for Resource {
    fn process(&mut self, mut batch: Batch, _: Now, out: &mut Out) {
        rewrite_batch(&mut batch, &self.budget, &mut self.actions);
        out.push(batch);
    }
}

struct ResourceActions(Actions);

impl Rewriter for ResourceActions {
    fn interest(&self) -> Interest {
        Interest::RESOURCES
    }

    fn resource(&mut self, _: ResourceView<'_>, edits: &mut AttributeEdits<'_>) -> Keep {
        self.0.apply(edits);
        Keep::Yes
    }
}
