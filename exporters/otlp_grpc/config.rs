//! Settings, as the Collector's `otlp_grpc` exporter has them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::header;
use sidelight_component::sending::{RetryOnFailure, SendingQueue, SendingSettings};
use sidelight_component::{BuildContext, BuildError, Exporter, ExporterConfig};
use sidelight_config::{Check, Secret, setting_enum, settings};
use sidelight_net::client::{Client, ClientSettings, Protocol};
use sidelight_transport::{
    Compression, CompressionParams, Compressor, KeepaliveClient, TlsClient, USER_AGENT, check_authority,
    check_headers, check_target, header_map, target,
};

use super::OtlpGrpc;

/// Peers refuse messages over 4 MiB unless they were told otherwise (gRPC's default); the rest is room for
/// what the framing adds.
const MAX_REQUEST_BYTES: usize = 3_670_016;

setting_enum! {
    /// How requests are spread over the addresses of a name.
    pub enum Balancer {
        /// To each in turn.
        RoundRobin = "round_robin",
    }
}

settings! {
    /// Settings of the `otlp_grpc` exporter.
    pub struct Config {
        /// Where to send: `host:port`, `http://host:port` (never encrypted), `https://host:port` or
        /// `unix:///path`. A name is resolved again when connections fail and every minute.
        required endpoint: String,
        /// Encryption. Without `insecure: true` a `host:port` is talked to over TLS.
        tls: TlsClient,
        /// How requests are compressed.
        compression: Compression = Compression::Gzip,
        /// How much effort compression takes.
        compression_params: CompressionParams,
        /// Metadata of every request.
        headers: BTreeMap<String, Secret>,
        /// What `:authority` says in place of the endpoint.
        authority: Option<String>,
        /// HTTP/2 pings; none without this block.
        keepalive: Option<KeepaliveClient>,
        /// How requests are spread over the addresses of a name.
        balancer_name: Balancer = Balancer::RoundRobin,
        /// The longest time for one attempt; 0 means no limit but the sender's.
        timeout: Duration = Duration::from_secs(5),
        /// The queue before the exporter.
        sending_queue: SendingQueue,
        /// How often a request that was refused for now is sent again.
        retry_on_failure: RetryOnFailure,
    }
    unsupported {
        harmless "read_buffer_size" => "buffers are sized by what arrives; remove it",
        harmless "write_buffer_size" => "requests are written without a buffer between; remove it",
        harmless "wait_for_ready" => "a destination that is away is retried anyway; remove it",
        "auth" => "authenticators are not built yet; use `headers` or a client certificate",
        "middlewares" => "there are no middleware extensions; remove it",
    }
    validate Config::check;
}

impl Config {
    fn check(&self, check: &mut Check<'_, '_>) {
        check_target(&self.endpoint, "endpoint", check);
        check_authority(self.authority.as_deref(), "authority", check);
        check_headers(&self.headers, "headers", check);
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
        let target = target(&self.endpoint, "endpoint")?;
        let tls = if target.is_encrypted(!self.tls.insecure) {
            Some(self.tls.load("tls")?)
        } else {
            None
        };
        let settings = ClientSettings {
            keepalive: self.keepalive.as_ref().map(Into::into),
            authority: self.authority.clone(),
            ..ClientSettings::new(Protocol::Http2)
        };
        let client =
            Client::new(&target, settings, tls).map_err(|e| BuildError::at("endpoint", e.to_string()))?;
        let mut metadata = header_map(&self.headers, "headers")?;
        metadata.entry(header::USER_AGENT).or_insert(USER_AGENT);
        Ok(Arc::new(OtlpGrpc {
            id: cx.id.to_string(),
            client,
            metadata,
            compressor: Compressor::new(self.compression, &self.compression_params, &cx.budget),
        }))
    }
}
