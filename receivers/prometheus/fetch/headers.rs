//! What a request says: formats, credentials, headers of the job.

use std::io::Read as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use sidelight_component::beside_the_workers;
use sidelight_exposition::parse::Format;

use crate::prometheus::config::{Escaping, HttpHeader, Protocol};
use crate::prometheus::job::Job;

/// The largest file with credentials.
const MAX_FILE_BYTES: u64 = 64 << 10;

/// Why a request cannot be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HeadersError {
    /// A file with credentials cannot be read.
    #[error("cannot read {path}: {source}")]
    File {
        /// The file.
        path: String,
        /// The system's error.
        source: std::io::Error,
    },
    /// Credentials hold what no header can. They are not repeated.
    #[error("the credentials hold characters that no header can have")]
    Credentials,
}

/// The header fields of a request to a target of this job. Files are read each time, as Prometheus does: what they hold
/// may change.
pub(super) async fn of(job: &Job, timeout: Duration) -> Result<HeaderMap, HeadersError> {
    let mut headers = HeaderMap::new();
    let accept = HeaderValue::try_from(accept(&job.protocols, job.escaping));
    headers.insert(header::ACCEPT, accept.unwrap_or(HeaderValue::from_static("*/*")));
    let encodings = if job.compressed { "gzip" } else { "identity" };
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(encodings));
    let agent = concat!("Sidelight/", env!("CARGO_PKG_VERSION"));
    headers.insert(header::USER_AGENT, HeaderValue::from_static(agent));
    if let Ok(seconds) = HeaderValue::try_from(timeout.as_secs_f64().to_string()) {
        headers.insert("x-prometheus-scrape-timeout-seconds", seconds);
    }
    for (name, header) in &job.http.http_headers {
        if let Ok(name) = HeaderName::try_from(name.as_str()) {
            append(&mut headers, &name, header).await?;
        }
    }
    if let Some(credentials) = credentials(job).await? {
        let mut value = HeaderValue::try_from(credentials).map_err(|_| HeadersError::Credentials)?;
        value.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, value);
    }
    Ok(headers)
}

async fn append(headers: &mut HeaderMap, name: &HeaderName, header: &HttpHeader) -> Result<(), HeadersError> {
    let mut values = header.values.clone();
    values.extend(header.secrets.iter().map(|secret| secret.expose().to_owned()));
    for path in &header.files {
        values.push(content(path).await?);
    }
    for value in values {
        let mut value = HeaderValue::try_from(value).map_err(|_| HeadersError::Credentials)?;
        value.set_sensitive(true);
        headers.append(name.clone(), value);
    }
    Ok(())
}

async fn credentials(job: &Job) -> Result<Option<String>, HeadersError> {
    let http = &job.http;
    if let Some(basic) = &http.basic_auth {
        let user = match &basic.username_file {
            Some(path) => content(path).await?,
            None => basic.username.clone(),
        };
        let password = match (&basic.password, &basic.password_file) {
            (Some(password), _) => password.expose().to_owned(),
            (None, Some(path)) => content(path).await?,
            (None, None) => String::new(),
        };
        return Ok(Some(format!(
            "Basic {}",
            BASE64.encode(format!("{user}:{password}"))
        )));
    }
    let (kind, secret, file) = match &http.authorization {
        Some(auth) => (auth.r#type.trim(), &auth.credentials, &auth.credentials_file),
        None => ("Bearer", &http.bearer_token, &http.bearer_token_file),
    };
    let credentials = match (secret, file) {
        (Some(secret), _) => secret.expose().to_owned(),
        (None, Some(path)) => content(path).await?,
        (None, None) => return Ok(None),
    };
    Ok(Some(format!("{kind} {credentials}")))
}

/// The text of a small file, without blanks around it.
async fn content(path: &str) -> Result<String, HeadersError> {
    let owned = path.to_owned();
    let read = beside_the_workers(move || {
        let mut text = String::new();
        std::fs::File::open(&owned)?
            .take(MAX_FILE_BYTES)
            .read_to_string(&mut text)?;
        Ok(text.trim().to_owned())
    });
    read.await.map_err(|source| HeadersError::File {
        path: path.to_owned(),
        source,
    })
}

/// `Accept` in Prometheus' form: the formats in their order with falling weights.
fn accept(protocols: &[Protocol], escaping: Escaping) -> String {
    let escaping = escaping.as_str();
    let mut weight = 6;
    let mut accept = String::new();
    for protocol in protocols.iter().take(5) {
        let media = match protocol {
            Protocol::PrometheusProto => {
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
            }
            Protocol::OpenMetricsText0 => "application/openmetrics-text;version=0.0.1",
            Protocol::OpenMetricsText1 => "application/openmetrics-text;version=1.0.0",
            Protocol::PrometheusText0 => "text/plain;version=0.0.4",
            Protocol::PrometheusText1 => "text/plain;version=1.0.0",
        };
        accept += media;
        if matches!(protocol, Protocol::OpenMetricsText1 | Protocol::PrometheusText1) {
            accept += &format!(";escaping={escaping}");
        }
        accept += &format!(";q=0.{weight},");
        weight -= 1;
    }
    accept + &format!("*/*;q=0.{weight}")
}

/// The format that a protocol's pages are in.
pub(super) fn format_of(protocol: Protocol) -> Format {
    match protocol {
        Protocol::PrometheusProto => Format::Protobuf,
        Protocol::OpenMetricsText0 | Protocol::OpenMetricsText1 => Format::OpenMetrics,
        Protocol::PrometheusText0 | Protocol::PrometheusText1 => Format::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_wanted_format_has_the_greatest_weight() {
        let wanted = [
            Protocol::PrometheusProto,
            Protocol::OpenMetricsText1,
            Protocol::PrometheusText0,
        ];
        assert_eq!(
            accept(&wanted, Escaping::AllowUtf8),
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,\
             application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.3"
        );
    }
}
