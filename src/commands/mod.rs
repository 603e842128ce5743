//! What the program can be told to do: one file per command.

pub(crate) mod components;
pub(crate) mod dlq;
pub(crate) mod explain;
mod get;
pub(crate) mod health;
pub(crate) mod ledger;
pub(crate) mod queue;
pub(crate) mod run;
mod stopped;
mod storages;
pub(crate) mod top;
pub(crate) mod validate;
mod writable;

use std::io::{IsTerminal, Write};

use sidelight_config::{Mistakes, Style, Tree, load};
use sidelight_pipeline::{Plan, document};

use crate::arguments::ConfigOptions;
use crate::components::CATALOG;
use crate::own_telemetry::OwnTelemetry;

/// A configuration, read and checked.
pub(crate) struct Checked {
    /// What can be started; `None` where there are mistakes.
    pub(crate) plan: Option<Plan>,
    /// `service.telemetry`; `None` where it has mistakes.
    pub(crate) telemetry: Option<OwnTelemetry>,
    /// Every mistake and warning.
    pub(crate) mistakes: Mistakes,
}

/// Reads and checks the configuration; nothing is opened or started.
pub(crate) fn check(options: &ConfigOptions) -> Checked {
    let paths = options.paths();
    let (tree, mut mistakes) = load(&paths, &sidelight_config::ProcessEnv);
    writable::warn_of_writable(&paths, tree.as_ref(), &mut mistakes);
    check_tree(tree, mistakes)
}

/// Checks a configuration that was loaded.
fn check_tree(tree: Option<Tree>, mut mistakes: Mistakes) -> Checked {
    let plan = tree
        .as_ref()
        .and_then(|tree| document::read(tree, CATALOG, &mut mistakes));
    let telemetry = OwnTelemetry::read(tree.as_ref(), &mut mistakes);
    // A mistake in what was expanded or merged leaves a tree behind that can be read and must not be run.
    let good = mistakes.error_count() == 0;
    Checked {
        plan: plan.filter(|_| good),
        telemetry,
        mistakes,
    }
}

/// Writes mistakes for people, to standard error.
pub(crate) fn show(mistakes: &Mistakes) {
    let style = if std::io::stderr().is_terminal() {
        Style::Coloured
    } else {
        Style::Plain
    };
    let text = mistakes.render(style);
    // Nobody is left to tell when standard error is gone.
    let _ = std::io::stderr().write_all(text.as_bytes());
}
