#![doc = include_str!("README.md")]

mod editor;
mod match_config;
mod selection;

use sidelight_component::{
    ALL_SIGNALS, About, Batch, Budget, BuildContext, BuildError, Now, Out, Processor, ProcessorConfig, Signal,
};
use sidelight_config::{Check, settings};

use self::editor::Editor;
pub use self::match_config::{LibraryMatch, MatchConfig, SeverityMatch};
use self::selection::Selection;
use crate::actions::{ActionConfig, Actions};
use crate::rewriting::rewrite_batch;

/// What the list of processors says about this one.
pub const ABOUT: About = About {
    name: "attributes",
    aliases: &[],
    signals: ALL_SIGNALS,
    readme: include_str!("README.md"),
};

settings! {
    /// Settings of the `attributes` processor.
    pub struct Config {
        /// Actions on the attributes of spans, log records or data points, in their order.
        required actions: Vec<ActionConfig>,
        /// Only what matches is changed; everything when left out.
        include: Option<MatchConfig>,
        /// What matches is not changed; looked at behind `include`.
        exclude: Option<MatchConfig>,
    }
    unsupported {
        "attributes" => "the list of this processor is called `actions`",
    }
    validate Config::check;
}

impl Config {
    fn check(&self, check: &mut Check<'_, '_>) {
        if self.actions.is_empty() {
            check.error_hint("actions", "is empty", "add an action, or remove the processor");
        }
    }
}

impl ProcessorConfig for Config {
    fn check_signal(&self, signal: Signal) -> Result<(), BuildError> {
        for (name, block) in [("include", &self.include), ("exclude", &self.exclude)] {
            let Some(Err(setting)) = block.as_ref().map(|block| block.check_signal(signal)) else {
                continue;
            };
            let message = format!(
                "`{name}.{setting}` has no meaning for {signal}; use a second `attributes` processor for them"
            );
            return Err(BuildError::at(format!("{name}.{setting}"), message));
        }
        Ok(())
    }

    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Processor>, BuildError> {
        let actions = Actions::compile(&self.actions)
            .map_err(|(nth, problem)| BuildError::at(format!("actions.{nth}"), problem))?;
        let selection = Selection::compile(self.include.as_ref(), self.exclude.as_ref())
            .map_err(|problem| BuildError::new(format!("a property {problem}")))?;
        Ok(Box::new(Attributes {
            editor: Editor::new(actions, selection),
            budget: cx.budget.clone(),
        }))
    }
}

struct Attributes {
    editor: Editor,
    budget: Budget,
}

impl Processor for Attributes {
    fn process(&mut self, mut batch: Batch, _: Now, out: &mut Out) {
        rewrite_batch(&mut batch, &self.budget, &mut self.editor);
        out.push(batch);
    }
}
