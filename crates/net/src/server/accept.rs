//! The accept loop's one step: the next connection that may stay.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::quota::{ConnectionQuota, ConnectionSlot};
use crate::listener::{AcceptedSocket, RegisteredListener};

/// First pause after an error that will not pass by itself, doubled up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

pub(super) struct Accepting {
    listener: RegisteredListener,
    quota: Arc<ConnectionQuota>,
    pause: Duration,
    refused: u64,
}

pub(super) struct Accepted {
    pub(super) socket: AcceptedSocket,
    pub(super) slot: ConnectionSlot,
}

impl Accepting {
    pub(super) fn new(listener: RegisteredListener, quota: Arc<ConnectionQuota>) -> Self {
        Self {
            listener,
            quota,
            pause: FIRST_PAUSE,
            refused: 0,
        }
    }

    /// Waits for the next connection within the caps. Cancel safe.
    pub(super) async fn next(&mut self) -> Accepted {
        loop {
            match self.listener.accept().await {
                Ok(socket) => {
                    self.pause = FIRST_PAUSE;
                    if let Some(slot) = self.admit(&socket) {
                        return Accepted { socket, slot };
                    }
                }
                // The peer left while it waited in the backlog.
                Err(error) if is_about_one_connection(&error) => {}
                Err(error) => {
                    // Most likely there is no file descriptor left: one that is unused gives its own back.
                    self.quota.make_room();
                    tracing::warn!(%error, pause_ms = self.pause.as_millis(), "cannot accept connections, trying again");
                    tokio::time::sleep(self.pause).await;
                    self.pause = (self.pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    fn admit(&mut self, socket: &AcceptedSocket) -> Option<ConnectionSlot> {
        let ip = match socket {
            AcceptedSocket::Tcp(_, peer) => Some(peer.ip()),
            AcceptedSocket::Unix(_) => None,
        };
        match self.quota.take(ip) {
            Ok(slot) => Some(slot),
            Err(cap) => {
                self.refused += 1;
                // One line per power of two: a flood of connections must not become a flood of lines.
                if self.refused.is_power_of_two() {
                    tracing::warn!(
                        ?cap,
                        refused = self.refused,
                        "connection refused: too many are open"
                    );
                }
                None
            }
        }
    }
}

fn is_about_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}
