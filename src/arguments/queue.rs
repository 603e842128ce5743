//! `sidelight queue …`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{ConfigOptions, Format, Only};

/// What can be done with queues on disk.
#[derive(Debug, Subcommand)]
pub(crate) enum QueueCommand {
    /// Show what waits in each queue and in each of its files
    Inspect(InspectOptions),
    /// Read every frame of every file: exit code 0 when all are intact; 1 when something is damaged, with the file, the place and
    /// what is lost; 2 when it could not be looked at
    Verify(QueuePlace),
    /// Write out what was not delivered, as the exporter `file` writes it: the Collector's receiver `otlpjsonfile` reads the lines of
    /// JSON back
    Export(ExportOptions),
}

/// Which queues are meant.
#[derive(Args, Clone, Debug)]
pub(crate) struct QueuePlace {
    /// A storage folder, the folder of an exporter in it, or the folder of one log. Without it: the storages of the configuration
    #[arg(value_name = "DIR", conflicts_with = "config")]
    pub(crate) directory: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) config: ConfigOptions,
    #[command(flatten)]
    pub(crate) only: Only,
}

/// What `sidelight queue inspect` takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct InspectOptions {
    #[command(flatten)]
    pub(crate) place: QueuePlace,
    /// How it is written
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

/// What `sidelight queue export` takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct ExportOptions {
    #[command(flatten)]
    pub(crate) place: QueuePlace,
    /// A new file for it, instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// How it is written
    #[arg(long, value_enum, default_value = "json")]
    pub(crate) format: ExportFormat,
}

/// How requests are written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// Lines of OTLP/JSON, a request each
    Json,
    /// OTLP as protobuf, each request behind its length (32 bits, big endian); of one signal
    Proto,
}
