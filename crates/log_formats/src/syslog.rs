//! Syslog messages (RFC 5424, RFC 3164), under the names of the Collector's `syslog_parser`.

use crate::timestamp::{Layout, LayoutError, LayoutKind};
use crate::value::{Map, Value};

/// How a message is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `<34>Oct 11 22:14:15 host su[12]: text`; the time may also be one of RFC 3339.
    Rfc3164,
    /// `<165>1 2003-08-24T05:14:15.000003-07:00 host app 8710 ID47 [origin ip="10.0.0.1"] text`
    Rfc5424,
    /// Anything: the priority is read where there is one.
    None,
}

/// Reads messages of one form.
#[derive(Debug)]
pub struct Syslog {
    protocol: Protocol,
    may_lack_priority: bool,
    /// The time of RFC 3164.
    layout: Layout,
}

/// What a message says.
#[derive(Debug)]
pub struct Message {
    /// `priority`, `facility`, `facility_text`, `version`, `hostname`, `appname`, `proc_id`, `msg_id`, `structured_data` and `message`: those
    /// that are there.
    pub fields: Map<'static>,
    /// Unix nanoseconds.
    pub time_unix_nano: Option<i64>,
    /// From 0, emergency, to 7, debug.
    pub severity: Option<u8>,
}

/// RFC 5424 table 1, by the names that syslog daemons have for them.
const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
    "ntp", "security", "console", "cron2", "local0", "local1", "local2", "local3", "local4", "local5",
    "local6", "local7",
];

/// Length of `Oct 11 22:14:15`.
const OLD_TIME: usize = 15;

impl Syslog {
    /// `location` is the time zone of RFC 3164's times: a name of the IANA database, UTC without it. Where `may_lack_priority`, a
    /// message may begin without `<34>`.
    ///
    /// # Errors
    /// [`LayoutError`]: the location is not known.
    pub fn new(
        protocol: Protocol,
        location: Option<&str>,
        may_lack_priority: bool,
    ) -> Result<Self, LayoutError> {
        Ok(Self {
            protocol,
            may_lack_priority,
            layout: Layout::parse(
                "%b %e %H:%M:%S",
                LayoutKind::Strptime,
                Some(location.unwrap_or("UTC")),
            )?,
        })
    }

    /// Reads a message. `now_unix_nano` says the year where it has none.
    ///
    /// # Errors
    /// What was expected.
    pub fn read(&self, text: &str, now_unix_nano: u64) -> Result<Message, String> {
        let mut message = Message {
            fields: Map::new(),
            time_unix_nano: None,
            severity: None,
        };
        let text = text.trim_end_matches(['\n', '\r', '\0']);
        let rest = match (priority(text), self.protocol) {
            (Some((priority, rest)), _) => {
                let facility = priority / 8;
                let fields = &mut message.fields;
                fields.push("priority", Value::Int(priority.into()));
                fields.push("facility", Value::Int(facility.into()));
                let name = FACILITIES.get(usize::from(facility)).copied().unwrap_or_default();
                fields.push("facility_text", Value::Text(name.into()));
                message.severity = Some(priority % 8);
                rest
            }
            (None, Protocol::None) => text,
            (None, _) if self.may_lack_priority => text,
            (None, _) => return Err("expected a priority such as `<34>` at its beginning".to_owned()),
        };
        match self.protocol {
            Protocol::Rfc5424 => message.rfc5424(rest)?,
            Protocol::Rfc3164 => message.rfc3164(rest, &self.layout, now_unix_nano)?,
            // As it came, with the priority.
            Protocol::None => message.put("message", text),
        }
        Ok(message)
    }
}

impl Message {
    fn put(&mut self, key: &'static str, text: &str) {
        if !text.is_empty() && text != "-" {
            self.fields.push(key, Value::Text(text.to_owned().into()));
        }
    }

    fn rfc5424(&mut self, text: &str) -> Result<(), String> {
        let mut words = Words(text);
        let version = words.next("a version")?;
        let version: i64 = version
            .parse()
            .map_err(|_| "expected a version, as in `<34>1 `".to_owned())?;
        self.fields.push("version", Value::Int(version));
        let time = words.next("a time")?;
        if time != "-" {
            self.time_unix_nano = Some(rfc3339(time).ok_or("expected a time of RFC 3339, or `-`")?);
        }
        for (key, what) in [
            ("hostname", "a host"),
            ("appname", "an application"),
            ("proc_id", "a process"),
            ("msg_id", "the kind of message"),
        ] {
            let word = words.next(what)?;
            self.put(key, word);
        }
        let (data, rest) = structured_data(words.0)?;
        if !data.is_empty() {
            self.fields.push("structured_data", Value::Map(data));
        }
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        self.put("message", rest.strip_prefix('\u{feff}').unwrap_or(rest));
        Ok(())
    }

