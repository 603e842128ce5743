//! Settings of the connection to a target, as prometheus/common has them.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue};
use sidelight_config::{Check, Secret, setting_enum, settings};

setting_enum! {
    /// The least version of TLS.
    pub enum TlsVersion {
        /// TLS 1.2.
        Tls12 = "TLS12",
        /// TLS 1.3.
        Tls13 = "TLS13",
    }
}

settings! {
    /// Encryption of `https` targets.
    pub struct TlsConfig {
        /// Authorities whose certificates are accepted, PEM. Without a value: the system's.
        ca_file: Option<String>,
        /// Our certificate chain, PEM, where the target asks for one.
        cert_file: Option<String>,
        /// Its private key, PEM.
        key_file: Option<String>,
        /// The name that the target's certificate must have, where it is not the address's.
        server_name: Option<String>,
        /// True: the target's certificate is not checked. For trials only.
        insecure_skip_verify: bool = false,
        /// The least version.
        min_version: TlsVersion = TlsVersion::Tls12,
    }
    unsupported {
        "ca" => "give the authorities as a file, with `ca_file`",
        "cert" => "give the certificate as a file, with `cert_file`",
        "key" => "give the key as a file, with `key_file`",
        "ca_ref" => "there is no secret manager; use `ca_file`",
        "cert_ref" => "there is no secret manager; use `cert_file`",
        "key_ref" => "there is no secret manager; use `key_file`",
        harmless "max_version" => "the highest version both sides know is used",
    }
    validate TlsConfig::check;
}

impl TlsConfig {
    fn check(&self, check: &mut Check<'_, '_>) {
        if self.cert_file.is_some() != self.key_file.is_some() {
            check.conflict(
                "cert_file",
                "key_file",
                "goes together with `key_file`: give both or none",
            );
        }
    }
}

settings! {
    /// User name and password.
    pub struct BasicAuth {
        /// The user.
        username: String,
        /// A file with the user's name, read for every scrape.
        username_file: Option<String>,
        /// The password.
        password: Option<Secret>,
        /// A file with the password, read for every scrape.
        password_file: Option<String>,
    }
    unsupported {
        "username_ref" => "there is no secret manager; use `username_file`",
        "password_ref" => "there is no secret manager; use `password_file`",
    }
    validate BasicAuth::check;
}

impl BasicAuth {
    fn check(&self, check: &mut Check<'_, '_>) {
        if self.password.is_some() && self.password_file.is_some() {
            check.conflict("password_file", "password", "and `password` exclude each other");
        }
        if !self.username.is_empty() && self.username_file.is_some() {
            check.conflict("username_file", "username", "and `username` exclude each other");
        }
    }
}

settings! {
    /// The `Authorization` header.
    pub struct Authorization {
        /// The word in front of the credentials.
        r#type: String = "Bearer",
        /// The credentials.
        credentials: Option<Secret>,
        /// A file with the credentials, read for every scrape.
        credentials_file: Option<String>,
    }
    unsupported { "credentials_ref" => "there is no secret manager; use `credentials_file`" }
    validate Authorization::check;
}

impl Authorization {
    fn check(&self, check: &mut Check<'_, '_>) {
        if self.credentials.is_some() && self.credentials_file.is_some() {
            check.conflict(
                "credentials_file",
                "credentials",
                "and `credentials` exclude each other",
            );
        }
        if self.r#type.trim().eq_ignore_ascii_case("basic") {
            check.error("type", "must not be `Basic`: that is what `basic_auth` is for");
        }
    }
}

settings! {
    /// Values of one header.
    pub struct HttpHeader {
        /// The values.
        values: Vec<String>,
        /// Values that are never shown.
        secrets: Vec<Secret>,
        /// Files with one value each, read for every scrape.
        files: Vec<String>,
    }
}

settings! {
    /// The connection to a target.
    pub struct HttpClientConfig {
        /// User name and password.
        basic_auth: Option<BasicAuth>,
        /// The `Authorization` header.
        authorization: Option<Authorization>,
        /// The older form of `authorization: credentials`.
        bearer_token: Option<Secret>,
        /// The older form of `authorization: credentials_file`.
        bearer_token_file: Option<String>,
        /// Encryption of `https` targets.
        tls_config: TlsConfig,
        /// True: up to 10 redirects are followed. Credentials go to the target's own host alone.
        follow_redirects: bool = true,
        /// Further headers of every request.
        http_headers: BTreeMap<String, HttpHeader>,
    }
    unsupported {
        "oauth2" => "use `authorization` with a token from a file",
        "sigv4" => "use `authorization` with a token from a file",
        "proxy_url" => "scrapes go to the targets directly; remove it",
        "proxy_from_environment" => "scrapes go to the targets directly; remove it",
        "proxy_connect_header" => "scrapes go to the targets directly; remove it",
        harmless "no_proxy" => "scrapes go to the targets directly; remove it",
        harmless "enable_http2" => "scrapes use HTTP/1.1, one connection for each target; remove it",
    }
    validate HttpClientConfig::check;
}

impl HttpClientConfig {
    fn check(&self, check: &mut Check<'_, '_>) {
        let given = [
            ("basic_auth", self.basic_auth.is_some()),
            ("authorization", self.authorization.is_some()),
            ("bearer_token", self.bearer_token.is_some()),
            ("bearer_token_file", self.bearer_token_file.is_some()),
        ];
        let mut given = given.iter().filter(|(_, is_given)| *is_given);
        if let (Some((first, _)), Some((second, _))) = (given.next(), given.next()) {
            check.conflict(second, first, &format!("and `{first}` exclude each other"));
        }
        self.check_headers(check);
    }

    fn check_headers(&self, check: &mut Check<'_, '_>) {
        /// Headers that the scraper writes itself.
        const OWN: [&str; 10] = [
            "accept",
            "accept-encoding",
            "authorization",
            "connection",
            "content-length",
            "host",
            "keep-alive",
            "transfer-encoding",
            "user-agent",
            "x-prometheus-scrape-timeout-seconds",
        ];
        for (name, header) in &self.http_headers {
            let place = format!("http_headers.{name}");
            if OWN.iter().any(|own| own.eq_ignore_ascii_case(name)) {
                check.error(&place, "is a header that the scraper writes itself");
            } else if HeaderName::try_from(name.as_str()).is_err() {
                check.error(&place, "has a name that no header can have");
            }
            let secrets = header.secrets.iter().map(Secret::expose);
            let mut values = header.values.iter().map(String::as_str).chain(secrets);
            if values.any(|value| HeaderValue::from_str(value).is_err()) {
                check.error(&place, "has a value that no header can have");
            }
        }
    }
}
