//! Stopping a server: one signal that carries the deadline.

use tokio::sync::watch;
use tokio::time::Instant;

/// Tells a server to stop. Dropping it does not.
#[derive(Debug, Clone)]
pub struct Shutdown(watch::Sender<Option<Instant>>);

/// What a server listens to.
#[derive(Debug, Clone)]
pub(super) struct ShutdownSignal(watch::Receiver<Option<Instant>>);

impl Shutdown {
    /// A signal that is not given yet.
    pub fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    /// No new connections and requests from now on; open requests may finish until `deadline`, then their
    /// connections are cut. A second call moves the deadline.
    pub fn begin(&self, deadline: Instant) {
        self.0.send_replace(Some(deadline));
    }

    pub(super) fn signal(&self) -> ShutdownSignal {
        ShutdownSignal(self.0.subscribe())
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

impl ShutdownSignal {
    /// The deadline, once stopping has begun. Cancel safe. Never ready when nobody can give the signal any more.
    pub(super) async fn begun(&mut self) -> Instant {
        let begun = self
            .0
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|deadline| *deadline);
        match begun {
            Some(deadline) => deadline,
            None => std::future::pending().await,
        }
    }

    /// Ready when stopping has begun and its deadline, as it then stands, is over. Cancel safe.
    pub(super) async fn over(&mut self) {
        loop {
            let deadline = self.begun().await;
            tokio::select! {
                () = tokio::time::sleep_until(deadline) => return,
                Ok(()) = self.0.changed() => {}
            }
        }
    }
}
