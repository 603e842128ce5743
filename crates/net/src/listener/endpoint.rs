//! What users write where to listen: `host:port`, `:port`, `[::1]:port`, `unix:///path`.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// A TCP port.
    Tcp {
        /// A name or an address without brackets; empty for all interfaces.
        host: String,
        /// 0 lets the system choose.
        port: u16,
    },
    /// A Unix socket.
    Unix {
        /// The socket's file.
        path: PathBuf,
        /// Permissions of the file; connecting needs the write bit.
        mode: u32,
    },
}

/// Permissions of a Unix socket unless told otherwise: owner only.
const DEFAULT_MODE: u32 = 0o600;

/// An endpoint that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("endpoint `{text}`: {reason}")]
pub struct EndpointError {
    text: String,
    reason: &'static str,
}

impl Endpoint {
    /// A Unix socket with these permissions.
    pub fn unix(path: impl Into<PathBuf>, mode: u32) -> Self {
        Endpoint::Unix {
            path: path.into(),
            mode,
        }
    }

    /// True where only this machine can connect: loopback addresses, `localhost`, Unix sockets. Decided by the text,
    /// without the resolver: other names count as reachable from outside.
    pub fn is_local(&self) -> bool {
        match self {
            Endpoint::Unix { .. } => true,
            Endpoint::Tcp { host, .. } => {
                host.eq_ignore_ascii_case("localhost")
                    || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
            }
        }
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let error = |reason| EndpointError {
            text: text.to_owned(),
            reason,
        };
        if let Some(path) = text
            .strip_prefix("unix://")
            .or_else(|| text.strip_prefix("unix:"))
        {
            if !path.starts_with('/') {
                return Err(error(
                    "the path of a unix socket must be absolute, as in unix:///run/sidelight.sock",
                ));
            }
            return Ok(Endpoint::unix(path, DEFAULT_MODE));
        }
        if text.contains("://") {
            return Err(error("a listener's endpoint has no scheme, write host:port"));
        }
        let (host, port) = text
            .rsplit_once(':')
            .ok_or_else(|| error("the port is missing, write host:port"))?;
        let port = port
            .parse()
            .map_err(|_| error("the port must be a number from 0 to 65535"))?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        if bare.is_none() && host.contains(':') {
            return Err(error("an IPv6 address must be in brackets, as in [::1]:4317"));
        }
        Ok(Endpoint::Tcp {
            host: bare.unwrap_or(host).to_owned(),
            port,
        })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Endpoint::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Endpoint::Tcp { host, port } => write!(f, "{host}:{port}"),
            Endpoint::Unix { path, .. } => write!(f, "unix://{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_read_and_written() {
        let table = [
            ("localhost:4317", Some(true)),
            ("127.0.0.1:0", Some(true)),
            ("127.8.0.1:1", Some(true)),
            ("[::1]:4318", Some(true)),
            ("unix:///run/x.sock", Some(true)),
            (":4317", Some(false)),
            ("0.0.0.0:4317", Some(false)),
            ("[::]:4317", Some(false)),
            ("otel.example:4317", Some(false)),
            ("localhost", None),
            ("::1:4317", None),
            ("http://localhost:4317", None),
            ("localhost:65536", None),
            ("localhost:", None),
            ("unix://relative", None),
            ("", None),
        ];
        for (text, local) in table {
            let endpoint = text.parse::<Endpoint>();
            assert_eq!(endpoint.as_ref().ok().map(Endpoint::is_local), local, "{text}");
            if let Ok(endpoint) = endpoint {
                assert_eq!(endpoint.to_string(), text);
            }
        }
    }
}
