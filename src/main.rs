//! Sidelight: a lean OpenTelemetry sidecar.
//!
//! `sidelight --config pipeline.yaml` reads the configuration, builds the pipelines, runs them and drains
//! them when it is told to stop. The other commands look at a configuration or at the program itself.

mod arguments;
mod commands;
mod components;
mod exit;
mod open_files;
mod own_telemetry;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Command};

#[cfg(feature = "jemalloc")]
mod allocator;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let exit = match arguments.command {
        Some(Command::Validate(options)) => commands::validate::run(&options),
        Some(Command::Components) => commands::components::run(),
        Some(Command::Explain(options)) => commands::explain::run(&options),
        Some(Command::Top(options)) => commands::top::run(&options),
        Some(Command::Health(options)) => commands::health::run(&options),
        Some(Command::Queue(command)) => commands::queue::run(&command),
        Some(Command::Dlq(command)) => commands::dlq::run(&command),
        Some(Command::Ledger(options)) => commands::ledger::run(&options),
        None => commands::run::run(&arguments.run),
    };
    exit.into()
}