    fn rfc3164(&mut self, text: &str, layout: &Layout, now_unix_nano: u64) -> Result<(), String> {
        let old = text
            .get(..OLD_TIME)
            .and_then(|time| layout.read(time, now_unix_nano).ok());
        let rest = match old {
            Some(time) => {
                self.time_unix_nano = Some(time);
                text.get(OLD_TIME..).unwrap_or_default()
            }
            None => {
                let (time, _) = text.split_once(' ').unwrap_or((text, ""));
                let expected = "expected a time such as `Oct 11 22:14:15`";
                self.time_unix_nano = Some(rfc3339(time).ok_or(expected)?);
                text.get(time.len()..).unwrap_or_default()
            }
        };
        let mut words = Words(rest.strip_prefix(' ').unwrap_or(rest));
        let host = words.next("a host")?;
        self.put("hostname", host);
        let (tag, message) = tag(words.0);
        if let Some((name, process)) = tag {
            self.put("appname", name);
            self.put("proc_id", process);
        }
        self.put("message", message);
        Ok(())
    }
}

/// `<34>`: the number, at most 191, and what is behind it.
fn priority(text: &str) -> Option<(u8, &str)> {
    let (number, rest) = text.strip_prefix('<')?.split_once('>')?;
    let is_number = (1..=3).contains(&number.len()) && number.bytes().all(|digit| digit.is_ascii_digit());
    let number: u8 = number.parse().ok().filter(|number| is_number && *number <= 191)?;
    Some((number, rest))
}

/// Words with one blank between them.
struct Words<'t>(&'t str);

impl<'t> Words<'t> {
    fn next(&mut self, what: &str) -> Result<&'t str, String> {
        let (word, rest) = self.0.split_once(' ').unwrap_or((self.0, ""));
        if word.is_empty() {
            return Err(format!("expected {what}"));
        }
        self.0 = rest;
        Ok(word)
    }
}

fn rfc3339(text: &str) -> Option<i64> {
    let time: jiff::Timestamp = text.parse().ok()?;
    i64::try_from(time.as_nanosecond()).ok()
}

/// `su[12]: `, `su: `: the name, the process, and what is behind it.
fn tag(text: &str) -> (Option<(&str, &str)>, &str) {
    let Some((tag, rest)) = text.split_once(':').filter(|(tag, _)| !tag.contains(' ')) else {
        return (None, text);
    };
    let (name, process) = match tag.strip_suffix(']').and_then(|tag| tag.split_once('[')) {
        Some((name, process)) => (name, process),
        None => (tag, ""),
    };
    (Some((name, process)), rest.strip_prefix(' ').unwrap_or(rest))
}

/// `-`, or elements `[id name="value" …]`: a map of maps.
fn structured_data(text: &str) -> Result<(Map<'static>, &str), String> {
    let mut elements = Map::new();
    if let Some(rest) = text.strip_prefix('-') {
        return Ok((elements, rest));
    }
    let mut rest = text;
    while let Some(inside) = rest.strip_prefix('[') {
        let end = inside
            .find([' ', ']'])
            .ok_or("expected `]` at the end of structured data")?;
        let (id, mut behind) = inside.split_at(end);
        let mut parameters = Map::new();
        while let Some(parameter) = behind.strip_prefix(' ') {
            let (name, value) = parameter
                .split_once("=\"")
                .ok_or("expected `name=\"value\"` in structured data")?;
            let (value, after) =
                quoted(value).ok_or("expected a quote at the end of a value in structured data")?;
            parameters.push(name.to_owned(), Value::Text(value.into()));
            behind = after;
        }
        rest = behind
            .strip_prefix(']')
            .ok_or("expected `]` at the end of structured data")?;
        elements.push(id.to_owned(), Value::Map(parameters));
    }
    if elements.is_empty() {
        return Err("expected structured data, or `-`".to_owned());
    }
    Ok((elements, rest))
}

