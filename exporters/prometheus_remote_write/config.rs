//! Settings, as the Collector's `prometheus_remote_write` exporter has them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Uri, header};
use sidelight_component::sending::{RetryOnFailure, SendingQueue, SendingSettings, Sizer};
use sidelight_component::{BuildContext, BuildError, Exporter, ExporterConfig};
use sidelight_config::{Check, Secret, setting_enum, settings};
use sidelight_exposition::names::{MetricNamer, TranslationStrategy, label_name};
use sidelight_net::client::{Client, ClientSettings, Protocol};
use sidelight_transport::{TlsClient, USER_AGENT, check_headers, check_target, header_map, target};

use super::left_out::LeftOutCounters;
use super::translate::{ResourceLabels, Translator};
use super::write::{ProtobufMessage, RequestFormat};
use super::{Meters, RemoteWrite};

/// OTLP that becomes one batch of series at most: enough for thousands of samples, and little work in one piece. How
/// large the requests are that it becomes, `max_batch_size_bytes` says.
const MAX_PAYLOAD_BYTES: usize = 1 << 20;

/// What the protocol itself says with every request.
const OWN_HEADERS: [&str; 4] = [
    "content-encoding",
    "content-type",
    "user-agent",
    "x-prometheus-remote-write-version",
];

setting_enum! {
    /// How requests are compressed.
    pub enum Compression {
        /// Snappy's block format, the only one that remote write knows.
        Snappy = "snappy" | "",
    }
}

settings! {
    /// The Collector's words for the queue.
    pub struct RemoteWriteQueue {
        /// False: no queue; a batch is handed to the exporter while the sender waits.
        enabled: bool = true,
        /// How many batches as they come from the pipelines the queue holds. Without a value it has an equal share of the
        /// memory budget (the Collector: 10000).
        queue_size: Option<u64>,
        /// Accepted and without effect: requests leave one at a time, so that samples stay in order.
        num_consumers: Option<u64>,
    }
}

settings! {
    /// Attributes of resources as labels.
    pub struct ResourceConversion {
        /// True: every attribute of the resource is a label of every series.
        enabled: bool = false,
        /// True: all but `service.name`, `service.namespace` and `service.instance.id`, which are `job` and `instance`.
        exclude_service_attributes: bool = false,
    }
}

settings! {
    /// The series that carries the attributes of a resource.
    pub struct TargetInfo {
        /// False: there is none.
        enabled: bool = true,
    }
}

settings! {
    /// Settings of the `prometheus_remote_write` exporter.
    pub struct Config {
        /// Where to write: the whole URL, `http://…` or `https://…`, with the path and, where it is needed, a query.
        required endpoint: String,
        /// Encryption, for `https://`.
        tls: TlsClient,
        /// Headers of every request.
        headers: BTreeMap<String, Secret>,
        /// The longest time for one attempt at a batch; 0 means no limit but the sender's.
        timeout: Duration = Duration::from_secs(5),
        /// The message that requests are made of: `prometheus.WriteRequest` is remote write 1.0, which everyone takes;
        /// `io.prometheus.write.v2.Request` is 2.0: shorter, with metadata and start times, and its answer says how much was
        /// written.
        protobuf_message: ProtobufMessage = ProtobufMessage::WriteRequest,
        /// How names of OTLP become names of Prometheus. Without a value `add_metric_suffixes` decides. The two strategies
        /// that keep all characters need 2.0.
        translation_strategy: Option<TranslationStrategy>,
        /// The Collector's older word: false is `translation_strategy: UnderscoreEscapingWithoutSuffixes`.
        add_metric_suffixes: bool = true,
        /// Before the name of every metric, with a `_` between.
        namespace: String,
        /// Labels of every series that has no label of that name.
        external_labels: BTreeMap<String, String>,
        /// Attributes of resources as labels.
        resource_to_telemetry_conversion: ResourceConversion,
        /// `target_info`, the series that carries the attributes of a resource.
        target_info: TargetInfo,
        /// True: no labels `otel_scope_name`, `otel_scope_version` and so on.
        disable_scope_info: bool = false,
        /// True: type, unit and description of the metrics are sent too. In 2.0 they always are.
        send_metadata: bool = false,
        /// The largest request before compression; a batch that is larger becomes several. 0 means the default.
        max_batch_size_bytes: usize = DEFAULT_MAX_BATCH_SIZE_BYTES,
        /// How requests are compressed.
        compression: Compression = Compression::Snappy,
        /// The queue before the exporter.
        sending_queue: SendingQueue,
        /// The Collector's words for it.
        remote_write_queue: Option<RemoteWriteQueue>,
        /// How often a request that was refused for now is sent again.
        retry_on_failure: RetryOnFailure = RetryOnFailure {
            initial_interval: Duration::from_millis(50),
            ..RetryOnFailure::default()
        },
    }
    unsupported {
        harmless "max_batch_request_parallelism" => "requests leave one at a time, so that samples stay in order; remove it",
        harmless "read_buffer_size" => "buffers are sized by what arrives; remove it",
        harmless "write_buffer_size" => "requests are written without a buffer between; remove it",
        harmless "max_idle_conns" => "one connection is enough; remove it",
        harmless "max_idle_conns_per_host" => "one connection is enough; remove it",
        harmless "max_conns_per_host" => "one connection is enough; remove it",
        harmless "idle_conn_timeout" => "idle connections are closed by themselves; remove it",
        harmless "disable_keep_alives" => "connections are always reused; remove it",
        harmless "http2_read_idle_timeout" => "remove it",
        harmless "http2_ping_timeout" => "remove it",
        "wal" => "the durable queue is not built yet; leave it out: what is acknowledged is delivered, because the answer waits for the destination (`sending_queue.ack: delivery`)",
        "auth" => "authenticators are not built yet; use `headers` (`authorization: Basic …`) or a client certificate",
        "proxy_url" => "proxies are not built yet; remove it",
        "cookies" => "cookies are not kept; remove it",
        "middlewares" => "there are no middleware extensions; remove it",
    }
    validate Config::check;
}

