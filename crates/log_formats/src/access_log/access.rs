//! Access logs: `mod_log_config` of Apache, `log_format` of nginx.

use super::line::Line;
use super::{AccessLogError, Parsed, put, put_address, put_header, put_number, put_request};
use crate::timestamp::Layout;
use crate::value::Map;

/// `host:port` and a space, before the rest.
pub(super) fn virtual_host<'a>(line: &mut Line<'a>, into: &mut Map<'a>) -> Result<(), AccessLogError> {
    let host = line.until(b' ', "the virtual host")?;
    put_address(into, "server.address", "server.port", host);
    Ok(())
}

/// `common`, and nothing behind it.
pub(super) fn common<'a>(
    line: &mut Line<'a>,
    layout: &Layout,
    into: &mut Map<'a>,
) -> Result<Parsed<'a>, AccessLogError> {
    let parsed = begin(line, layout, into)?;
    match line.rest().is_empty() {
        true => Ok(parsed),
        false => Err(line.error("the end")),
    }
}

/// `combined`; what a server was told to write behind it is kept as one text.
pub(super) fn combined<'a>(
    line: &mut Line<'a>,
    layout: &Layout,
    into: &mut Map<'a>,
) -> Result<Parsed<'a>, AccessLogError> {
    let parsed = begin(line, layout, into)?;
    let referrer = line.quoted("the referrer in quotes")?;
    put_header(into, "http.request.header.referer", referrer);
    line.expect(" ", "a space")?;
    let agent = line.quoted("the user agent in quotes")?;
    put(into, "user_agent.original", agent);
    put(into, "access_log.extra", line.rest().trim_start());
    Ok(parsed)
}

fn begin<'a>(line: &mut Line<'a>, layout: &Layout, into: &mut Map<'a>) -> Result<Parsed<'a>, AccessLogError> {
    put(into, "client.address", line.until(b' ', "the client's address")?);
    put(into, "access_log.ident", line.until(b' ', "the identity")?);
    put(into, "user.name", user(line)?);
    line.expect("[", "the time in brackets")?;
    let at = *line;
    let time = line.until(b']', "the time")?;
    let time = layout
        .read(time, 0)
        .map_err(|_| at.error("a time such as 10/Oct/2000:13:55:36 -0700"))?;
    line.expect(" ", "a space")?;
    put_request(into, line.quoted("the request in quotes")?);
    line.expect(" ", "a space")?;
    put_number(into, "http.response.status_code", line.word("the status")?);
    put_number(into, "http.response.body.size", line.word("the number of bytes")?);
    Ok(Parsed {
        time_unix_nano: Some(time),
        ..Parsed::default()
    })
}

/// The user's name, in which there may be spaces: it ends before ` [`.
fn user<'a>(line: &mut Line<'a>) -> Result<&'a str, AccessLogError> {
    let rest = line.rest();
    let simple = rest.split_once(' ').filter(|(_, after)| after.starts_with('['));
    let user = match simple {
        Some((user, _)) => user,
        None => rest.split_once(" [").ok_or_else(|| line.error("the user"))?.0,
    };
    line.take(user);
    line.take(" ");
    Ok(user)
}
