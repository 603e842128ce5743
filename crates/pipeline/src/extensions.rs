//! An extension as the engine runs it.

use std::sync::Arc;

use sidelight_component::registry::BuildExtension;
use sidelight_component::{
    BuildContext, BuildError, ComponentId, DrainSignal, Extension, Host, ReceiverError, Role,
};
use tokio::task::JoinSet;

use crate::engine::{Shared, StartError};
use crate::plan::Plan;
use crate::supervision::{Supervised, supervise};

/// What is needed to run an extension, again and again.
struct ExtensionTask {
    config: Arc<dyn BuildExtension>,
    host: Arc<dyn Host>,
    context: BuildContext,
}

impl ExtensionTask {
    fn new(id: &ComponentId, config: Arc<dyn BuildExtension>, host: Arc<dyn Host>, shared: &Shared) -> Self {
        Self {
            config,
            host,
            context: shared.context(Role::Extension, id),
        }
    }
}

impl Supervised for ExtensionTask {
    type Built = Box<dyn Extension>;

    fn context(&self) -> &BuildContext {
        &self.context
    }

    async fn build_and_open(&self) -> Result<Self::Built, BuildError> {
        let mut extension = self.config.build(&self.context)?;
        extension.open().await?;
        Ok(extension)
    }

    async fn run(&self, extension: Self::Built, drain: DrainSignal) -> Result<(), ReceiverError> {
        extension.run(self.host.clone(), drain).await
    }
}

/// Builds, opens and starts the extensions.
pub(crate) async fn start(
    plan: &Plan,
    shared: &Shared,
    host: Arc<dyn Host>,
    drain: &DrainSignal,
    tasks: &mut JoinSet<()>,
) -> Result<(), StartError> {
    for (id, config) in &plan.extensions {
        let task = ExtensionTask::new(id, config.clone(), host.clone(), shared);
        let opened = task.build_and_open().await;
        let extension = opened.map_err(StartError::of(Role::Extension, id))?;
        tasks.spawn(supervise(task, extension, drain.clone()));
    }
    Ok(())
}
