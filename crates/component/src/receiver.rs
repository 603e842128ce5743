//! Receivers bring data in.

use async_trait::async_trait;

use crate::context::{BuildContext, BuildError, DrainSignal, Resource};
use crate::output::Outputs;
use crate::sample::Sampler;

/// Why a receiver stopped by itself.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ReceiverError(pub String);

/// Brings data in. One instance serves all pipelines that name it.
#[async_trait]
pub trait Receiver: Send {
    /// Opens what it owns (ports, files) without taking anything in. Called for every receiver before any
    /// runs, so that a port in use is known before the first byte is accepted.
    ///
    /// # Errors
    /// [`BuildError`] with the setting that names what could not be opened.
    async fn open(&mut self) -> Result<(), BuildError> {
        Ok(())
    }

    /// Receives until told to drain, then ends what is under way and returns, at the latest at the deadline.
    ///
    /// # Errors
    /// [`ReceiverError`] where it cannot go on by itself: the engine reports it and starts it again.
    async fn run(self: Box<Self>, outputs: Outputs, drain: DrainSignal) -> Result<(), ReceiverError>;
}

/// The settings of a receiver, which are also what builds it.
pub trait ReceiverConfig: sidelight_config::Settings {
    /// What it will own.
    fn resources(&self) -> Vec<Resource> {
        Vec::new()
    }

    /// The largest requests that it takes, in bytes, with the settings that say so.
    fn request_limits(&self) -> Vec<(usize, &'static str)> {
        Vec::new()
    }

    /// False where it measures or asks at its own time and nobody repeats what a full queue refuses.
    fn holds_back(&self) -> bool {
        true
    }

    /// True where the end of its input is the end of the program, whatever other receivers there are.
    fn ends_the_program(&self) -> bool {
        false
    }

    /// Reads samples as the receiver reads what it receives, for `sidelight explain`; `None` where a sample of its input
    /// is nothing that a file could hold.
    ///
    /// # Errors
    /// [`BuildError`] as [`ReceiverConfig::build`].
    fn sampler(&self, cx: &BuildContext) -> Result<Option<Box<dyn Sampler>>, BuildError> {
        let _ = cx;
        Ok(None)
    }

    /// Builds the receiver. No input or output happens here.
    ///
    /// # Errors
    /// [`BuildError`] where the settings, good in themselves, cannot be used.
    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Receiver>, BuildError>;
}
