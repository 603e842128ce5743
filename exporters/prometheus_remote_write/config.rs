//! Settings, as the Collector's `prometheus_remote_write` exporter has them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Uri, header};
use sidelight_component::sending::{RetryOnFailure, SendingQueue, SendingSettings, Sizer};
use sidelight_component::{BuildContext, BuildError, Exporter, ExporterConfig};
use sidelight_config::{ByteSize, Check, Secret, setting_enum, settings};
use sidelight_exposition::names::{MetricNamer, TranslationStrategy};
use sidelight_net::client::{Client, ClientSettings, Protocol};
use sidelight_transport::{TlsClient, check_headers, check_target, header_map, target};

use super::RemoteWrite;
use super::translate::{Rules, external_labels};

/// Series take several times the bytes of the points that they are made of: labels are repeated, a histogram is a series
/// of each bucket. Batches of this share of `max_batch_size_bytes` rarely have to be cut once more.
const SERIES_PER_OTLP: usize = 4;

setting_enum! {
    /// The message of the protocol, which is also its version.
    pub enum Message {
        /// Remote write 1.0.
        V1 = "prometheus.WriteRequest",
        /// Remote write 2.0.
        V2 = "io.prometheus.write.v2.Request",
    }
}

setting_enum! {
    /// The protocol knows one compression.
    pub enum Snappy {
        /// Snappy's block format.
        Snappy = "snappy" | "",
    }
}

settings! {
    /// The series `target_info` of a resource.
    pub struct TargetInfo {
        /// False: it is not sent.
        enabled: bool = true,
    }
}

settings! {
    /// Attributes of the resource as labels.
    pub struct ResourceToTelemetryConversion {
        /// True: all attributes of the resource become labels of every series.
        enabled: bool = false,
        /// True: but not those that are in `job` and `instance` already.
        exclude_service_attributes: bool = false,
    }
}

settings! {
    /// The Collector's words for the queue.
    pub struct RemoteWriteQueue {
        /// As `sending_queue.enabled`.
        enabled: bool = true,
        /// As `sending_queue.queue_size` with `sizer: requests`.
        queue_size: u64 [1..] = 10_000,
        /// As `sending_queue.num_consumers`. Metrics leave one request at a time, so that samples stay in order.
        num_consumers: u64 [1..=1000] = 5,
    }
}

