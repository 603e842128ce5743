//! Connectors: the end of one pipeline and the beginning of another.

use sidelight_proto::Signal;

use crate::context::{BuildContext, BuildError};
use crate::processor::{AckBehaviour, Processor, Sharding};

/// The settings of a connector, which are also what builds it.
///
/// A pipeline names a connector among its exporters, another among its receivers. What runs is a [`Processor`] that
/// stands alone between them, one for each pair of signals that it joins.
pub trait ConnectorConfig: sidelight_config::Settings {
    /// The signals that it takes, each with what it makes of it.
    const JOINS: &'static [(Signal, Signal)];

    /// What it does to acknowledgement. Before one that passes batches on, room is reserved in all that is behind it. One
    /// that absorbs takes whatever comes, and what it gives out by time waits for room; it gives out nothing while it
    /// takes a batch.
    fn acknowledgement(&self) -> AckBehaviour {
        AckBehaviour::Pass
    }

    /// How many instances there may be.
    fn sharding(&self) -> Sharding {
        Sharding::PerWorker
    }

    /// Builds one instance; called again for every worker, for every pair of signals and after a panic.
    ///
    /// # Errors
    /// [`BuildError`] where the settings, good in themselves, cannot be used.
    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Processor>, BuildError>;
}
