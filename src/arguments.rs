//! The command line.

mod dlq;
mod ledger;
mod queue;
mod stored;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use sidelight_config::parse_duration;

pub(crate) use dlq::{DlqCommand, LetterPlace, LsOptions, PurgeOptions, ReplayOptions, ShowOptions};
pub(crate) use ledger::LedgerOptions;
pub(crate) use queue::{ExportFormat, ExportOptions, InspectOptions, QueueCommand, QueuePlace};
pub(crate) use stored::Only;

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

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
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

/// What `sidelight explain` takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct ExplainOptions {
    #[command(flatten)]
    pub(crate) config: ConfigOptions,
    /// The sample: lines of a log file, or OTLP/JSON (one document, or one a line); `-` for standard input
    #[arg(long = "in", value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// The receiver that would read it, where several could
    #[arg(long, value_name = "ID")]
    pub(crate) receiver: Option<String>,
}

/// What `sidelight top` takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct TopOptions {
    /// Watch the process whose command line matches this regular expression; may be given several times
    #[arg(long, short, value_name = "REGEX")]
    pub(crate) process: Vec<String>,
    /// Watch the process whose number stands in this file; may be given several times
    #[arg(long, value_name = "FILE")]
    pub(crate) pid_file: Vec<PathBuf>,
    /// Watch the process with this number; may be given several times
    #[arg(long, value_name = "PID")]
    pub(crate) pid: Vec<u32>,
    /// Show the last lines of this file; may be given several times
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Vec<PathBuf>,
    /// Lines of each log file
    #[arg(long, default_value_t = 3, value_name = "N")]
    pub(crate) lines: usize,
    /// Time from one screen to the next, at least 1s
    #[arg(long, default_value = "10s", value_name = "DURATION", value_parser = interval)]
    pub(crate) interval: Duration,
    /// Run this configuration and show what it measures, instead of the processes named here
    #[arg(long, value_name = "FILE", conflicts_with_all = ["process", "pid_file", "pid"])]
    pub(crate) config: Vec<String>,
}

fn interval(text: &str) -> Result<Duration, String> {
    match parse_duration(text) {
        Ok(interval) if interval < Duration::from_secs(1) => Err("must be at least 1s".to_owned()),
        parsed => parsed,
    }
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
    /// Show what would become of samples: what each operator and processor makes of them, which metrics they count in, what each
    /// exporter would send. Nothing is opened, started or sent
    Explain(ExplainOptions),
    /// Show the host, processes and the end of log files on one screen, drawn anew at every interval; needs no
    /// configuration and sends nothing
    Top(TopOptions),
    /// Ask a running Sidelight whether all is well: exit code 0 when it is, else 1, with the reasons
    Health(HealthOptions),
    /// Look into the queues on disk; nothing is locked or written, so a copy will do, and a running Sidelight is not disturbed
    #[command(subcommand)]
    Queue(QueueCommand),
    /// Look at what destinations refused for good, send it again, or remove it; works beside a running Sidelight
    #[command(subcommand)]
    Dlq(DlqCommand),
    /// Show where every item is that a running Sidelight has taken: exit code 0 when all are accounted for, else 1, with what
    /// is missing
    Ledger(LedgerOptions),
    /// List the components that this program was built with
    Components,
}
