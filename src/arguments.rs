//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Receives telemetry, judges it and ships it. Runs the pipelines of a configuration until it is told to
/// stop (SIGTERM, SIGINT, SIGHUP), then delivers what it has; a second signal ends it at once.
#[derive(Debug, Parser)]
#[command(name = "sidelight", version, args_conflicts_with_subcommands = true, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) run: RunOptions,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

const EXIT_CODES: &str = "Exit codes: 0 success; 1 failure at start or run time; 2 mistakes in the configuration or \
the command line; 3 the drain's time was over before everything was delivered; 4 ended at once by a second signal.";

/// Where the configuration comes from.
#[derive(Args, Clone, Debug)]
pub(crate) struct ConfigOptions {
    /// A configuration file, or a folder of them; given several times they are merged, the later wins
    #[arg(long, short, value_name = "FILE", default_value = "pipeline.yaml")]
    pub(crate) config: Vec<String>,
}

impl ConfigOptions {
    /// The paths; the Collector's `file:` before a path is accepted.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        self.config
            .iter()
            .map(|text| PathBuf::from(text.strip_prefix("file:").unwrap_or(text)))
            .collect()
    }
}

/// What `sidelight` without a command takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct RunOptions {
    #[command(flatten)]
    pub(crate) config: ConfigOptions,
    /// Show what flows on standard output, every few seconds
    #[arg(long)]
    pub(crate) summary: bool,
}

/// How mistakes are shown.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Format {
    /// For people: the line, what is wrong, what was probably meant
    Text,
    /// One JSON document
    Json,
}

/// What `sidelight validate` takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct ValidateOptions {
    #[command(flatten)]
    pub(crate) config: ConfigOptions,
    /// How mistakes are shown
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

/// What `sidelight health` takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct HealthOptions {
    /// Where the extension `health_check` listens
    #[arg(long, value_name = "HOST:PORT[/PATH]", default_value = "localhost:13133")]
    pub(crate) endpoint: String,
}

/// What else the program does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check a configuration and show every mistake in it; nothing is opened or started
    Validate(ValidateOptions),
    /// Ask a running Sidelight whether all is well: exit code 0 when it is, else 1, with the reasons
    Health(HealthOptions),
    /// List the components that this program was built with
    Components,
}
