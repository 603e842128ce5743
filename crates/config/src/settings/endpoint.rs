//! Addresses to listen on or to connect to: `localhost:4317`.

use std::fmt;
use std::path::PathBuf;

use super::{Reader, Setting};
use crate::settings::reader::shown;
use crate::table::Kind;
use crate::tree::{Node, Value};

/// `host:port`, `[::1]:port`, or a unix socket: `unix:///path`, or `/path` alone as the Collector has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Endpoint {
    /// A host (name or address, IPv6 without its brackets) and a port.
    Tcp {
        /// Empty for "all addresses" (`:4317`).
        host: String,
        /// 0 lets the system choose when listening.
        port: u16,
    },
    /// A unix socket.
    Unix(PathBuf),
}

/// Longest path of a unix socket in bytes: `sun_path` of Linux without its final NUL (unix(7)).
const MAX_SOCKET_PATH: usize = 107;
/// Longest host name (RFC 1035, section 2.3.4).
const MAX_HOST: usize = 255;

impl Endpoint {
    /// A host and a port.
    pub fn tcp(host: impl Into<String>, port: u16) -> Self {
        Self::Tcp {
            host: host.into(),
            port,
        }
    }

    /// Reads an endpoint.
    ///
    /// # Errors
    /// What is wrong (to follow the value), and what to do.
    pub fn parse(text: &str) -> Result<Self, (&'static str, &'static str)> {
        if let Some(path) = text.strip_prefix("unix://") {
            return Self::parse_unix(path);
        }
        // No host begins with a slash.
        if text.starts_with('/') {
            return Self::parse_unix(text);
        }
        if text.contains("://") {
            return Err(("must not have a scheme", "write `host:port` or `unix:///path`"));
        }
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, after) = rest
                    .split_once(']')
                    .ok_or(("has no closing `]`", "write `[::1]:4317`"))?;
                if host.parse::<std::net::Ipv6Addr>().is_err() {
                    return Err(("has no IPv6 address in its brackets", "write `[::1]:4317`"));
                }
                (host, after.strip_prefix(':').ok_or(NO_PORT)?)
            }
            None => text.rsplit_once(':').ok_or(NO_PORT)?,
        };
        if host.contains(':') && !text.starts_with('[') {
            return Err(("has an IPv6 address without brackets", "write `[::1]:4317`"));
        }
        if host.len() > MAX_HOST
            || host.contains(|c: char| c.is_whitespace() || c.is_control() || "/@?#".contains(c))
        {
            return Err(("has no valid host", "write `host:port`"));
        }
        if port.is_empty() || !port.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err((
                "has a port that is no number",
                "write `host:port`, the port from 0 to 65535",
            ));
        }
        let port = port
            .parse()
            .map_err(|_| ("has a port above 65535", "ports are 0 to 65535"))?;
        Ok(Self::tcp(host, port))
    }

    fn parse_unix(path: &str) -> Result<Self, (&'static str, &'static str)> {
        if !path.starts_with('/') {
            return Err((
                "has no absolute path",
                "write three slashes: `unix:///run/sidelight.sock`",
            ));
        }
        if path.len() > MAX_SOCKET_PATH || path.contains('\0') {
            return Err(("has a path no socket can have", "use at most 107 bytes"));
        }
        Ok(Self::Unix(PathBuf::from(path)))
    }

    /// Can it be reached from this machine only? Names other than `localhost` count as reachable from outside.
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Unix(_) => true,
            Self::Tcp { host, .. } if host.eq_ignore_ascii_case("localhost") => true,
            Self::Tcp { host, .. } => host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.to_canonical().is_loopback()),
        }
    }
}

const NO_PORT: (&str, &str) = ("has no port", "write `host:port`");

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
        }
    }
}

impl Setting for Endpoint {
    fn kind() -> Kind {
        Kind::Endpoint
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        let text = match &node.value {
            Value::String(text) => text,
            Value::Int(port) if !node.is_expanded() && (0..=65_535).contains(port) => {
                let hint = format!("write the host too: `localhost:{port}`");
                return cx.wrong_type_hint(node, "an endpoint such as `localhost:4317`", Some(hint));
            }
            _ => return cx.wrong_type(node, "an endpoint such as `localhost:4317`"),
        };
        match Self::parse(text) {
            Ok(endpoint) => Some(endpoint),
            Err((problem, hint)) => {
                let problem = format!("is no endpoint: {} {problem}", shown(node));
                cx.invalid(node, &problem, Some(hint.to_owned()))
            }
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn endpoints_read_and_show_the_same() {
        for text in [
            "localhost:4317",
            "127.0.0.1:0",
            "[::1]:65535",
            ":4318",
            "unix:///run/a.sock",
            "jaeger.local:1",
        ] {
            assert_eq!(
                Endpoint::parse(text)
                    .map(|endpoint| endpoint.to_string())
                    .as_deref(),
                Ok(text)
            );
        }
    }

    #[test]
    fn a_path_alone_is_a_unix_socket() {
        assert_eq!(
            Endpoint::parse("/run/otel.sock"),
            Endpoint::parse("unix:///run/otel.sock")
        );
    }

    #[test]
    fn what_is_no_endpoint_is_refused() {
        for text in [
            "",
            "localhost",
            "localhost:",
            "localhost:http",
            "localhost:65536",
            "localhost:+1",
            "::1:4317",
            "[::1]",
            "[::1",
            "[localhost]:1",
            "http://localhost:4317",
            "unix://a.sock",
            "a b:1",
            "user@host:1",
            "host/path:1",
        ] {
            assert!(Endpoint::parse(text).is_err(), "{text}");
        }
        assert!(Endpoint::parse(&format!("unix:///{}", "a".repeat(107))).is_err());
        assert!(Endpoint::parse(&format!("/{}", "a".repeat(107))).is_err());
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for (text, loopback) in [
            ("localhost:1", true),
            ("127.9.9.9:1", true),
            ("[::1]:1", true),
            ("[::ffff:127.0.0.1]:1", true),
            ("unix:///a", true),
            ("0.0.0.0:1", false),
            (":1", false),
            ("[::]:1", false),
            ("localhost.example.org:1", false),
        ] {
            assert_eq!(
                Endpoint::parse(text).map(|endpoint| endpoint.is_loopback()),
                Ok(loopback),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,60}") {
            let _ = Endpoint::parse(&text);
        }
    }
}
