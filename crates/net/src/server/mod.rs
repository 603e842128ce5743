//! Serving HTTP/1.1 and HTTP/2 on a bound listener.
//!
//! ```text
//! BoundListener ──accept──► quota ──► placement (which runtime) ──► TLS ──► h1 or h2? ──► hyper ──► service
//!                  │ error: back off, go on                           └── one timer: header, idle, age, shutdown
//! ```

mod accept;
mod activity;
mod connection;
mod place;
mod quota;
mod settings;
mod shutdown;
mod stream;

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use http::{Request, Response};
use hyper::body::Incoming;
use tokio_util::task::TaskTracker;

pub use settings::{ServerKeepalive, ServerSettings};
pub use shutdown::Shutdown;

use crate::listener::BoundListener;
use crate::reply_body::ReplyBody;
use crate::tls::ServerTls;

/// Who is at the other end, the same for all requests of a connection.
#[derive(Debug, Clone)]
pub struct ConnInfo {
    /// The peer's address; `None` on a Unix socket.
    pub peer: Option<SocketAddr>,
    /// True when the connection is encrypted.
    pub tls: bool,
    /// The client's certificate in DER, where one was asked for and checked.
    pub client_certificate: Option<rustls::pki_types::CertificateDer<'static>>,
}

/// The work of one connection. The socket is registered with the runtime that first polls it.
pub type ConnectionTask = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Decides where connections live, for example on workers in turn.
pub trait Placement: Send + Sync + 'static {
    /// Spawns the connection on some runtime. Must not block. Dropping the task closes the connection.
    fn place(&self, connection: ConnectionTask);
}

/// Spawns connections on the runtime of the acceptor.
#[derive(Debug, Clone, Copy, Default)]
pub struct CurrentRuntime;

impl Placement for CurrentRuntime {
    fn place(&self, connection: ConnectionTask) {
        tokio::spawn(connection);
    }
}

/// How a server's stop went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// Connections that were cut at the deadline.
    pub cut: usize,
}

/// A listener with a service.
pub struct Server<S> {
    listener: BoundListener,
    service: Arc<S>,
    settings: Arc<ServerSettings>,
    tls: Option<ServerTls>,
    placement: Arc<dyn Placement>,
    on_panic: OnPanic,
    shutdown: Shutdown,
}

/// Is told of every panic, with what was done meanwhile.
pub(super) type OnPanic = Arc<dyn Fn(&str, &(dyn std::any::Any + Send)) + Send + Sync>;

impl<S, F> Server<S>
where
    S: Fn(Request<Incoming>, Arc<ConnInfo>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<ReplyBody>> + Send + 'static,
{
    /// Serves `service` on `listener` once [`Server::serve`] is awaited.
    ///
    /// A service that panics answers 500 (INTERNAL for gRPC); the connection goes on.
    pub fn new(listener: BoundListener, settings: ServerSettings, service: S) -> Self {
        Self {
            listener,
            service: Arc::new(service),
            settings: Arc::new(settings),
            tls: None,
            placement: Arc::new(CurrentRuntime),
            on_panic: Arc::new(|doing, _| tracing::error!(doing, "a panic was contained")),
            shutdown: Shutdown::new(),
        }
    }

    /// Encrypts; the protocol is then chosen by ALPN.
    #[must_use]
    pub fn with_tls(mut self, tls: ServerTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Puts connections elsewhere than on the acceptor's runtime.
    #[must_use]
    pub fn with_placement(mut self, placement: impl Placement) -> Self {
        self.placement = Arc::new(placement);
        self
    }

    /// Has `tell` told of every panic of the service or of a connection, with what was done meanwhile, instead of
    /// the log.
    #[must_use]
    pub fn on_panic(
        mut self,
        tell: impl Fn(&str, &(dyn std::any::Any + Send)) + Send + Sync + 'static,
    ) -> Self {
        self.on_panic = Arc::new(tell);
        self
    }

    /// The way to stop the server. May be used before serving.
    pub fn shutdown(&self) -> Shutdown {
        self.shutdown.clone()
    }

    /// Accepts until told to stop, then waits for open requests until the deadline and cuts what is left. An error
    /// of accepting (no file descriptors left) is logged and tried again; it never ends the loop.
    ///
    /// # Errors
    /// Only when the listener cannot be registered with the runtime.
    ///
    /// Dropping the call stops accepting; placed connections go on until their clients leave.
    pub async fn serve(self) -> std::io::Result<Drained> {
        let listener = self.listener.register()?;
        let quota = quota::ConnectionQuota::new(
            self.settings.max_connections,
            self.settings.max_connections_per_ip,
            self.settings.shared_connection_window,
        );
        let tracker = TaskTracker::new();
        let cut = Arc::default();
        let shared = Arc::new(connection::Shared {
            service: self.service,
            settings: self.settings,
            tls: self.tls,
            on_panic: self.on_panic,
            shutdown: self.shutdown.signal(),
            cut: Arc::clone(&cut),
        });
        let mut stopping = self.shutdown.signal();
        let mut accepting = accept::Accepting::new(listener, quota);
        loop {
            let accepted = tokio::select! {
                accepted = accepting.next() => accepted,
                _ = stopping.begun() => break,
            };
            let task = connection::run(shared.clone(), accepted.socket, accepted.slot);
            self.placement.place(Box::pin(tracker.track_future(task)));
        }
        drop(accepting);
        drop(self.listener);
        tracker.close();
        // Connections end by themselves at the deadline; one whose runtime is gone is dropped and counts as ended.
        tracker.wait().await;
        Ok(Drained {
            cut: cut.load(std::sync::atomic::Ordering::Relaxed),
        })
    }
}
