//! A client for one page that is fetched again and again: HTTP/1.1 over one kept connection.
//!
//! [`super::Client`] is for requests that must arrive, of many at once, to a destination with several addresses. This one
//! is for scrapes: one request at a time, the answer's body is read by the caller within bounds of its own, and every
//! request tries for itself, so that a target that is back is seen at once.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::error::chain;
use super::target::{Place, Target};
use crate::chunked_body::ChunkedBody;
use crate::socket::{Socket, Transport};
use crate::tls::ClientTls;

/// The longest wait for one address where there are others to try.
const ONE_OF_SEVERAL: Duration = Duration::from_secs(2);
/// Header fields of an answer.
const MAX_HEADER_BYTES: usize = 64 * 1024;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// The name stands for no address.
    #[error("cannot resolve {host}: {reason}")]
    Resolve {
        /// The name.
        host: String,
        /// The resolver's words.
        reason: String,
    },
    /// No connection.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// The connection ended before the head of the answer.
    #[error("the connection broke: {0}")]
    Broken(String),
}

/// A client for one page. The connection is kept between requests where the server keeps it.
pub struct PageClient {
    host: String,
    port: u16,
    host_header: HeaderValue,
    tls: Option<ClientTls>,
    kept: Option<SendRequest<ChunkedBody>>,
}

impl std::fmt::Debug for PageClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PageClient")
            .field("host", &self.host_header)
            .finish_non_exhaustive()
    }
}

impl PageClient {
    /// A client for an `http` or `https` target; `None` for a unix socket. Does nothing yet. With `tls` connections are
    /// encrypted.
    pub fn new(target: &Target, tls: Option<ClientTls>) -> Option<Self> {
        let Place::Tcp { host, port } = &target.place else {
            return None;
        };
        Some(Self {
            host: host.clone(),
            port: *port,
            host_header: HeaderValue::from_str(&target.authority()).ok()?,
            tls,
            kept: None,
        })
    }

    /// Sends a request without a body and waits for the head of the answer. Only the path of the request's URI is used. The
    /// caller limits the time, and reads the body to its end if the connection is to be kept.
    ///
    /// A kept connection that turns out to be closed is replaced by a new one, once. Cancel safe: dropping the call closes
    /// the connection.
    ///
    /// # Errors
    /// [`PageError`].
    pub async fn get(
        &mut self,
        head: &http::HeaderMap,
        path: &http::Uri,
    ) -> Result<Response<Incoming>, PageError> {
        if let Some(mut kept) = self.kept.take()
            && kept.ready().await.is_ok()
            && let Ok(response) = self.send(kept, head, path).await
        {
            return Ok(response);
        }
        let fresh = self.connect().await?;
        self.send(fresh, head, path).await
    }

    async fn send(
        &mut self,
        mut connection: SendRequest<ChunkedBody>,
        head: &http::HeaderMap,
        path: &http::Uri,
    ) -> Result<Response<Incoming>, PageError> {
        let mut request = Request::new(ChunkedBody::from(Bytes::new()));
        *request.uri_mut() = path.clone();
        *request.headers_mut() = head.clone();
        request
            .headers_mut()
            .insert(header::HOST, self.host_header.clone());
        let response = connection.send_request(request).await;
        let response = response.map_err(|error| PageError::Broken(chain(&error)))?;
        self.kept = Some(connection);
        Ok(response)
    }

    async fn connect(&self) -> Result<SendRequest<ChunkedBody>, PageError> {
        let socket = self.open().await?;
        let transport = match &self.tls {
            None => Transport::Plain(socket),
            Some(tls) => {
                let name = tls.server_name(&self.host);
                let name =
                    name.ok_or_else(|| PageError::Connect(format!("{} is no name for TLS", self.host)))?;
                let stream = TlsConnector::from(tls.http1_config()).connect(name, socket).await;
                let stream = stream.map_err(|error| PageError::Connect(format!("TLS: {}", chain(&error))))?;
                Transport::Tls(Box::new(stream.into()))
            }
        };
        let (sender, connection) = http1::Builder::new()
            .max_header_size(MAX_HEADER_BYTES)
            .handshake(TokioIo::new(transport))
            .await
            .map_err(|error| PageError::Connect(chain(&error)))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error = chain(&error), "HTTP/1 connection ended");
            }
        });
        Ok(sender)
    }

    /// A socket to the first address that takes one.
    async fn open(&self) -> Result<Socket, PageError> {
        let unresolved = |reason: String| PageError::Resolve {
            host: self.host.clone(),
            reason,
        };
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await;
        let addresses: Vec<SocketAddr> = found.map_err(|error| unresolved(error.to_string()))?.collect();
        let mut problem = unresolved("it has no address".to_owned());
        for (number, address) in addresses.iter().enumerate() {
            let connecting = TcpStream::connect(address);
            let opened = match number + 1 < addresses.len() {
                true => tokio::time::timeout(ONE_OF_SEVERAL, connecting).await,
                false => Ok(connecting.await),
            };
            match opened {
                Ok(Ok(stream)) => {
                    // Without it requests wait for acknowledgements of the ones before; nothing breaks.
                    let _ = stream.set_nodelay(true);
                    return Ok(Socket::Tcp(stream));
                }
                Ok(Err(error)) => problem = PageError::Connect(format!("{address}: {error}")),
                Err(_) => problem = PageError::Connect(format!("{address}: no answer")),
            }
        }
        Err(problem)
    }
}
