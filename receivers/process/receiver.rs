//! The receiver: opened once, then sampling until told to drain.

use std::path::PathBuf;

use sidelight_component::{
    BuildContext, BuildError, DrainSignal, Outputs, Receiver, ReceiverError, async_trait,
};

use super::config::Config;
use super::watch::Watch;
use crate::sampling::{Timing, run};

/// Measures processes.
pub(super) struct ProcessReceiver {
    config: Config,
    cx: BuildContext,
    /// Made when it is opened, so that a `/proc` that is not there is known before anything runs.
    watch: Option<Watch>,
}

impl ProcessReceiver {
    pub(super) fn new(config: &Config, cx: &BuildContext) -> Self {
        Self {
            config: config.clone(),
            cx: cx.clone(),
            watch: None,
        }
    }

    fn make(&self) -> Result<Watch, BuildError> {
        Watch::open(&self.config, &self.cx).map_err(|error| {
            let proc = PathBuf::from(&self.config.root_path).join("proc");
            let message = format!(
                "cannot open {}: {error}; is the host's root directory mounted there?",
                proc.display()
            );
            BuildError::at("root_path", message)
        })
    }
}

#[async_trait]
impl Receiver for ProcessReceiver {
    async fn open(&mut self) -> Result<(), BuildError> {
        self.watch = Some(self.make()?);
        Ok(())
    }

    /// Samples until told to drain; a sample that is under way then is still handed over.
    async fn run(mut self: Box<Self>, outputs: Outputs, drain: DrainSignal) -> Result<(), ReceiverError> {
        let watch = match self.watch.take() {
            Some(watch) => watch,
            None => self.make().map_err(|error| ReceiverError(error.message))?,
        };
        let timing = Timing {
            collection_interval: self.config.tick(),
            ..self.config.timing.clone()
        };
        let (clock, status) = (self.cx.clock.clone(), self.cx.status.clone());
        run(watch, timing, clock, status, outputs, drain).await
    }
}
