//! Extensions work beside the pipelines and see the engine from outside.

use std::sync::Arc;

use async_trait::async_trait;

use crate::context::{BuildContext, BuildError, DrainSignal, Resource};
use crate::receiver::ReceiverError;
use crate::storage::StorageSettings;

/// What an extension can see of the running engine.
pub trait Host: Send + Sync {
    /// The verdict over the whole program.
    fn health(&self) -> Health;
}

/// The verdict over the whole program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// Receivers do not run yet.
    Starting,
    /// All is well.
    Ok,
    /// Something does not work; each line names the component and the reason.
    Unhealthy(Vec<String>),
    /// The program stops.
    Stopping,
}

/// Works beside the pipelines.
#[async_trait]
pub trait Extension: Send {
    /// Opens what it owns.
    ///
    /// # Errors
    /// [`BuildError`] with the setting that names what could not be opened.
    async fn open(&mut self) -> Result<(), BuildError> {
        Ok(())
    }

    /// Works until told to drain; extensions are told last.
    ///
    /// # Errors
    /// [`ReceiverError`] where it cannot go on by itself.
    async fn run(self: Box<Self>, host: Arc<dyn Host>, drain: DrainSignal) -> Result<(), ReceiverError>;
}

/// The settings of an extension, which are also what builds it.
pub trait ExtensionConfig: sidelight_config::Settings {
    /// What it will own.
    fn resources(&self) -> Vec<Resource> {
        Vec::new()
    }

    /// How queues are kept in it, where it is a storage.
    fn storage(&self) -> Option<StorageSettings> {
        None
    }

    /// Builds the extension. No input or output happens here.
    ///
    /// # Errors
    /// [`BuildError`] where the settings, good in themselves, cannot be used.
    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Extension>, BuildError>;
}
