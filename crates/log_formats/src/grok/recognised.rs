//! Patterns that are recognised: what they match is read by hand where it is as usual, with the same result.

use std::collections::BTreeMap;

use crate::access_log;
use crate::value::{Map, Value};

/// The pattern is the line of a web server and nothing else.
#[derive(Clone, Copy, Debug)]
pub(super) struct AccessLog {
    is_combined: bool,
}

impl AccessLog {
    pub(super) fn of(source: &str, definitions: &BTreeMap<String, String>) -> Option<Self> {
        let is_combined = match source {
            "%{NGINXACCESS}" | "%{COMBINEDAPACHELOG}" | "%{HTTPD_COMBINEDLOG}" => true,
            "%{COMMONAPACHELOG}" | "%{HTTPD_COMMONLOG}" => false,
            _ => return None,
        };
        // Own definitions may change what the names mean.
        definitions.is_empty().then_some(Self { is_combined })
    }

    /// Puts in what the line says; false where it is not as usual, and then nothing.
    pub(super) fn put<'a>(self, line: &'a str, into: &mut Map<'a>) -> bool {
        if line.len() > crate::CAPTURE_LIMIT || !into.is_empty() {
            return false;
        }
        let Some(line) = access_log::parse(line).filter(|line| line.combined.is_some() || !self.is_combined)
        else {
            return false;
        };
        let mut put = |name: &'static str, text: &'a str| into.push(name, Value::Text(text.into()));
        put("clientip", line.client);
        put("ident", line.ident);
        put("auth", line.user);
        put("timestamp", line.time);
        put("verb", line.method);
        put("request", line.target);
        if !line.version.is_empty() {
            put("httpversion", line.version);
        }
        put("response", line.status);
        if line.bytes != "-" {
            put("bytes", line.bytes);
        }
        if let Some((referrer, agent)) = line.combined.filter(|_| self.is_combined) {
            put("referrer", referrer);
            put("agent", agent);
        }
        true
    }
}
