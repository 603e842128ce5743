//! A client for one endpoint: gRPC and HTTP requests with connections that look after themselves.
//!
//! ```text
//! request ──► balance ──► subchannel (one per address) ──► one HTTP/2 connection, or HTTP/1 connections lent
//!    ▲          │ resolves the name: first use, after failures, every minute
//!    └── once more, when the peer surely did not act on it
//! ```
//!
//! Addresses are taken in turn. One that fails rests (0.1 s doubled up to 5 s) while the others serve; when all rest,
//! requests fail at once and say when the next attempt is due. Redirects are not followed. Nothing runs in the
//! background but the connections themselves.

mod answer;
mod balance;
mod connect;
mod error;
mod http2;
mod page;
mod resolve;
mod subchannel;
mod target;

use std::sync::Arc;
use std::time::Duration;

use http::uri::{Authority, PathAndQuery, Scheme as UriScheme};
use http::{HeaderValue, Request, Response, Uri, header};
use hyper::body::Incoming;

pub use answer::{Answer, MAX_ANSWER_BYTES};
pub use error::{SendError, SendErrorKind};
pub use page::{PageClient, PageError};
pub use resolve::{Resolve, SystemResolver};
pub use target::{Target, TargetError};

use crate::chunked_body::ChunkedBody;
use crate::tls::ClientTls;
use balance::Balance;
use connect::{Connector, Sender};
use subchannel::Subchannel;
use target::Scheme;

/// Which HTTP a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/2 always, in cleartext with prior knowledge: gRPC.
    Http2,
    /// HTTP/1.1 in cleartext; over TLS HTTP/2 where the server offers it: OTLP/HTTP.
    Http1OrNegotiated,
}

/// HTTP/2 pings, with gRPC's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keepalive {
    /// A ping after this time without data. Servers may refuse clients that ping more often than every 5 minutes.
    pub time: Duration,
    /// The connection is dead when a ping is not answered for this long.
    pub timeout: Duration,
    /// Ping connections without requests as well.
    pub permit_without_stream: bool,
}

/// Settings of a client.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// Which HTTP.
    pub protocol: Protocol,
    /// For resolving, connecting, TLS and the HTTP handshake, each address. 5 s.
    pub connect_timeout: Duration,
    /// HTTP/2 pings; none by default, as in the Collector.
    pub keepalive: Option<Keepalive>,
    /// `Host` and `:authority` in place of the endpoint's.
    pub authority: Option<String>,
}

impl ClientSettings {
    /// Defaults for a protocol.
    pub fn new(protocol: Protocol) -> Self {
        Self {
            protocol,
            connect_timeout: Duration::from_secs(5),
            keepalive: None,
            authority: None,
        }
    }
}

/// A client that cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// `https` without TLS settings.
    #[error("an https endpoint needs TLS settings")]
    TlsMissing,
    /// The `authority` setting is malformed.
    #[error("authority is not a valid host[:port]")]
    Authority,
}

