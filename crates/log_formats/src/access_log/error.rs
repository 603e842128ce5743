//! Error logs.

use super::line::Line;
use super::{AccessLogError, Parsed, put, put_address, put_header, put_number, put_request};
use crate::timestamp::Layout;
use crate::value::Map;

/// nginx: `ngx_log_error_core`, and what the HTTP module adds behind the message.
pub(super) fn nginx<'a>(
    line: &mut Line<'a>,
    layout: &Layout,
    into: &mut Map<'a>,
) -> Result<Parsed<'a>, AccessLogError> {
    let whole = line.rest();
    let time = whole.get(..19).and_then(|time| layout.read(time, 0).ok());
    let time = time.ok_or_else(|| line.error("a time such as 2026/11/20 10:15:01"))?;
    line.take(whole.get(..19).unwrap_or_default());
    line.expect(" [", "the level in brackets")?;
    let severity = line.until(b']', "the level")?;
    line.expect(" ", "a space")?;
    put_number(into, "process.pid", line.until(b'#', "the process id")?);
    put_number(into, "thread.id", line.until(b':', "the thread id")?);
    line.take(" ");
    if line.take("*") {
        put_number(
            into,
            "error_log.connection",
            line.until(b' ', "the connection's number")?,
        );
    }
    let message = nginx_message(line.rest(), into);
    put(into, "error_log.message", message);
    Ok(Parsed {
        time_unix_nano: Some(time),
        severity: Some(severity),
        message: Some(message),
    })
}

/// The message before `, client: …`; what is behind it becomes attributes.
fn nginx_message<'a>(rest: &'a str, into: &mut Map<'a>) -> &'a str {
    let Some((message, context)) = rest.split_once(", client: ") else {
        return rest;
    };
    let mut context = context;
    let client = until_comma(&mut context);
    put(into, "client.address", client);
    while let Some((key, value)) = context.split_once(": ") {
        context = value;
        let value = until_comma(&mut context);
        match key {
            "server" => put(into, "error_log.server", value),
            "request" => put_request(into, value),
            "subrequest" => put(into, "error_log.subrequest", value),
            "upstream" => put(into, "error_log.upstream", value),
            "host" => put_address(into, "server.address", "server.port", value),
            "referrer" => put_header(into, "http.request.header.referer", value),
            _ => {}
        }
    }
    message
}

/// A value, in quotes or not, and the `, ` behind it.
fn until_comma<'a>(rest: &mut &'a str) -> &'a str {
    let mut line = Line::new(rest);
    let value = match line.quoted("a value") {
        Ok(value) => value,
        Err(_) => {
            let value = rest.split_once(", ").map_or(*rest, |(value, _)| value);
            line.take(value);
            value
        }
    };
    line.take(", ");
    *rest = line.rest();
    value
}

/// Apache: `ErrorLogFormat`'s defaults in 2.2 and 2.4.
pub(super) fn apache<'a>(
    line: &mut Line<'a>,
    layout: &Layout,
    into: &mut Map<'a>,
) -> Result<Parsed<'a>, AccessLogError> {
    line.expect("[", "the time in brackets")?;
    let at = *line;
    let time = line.until(b']', "the time")?;
    let time = layout
        .read(time, 0)
        .map_err(|_| at.error("a time such as Fri Sep 09 10:42:29.902022 2011"))?;
    line.expect(" [", "the module and the level in brackets")?;
    let level = line.until(b']', "the level")?;
    let (module, severity) = level.split_once(':').unwrap_or(("", level));
    put(into, "error_log.module", module);
    if line.take(" [pid ") {
        let process = line.until(b']', "the process id")?;
        let (pid, thread) = process.split_once(":tid ").unwrap_or((process, ""));
        put_number(into, "process.pid", pid);
        put_number(into, "thread.id", thread);
    }
    if line.take(" [client ") {
        client(line.until(b']', "the client's address")?, into);
    }
    line.take(" ");
    let message = line.rest();
    let code = message.split_once(": ").filter(|(code, _)| is_code(code));
    let message = code.map_or(message, |(code, message)| {
        put(into, "error_log.code", code);
        message
    });
    put(into, "error_log.message", message);
    Ok(Parsed {
        time_unix_nano: Some(time),
        severity: Some(severity),
        message: Some(message),
    })
}

/// An IPv6 address has its port behind the last colon too, without brackets: with nine parts and more, or as `::1:80`, it cannot be told.
fn client<'a>(text: &'a str, into: &mut Map<'a>) {
    let is_address = text.parse::<std::net::IpAddr>().is_ok();
    match text.rsplit_once(':') {
        Some((address, port)) if !is_address && address.parse::<std::net::IpAddr>().is_ok() => {
            put(into, "client.address", address);
            put_number(into, "client.port", port);
        }
        _ if is_address => put(into, "client.address", text),
        _ => put_address(into, "client.address", "client.port", text),
    }
}

/// `AH00128`
fn is_code(text: &str) -> bool {
    let digits = text.strip_prefix("AH").unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}