/// Up to the quote that ends it; `\"`, `\\` and `\]` stand for the second character.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, text.get(at + 1..)?)),
            '\\' => match chars.next()? {
                (_, c @ ('"' | '\\' | ']')) => value.push(c),
                (_, c) => value.extend(['\\', c]),
            },
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-20T00:00:00Z
    const NOW: u64 = 1_795_132_800_000_000_000;

    fn said(protocol: Protocol, text: &str) -> Result<String, String> {
        let syslog = Syslog::new(protocol, None, false).expect("UTC");
        syslog.read(text, NOW).map(|message| {
            let fields: Vec<String> = message
                .fields
                .iter()
                .map(|(key, value)| format!("{key}={value:?}"))
                .collect();
            format!(
                "{:?} {:?} {}",
                message.time_unix_nano,
                message.severity,
                fields.join(" ")
            )
        })
    }

    #[test]
    fn messages_of_rfc_5424() {
        // The examples of the RFC, section 6.5.
        let text = "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \u{feff}'su root' failed for lonvick on /dev/pts/8";
        let found = said(Protocol::Rfc5424, text).expect("good");
        assert_eq!(
            found,
            "Some(1065910455003000000) Some(2) priority=Int(34) facility=Int(4) facility_text=Text(\"auth\") version=Int(1) \
             hostname=Text(\"mymachine.example.com\") appname=Text(\"su\") msg_id=Text(\"ID47\") message=Text(\"'su root' failed for lonvick on /dev/pts/8\")"
        );
        let text = "<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - [a@32473 iut=\"3\" said=\"\\\"x\\] \\d\"][b@32473 class=\"high\"]";
        let found = said(Protocol::Rfc5424, text).expect("good");
        assert!(
            found.starts_with("Some(1061727255000003000) Some(5) ")
                && found.contains("proc_id=Text(\"8710\")"),
            "{found}"
        );
        assert!(
            found.contains("\\\"x] \\\\d") && found.contains("b@32473") && !found.contains("message"),
            "{found}"
        );
        let nothing = said(Protocol::Rfc5424, "<0>1 - - - - - -").expect("good");
        assert_eq!(
            nothing,
            "None Some(0) priority=Int(0) facility=Int(0) facility_text=Text(\"kern\") version=Int(1)"
        );
    }

    #[test]
    fn messages_of_rfc_3164() {
        for (text, expected) in [
            (
                "<34>Oct 11 22:14:15 mymachine su[12]: 'su root' failed",
                "Some(1791756855000000000) Some(2) priority=Int(34) facility=Int(4) facility_text=Text(\"auth\") hostname=Text(\"mymachine\") appname=Text(\"su\") proc_id=Text(\"12\") message=Text(\"'su root' failed\")",
            ),
            (
                "<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!",
                "Some(1770312738000000000) Some(5) priority=Int(13) facility=Int(1) facility_text=Text(\"user\") hostname=Text(\"10.0.0.99\") message=Text(\"Use the BFG!\")",
            ),
            (
                "<13>2026-10-11T22:14:15+02:00 host app: x: y",
                "Some(1791749655000000000) Some(5) priority=Int(13) facility=Int(1) facility_text=Text(\"user\") hostname=Text(\"host\") appname=Text(\"app\") message=Text(\"x: y\")",
            ),
        ] {
            assert_eq!(said(Protocol::Rfc3164, text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_message_says_what_was_expected() {
        for (protocol, text, expected) in [
            (Protocol::Rfc3164, "Oct 11 22:14:15 host x", "a priority"),
            (Protocol::Rfc3164, "<192>Oct 11 22:14:15 host x", "a priority"),
            (Protocol::Rfc3164, "<13>soon host x", "a time such as"),
            (Protocol::Rfc3164, "<13>Oct 11 22:14:15", "a host"),
            (Protocol::Rfc5424, "<13>x", "a version"),
            (Protocol::Rfc5424, "<13>1 now h a p m -", "RFC 3339"),
            (Protocol::Rfc5424, "<13>1 - h a p", "the kind of message"),
            (Protocol::Rfc5424, "<13>1 - h a p m x", "structured data, or `-`"),
            (Protocol::Rfc5424, "<13>1 - h a p m [a b=\"c", "a quote"),
            (Protocol::Rfc5424, "<13>1 - h a p m [a", "`]`"),
        ] {
            let told = said(protocol, text).expect_err(text);
            assert!(told.contains(expected), "{text}: {told}");
        }
        assert_eq!(
            said(Protocol::None, "<34>x").as_deref(),
            Ok(
                "None Some(2) priority=Int(34) facility=Int(4) facility_text=Text(\"auth\") message=Text(\"<34>x\")"
            )
        );
        let lax = Syslog::new(Protocol::Rfc3164, Some("Asia/Shanghai"), true).expect("known");
        let message = lax.read("Oct 11 22:14:15 host x", NOW).expect("good");
        assert_eq!(
            (message.time_unix_nano, message.severity),
            (Some(1_791_728_055_000_000_000), None)
        );
    }
}
