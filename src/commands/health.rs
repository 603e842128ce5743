//! `sidelight health`: asks a running Sidelight whether all is well, where there is no other HTTP client to do it: in a
//! container that holds nothing but the program.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use crate::arguments::HealthOptions;
use crate::exit::Exit;

/// The longest wait for each of connecting, asking, and a piece of the answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The most that is read of an answer, in bytes.
const LONGEST_ANSWER: u64 = 64 << 10;

/// Runs the command: the answer goes to standard output when all is well, else to standard error.
pub(crate) fn run(options: &HealthOptions) -> Exit {
    let endpoint = &options.endpoint;
    // Nobody is left to tell when these are gone; the exit code still says it.
    let (well, _) = match ask(endpoint) {
        Ok((true, body)) => (true, writeln!(io::stdout(), "{body}")),
        Ok((false, body)) => (false, writeln!(io::stderr(), "{body}")),
        Err(e) => (
            false,
            writeln!(
                io::stderr(),
                "cannot ask {endpoint}: {e}; is Sidelight running, with the extension `health_check` at that endpoint?"
            ),
        ),
    };
    if well { Exit::Success } else { Exit::Failure }
}

/// One GET: whether the status is 200, and the body. HTTP/1.0, so that the answer ends with the connection.
fn ask(endpoint: &str) -> io::Result<(bool, String)> {
    let (host, path) = host_and_path(endpoint);
    let mut stream = connect(host)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    stream.take(LONGEST_ANSWER).read_to_end(&mut answer)?;
    status_and_body(&String::from_utf8_lossy(&answer))
        .ok_or_else(|| io::Error::other("the answer is not HTTP"))
}

/// `host:port` and `/path` of an endpoint with or without a path, and with or without `http://`.
fn host_and_path(endpoint: &str) -> (&str, &str) {
    let endpoint = endpoint.strip_prefix("http://").unwrap_or(endpoint);
    match endpoint.find('/') {
        Some(slash) => endpoint.split_at(slash),
        None => (endpoint, "/"),
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

fn status_and_body(answer: &str) -> Option<(bool, String)> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let (version, rest) = head.split_once(' ')?;
    let status = rest.split(' ').next()?.trim_end();
    version
        .starts_with("HTTP/")
        .then(|| (status == "200", body.trim_end().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_may_have_a_scheme_and_a_path() {
        for (endpoint, expected) in [
            ("localhost:13133", ("localhost:13133", "/")),
            ("http://localhost:13133", ("localhost:13133", "/")),
            ("[::1]:13133/health/ready", ("[::1]:13133", "/health/ready")),
        ] {
            assert_eq!(host_and_path(endpoint), expected, "{endpoint}");
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
            let expected = expected.map(|(well, body)| (well, body.to_owned()));
            assert_eq!(status_and_body(answer), expected, "{answer:?}");
        }
    }
}
