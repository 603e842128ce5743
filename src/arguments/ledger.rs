//! `sidelight ledger`.

use clap::Args;

use super::ConfigOptions;

/// What `sidelight ledger` takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct LedgerOptions {
    /// Where the metrics of a running Sidelight are. Without it: where the configuration says, `localhost:8888` where that
    /// says nothing
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) endpoint: Option<String>,
    #[command(flatten)]
    pub(crate) config: ConfigOptions,
}
