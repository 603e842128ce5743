//! Access logs of web servers in the common and the combined format (Apache `mod_log_config`, nginx `combined`), read by hand.

/// What a line says. A field that is `-` in the line is the text `-`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccessLine<'a> {
    /// Address or name of the client.
    pub client: &'a str,
    /// RFC 1413 identity.
    pub ident: &'a str,
    /// User of HTTP authentication.
    pub user: &'a str,
    /// Without brackets: `10/Oct/2000:13:55:36 -0700`.
    pub time: &'a str,
    /// Method of the request.
    pub method: &'a str,
    /// Its target: path and query.
    pub target: &'a str,
    /// `1.1` of `HTTP/1.1`; empty where the request has none.
    pub version: &'a str,
    /// Status, three digits.
    pub status: &'a str,
    /// Bytes of the body, or `-`.
    pub bytes: &'a str,
    /// Referrer and user agent with their quotes, in the combined format.
    pub combined: Option<(&'a str, &'a str)>,
    /// What follows.
    pub rest: &'a str,
}

/// Reads a line that is as usual; `None` for all others, also for some that the formats allow.
pub fn parse(line: &str) -> Option<AccessLine<'_>> {
    let (client, rest) = word(line)?;
    let (ident, rest) = word(rest)?;
    let (user, rest) = word(rest)?;
    let (time, rest) = rest.strip_prefix('[')?.split_once("] ")?;
    let (request, rest) = rest.strip_prefix('"')?.split_once("\" ")?;
    let (method, request) = word(request)?;
    let (target, version) = match request.split_once(' ') {
        Some((target, protocol)) => (target, protocol.strip_prefix("HTTP/")?),
        None => (request, ""),
    };
    let (status, rest) = word(rest)?;
    let (bytes, rest) = match rest.split_once(' ') {
        Some((bytes, rest)) => (bytes, Some(rest)),
        None => (rest, None),
    };
    let is_usual = is_client(client)
        && is_user(ident)
        && is_user(user)
        && is_time(time.as_bytes())
        && !method.is_empty()
        && method.bytes().all(|byte| byte.is_ascii_uppercase())
        && !target.is_empty()
        && !target.contains(['"', '\\'])
        && is_version(version)
        && status.len() == 3
        && is_digits(status)
        && (bytes == "-" || is_digits(bytes));
    let combined = rest.and_then(|rest| {
        let (referrer, rest) = quoted(rest)?;
        let (agent, rest) = quoted(rest.strip_prefix(' ')?)?;
        Some((referrer, agent, rest))
    });
    is_usual.then_some(AccessLine {
        client,
        ident,
        user,
        time,
        method,
        target,
        version,
        status,
        bytes,
        combined: combined.map(|(referrer, agent, _)| (referrer, agent)),
        rest: combined.map_or(rest.unwrap_or_default(), |(_, _, rest)| rest),
    })
}

fn word(text: &str) -> Option<(&str, &str)> {
    let at = memchr::memchr(b' ', text.as_bytes())?;
    Some((&text[..at], &text[at + 1..]))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// An IPv4 address. Others are left to a regular expression.
fn is_client(text: &str) -> bool {
    let mut parts = 0;
    text.split('.').all(|part| {
        parts += 1;
        is_digits(part) && part.len() <= 3 && part.parse::<u16>().is_ok_and(|number| number < 256)
    }) && parts == 4
}

fn is_user(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

fn is_version(text: &str) -> bool {
    match text.split_once('.') {
        Some((major, minor)) => is_digits(major) && is_digits(minor),
        None => text.is_empty() || is_digits(text),
    }
}

/// `10/Oct/2000:13:55:36 -0700`
fn is_time(text: &[u8]) -> bool {
    const SHAPE: &[u8; 26] = b"99/Aaa/9999:99:99:99 +9999";
    let fits = |(byte, shape): (&u8, &u8)| match shape {
        b'9' => byte.is_ascii_digit(),
        b'A' => byte.is_ascii_uppercase(),
        b'a' => byte.is_ascii_lowercase(),
        b'+' => matches!(byte, b'+' | b'-'),
        other => byte == other,
    };
    const MONTHS: [&[u8]; 12] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
    ];
    let within = |at: usize, most: u8| text[at..at + 2] <= [b'0' + most / 10, b'0' + most % 10][..];
    text.len() == SHAPE.len()
        && text.iter().zip(SHAPE).all(fits)
        && MONTHS.contains(&&text[3..6])
        && within(0, 31)
        && &text[0..2] != b"00"
        && within(12, 23)
        && within(15, 59)
        && within(18, 60)
}

/// A text in double quotes, with them. One with escapes is left to others.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('"')?;
    let end = memchr::memchr2(b'"', b'\\', inner.as_bytes())?;
    (inner.as_bytes()[end] == b'"').then(|| text.split_at(end + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"203.0.113.7 - bob [20/Nov/2026:10:15:01 +0000] "GET /a?b=1 HTTP/1.1" 200 512 "https://x.example/" "Mozilla/5.0 (X11)""#;

    #[test]
    fn usual_lines_are_taken_apart() {
        let line = parse(LINE).expect("usual");
        assert_eq!(
            (
                line.client,
                line.user,
                line.time,
                line.method,
                line.target,
                line.version,
                line.status,
                line.bytes
            ),
            (
                "203.0.113.7",
                "bob",
                "20/Nov/2026:10:15:01 +0000",
                "GET",
                "/a?b=1",
                "1.1",
                "200",
                "512"
            )
        );
        assert_eq!(
            line.combined,
            Some(("\"https://x.example/\"", "\"Mozilla/5.0 (X11)\""))
        );
        let common = parse(&LINE[..LINE.find(" \"https").expect("there")]).expect("usual");
        assert_eq!((common.combined, common.rest), (None, ""));
    }

    #[test]
    fn unusual_ones_are_not() {
        for (from, to) in [
            ("203.0.113.7", "::1"),
            ("203.0.113.7", "300.0.113.7"),
            ("GET /a?b=1 HTTP/1.1", "\\x16\\x03"),
            ("20/Nov", "20/Nvo"),
            ("10:15:01", "24:15:01"),
            (" 200 ", " 20 "),
            ("GET", "get"),
        ] {
            assert_eq!(parse(&LINE.replace(from, to)), None, "{to}");
        }
        assert_eq!(
            parse(&LINE.replace("Mozilla", "\\\"")).expect("usual").combined,
            None
        );
    }
}
