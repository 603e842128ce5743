//! Settings of clients, as `configgrpc` and `confighttp` have them.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue};
use sidelight_component::{Budget, BuildError};
use sidelight_config::{Check, Secret, setting_enum, settings};
use sidelight_net::client::{Keepalive, Target};
use sidelight_net::compress::{Encoding, deflate};

use crate::admission::BudgetAdmission;

/// What requests say who sends them; the OTLP specification asks exporters for it ("User Agent").
pub const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("sidelight/", env!("CARGO_PKG_VERSION")));

setting_enum! {
    /// How requests are compressed.
    pub enum Compression {
        /// Not at all.
        None = "none" | "",
        /// RFC 1952.
        Gzip = "gzip",
        /// RFC 8878.
        Zstd = "zstd",
    }
}

settings! {
    /// How much effort compression takes.
    pub struct CompressionParams {
        /// 1 to 9 for gzip, 1 to 22 for zstd; 0 means 1, which costs a seventh of gzip's level 6 for a fifth
        /// more bytes.
        level: i32 [-7..=22] = 0,
    }
}

settings! {
    /// HTTP/2 pings.
    pub struct KeepaliveClient {
        /// A ping after this time without data. Servers may refuse clients that ping more often than every
        /// 5 minutes.
        time: Duration [Duration::from_secs(1)..] = Duration::from_secs(300),
        /// The connection is dead when a ping is not answered for this long. 0 means the default.
        timeout: Duration = Duration::from_secs(20),
        /// True: connections without requests are pinged as well.
        permit_without_stream: bool = false,
    }
}

impl From<&KeepaliveClient> for Keepalive {
    fn from(settings: &KeepaliveClient) -> Self {
        Self {
            time: settings.time,
            timeout: match settings.timeout {
                Duration::ZERO => KeepaliveClient::default().timeout,
                timeout => timeout,
            },
            permit_without_stream: settings.permit_without_stream,
        }
    }
}

/// Compresses request bodies; what it writes is charged to the budget even past its limit, because the data
/// was admitted already.
#[derive(Clone, Debug)]
pub struct Compressor {
    encoding: Encoding,
    level: i32,
    admission: BudgetAdmission,
}

impl Compressor {
    /// A compressor with the settings' method and level.
    pub fn new(compression: Compression, params: &CompressionParams, budget: &Budget) -> Self {
        let encoding = match compression {
            Compression::None => Encoding::Identity,
            Compression::Gzip => Encoding::Gzip,
            Compression::Zstd => Encoding::Zstd,
        };
        let level = if params.level == 0 {
            encoding.default_level()
        } else {
            params.level
        };
        Self {
            encoding,
            level,
            admission: BudgetAdmission::always(budget.clone()),
        }
    }

    /// The encoding that requests are marked with.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// True where it does anything.
    pub fn compresses(&self) -> bool {
        self.encoding != Encoding::Identity
    }

    /// The chunks as one compressed body.
    ///
    /// # Errors
    /// A text where memory is refused, which does not happen for admitted data.
    pub fn compress(&self, chunks: &[Bytes]) -> Result<Bytes, String> {
        deflate(self.encoding, self.level, chunks, &self.admission).map_err(|e| e.to_string())
    }
}

/// The destination of an exporter.
///
/// # Errors
/// [`BuildError`] at `setting`.
pub fn target(endpoint: &str, setting: &str) -> Result<Target, BuildError> {
    endpoint
        .parse()
        .map_err(|e: sidelight_net::client::TargetError| BuildError::at(setting, e.to_string()))
}

/// Reports an endpoint that no request can be sent to.
pub fn check_target(endpoint: &str, setting: &str, check: &mut Check<'_, '_>) {
    if let Err(e) = endpoint.parse::<Target>() {
        check.error(setting, &e.to_string());
    }
}

/// Reports an `authority` that no request can have.
pub fn check_authority(authority: Option<&str>, setting: &str, check: &mut Check<'_, '_>) {
    if authority.is_some_and(|authority| Authority::try_from(authority).is_err()) {
        check.error_hint(setting, "is no authority", "write `host` or `host:port`");
    }
}

/// Reports every name and value that no header can have. The values are not repeated.
pub fn check_headers(headers: &BTreeMap<String, Secret>, setting: &str, check: &mut Check<'_, '_>) {
    for (name, value) in headers {
        if let Err(problem) = header(name, value) {
            check.error(&format!("{setting}.{name}"), problem);
        }
    }
}

/// Headers or metadata of every request.
///
/// # Errors
/// [`BuildError`] at `setting` for a name or value that no header can have. The value is not repeated.
pub fn header_map(headers: &BTreeMap<String, Secret>, setting: &str) -> Result<HeaderMap, BuildError> {
    headers
        .iter()
        .map(|(name, value)| {
            header(name, value).map_err(|problem| BuildError::at(format!("{setting}.{name}"), problem))
        })
        .collect()
}

/// One header, or what is wrong with it, to follow its name.
fn header(name: &str, value: &Secret) -> Result<(HeaderName, HeaderValue), &'static str> {
    let name =
        HeaderName::try_from(name.to_ascii_lowercase()).map_err(|_| "has a name that no header can have")?;
    let mut value =
        HeaderValue::from_str(value.expose()).map_err(|_| "has a value that no header can have")?;
    value.set_sensitive(true);
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_values_are_marked_as_secrets_and_never_repeated() {
        let headers = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), Secret::new(value))]);
        let map = header_map(&headers("Authorization", "Bearer x"), "headers").expect("valid");
        assert!(map["authorization"].is_sensitive());
        let error = header_map(&headers("a", "se\ncret"), "headers").expect_err("newline");
        assert_eq!(error.setting.as_deref(), Some("headers.a"));
        assert!(!error.to_string().contains("cret"));
        assert!(header_map(&headers("bad name", "x"), "headers").is_err());
    }
}
