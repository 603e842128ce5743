//! Making one connection: socket, TLS, HTTP handshake.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio_rustls::TlsConnector;

use super::error::chain;
use super::http2::Http2Connection;
use super::{ClientSettings, Protocol};
use crate::chunked_body::ChunkedBody;
use crate::socket::{Socket, Transport};
use crate::tls::ClientTls;

/// One place that a name stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Address {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Address::Tcp(address) => address.fmt(f),
            Address::Unix(path) => path.display().fmt(f),
        }
    }
}

/// A connection that takes requests. HTTP/2 is shared by cloning, HTTP/1 is lent.
pub(super) enum Sender {
    Http1(http1::SendRequest<ChunkedBody>),
    Http2(Http2Connection),
}

/// What is the same for all connections of a client.
pub(super) struct Connector {
    pub(super) settings: ClientSettings,
    pub(super) tls: Option<ClientTls>,
    pub(super) host: String,
}

/// Header fields of an HTTP/1 answer.
const MAX_HEADER_BYTES: usize = 16 * 1024;

impl Connector {
    /// Connects within the connect timeout. Cancel safe: a dropped call leaves nothing behind.
    pub(super) async fn connect(self: &Arc<Self>, address: &Address) -> Result<Sender, String> {
        let limit = self.settings.connect_timeout;
        match tokio::time::timeout(limit, self.connect_untimed(address)).await {
            Ok(result) => result,
            Err(_) => Err(format!("no connection within {} ms", limit.as_millis())),
        }
    }

    async fn connect_untimed(&self, address: &Address) -> Result<Sender, String> {
        let socket = open(address).await.map_err(|error| error.to_string())?;
        let http2_only = self.settings.protocol == Protocol::Http2;
        let Some(tls) = &self.tls else {
            return self.speak(Transport::Plain(socket), http2_only).await;
        };
        let name = tls
            .server_name(&self.host)
            .ok_or_else(|| format!("{} is no name for TLS", self.host))?;
        let stream = TlsConnector::from(tls.config(http2_only))
            .connect(name, socket)
            .await;
        let stream = stream.map_err(|error| format!("TLS: {}", chain(&error)))?;
        let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        if http2_only && !http2 {
            return Err("TLS: the server does not offer HTTP/2 (ALPN h2), which gRPC needs".to_owned());
        }
        self.speak(Transport::Tls(Box::new(stream.into())), http2).await
    }

    async fn speak(&self, transport: Transport, http2: bool) -> Result<Sender, String> {
        if http2 {
            let connection = Http2Connection::handshake(transport, self.settings.keepalive).await;
            return connection.map(Sender::Http2).map_err(|error| chain(&error));
        }
        let (sender, connection) = http1::Builder::new()
            .max_header_size(MAX_HEADER_BYTES)
            .handshake(TokioIo::new(transport))
            .await
            .map_err(|error| chain(&error))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error = chain(&error), "HTTP/1 connection ended");
            }
        });
        Ok(Sender::Http1(sender))
    }
}

async fn open(address: &Address) -> std::io::Result<Socket> {
    match address {
        Address::Tcp(address) => {
            let stream = tokio::net::TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Ok(Socket::Tcp(stream))
        }
        Address::Unix(path) => Ok(Socket::Unix(tokio::net::UnixStream::connect(path).await?)),
    }
}
