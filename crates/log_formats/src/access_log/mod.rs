//! What web servers write, read by hand: access logs and error logs of nginx and Apache.
//!
//! | format | a line |
//! |---|---|
//! | `common` | `1.2.3.4 - bob [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.0" 200 2326` |
//! | `combined` | the same and `"referrer" "user agent"`; nginx's default; what follows is kept |
//! | `vhost_combined` | Debian's Apache: `host:port` before the same |
//! | `nginx_error` | `2026/11/20 10:15:01 [error] 12#3: *4 message, client: 1.2.3.4, server: a, request: "GET / HTTP/1.1", …` |
//! | `apache_error` | `[Fri Sep 09 10:42:29.902022 2011] [core:error] [pid 1:tid 2] [client 1.2.3.4:5] message` |
//!
//! The names are those of the semantic conventions (v1.44.0); what they have no name for begins with `access_log.` or `error_log.`. A
//! `-` is nothing and gives no attribute. Escapes in quoted text (`\"`, `\x22`) stay as they are: what is written is what was sent.

mod access;
mod error;
mod line;

use std::fmt;

use crate::timestamp::{Layout, LayoutKind};
use crate::value::{Map, Value};
use line::Line;

/// The formats that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Apache's `common`.
    Common,
    /// Apache's and nginx's `combined`.
    Combined,
    /// `combined` with the virtual host before it.
    VhostCombined,
    /// nginx's error log.
    NginxError,
    /// Apache's error log, of 2.2 and 2.4.
    ApacheError,
}

impl Format {
    /// All formats with their names in settings.
    pub const ALL: [(&'static str, Self); 5] = [
        ("common", Self::Common),
        ("combined", Self::Combined),
        ("vhost_combined", Self::VhostCombined),
        ("nginx_error", Self::NginxError),
        ("apache_error", Self::ApacheError),
    ];

    /// The format of a name.
    pub fn named(name: &str) -> Option<Self> {
        let known = Self::ALL.into_iter().find(|(known, _)| *known == name);
        known.map(|(_, format)| format)
    }
}

/// What a line said beside its attributes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parsed<'a> {
    /// When it happened, in Unix nanoseconds; `None` if the line has `-` there.
    pub time_unix_nano: Option<i64>,
    /// The level of an error log: `error`, `warn`, `notice`.
    pub severity: Option<&'a str>,
    /// What happened, of an error log.
    pub message: Option<&'a str>,
}

/// Why a line is not of a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessLogError {
    /// Offset in bytes up to which it was.
    pub at: usize,
    expected: &'static str,
    found: String,
}

impl std::error::Error for AccessLogError {}

impl fmt::Display for AccessLogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "expected {} at byte {}, found {:?}",
            self.expected, self.at, self.found
        )
    }
}

/// Reads lines of one format.
#[derive(Clone, Debug)]
pub struct AccessLog {
    format: Format,
    /// Of the time in a line; error logs have no zone in it.
    layout: Layout,
}

impl AccessLog {
    /// `location`: the time zone of error logs, as for [`Layout::parse`].
    ///
    /// # Errors
    /// The location is not known.
    pub fn new(format: Format, location: Option<&str>) -> Result<Self, crate::LayoutError> {
        let layout = match format {
            Format::NginxError => "yyyy/MM/dd HH:mm:ss",
            Format::ApacheError => "EEE MMM d HH:mm:ss yyyy",
            _ => "dd/MMM/yyyy:HH:mm:ss Z",
        };
        let location = location.unwrap_or("Local");
        Ok(Self {
            format,
            layout: Layout::parse(layout, LayoutKind::Java, Some(location))?,
        })
    }

    /// Reads a line; its attributes are put into `into`, which is meant to be empty.
    ///
    /// # Errors
    /// [`AccessLogError`]: what was expected where. Some attributes may be in `into` then.
    pub fn parse<'a>(&self, text: &'a str, into: &mut Map<'a>) -> Result<Parsed<'a>, AccessLogError> {
        let mut line = Line::new(text);
        match self.format {
            Format::Common => access::common(&mut line, &self.layout, into),
            Format::Combined => access::combined(&mut line, &self.layout, into),
            Format::VhostCombined => {
                access::virtual_host(&mut line, into)?;
                access::combined(&mut line, &self.layout, into)
            }
            Format::NginxError => error::nginx(&mut line, &self.layout, into),
            Format::ApacheError => error::apache(&mut line, &self.layout, into),
        }
    }
}

/// Puts a text in, unless it is empty or the `-` that stands for nothing. No key is put in twice.
fn put<'a>(into: &mut Map<'a>, key: &'static str, text: &'a str) {
    if !text.is_empty() && text != "-" {
        into.push(key, Value::Text(text.into()));
    }
}

/// Puts a number in; text where it is none.
fn put_number<'a>(into: &mut Map<'a>, key: &'static str, text: &'a str) {
    match text.parse() {
        Ok(number) => into.push(key, Value::Int(number)),
        Err(_) => put(into, key, text),
    }
}

/// Takes a request apart: `GET /a?b HTTP/1.1`. What is not of this form is kept whole.
fn put_request<'a>(into: &mut Map<'a>, request: &'a str) {
    let parts = request.split_once(' ').and_then(|(method, rest)| {
        let (target, protocol) = match rest.rsplit_once(" HTTP/") {
            Some((target, version)) => (target, Some(version)),
            None => (rest, None),
        };
        let is_method = !method.is_empty()
            && method
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte == b'-' || byte == b'_');
        (is_method && !target.is_empty() && !target.contains(' ')).then_some((method, target, protocol))
    });
    let Some((method, target, version)) = parts else {
        return put(into, "access_log.request", request);
    };
    put(into, "http.request.method", method);
    // The other forms of a target (RFC 9112, section 3.2): a whole URL to a proxy, `host:port` for CONNECT, `*`.
    if target.starts_with('/') {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        put(into, "url.path", path);
        put(into, "url.query", query);
    } else {
        put(into, "url.original", target);
    }
    if let Some(version) = version {
        put(into, "network.protocol.name", "http");
        put(into, "network.protocol.version", version);
    }
}

/// A header of the request: the conventions have them as lists.
fn put_header<'a>(into: &mut Map<'a>, key: &'static str, text: &'a str) {
    if !text.is_empty() && text != "-" {
        into.push(key, Value::List(vec![Value::Text(text.into())]));
    }
}

/// `host:port`, `[::1]:port` or a host alone.
fn put_address<'a>(into: &mut Map<'a>, address: &'static str, port: &'static str, text: &'a str) {
    let split = text.rsplit_once(':').filter(|(host, number)| {
        let is_bracketed = host.starts_with('[') && host.ends_with(']');
        !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
            && (is_bracketed || !host.contains(':'))
    });
    match split {
        Some((host, number)) => {
            put(into, address, host.trim_start_matches('[').trim_end_matches(']'));
            put_number(into, port, number);
        }
        None => put(into, address, text),
    }
}

#[cfg(test)]
mod tests;
