//! Binding, apart from serving: a program binds everything it needs before it starts anything.

mod endpoint;
mod socket_file;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::Arc;

pub use endpoint::{Endpoint, EndpointError};
use socket_file::SocketFile;

/// Connections that the kernel completes before we take them.
const BACKLOG: i32 = 1024;

/// A bound, listening socket. Clones share it; the file of a Unix socket is removed with the last one.
#[derive(Debug, Clone)]
pub struct BoundListener {
    socket: Arc<ListeningSocket>,
}

#[derive(Debug)]
enum ListeningSocket {
    Tcp(TcpListener, SocketAddr),
    Unix(UnixListener, SocketFile),
}

/// Where a listener is bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalAddress {
    /// The actual port, also where port 0 was asked for.
    Tcp(SocketAddr),
    /// The socket's path.
    Unix(PathBuf),
}

impl std::fmt::Display for LocalAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            LocalAddress::Tcp(address) => address.fmt(f),
            LocalAddress::Unix(path) => write!(f, "unix://{}", path.display()),
        }
    }
}

/// Why an endpoint could not be bound.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody else listens there.
    #[error("{endpoint} is already in use; find out by whom with `{find}`")]
    InUse {
        /// The endpoint as given.
        endpoint: String,
        /// A command that shows the process.
        find: String,
    },
    /// The host's name has no address.
    #[error("cannot resolve {endpoint}: {source}")]
    Resolve {
        /// The endpoint as given.
        endpoint: String,
        /// The resolver's error.
        source: io::Error,
    },
    /// The path of a Unix socket is taken by something that is not a socket.
    #[error("{} exists and is not a socket; it is left alone", .0.display())]
    NotASocket(PathBuf),
    /// Anything else the system said.
    #[error("cannot listen on {endpoint}: {source}{}", hint(.source))]
    Io {
        /// The endpoint as given.
        endpoint: String,
        /// The system's error.
        source: io::Error,
    },
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => " (ports below 1024 need the capability CAP_NET_BIND_SERVICE)",
        io::ErrorKind::AddrNotAvailable => " (no interface of this machine has that address)",
        _ => "",
    }
}

/// Binds an endpoint. A name with several addresses is bound to the first that works, IPv4 before IPv6.
///
/// Needs a tokio runtime for the resolver. Cancel safe: a dropped call binds nothing.
pub async fn bind(endpoint: &Endpoint) -> Result<BoundListener, BindError> {
    let socket = match endpoint {
        Endpoint::Tcp { host, port } => bind_host(endpoint, host, *port).await?,
        Endpoint::Unix { path, mode } => {
            let (listener, file) = socket_file::bind(path, *mode)?;
            ListeningSocket::Unix(listener, file)
        }
    };
    Ok(BoundListener {
        socket: Arc::new(socket),
    })
}

async fn bind_host(endpoint: &Endpoint, host: &str, port: u16) -> Result<ListeningSocket, BindError> {
    // As in Go, no host means every address of both families.
    let host = if host.is_empty() { "::" } else { host };
    let resolve_error = |source| BindError::Resolve {
        endpoint: endpoint.to_string(),
        source,
    };
    let mut addresses: Vec<SocketAddr> = tokio::net::lookup_host((host, port))
        .await
        .map_err(resolve_error)?
        .take(16)
        .collect();
    addresses.sort_by_key(SocketAddr::is_ipv6);
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        match listen(address) {
            Ok((listener, local)) => return Ok(ListeningSocket::Tcp(listener, local)),
            Err(error) => last = error,
        }
    }
    Err(match last.kind() {
        io::ErrorKind::AddrInUse => BindError::InUse {
            endpoint: endpoint.to_string(),
            find: format!("ss -ltnp 'sport = :{port}'"),
        },
        _ => BindError::Io {
            endpoint: endpoint.to_string(),
            source: last,
        },
    })
}

fn listen(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let socket = socket2::Socket::new(
        socket2::Domain::for_address(address),
        socket2::Type::STREAM,
        Some(socket2::Protocol::TCP),
    )?;
    // Lets a restart bind while old connections linger; two listeners are still refused on Linux.
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    let listener = TcpListener::from(socket);
    let local = listener.local_addr()?;
    Ok((listener, local))
}

impl BoundListener {
    /// Where it is bound.
    pub fn local_address(&self) -> LocalAddress {
        match &*self.socket {
            ListeningSocket::Tcp(_, address) => LocalAddress::Tcp(*address),
            ListeningSocket::Unix(_, file) => LocalAddress::Unix(file.path().to_owned()),
        }
    }

    /// The bound TCP address; `None` for a Unix socket.
    pub fn tcp_address(&self) -> Option<SocketAddr> {
        match &*self.socket {
            ListeningSocket::Tcp(_, address) => Some(*address),
            ListeningSocket::Unix(..) => None,
        }
    }

    /// Registers the socket with the runtime that calls this.
    pub(crate) fn register(&self) -> io::Result<RegisteredListener> {
        Ok(match &*self.socket {
            ListeningSocket::Tcp(listener, _) => {
                RegisteredListener::Tcp(tokio::net::TcpListener::from_std(listener.try_clone()?)?)
            }
            ListeningSocket::Unix(listener, _) => {
                RegisteredListener::Unix(tokio::net::UnixListener::from_std(listener.try_clone()?)?)
            }
        })
    }
}

/// A listener that a runtime watches.
pub(crate) enum RegisteredListener {
    Tcp(tokio::net::TcpListener),
    Unix(tokio::net::UnixListener),
}

/// A connection that no runtime watches yet.
pub(crate) enum AcceptedSocket {
    Tcp(std::net::TcpStream, SocketAddr),
    Unix(std::os::unix::net::UnixStream),
}

impl RegisteredListener {
    /// Takes the next connection. Cancel safe.
    pub(crate) async fn accept(&self) -> io::Result<AcceptedSocket> {
        match self {
            RegisteredListener::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                Ok(AcceptedSocket::Tcp(stream.into_std()?, peer))
            }
            RegisteredListener::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                Ok(AcceptedSocket::Unix(stream.into_std()?))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_named_with_the_command_that_finds_its_owner() {
        let first = bind(&"127.0.0.1:0".parse().expect("endpoint"))
            .await
            .expect("bound");
        let port = first.tcp_address().expect("tcp").port();
        let second = bind(&format!("127.0.0.1:{port}").parse().expect("endpoint"))
            .await
            .expect_err("in use");
        let text = second.to_string();
        assert!(text.contains(&format!("ss -ltnp 'sport = :{port}'")), "{text}");
    }

    #[tokio::test]
    async fn foreign_addresses_and_unknown_names_are_clear_errors() {
        let error = bind(&"192.0.2.1:0".parse().expect("endpoint"))
            .await
            .expect_err("not ours");
        assert!(error.to_string().contains("no interface"), "{error}");
        let error = bind(&"does-not-exist.invalid:1".parse().expect("endpoint"))
            .await
            .expect_err("no name");
        assert!(matches!(error, BindError::Resolve { .. }), "{error}");
    }
}
