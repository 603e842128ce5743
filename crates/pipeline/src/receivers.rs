//! A receiver as the engine runs it.

use std::sync::Arc;

use sidelight_component::registry::BuildReceiver;
use sidelight_component::{
    BuildContext, BuildError, ComponentId, DrainSignal, Outputs, Receiver, ReceiverError, Role,
};

use crate::engine::{Shared, StartError};
use crate::supervision::Supervised;

/// What is needed to run a receiver, again and again.
pub(crate) struct ReceiverTask {
    config: Arc<dyn BuildReceiver>,
    outputs: Outputs,
    context: BuildContext,
}

impl ReceiverTask {
    pub(crate) fn new(
        id: &ComponentId,
        config: Arc<dyn BuildReceiver>,
        outputs: Outputs,
        shared: &Shared,
    ) -> Self {
        Self {
            config,
            outputs,
            context: shared.context(Role::Receiver, id),
        }
    }

    /// The receiver, for its first run.
    pub(crate) async fn open(&self) -> Result<Box<dyn Receiver>, StartError> {
        let opened = self.build_and_open().await;
        opened.map_err(StartError::of(Role::Receiver, &self.context.id))
    }
}

impl Supervised for ReceiverTask {
    type Built = Box<dyn Receiver>;

    fn context(&self) -> &BuildContext {
        &self.context
    }

    async fn build_and_open(&self) -> Result<Self::Built, BuildError> {
        let mut receiver = self.config.build(&self.context)?;
        receiver.open().await?;
        Ok(receiver)
    }

    async fn run(&self, receiver: Self::Built, drain: DrainSignal) -> Result<(), ReceiverError> {
        receiver.run(self.outputs.clone(), drain).await
    }
}