/// The Collector's.
const DEFAULT_MAX_BATCH_SIZE_BYTES: usize = 3_000_000;

impl Config {
    fn check(&self, check: &mut Check<'_, '_>) {
        self.check_endpoint(check);
        check_headers(&self.headers, "headers", check);
        for name in self.headers.keys() {
            if OWN_HEADERS.contains(&&*name.to_ascii_lowercase()) {
                check.warning(
                    &format!("headers.{name}"),
                    "is set by the protocol; it is not sent",
                );
            }
        }
        if !self.translation().escapes() && self.protobuf_message == ProtobufMessage::WriteRequest {
            check.error_hint(
                "translation_strategy",
                "needs remote write 2.0: receivers of 1.0 take letters, digits and underscores alone",
                "set `protobuf_message: io.prometheus.write.v2.Request`",
            );
        }
        if self.translation_strategy.is_some() && check.is_given("add_metric_suffixes") {
            check.warning(
                "add_metric_suffixes",
                "has no effect beside `translation_strategy`; remove it",
            );
        }
        for (name, value) in &self.external_labels {
            let setting = format!("external_labels.{name}");
            if value.is_empty() {
                check.error(&setting, "must not be empty: a label without a value is none");
            }
            if label_name(name, self.translation()).is_err() {
                check.error(&setting, "has a name that no label can have");
            }
        }
        self.check_queue(check);
    }

    fn check_endpoint(&self, check: &mut Check<'_, '_>) {
        let (url, path) = self.url_and_path();
        if !url.contains("://") {
            let hint = "put `http://` or `https://` in front";
            return check.error_hint("endpoint", "has no scheme", hint);
        }
        check_target(url, "endpoint", check);
        if target(url, "endpoint").is_ok() && path.is_err() {
            check.error("endpoint", "has a path or query that no request can have");
        }
    }

    fn check_queue(&self, check: &mut Check<'_, '_>) {
        let Some(queue) = &self.remote_write_queue else {
            return;
        };
        if queue.enabled && queue.queue_size == Some(0) {
            check.error_hint(
                "remote_write_queue.queue_size",
                "must be greater than 0",
                "leave it out for a share of the memory budget, or set `enabled: false`",
            );
        }
        if self.sending_queue.queue_size.is_some() && queue.queue_size.is_some() {
            check.conflict(
                "remote_write_queue",
                "sending_queue",
                "gives `queue_size` a second time; remove one of them",
            );
        }
    }

