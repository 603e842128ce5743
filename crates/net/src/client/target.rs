//! What users write where to send.

use std::path::PathBuf;
use std::str::FromStr;

/// A parsed endpoint of a client: `http://host:port/path`, `https://…`, `host:port` (gRPC), `unix:///path`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub(super) place: Place,
    /// `None` for `host:port`: the TLS settings decide.
    pub(super) scheme: Option<Scheme>,
    path: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Tcp { host: String, port: u16 },
    Unix(PathBuf),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Https,
}

/// An endpoint that cannot be understood. The text is not repeated: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("endpoint: {0}")]
pub struct TargetError(&'static str);

impl Target {
    /// The path of the URL without a slash at its end; empty where there is none.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether it is talked to over TLS: the scheme decides, and where there is none, `without_scheme`.
    pub fn is_encrypted(&self, without_scheme: bool) -> bool {
        self.scheme
            .map_or(without_scheme, |scheme| scheme == Scheme::Https)
    }

    /// `host:port`, as `Host` and `:authority` have it (without the scheme's own port); `localhost` for a Unix socket.
    pub(super) fn authority(&self) -> String {
        let Place::Tcp { host, port } = &self.place else {
            return "localhost".to_owned();
        };
        let host = if host.contains(':') {
            format!("[{host}]")
        } else {
            host.clone()
        };
        match (self.scheme, port) {
            (Some(Scheme::Http), 80) | (Some(Scheme::Https), 443) => host,
            _ => format!("{host}:{port}"),
        }
    }

    pub(super) fn host(&self) -> &str {
        match &self.place {
            Place::Tcp { host, .. } => host,
            Place::Unix(_) => "localhost",
        }
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        if let Some(path) = text
            .strip_prefix("unix://")
            .or_else(|| text.strip_prefix("unix:"))
        {
            if !path.starts_with('/') {
                return Err(TargetError(
                    "the path of a unix socket must be absolute, as in unix:///run/otel.sock",
                ));
            }
            return Ok(Self {
                place: Place::Unix(path.into()),
                scheme: Some(Scheme::Http),
                path: String::new(),
            });
        }
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (Some(Scheme::Http), rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (Some(Scheme::Https), rest),
            // gRPC's own name syntax for the default resolver.
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("dns") => {
                (None, rest.trim_start_matches('/'))
            }
            Some(_) => return Err(TargetError("the scheme must be http, https or unix")),
            None => (None, text),
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if path.contains(['?', '#']) || authority.contains(['?', '#']) {
            return Err(TargetError("a query or fragment is not allowed"));
        }
        if authority.contains('@') {
            return Err(TargetError(
                "a user name or password does not belong here, use headers or auth",
            ));
        }
        let (host, port) = host_and_port(authority, scheme)?;
        if scheme.is_none() && !path.is_empty() {
            return Err(TargetError("a path needs http:// or https:// in front"));
        }
        Ok(Self {
            place: Place::Tcp { host, port },
            scheme,
            path: path.trim_end_matches('/').to_owned(),
        })
    }
}

fn host_and_port(authority: &str, scheme: Option<Scheme>) -> Result<(String, u16), TargetError> {
    let bracket = authority.rfind(']').map_or(0, |at| at + 1);
    let colon = authority[bracket..].find(':').map(|at| at + bracket);
    let (host, port) = match colon {
        Some(at) => (&authority[..at], Some(&authority[at + 1..])),
        None => (authority, None),
    };
    let port = match (port, scheme) {
        (Some(text), _) => text.parse().ok().filter(|port| *port != 0),
        (None, Some(Scheme::Http)) => Some(80),
        (None, Some(Scheme::Https)) => Some(443),
        (None, None) => return Err(TargetError("the port is missing, write host:port")),
    };
    let port = port.ok_or(TargetError("the port must be a number from 1 to 65535"))?;
    let bare = match (host.strip_prefix('['), host.contains([':', '[', ']'])) {
        (Some(rest), _) => rest
            .strip_suffix(']')
            .filter(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok()),
        (None, true) => None,
        (None, false) => Some(host),
    };
    match bare {
        Some(host) if !host.is_empty() && !host.contains(char::is_whitespace) => Ok((host.to_owned(), port)),
        _ => Err(TargetError(
            "the host is missing or malformed (IPv6 addresses go in brackets)",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_understood_or_refused() {
        let table = [
            ("localhost:4317", Some(("localhost:4317", ""))),
            ("http://localhost:4318", Some(("localhost:4318", ""))),
            ("HTTP://host/", Some(("host", ""))),
            ("https://host", Some(("host", ""))),
            ("https://host:4318/a/b/", Some(("host:4318", "/a/b"))),
            ("http://[::1]:4318/x", Some(("[::1]:4318", "/x"))),
            ("[::1]:4317", Some(("[::1]:4317", ""))),
            ("dns:///host:1", Some(("host:1", ""))),
            ("unix:///run/a.sock", Some(("localhost", ""))),
            ("host", None),
            ("host:0", None),
            ("host:99999", None),
            ("::1:4317", None),
            ("[x]:1", None),
            ("ftp://host:1", None),
            ("http://", None),
            ("http://user:secret@host", None),
            ("http://host/?token=1", None),
            ("host:1/path", None),
            ("unix:relative", None),
            ("", None),
        ];
        for (text, expected) in table {
            let target = text.parse::<Target>();
            let got = target
                .as_ref()
                .ok()
                .map(|target| (target.authority(), target.path().to_owned()));
            let expected =
                expected.map(|(authority, path): (&str, &str)| (authority.to_owned(), path.to_owned()));
            assert_eq!(got, expected, "{text}");
        }
    }

    #[test]
    fn the_scheme_decides_about_encryption() {
        for (text, encrypted) in [
            ("https://host", Some(true)),
            ("HTTPS://host", Some(true)),
            ("http://host", Some(false)),
            ("Http://host", Some(false)),
            ("unix:///run/a.sock", Some(false)),
            ("host:1", None),
            ("dns:///host:1", None),
        ] {
            let target: Target = text.parse().expect(text);
            for without_scheme in [true, false] {
                assert_eq!(
                    target.is_encrypted(without_scheme),
                    encrypted.unwrap_or(without_scheme),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn a_password_is_not_repeated_in_the_error() {
        let error = "http://user:secret@host".parse::<Target>().expect_err("refused");
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
}
