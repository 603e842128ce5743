//! Syslog messages.

use sidelight_component::BuildError;
use sidelight_config::{Check, setting_enum, settings};
use sidelight_log_formats::syslog::{self, Syslog};
use sidelight_log_formats::{LayoutError, Map};

use super::parse::{Format, Known, Parser};
use super::{Failure, Operator};

setting_enum! {
    /// How messages are written.
    pub enum SyslogProtocol {
        /// `<34>Oct 11 22:14:15 host su[12]: text`
        Rfc3164 = "rfc3164",
        /// `<34>1 2003-10-11T22:14:15.003Z host su - ID47 - text`
        Rfc5424 = "rfc5424",
        /// Anything; the priority is read where there is one.
        None = "none",
    }
}

settings! {
    /// A syslog message. The record's time and severity are the message's.
    pub struct SyslogParser {
        /// What all parsers have.
        flatten parser: Parser,
        /// How messages are written.
        required protocol: SyslogProtocol,
        /// The time zone of RFC 3164's times, by its IANA name.
        location: String = "UTC",
        /// Whether a message may begin without its priority, `<34>`.
        allow_skip_pri_header: bool = false,
    }
    unsupported {
        "enable_octet_counting" => "the receiver takes the messages apart; remove it",
        "non_transparent_framing_trailer" => "the receiver takes the messages apart; remove it",
    }
    validate SyslogParser::check;
}

/// The severities 0 to 7: OTLP's number as the Collector has it, and the word.
const SEVERITIES: [(u8, &str); 8] = [
    (21, "emerg"),
    (19, "alert"),
    (18, "crit"),
    (17, "err"),
    (13, "warning"),
    (10, "notice"),
    (9, "info"),
    (5, "debug"),
];

impl SyslogParser {
    fn syslog(&self) -> Result<Syslog, LayoutError> {
        let protocol = match self.protocol {
            SyslogProtocol::Rfc3164 => syslog::Protocol::Rfc3164,
            SyslogProtocol::Rfc5424 => syslog::Protocol::Rfc5424,
            SyslogProtocol::None => syslog::Protocol::None,
        };
        Syslog::new(protocol, Some(&self.location), self.allow_skip_pri_header)
    }

    fn check(&self, check: &mut Check<'_, '_>) {
        if let Err(problem) = self.syslog() {
            check.error("location", &problem.to_string());
        }
    }

    pub(crate) fn build(&self) -> Result<Box<dyn Operator>, BuildError> {
        let syslog = self
            .syslog()
            .map_err(|problem| BuildError::at("location", problem))?;
        self.parser.build(Format::Syslog(Box::new(syslog)))
    }
}

/// Reads a message; `now` says the year where it has none.
pub(super) fn parse<'a>(
    syslog: &Syslog,
    text: &str,
    now: u64,
    into: &mut Map<'a>,
) -> Result<Known<'a>, Failure> {
    let message = syslog.read(text, now).map_err(Failure::Unparsed)?;
    *into = message.fields;
    let severity = message
        .severity
        .and_then(|level| SEVERITIES.get(usize::from(level)));
    Ok(Known {
        time_unix_nano: message.time_unix_nano.and_then(|nanos| u64::try_from(nanos).ok()),
        severity: severity.map(|(number, word)| (*number, (*word).into())),
    })
}