    /// The URL without its query, and path and query as they are requested.
    fn url_and_path(&self) -> (&str, Result<Uri, BuildError>) {
        let (url, query) = match self.endpoint.split_once('?') {
            Some((url, query)) => (url, Some(query)),
            None => (&*self.endpoint, None),
        };
        let path = target(url, "endpoint").and_then(|target| {
            let mut path = target.path().to_owned();
            if path.is_empty() {
                path.push('/');
            }
            if let Some(query) = query {
                path = format!("{path}?{query}");
            }
            // Not with the error's text: the query may hold a password.
            Uri::try_from(path)
                .map_err(|_| BuildError::at("endpoint", "has a path or query that no request can have"))
        });
        (url, path)
    }

    /// The strategy in force.
    fn translation(&self) -> TranslationStrategy {
        self.translation_strategy.unwrap_or(if self.add_metric_suffixes {
            TranslationStrategy::UnderscoreEscapingWithSuffixes
        } else {
            TranslationStrategy::UnderscoreEscapingWithoutSuffixes
        })
    }

    fn translator(&self) -> Translator {
        let strategy = self.translation();
        let external = self.external_labels.iter();
        let conversion = &self.resource_to_telemetry_conversion;
        Translator {
            namer: MetricNamer::new(&self.namespace, strategy),
            strategy,
            external_labels: external
                .filter_map(|(name, value)| Some((label_name(name, strategy).ok()?, value.clone())))
                .collect(),
            resource_labels: match (conversion.enabled, conversion.exclude_service_attributes) {
                (false, _) => ResourceLabels::None,
                (true, false) => ResourceLabels::All,
                (true, true) => ResourceLabels::WithoutService,
            },
            scope_info: !self.disable_scope_info,
            target_info: self.target_info.enabled,
        }
    }

    fn format(&self) -> RequestFormat {
        RequestFormat {
            message: self.protobuf_message,
            max_bytes: match self.max_batch_size_bytes {
                0 => DEFAULT_MAX_BATCH_SIZE_BYTES,
                bytes => bytes,
            },
            send_metadata: self.send_metadata,
        }
    }

    /// The user's and the protocol's.
    fn header_map(&self) -> Result<HeaderMap, BuildError> {
        let (content_type, version) = match self.protobuf_message {
            ProtobufMessage::WriteRequest => ("application/x-protobuf", "0.1.0"),
            ProtobufMessage::Request => (
                "application/x-protobuf;proto=io.prometheus.write.v2.Request",
                "2.0.0",
            ),
        };
        let mut headers = header_map(&self.headers, "headers")?;
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("snappy"));
        headers.insert(
            "x-prometheus-remote-write-version",
            HeaderValue::from_static(version),
        );
        headers.insert(header::USER_AGENT, USER_AGENT);
        Ok(headers)
    }

    fn queue(&self) -> SendingQueue {
        let mut queue = self.sending_queue.clone();
        if let Some(own) = &self.remote_write_queue {
            queue.enabled &= own.enabled;
            if own.queue_size.is_some() {
                queue.queue_size = own.queue_size;
                queue.sizer = Some(Sizer::Requests);
            }
        }
        queue
    }
}

impl ExporterConfig for Config {
    fn sending(&self) -> SendingSettings {
        SendingSettings {
            queue: self.queue(),
            retry: self.retry_on_failure.clone(),
            timeout: self.timeout,
            max_request_bytes: Some(MAX_PAYLOAD_BYTES),
        }
    }

    fn build(&self, cx: &BuildContext) -> Result<Arc<dyn Exporter>, BuildError> {
        let (url, path) = self.url_and_path();
        let target = target(url, "endpoint")?;
        let tls = if target.is_encrypted(false) {
            Some(self.tls.load("tls")?)
        } else {
            None
        };
        let settings = ClientSettings::new(Protocol::Http1OrNegotiated);
        let client = Client::new(&target, settings, tls)
            .map_err(|error| BuildError::at("endpoint", error.to_string()))?;
        Ok(Arc::new(RemoteWrite {
            client,
            path: path?,
            headers: self.header_map()?,
            translator: self.translator(),
            format: self.format(),
            budget: cx.budget.clone(),
            left_out: LeftOutCounters::new(&cx.metrics, &cx.id),
            meters: Meters::new(&cx.metrics, &cx.id),
        }))
    }
}
