//! Settings, as the Collector's `otlp_http` exporter has them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use sidelight_component::sending::{RetryOnFailure, SendingQueue, SendingSettings};
use sidelight_component::{BuildContext, BuildError, Exporter, ExporterConfig, Signal};
use sidelight_config::{Check, Secret, setting_enum, settings};
use sidelight_net::client::{Client, ClientSettings, Protocol, Target};
use sidelight_net::tls::ClientTls;
use sidelight_transport::{
    Compression, CompressionParams, Compressor, TlsClient, check_headers, check_target, header_map, target,
};

use super::{OtlpHttp, Route, with_body_headers};

/// The Collector and most backends refuse bodies over 20 MiB.
const MAX_REQUEST_BYTES: usize = 16 << 20;

setting_enum! {
    /// How requests are encoded.
    pub enum Encoding {
        /// Protobuf.
        Proto = "proto",
        /// OTLP/JSON.
        Json = "json",
    }
}

settings! {
    /// Settings of the `otlp_http` exporter.
    pub struct Config {
        /// Where to send: `http://host:port` or `https://host:port`, with or without a path before
        /// `/v1/traces`, `/v1/metrics` and `/v1/logs`, or `unix:///path`.
        endpoint: Option<String>,
        /// The whole URL for traces, where it is another one.
        traces_endpoint: Option<String>,
        /// The whole URL for metrics, where it is another one.
        metrics_endpoint: Option<String>,
        /// The whole URL for logs, where it is another one.
        logs_endpoint: Option<String>,
        /// How requests are encoded.
        encoding: Encoding = Encoding::Proto,
        /// Encryption, for `https://`.
        tls: TlsClient,
        /// How requests are compressed.
        compression: Compression = Compression::Gzip,
        /// How much effort compression takes.
        compression_params: CompressionParams,
        /// Headers of every request.
        headers: BTreeMap<String, Secret>,
        /// The longest time for one attempt; 0 means no limit but the sender's.
        timeout: Duration = Duration::from_secs(30),
        /// The queue before the exporter.
        sending_queue: SendingQueue,
        /// How often a request that was refused for now is sent again.
        retry_on_failure: RetryOnFailure,
    }
    unsupported {
        harmless "read_buffer_size" => "buffers are sized by what arrives; remove it",
        harmless "write_buffer_size" => "requests are written without a buffer between; remove it",
        harmless "max_idle_conns" => "there are as many connections as requests under way; remove it",
        harmless "max_idle_conns_per_host" => "there are as many connections as requests under way; remove it",
        harmless "max_conns_per_host" => "`sending_queue.num_consumers` bounds the connections; remove it",
        harmless "idle_conn_timeout" => "idle connections are closed by themselves; remove it",
        harmless "disable_keep_alives" => "connections are always reused; remove it",
        harmless "http2_read_idle_timeout" => "remove it",
        harmless "http2_ping_timeout" => "remove it",
        "auth" => "authenticators are not built yet; use `headers` or a client certificate",
        "proxy_url" => "proxies are not built yet; remove it",
        "cookies" => "cookies are not kept; remove it",
        "middlewares" => "there are no middleware extensions; remove it",
    }
    validate Config::check;
}

impl Config {
    fn check(&self, check: &mut Check<'_, '_>) {
        let own = [
            ("endpoint", &self.endpoint),
            ("traces_endpoint", &self.traces_endpoint),
            ("metrics_endpoint", &self.metrics_endpoint),
            ("logs_endpoint", &self.logs_endpoint),
        ];
        if own.iter().all(|(_, endpoint)| endpoint.is_none()) {
            check.error_hint("endpoint", "is missing", "add `endpoint: http://host:4318`");
        }
        for (setting, endpoint) in own {
            let Some(endpoint) = endpoint else { continue };
            if endpoint.contains("://") {
                check_target(endpoint, setting, check);
                let path = endpoint.parse().map(|target: Target| target.path().to_owned());
                if path.is_ok_and(|path| !path.is_empty() && Uri::try_from(path).is_err()) {
                    check.error(setting, "has a path that no request can have");
                }
            } else {
                check.error_hint(setting, "has no scheme", "put `http://` or `https://` in front");
            }
        }
        check_headers(&self.headers, "headers", check);
    }

    /// The destination of one signal: its own URL as it is, else the common one with the signal's path.
    fn route(&self, signal: Signal, tls: Option<&ClientTls>) -> Result<Option<Route>, BuildError> {
        let (setting, own) = match signal {
            Signal::Traces => ("traces_endpoint", &self.traces_endpoint),
            Signal::Metrics => ("metrics_endpoint", &self.metrics_endpoint),
            Signal::Logs => ("logs_endpoint", &self.logs_endpoint),
        };
        let (setting, endpoint, suffix) = match (own, &self.endpoint) {
            (Some(own), _) => (setting, own, String::new()),
            (None, Some(common)) => ("endpoint", common, format!("/v1/{signal}")),
            (None, None) => return Ok(None),
        };
        let target = target(endpoint, setting)?;
        let path = format!("{}{suffix}", target.path());
        let path = if path.is_empty() { "/".to_owned() } else { path };
        let path = Uri::try_from(path).map_err(|e| BuildError::at(setting, e.to_string()))?;
        let settings = ClientSettings::new(Protocol::Http1OrNegotiated);
        let tls = tls.filter(|_| target.is_encrypted(false)).cloned();
        let client =
            Client::new(&target, settings, tls).map_err(|e| BuildError::at(setting, e.to_string()))?;
        Ok(Some(Route { client, path }))
    }
}

impl ExporterConfig for Config {
    fn sending(&self) -> SendingSettings {
        SendingSettings {
            queue: self.sending_queue.clone(),
            retry: self.retry_on_failure.clone(),
            timeout: self.timeout,
            max_request_bytes: Some(MAX_REQUEST_BYTES),
        }
    }

    fn build(&self, cx: &BuildContext) -> Result<Arc<dyn Exporter>, BuildError> {
        let endpoints = [
            &self.endpoint,
            &self.traces_endpoint,
            &self.metrics_endpoint,
            &self.logs_endpoint,
        ];
        let encrypted = endpoints.into_iter().flatten().any(|endpoint| {
            endpoint
                .parse()
                .is_ok_and(|target: Target| target.is_encrypted(false))
        });
        let tls = if encrypted {
            Some(self.tls.load("tls")?)
        } else {
            None
        };
        let compressor = Compressor::new(self.compression, &self.compression_params, &cx.budget);
        let headers = header_map(&self.headers, "headers")?;
        let mut routes = [None, None, None];
        for signal in Signal::ALL {
            routes[signal as usize] = self.route(signal, tls.as_ref())?;
        }
        Ok(Arc::new(OtlpHttp {
            id: cx.id.to_string(),
            routes,
            headers: with_body_headers(headers, self.encoding, &compressor),
            encoding: self.encoding,
            budget: cx.budget.clone(),
            compressor,
        }))
    }
}
