//! One address: its connections, and how long to leave it alone after a failure.

use std::sync::Arc;
use std::time::Duration;

use hyper::client::conn::http1;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::connect::{Address, Connector, Sender};
use super::http2::Http2Connection;
use crate::chunked_body::ChunkedBody;

/// Idle HTTP/1 connections kept per address; more are closed.
const KEPT_IDLE: usize = 16;
/// An idle HTTP/1 connection is not used after this (the Collector's `idle_conn_timeout`).
const IDLE_LIFE: Duration = Duration::from_secs(90);
/// Pause after a first failed connection, doubled up to [`LONGEST_PAUSE`], give or take a fifth.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

pub(super) struct Subchannel {
    pub(super) address: Address,
    connector: Arc<Connector>,
    state: Mutex<State>,
    /// Held while connecting: ten requests at once make one HTTP/2 connection, and one failure for all.
    connecting: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    http2: Option<Http2Connection>,
    idle: Vec<(http1::SendRequest<ChunkedBody>, Instant)>,
    /// The last attempt to connect succeeded.
    good: bool,
    failures: u32,
    retry_at: Option<Instant>,
    last_error: String,
}

/// Why an address gives no connection.
#[derive(Debug, Clone)]
pub(super) struct NoConnection {
    pub(super) error: String,
    pub(super) retry_at: Instant,
}

impl Subchannel {
    pub(super) fn new(address: Address, connector: Arc<Connector>) -> Arc<Self> {
        Arc::new(Self {
            address,
            connector,
            state: Mutex::default(),
            connecting: tokio::sync::Mutex::new(()),
        })
    }

    /// True where a request can go without waiting for an attempt whose end is unknown.
    pub(super) fn is_good(&self) -> bool {
        let mut state = self.state.lock();
        state.good
            && state
                .http2
                .as_mut()
                .is_none_or(|connection| !connection.is_closed())
    }

    /// When the next attempt is due, while the address is left alone.
    pub(super) fn resting(&self) -> Option<NoConnection> {
        let state = self.state.lock();
        let retry_at = state.retry_at.filter(|at| *at > Instant::now())?;
        Some(NoConnection {
            error: state.last_error.clone(),
            retry_at,
        })
    }

    /// A connection: a live one, else a new one. Fails at once while the address rests. Cancel safe.
    pub(super) async fn acquire(&self) -> Result<Sender, NoConnection> {
        if let Some(sender) = self.live().await {
            return Ok(sender);
        }
        let _turn = self.connecting.lock().await;
        // Whoever was here before has connected, or has failed for all who waited.
        if let Some(sender) = self.live().await {
            return Ok(sender);
        }
        self.connect().await
    }

    /// Connects in the background unless that is under way. For addresses that rest no longer while others serve.
    pub(super) fn warm_up(self: &Arc<Self>) {
        let this = self.clone();
        tokio::spawn(async move {
            let Ok(_turn) = this.connecting.try_lock() else {
                return;
            };
            if let Ok(Sender::Http1(sender)) = this.connect().await {
                this.give_back(sender);
            }
        });
    }

    async fn live(&self) -> Option<Sender> {
        loop {
            let mut sender = {
                let mut state = self.state.lock();
                state.http2.take_if(Http2Connection::is_closed);
                if let Some(connection) = &state.http2 {
                    return Some(Sender::Http2(connection.clone()));
                }
                let (sender, since) = state.idle.pop()?;
                if since.elapsed() > IDLE_LIFE {
                    // The rest has been idle for longer.
                    state.idle.clear();
                    return None;
                }
                sender
            };
            // The connection's task may still have to notice that the last answer is read.
            if sender.ready().await.is_ok() {
                return Some(Sender::Http1(sender));
            }
        }
    }

    async fn connect(&self) -> Result<Sender, NoConnection> {
        if let Some(resting) = self.resting() {
            return Err(resting);
        }
        let result = self.connector.connect(&self.address).await;
        let mut state = self.state.lock();
        match result {
            Ok(sender) => {
                (state.good, state.failures, state.retry_at) = (true, 0, None);
                if let Sender::Http2(connection) = &sender {
                    state.http2 = Some(connection.clone());
                }
                Ok(sender)
            }
            Err(error) => {
                let pause = FIRST_PAUSE
                    .saturating_mul(1 << state.failures.min(10))
                    .min(LONGEST_PAUSE);
                let retry_at = Instant::now() + pause.mul_f64(0.8 + 0.4 * fastrand::f64());
                state.failures += 1;
                (state.good, state.retry_at) = (false, Some(retry_at));
                state.last_error.clone_from(&error);
                Err(NoConnection { error, retry_at })
            }
        }
    }

    /// Keeps an HTTP/1 connection whose answer was read to its end.
    pub(super) fn give_back(&self, sender: http1::SendRequest<ChunkedBody>) {
        let mut state = self.state.lock();
        if !sender.is_closed() && state.idle.len() < KEPT_IDLE {
            state.idle.push((sender, Instant::now()));
        }
    }
}