/// A client for one endpoint. Clones share connections. Connections are made with the first request and closed
/// with the last clone.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    balance: Arc<Balance>,
    scheme: UriScheme,
    authority: Authority,
    host: HeaderValue,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("authority", &self.shared.authority.as_str())
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A client with the system's resolver. Does nothing yet.
    ///
    /// `tls` is used for `https` and for `host:port`; `http` and Unix sockets stay in cleartext.
    pub fn new(
        target: &Target,
        settings: ClientSettings,
        tls: Option<ClientTls>,
    ) -> Result<Self, ClientError> {
        Self::with_resolver(target, settings, tls, Arc::new(SystemResolver))
    }

    /// The same with another resolver.
    pub fn with_resolver(
        target: &Target,
        settings: ClientSettings,
        tls: Option<ClientTls>,
        resolver: Arc<dyn Resolve>,
    ) -> Result<Self, ClientError> {
        let tls = match target.scheme {
            Some(Scheme::Http) => None,
            Some(Scheme::Https) => Some(tls.ok_or(ClientError::TlsMissing)?),
            None => tls,
        };
        let authority = settings.authority.clone().unwrap_or_else(|| target.authority());
        let host = HeaderValue::from_str(&authority).map_err(|_| ClientError::Authority)?;
        let authority = Authority::try_from(authority).map_err(|_| ClientError::Authority)?;
        let scheme = if tls.is_some() {
            UriScheme::HTTPS
        } else {
            UriScheme::HTTP
        };
        let connector = Arc::new(Connector {
            settings,
            tls,
            host: target.host().to_owned(),
        });
        let balance = Arc::new(Balance::new(target.place.clone(), resolver, connector));
        Ok(Self {
            shared: Arc::new(Shared {
                balance,
                scheme,
                authority,
                host,
            }),
        })
    }

    /// Sends a request and reads the answer to its end, all within `timeout`.
    ///
    /// Only the path of the request's URI is used. A request that the peer surely did not act on (refused stream, GOAWAY,
    /// connection lost before sending) is sent once more on its own; every other failure is the caller's to judge by
    /// [`SendError::maybe_processed`]. Cancel safe: dropping the call resets the stream or closes the connection.
    pub async fn send(&self, request: Request<ChunkedBody>, timeout: Duration) -> Result<Answer, SendError> {
        let mut handed_over = false;
        let result = tokio::time::timeout(timeout, self.send_untimed(request, &mut handed_over)).await;
        result.unwrap_or_else(|_| {
            let mut error = SendError::unsent(SendErrorKind::Timeout, format!("{} ms", timeout.as_millis()));
            error.maybe_processed = handed_over;
            Err(error)
        })
    }

    async fn send_untimed(
        &self,
        request: Request<ChunkedBody>,
        handed_over: &mut bool,
    ) -> Result<Answer, SendError> {
        let first = self.attempt(request.clone(), handed_over).await;
        match first {
            Err(error) if error.kind == SendErrorKind::Broken && !error.maybe_processed => {
                *handed_over = false;
                self.attempt(request, handed_over).await
            }
            result => result,
        }
    }

    async fn attempt(
        &self,
        request: Request<ChunkedBody>,
        handed_over: &mut bool,
    ) -> Result<Answer, SendError> {
        let (subchannel, sender) = self.shared.balance.acquire().await?;
        *handed_over = true;
        let result = self.exchange(request, sender, &subchannel).await;
        if result
            .as_ref()
            .is_err_and(|error| error.kind == SendErrorKind::Broken)
        {
            self.shared.balance.doubt();
        }
        result
    }

    async fn exchange(
        &self,
        mut request: Request<ChunkedBody>,
        sender: Sender,
        subchannel: &Subchannel,
    ) -> Result<Answer, SendError> {
        match sender {
            Sender::Http2(connection) => {
                self.prepare_http2(&mut request)?;
                connection.call(request).await
            }
            Sender::Http1(mut sender) => {
                request
                    .headers_mut()
                    .entry(header::HOST)
                    .or_insert_with(|| self.shared.host.clone());
                let response: Response<Incoming> = sender
                    .try_send_request(request)
                    .await
                    .map_err(|error| broken(&error))?;
                let answer = answer::read(response).await?;
                subchannel.give_back(sender);
                Ok(answer)
            }
        }
    }

    /// HTTP/2 wants the whole URI, HTTP/1 only the path.
    fn prepare_http2(&self, request: &mut Request<ChunkedBody>) -> Result<(), SendError> {
        let path = request
            .uri()
            .path_and_query()
            .cloned()
            .unwrap_or_else(|| PathAndQuery::from_static("/"));
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.shared.scheme.clone());
        parts.authority = Some(self.shared.authority.clone());
        parts.path_and_query = Some(path);
        *request.uri_mut() =
            Uri::from_parts(parts).map_err(|error| SendError::unsent(SendErrorKind::Connect, error))?;
        Ok(())
    }
}

fn broken(error: &hyper::client::conn::TrySendError<Request<ChunkedBody>>) -> SendError {
    let mut broken = SendError::sent(SendErrorKind::Broken, error::chain(error.error()));
    // hyper gives a request back that never left.
    broken.maybe_processed = error.message().is_none();
    broken
}