settings! {
    /// Settings of the `prometheus_remote_write` exporter.
    pub struct Config {
        /// Where to send: `http://host:port/path` or `https://host:port/path`, with a query where the receiver wants
        /// one. Prometheus' own is `/api/v1/write`.
        required endpoint: String,
        /// The message of the protocol: remote write 1.0, or 2.0, which takes fewer bytes and carries metadata and start
        /// times.
        protobuf_message: Message = Message::V1,
        /// How names of OTLP become names of Prometheus. Without a value: `UnderscoreEscapingWithSuffixes`.
        translation_strategy: Option<TranslationStrategy>,
        /// The Collector's older word: false is `translation_strategy: UnderscoreEscapingWithoutSuffixes`.
        add_metric_suffixes: bool = true,
        /// What is put before the name of every metric, with a `_`.
        namespace: String,
        /// Labels of every series, where it has none of that name.
        external_labels: BTreeMap<String, String>,
        /// Attributes of the resource as labels.
        resource_to_telemetry_conversion: ResourceToTelemetryConversion,
        /// The series `target_info`.
        target_info: TargetInfo,
        /// True: name, version and attributes of instrumentation scopes are not sent as labels.
        disable_scope_info: bool = false,
        /// True: type, help and unit of metrics are sent with remote write 1.0; 2.0 always carries them.
        send_metadata: bool = false,
        /// The largest request before compression; 0 means the default.
        max_batch_size_bytes: ByteSize = ByteSize(3_000_000),
        /// Encryption, for `https://`.
        tls: TlsClient,
        /// Compression; there is one.
        compression: Snappy = Snappy::Snappy,
        /// Headers of every request.
        headers: BTreeMap<String, Secret>,
        /// The longest time for one attempt; 0 means no limit but the sender's.
        timeout: Duration = Duration::from_secs(5),
        /// The Collector's words for `sending_queue`.
        remote_write_queue: Option<RemoteWriteQueue>,
        /// The queue before the exporter.
        sending_queue: SendingQueue,
        /// How often a request that was refused for now is sent again.
        retry_on_failure: RetryOnFailure = RetryOnFailure {
            initial_interval: Duration::from_millis(50),
            ..RetryOnFailure::default()
        },
    }
    unsupported {
        "wal" => "the durable queue is not built yet; leave it out: what is acknowledged is delivered",
        harmless "max_batch_request_parallelism" => "requests leave one at a time, so that samples stay in order; remove it",
        harmless "read_buffer_size" => "buffers are sized by what arrives; remove it",
        harmless "write_buffer_size" => "requests are written without a buffer between; remove it",
        harmless "max_idle_conns" => "there are as many connections as requests under way; remove it",
        harmless "max_idle_conns_per_host" => "there are as many connections as requests under way; remove it",
        harmless "max_conns_per_host" => "there are as many connections as requests under way; remove it",
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

/// Headers that say what the body is: settings do not change them.
const OWN_HEADERS: [&str; 3] = [
    "content-encoding",
    "content-type",
    "x-prometheus-remote-write-version",
];

impl Config {
    fn check(&self, check: &mut Check<'_, '_>) {
        let (url, query) = self.url();
        if url.contains("://") {
            check_target(url, "endpoint", check);
            if query.is_some_and(|query| Uri::try_from(format!("/?{query}")).is_err()) {
                check.error("endpoint", "has a query that no request can have");
            }
        } else {
            check.error_hint(
                "endpoint",
                "has no scheme",
                "put `http://` or `https://` in front",
            );
        }
        check_headers(&self.headers, "headers", check);
        for name in self
            .headers
            .keys()
            .filter(|name| OWN_HEADERS.contains(&name.to_lowercase().as_str()))
        {
            check.error(
                &format!("headers.{name}"),
                "says what the body is and cannot be changed",
            );
        }
        if check.is_given("remote_write_queue") && check.is_given("sending_queue") {
            check.conflict(
                "remote_write_queue",
                "sending_queue",
                "is the same as `sending_queue`; remove one of them",
            );
        }
        self.check_names(check);
    }

    fn check_names(&self, check: &mut Check<'_, '_>) {
        let strategy = self.strategy();
        if self.protobuf_message == Message::V1 && !strategy.escapes() {
            let hint = "write `protobuf_message: io.prometheus.write.v2.Request`, or a strategy that escapes";
            check.error_hint("translation_strategy", "needs remote write 2.0", hint);
        }
        if self
            .translation_strategy
            .is_some_and(TranslationStrategy::adds_suffixes)
            && !self.add_metric_suffixes
        {
            check.conflict(
                "add_metric_suffixes",
                "translation_strategy",
                "contradicts `translation_strategy`; remove it",
            );
        }
        if let Err(label) = external_labels(&self.external_labels, strategy) {
            let hint = "labels have a name with a letter or digit, and a value";
            check.error_hint(&format!("external_labels.{label}"), "is no label", hint);
        }
    }

    fn strategy(&self) -> TranslationStrategy {
        match (self.translation_strategy, self.add_metric_suffixes) {
            (Some(strategy), _) => strategy,
            (None, true) => TranslationStrategy::default(),
            (None, false) => TranslationStrategy::UnderscoreEscapingWithoutSuffixes,
        }
    }

    /// The endpoint without its query, and the query.
    fn url(&self) -> (&str, Option<&str>) {
        match self.endpoint.split_once('?') {
            Some((url, query)) => (url, Some(query)),
            None => (&self.endpoint, None),
        }
    }

    fn max_batch_bytes(&self) -> usize {
        match self.max_batch_size_bytes.0 {
            0 => 3_000_000,
            bytes => usize::try_from(bytes).unwrap_or(usize::MAX),
        }
    }

    fn rules(&self) -> Result<Rules, BuildError> {
        let strategy = self.strategy();
        let namer = MetricNamer::new(&self.namespace, strategy);
        let target_info = if self.namespace.is_empty() {
            "target_info".to_owned()
        } else {
            format!("{}_target_info", self.namespace)
        };
        let external = external_labels(&self.external_labels, strategy)
            .map_err(|label| BuildError::at(format!("external_labels.{label}"), "is no label"))?;
        Ok(Rules {
            strategy,
            namer,
            target_info: self.target_info.enabled.then_some(target_info),
            resource_labels: self.resource_to_telemetry_conversion.enabled,
            without_service: self.resource_to_telemetry_conversion.exclude_service_attributes,
            scope_labels: !self.disable_scope_info,
            external_labels: external,
        })
    }

    fn headers(&self) -> Result<HeaderMap, BuildError> {
        let mut headers = header_map(&self.headers, "headers")?;
        let (kind, version) = match self.protobuf_message {
            Message::V1 => ("application/x-protobuf", "0.1.0"),
            Message::V2 => (
                "application/x-protobuf;proto=io.prometheus.write.v2.Request",
                "2.0.0",
            ),
        };
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("snappy"));
        headers.insert(
            "x-prometheus-remote-write-version",
            HeaderValue::from_static(version),
        );
        headers
            .entry(header::USER_AGENT)
            .or_insert(HeaderValue::from_static(concat!(
                "sidelight/",
                env!("CARGO_PKG_VERSION")
            )));
        Ok(headers)
    }
}

impl ExporterConfig for Config {
    fn sending(&self) -> SendingSettings {
        let mut queue = self.sending_queue.clone();
        if let Some(given) = &self.remote_write_queue {
            queue.enabled = given.enabled;
            queue.queue_size = Some(given.queue_size);
            queue.sizer = Some(Sizer::Requests);
            queue.num_consumers = given.num_consumers;
        }
        SendingSettings {
            queue,
            retry: self.retry_on_failure.clone(),
            timeout: self.timeout,
            max_request_bytes: Some(self.max_batch_bytes() / SERIES_PER_OTLP),
        }
    }

    fn build(&self, cx: &BuildContext) -> Result<Arc<dyn Exporter>, BuildError> {
        let (url, query) = self.url();
        let target = target(url, "endpoint")?;
        let path = match target.path() {
            "" => "/",
            path => path,
        };
        let path = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
        let path = Uri::try_from(path).map_err(|error| BuildError::at("endpoint", error.to_string()))?;
        let tls = if target.is_encrypted(false) {
            Some(self.tls.load("tls")?)
        } else {
            None
        };
        let client = Client::new(&target, ClientSettings::new(Protocol::Http1OrNegotiated), tls)
            .map_err(|error| BuildError::at("endpoint", error.to_string()))?;
        Ok(Arc::new(RemoteWrite {
            id: cx.id.to_string(),
            client,
            path,
            headers: self.headers()?,
            rules: self.rules()?,
            message: self.protobuf_message,
            send_metadata: self.send_metadata,
            max_batch_bytes: self.max_batch_bytes(),
            budget: cx.budget.clone(),
            metrics: cx.metrics.clone(),
            said_silent: AtomicBool::new(false),
        }))
    }
}
