//! The life of the extension: the address is open from `open` on and is answered until `run` returns.

use std::sync::Arc;

use sidelight_component::{
    BuildContext, BuildError, DrainSignal, Extension, Host, Panics, ReceiverError, State, StatusReporter,
    async_trait,
};
use sidelight_self_telemetry::admin::{AdminThread, Listener, Server};

use super::answer::Answers;
use super::config::Config;

/// The extension.
pub(super) struct HealthCheck {
    config: Config,
    answers: Arc<Answers>,
    status: StatusReporter,
    panics: Panics,
    server: Option<Server>,
}

impl HealthCheck {
    pub(super) fn new(config: Config, cx: &BuildContext) -> Self {
        let answers = Arc::new(Answers::new(&config, cx.clock.clone()));
        Self {
            config,
            answers,
            status: cx.status.clone(),
            panics: cx.panics(),
            server: None,
        }
    }

    /// The address in use, once it is open.
    #[cfg(test)]
    pub(super) fn local_addr(&self) -> Option<std::net::SocketAddr> {
        self.server.as_ref().map(Server::local_addr)
    }
}

#[async_trait]
impl Extension for HealthCheck {
    async fn open(&mut self) -> Result<(), BuildError> {
        let config = &self.config;
        let listener = Listener::bind(&config.endpoint, config.insecure, &config.allowed_hosts)
            .map_err(|error| BuildError::at("endpoint", error.to_string()))?;
        let thread = AdminThread::shared()
            .and_then(|thread| Server::start(listener, thread, self.answers.clone(), self.panics.clone()))
            .map_err(|error| BuildError::new(format!("cannot start the thread that answers: {error}")))?;
        self.server = Some(thread);
        Ok(())
    }

    async fn run(self: Box<Self>, host: Arc<dyn Host>, mut drain: DrainSignal) -> Result<(), ReceiverError> {
        self.answers.watch(host);
        self.status.report(State::Ok);
        tokio::select! {
            _ = drain.requested() => {}
            () = self.answers.note_beginning() => {
                drain.requested().await;
            }
        }
        self.status.report(State::Stopped);
        Ok(())
    }
}
