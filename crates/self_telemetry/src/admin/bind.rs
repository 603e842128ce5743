//! Opening the address.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs};

use sidelight_config::Endpoint;

use super::AllowedHosts;

/// Why an address cannot be listened on; a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Reachable from other machines, and nothing says that this is meant.
    #[error(
        "`{endpoint}` can be reached from other machines, and there is no authentication; \
         use `localhost:{port}`, or say that it is meant with `insecure: true`"
    )]
    Exposed {
        /// The endpoint.
        endpoint: String,
        /// Its port.
        port: u16,
    },
    /// Unix sockets are not served here.
    #[error("a unix socket is not supported here; use `localhost:{port}`")]
    UnixSocket {
        /// The usual port.
        port: u16,
    },
    /// The system said no.
    #[error("cannot listen on `{endpoint}`: {reason}")]
    System {
        /// The endpoint.
        endpoint: String,
        /// What the system said, and what to do.
        reason: String,
    },
}

/// An open address that nobody answers on yet.
#[derive(Debug)]
pub struct Listener {
    pub(super) socket: TcpListener,
    pub(super) hosts: AllowedHosts,
    address: SocketAddr,
}

/// Port that the advice names when the setting has none.
const USUAL_PORT: u16 = 8888;

impl Listener {
    /// Opens the address. An address beyond loopback needs `insecure`. `extra_hosts` are further names by
    /// which the server may be called.
    ///
    /// # Errors
    /// [`BindError`] where it must not or cannot be opened.
    pub fn bind(endpoint: &Endpoint, insecure: bool, extra_hosts: &[String]) -> Result<Self, BindError> {
        let Endpoint::Tcp { host, port } = endpoint else {
            return Err(BindError::UnixSocket { port: USUAL_PORT });
        };
        if !insecure && !endpoint.is_loopback() {
            return Err(BindError::Exposed {
                endpoint: endpoint.to_string(),
                port: *port,
            });
        }
        let socket = open(host, *port).and_then(|socket| {
            socket.set_nonblocking(true)?;
            Ok((socket.local_addr()?, socket))
        });
        match socket {
            Ok((address, socket)) => Ok(Self {
                socket,
                address,
                hosts: AllowedHosts::new(endpoint, extra_hosts),
            }),
            Err(error) => Err(BindError::System {
                endpoint: endpoint.to_string(),
                reason: listen_error(&error),
            }),
        }
    }

    /// The address in use: the port is known here where the setting left it to the system.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }
}

fn open(host: &str, port: u16) -> io::Result<TcpListener> {
    if host.is_empty() {
        // "All addresses": both families where the machine has both, as the Collector does.
        return TcpListener::bind(SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), port))
            .or_else(|_| TcpListener::bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port)));
    }
    let mut addresses: Vec<SocketAddr> = (host, port).to_socket_addrs()?.collect();
    // `localhost` is the IPv4 address where there are both: that is what probes and scrapers try first.
    addresses.sort_by_key(SocketAddr::is_ipv6);
    TcpListener::bind(addresses.as_slice())
}

/// A system's error on opening an address, in words that say what to do.
pub fn listen_error(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "another program listens there already; stop it or choose another port".to_owned()
        }
        io::ErrorKind::PermissionDenied => "no permission; ports below 1024 need a privilege".to_owned(),
        io::ErrorKind::AddrNotAvailable => "this machine does not have that address".to_owned(),
        _ => error.to_string(),
    }
}
