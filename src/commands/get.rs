//! One GET to a Sidelight that runs beside this one.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// The longest wait for each of connecting, asking, and a piece of the answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// An answer.
pub(crate) struct Answer {
    /// True where the status is 200.
    pub(crate) is_well: bool,
    /// The body, without blanks at its end.
    pub(crate) body: String,
}

/// Asks an endpoint, `host:port` or `http://host:port/path`; without a path for `path`. No more than `longest` bytes of the answer are
/// read. HTTP/1.0, so that the answer ends with the connection.
///
/// # Errors
/// Nobody answers, or not in HTTP.
pub(crate) fn get(endpoint: &str, path: &str, longest: u64) -> io::Result<Answer> {
    let (host, path) = host_and_path(endpoint, path);
    let mut stream = connect(host)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    stream.take(longest).read_to_end(&mut answer)?;
    read(&String::from_utf8_lossy(&answer)).ok_or_else(|| io::Error::other("the answer is not HTTP"))
}

/// `host:port` and `/path` of an endpoint with or without a path, and with or without `http://`.
fn host_and_path<'a>(endpoint: &'a str, path: &'a str) -> (&'a str, &'a str) {
    let endpoint = endpoint.strip_prefix("http://").unwrap_or(endpoint);
    match endpoint.find('/') {
        Some(slash) => endpoint.split_at(slash),
        None => (endpoint, path),
    }
}

/// Every address that the name has is tried: `localhost` may be `::1` first where 127.0.0.1 is listened on.
fn connect(host: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::other("the name has no address");
    for address in host.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(e) => last = e,
        }
    }
    Err(last)
}

fn read(answer: &str) -> Option<Answer> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let (version, rest) = head.split_once(' ')?;
    let status = rest.split(' ').next()?.trim_end();
    version.starts_with("HTTP/").then(|| Answer {
        is_well: status == "200",
        body: body.trim_end().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_may_have_a_scheme_and_a_path() {
        for (endpoint, expected) in [
            ("localhost:13133", ("localhost:13133", "/x")),
            ("http://localhost:13133", ("localhost:13133", "/x")),
            ("[::1]:13133/health/ready", ("[::1]:13133", "/health/ready")),
        ] {
            assert_eq!(host_and_path(endpoint, "/x"), expected, "{endpoint}");
        }
    }

    #[test]
    fn only_status_200_is_well_and_what_is_not_http_is_no_answer() {
        for (answer, expected) in [
            ("HTTP/1.0 200 OK\r\nA: b\r\n\r\nall\r\n", Some((true, "all"))),
            ("HTTP/1.1 200\r\n\r\n", Some((true, ""))),
            (
                "HTTP/1.1 503 Service Unavailable\r\n\r\nwhy",
                Some((false, "why")),
            ),
            ("HTTP/1.1 2000 OK\r\n\r\n", Some((false, ""))),
            ("HTTP/1.1 200 OK\r\n", None),
            ("SSH-2.0-OpenSSH 200 \r\n\r\n", None),
            ("", None),
        ] {
            let expected = expected.map(|(is_well, body)| (is_well, body.to_owned()));
            let found = read(answer).map(|answer| (answer.is_well, answer.body));
            assert_eq!(found, expected, "{answer:?}");
        }
    }
}
