//! `sidelight queue`: looks into the queues on disk. Nothing is locked or written.

mod export;
mod inspect;
mod json;
mod verify;

use sidelight_wal::inspect::{Inspection, inspect as inspect_log};

use crate::arguments::QueueCommand;
use crate::commands::stopped::{finish, tell};
use crate::commands::storages::LogFolder;
use crate::exit::Exit;

/// Runs the command.
pub(crate) fn run(command: &QueueCommand) -> Exit {
    finish(match command {
        QueueCommand::Inspect(options) => inspect::run(options),
        QueueCommand::Verify(place) => verify::run(place),
        QueueCommand::Export(options) => export::run(options),
    })
}

/// Inspects logs one after another; those that cannot be looked at are said on standard error.
fn inspections(logs: &[LogFolder]) -> impl Iterator<Item = (&LogFolder, Option<Inspection>)> {
    logs.iter().map(|log| {
        let inspection = inspect_log(&log.path);
        let inspection = inspection.inspect_err(|error| tell(&format!("{log}: {error}")));
        (log, inspection.ok())
    })
}
