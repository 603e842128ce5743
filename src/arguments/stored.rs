//! Whose data on disk is meant.

use clap::Args;
use sidelight_component::{ComponentId, Signal};

/// Filters that queues and dead letters share.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Only {
    /// Only what belongs to this exporter, as in `otlp_grpc/second`
    #[arg(long, value_name = "ID")]
    pub(crate) exporter: Option<ComponentId>,
    /// Only this signal: traces, metrics or logs
    #[arg(long, value_name = "SIGNAL")]
    pub(crate) signal: Option<Signal>,
}

impl Only {
    /// Whether something of this exporter and signal is meant.
    pub(crate) fn takes(&self, exporter: &ComponentId, signal: Signal) -> bool {
        self.exporter.as_ref().is_none_or(|only| only == exporter)
            && self.signal.is_none_or(|only| only == signal)
    }
}
