//! The logs of web servers.

use std::borrow::Cow;

use sidelight_component::BuildError;
use sidelight_config::{Check, setting_enum, settings};
use sidelight_log_formats::access_log::{self, AccessLog};
use sidelight_log_formats::{LayoutError, Map, Preset, SeverityMap, Value};

use super::parse::{Format, Known, Parser, object, owned};
use super::{Failure, Operator};

setting_enum! {
    /// The formats of web servers.
    pub enum AccessLogFormat {
        /// `client ident user [time] "request" status bytes`
        Common = "common",
        /// The same, `"referrer"` and `"user agent"`; nginx's default.
        Combined = "combined",
        /// `combined` with `host:port` before it.
        VhostCombined = "vhost_combined",
        /// nginx's error log.
        NginxError = "nginx_error",
        /// Apache's error log.
        ApacheError = "apache_error",
    }
}

settings! {
    /// A line of a web server's log; names follow the semantic conventions. The record's time, and of an error log its severity, are the
    /// line's.
    pub struct AccessLogParser {
        /// What all parsers have.
        flatten parser: Parser,
        /// Which log.
        format: AccessLogFormat = AccessLogFormat::Combined,
        /// The time zone of an error log, by its IANA name; without it that of this machine.
        location: Option<String>,
    }
    validate AccessLogParser::check;
}

impl AccessLogParser {
    fn log(&self) -> Result<AccessLog, LayoutError> {
        let format = match self.format {
            AccessLogFormat::Common => access_log::Format::Common,
            AccessLogFormat::Combined => access_log::Format::Combined,
            AccessLogFormat::VhostCombined => access_log::Format::VhostCombined,
            AccessLogFormat::NginxError => access_log::Format::NginxError,
            AccessLogFormat::ApacheError => access_log::Format::ApacheError,
        };
        AccessLog::new(format, self.location.as_deref())
    }

    fn check(&self, check: &mut Check<'_, '_>) {
        if let Err(problem) = self.log() {
            check.error("location", &problem.to_string());
        }
    }

    pub(crate) fn build(&self) -> Result<Box<dyn Operator>, BuildError> {
        let log = self
            .log()
            .map_err(|problem| BuildError::at("location", problem))?;
        self.parser.build(Format::AccessLog(Box::new(WebLog {
            log,
            levels: SeverityMap::preset(Preset::Extended),
        })))
    }
}

/// The log of a web server.
#[derive(Debug)]
pub(super) struct WebLog {
    log: AccessLog,
    levels: SeverityMap,
}

impl WebLog {
    pub(super) fn parse<'a>(&self, text: Cow<'a, str>, into: &mut Map<'a>) -> Result<Known<'a>, Failure> {
        let unparsed = |error: access_log::AccessLogError| Failure::Unparsed(error.to_string());
        match text {
            Cow::Borrowed(text) => {
                let parsed = self.log.parse(text, into).map_err(unparsed)?;
                Ok(self.known(parsed, Cow::Borrowed))
            }
            Cow::Owned(text) => {
                let mut map = Map::new();
                let parsed = self.log.parse(&text, &mut map).map_err(unparsed)?;
                let known = self.known(parsed, |level| Cow::Owned(level.to_owned()));
                object(owned(Value::Map(map)), into)?;
                Ok(known)
            }
        }
    }

    fn known<'t, 'a>(
        &self,
        parsed: access_log::Parsed<'t>,
        text: impl FnOnce(&'t str) -> Cow<'a, str>,
    ) -> Known<'a> {
        Known {
            time_unix_nano: parsed.time_unix_nano.and_then(|nanos| u64::try_from(nanos).ok()),
            severity: parsed
                .severity
                .map(|level| (self.levels.find(level).unwrap_or_default(), text(level))),
        }
    }
}
