//! `sidelight dlq`: what destinations refused for good. Works beside a running Sidelight: a letter is a file of its own.

mod indented;
mod ls;
mod picking;
mod purge;
mod replay;
mod sending;
mod show;

use crate::arguments::DlqCommand;
use crate::commands::stopped::finish;
use crate::exit::Exit;

/// Runs the command.
pub(crate) fn run(command: &DlqCommand) -> Exit {
    finish(match command {
        DlqCommand::Ls(options) => ls::run(options),
        DlqCommand::Show(options) => show::run(options),
        DlqCommand::Replay(options) => replay::run(options),
        DlqCommand::Purge(options) => purge::run(options),
    })
}
