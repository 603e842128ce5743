//! `sidelight validate`: every mistake of a configuration, nothing started.

use std::io::Write;

use crate::arguments::{Format, ValidateOptions};
use crate::commands::{check, show};
use crate::exit::Exit;

/// Runs the command.
pub(crate) fn run(options: &ValidateOptions) -> Exit {
    let checked = check(&options.config);
    let mistakes = &checked.mistakes;
    let mut out = std::io::stdout();
    let written = match options.format {
        Format::Json => writeln!(out, "{}", mistakes.to_json()),
        Format::Text => {
            show(mistakes);
            let verdict = if checked.plan.is_some() {
                "the configuration is good"
            } else {
                "the configuration cannot be used"
            };
            writeln!(
                out,
                "{verdict}: {} errors, {} warnings",
                mistakes.error_count(),
                mistakes.warning_count()
            )
        }
    };
    match (written, checked.plan) {
        (Err(_), _) => Exit::Failure,
        (Ok(()), Some(_)) => Exit::Success,
        (Ok(()), None) => Exit::Mistake,
    }
}
