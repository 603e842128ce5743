//! Settings, as the Collector's `elasticsearch` exporter has them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, Uri, header};
use sidelight_component::sending::{RetryOnFailure, SendingQueue, SendingSettings};
use sidelight_component::{BuildContext, BuildError, Exporter, ExporterConfig, Signal};
use sidelight_config::{Check, Secret, setting_enum, settings};
use sidelight_net::client::Target;
use sidelight_transport::{
    Compression, CompressionParams, Compressor, TlsClient, USER_AGENT, check_headers, check_target,
    header_map, target,
};

use super::bulk::ActionSettings;
use super::documents::DocumentSettings;
use super::index::Routing;
use super::nodes::Nodes;
use super::pattern::Pattern;
use super::{Elasticsearch, answer};

/// OTLP that becomes one request at most; the documents are some times as large, and engines refuse bodies over 100 MB.
const MAX_PAYLOAD_BYTES: usize = 8 << 20;

setting_enum! {
    /// What documents look like.
    pub enum MappingMode {
        /// Elastic's own form for OTLP: attributes under `attributes`, `resource.attributes` and `scope.attributes`.
        Otel = "otel",
        /// Elastic Common Schema, as far as its names are known.
        Ecs = "ecs",
        /// `Body`, `Attributes.…`, `Resource.…`: the names of OTLP.
        None = "none",
        /// As `none`, without `Attributes.` and `Events.` before the names.
        Raw = "raw",
        /// The body of a log record, a map, is the document.
        Bodymap = "bodymap",
    }
}

setting_enum! {
    /// What is at the other end.
    pub enum Product {
        /// Elasticsearch 8.12 or later.
        Elasticsearch = "elasticsearch",
        /// OpenSearch, which knows no `require_data_stream` and no `dynamic_templates` in a bulk request.
        Opensearch = "opensearch",
    }
}

setting_enum! {
    /// Where the ids of documents come from.
    pub enum DocumentId {
        /// From the engine: what is sent twice is there twice.
        Generated = "generated",
        /// From the record's attribute `log.record.uid`, where it has one.
        RecordUid = "log.record.uid",
        /// From a hash of resource, scope and item: what is sent twice is there once.
        Hash = "hash",
    }
}

impl MappingMode {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Otel, Self::Ecs, Self::None, Self::Raw, Self::Bodymap];
}

settings! {
    /// What documents look like.
    pub struct Mapping {
        /// What documents look like, unless the scope's attribute `elastic.mapping.mode` says otherwise. Without a value
        /// `otel`, or the first of `allowed_modes` where that is not among them.
        mode: Option<MappingMode>,
        /// The modes that a scope may ask for. Without a value all.
        allowed_modes: Vec<MappingMode>,
        /// True: in the mode `bodymap` a body without `@timestamp` gets the record's time under that name, as Logstash has it.
        bodymap_timestamp: bool = false,
    }
}

settings! {
    /// Something of the record decides.
    pub struct Dynamic {
        /// True: it does.
        enabled: bool = false,
    }
}

settings! {
    /// The date behind the name of an index.
    pub struct LogstashFormat {
        /// True: every name has one.
        enabled: bool = false,
        /// Between the name and the date.
        prefix_separator: String = "-".to_owned(),
        /// The form of the date, as `strftime` has it. It is the event's date in UTC.
        date_format: String = "%Y.%m.%d".to_owned(),
    }
}

settings! {
    /// How often a request, or what was refused for now of it, is sent again.
    pub struct Retry {
        /// False: once.
        enabled: bool = true,
        /// The wait after the first failure.
        initial_interval: Duration = Duration::from_millis(100),
        /// The longest wait.
        max_interval: Duration = Duration::from_secs(60),
        /// Data is given up after this time. 0 means never.
        max_elapsed_time: Duration = Duration::ZERO,
        /// Statuses that mean "not now", of a request and of a document.
        retry_on_status: Vec<u16> = vec![429, 502, 503, 504],
    }
    unsupported {
        harmless "max_requests" => "nothing is given up after a number of attempts: the queue's bound is the limit; remove it",
        harmless "max_retries" => "nothing is given up after a number of attempts: the queue's bound is the limit; remove it",
        harmless "retry_on_document_status" => "`retry_on_status` holds for documents too; remove it",
    }
}

settings! {
    /// Settings of the `elasticsearch` exporter.
    pub struct Config {
        /// The URL of the node: `http://…` or `https://…`, with the path where there is one before `/_bulk`.
        endpoint: Option<String>,
        /// URLs of several nodes: they take turns, and one that fails is left alone for a while.
        endpoints: Vec<String>,
        /// The id of a deployment of Elastic Cloud, in place of an endpoint.
        cloudid: Option<String>,
        /// What is at the other end.
        product: Product = Product::Elasticsearch,
        /// The user's name for basic authentication.
        user: Option<String>,
        /// Its password.
        password: Option<Secret>,
        /// An API key in its encoded form.
        api_key: Option<Secret>,
        /// Headers of every request.
        headers: BTreeMap<String, Secret>,
        /// Encryption, for `https://`.
        tls: TlsClient,
        /// The index of logs: a name, or a pattern with fields and the date of the event (`%{service}-%{+YYYY.MM.dd}`).
        /// Without a value a data stream by the record's attributes `data_stream.dataset` and `data_stream.namespace`.
        logs_index: String,
        /// The index of metrics, likewise.
        metrics_index: String,
        /// The index of traces, likewise.
        traces_index: String,
        /// The date behind the name of an index.
        logstash_format: LogstashFormat,
        /// The log record's attribute `elasticsearch.document_id` is the document's id.
        logs_dynamic_id: Dynamic,
        /// The span's attribute `elasticsearch.document_id` is the document's id.
        traces_dynamic_id: Dynamic,
        /// Where else the ids of logs and spans come from.
        document_id: DocumentId = DocumentId::Generated,
        /// The ingest pipeline that documents go through.
        pipeline: String,
        /// The log record's attribute `elasticsearch.ingest_pipeline` names the ingest pipeline.
        logs_dynamic_pipeline: Dynamic,
        /// What documents look like.
        mapping: Mapping,
        /// How requests are compressed.
        compression: Compression = Compression::Gzip,
        /// How much effort compression takes.
        compression_params: CompressionParams,
        /// The longest time for one attempt; 0 means no limit but the sender's.
        timeout: Duration = Duration::from_secs(90),
        /// The queue before the exporter.
        sending_queue: SendingQueue,
        /// How often what was refused for now is sent again.
        retry: Retry,
    }
    unsupported {
        harmless "num_workers" => "write `sending_queue.num_consumers`",
        harmless "flush" => "write `sending_queue.batch`",
        harmless "batcher" => "write `sending_queue.batch`",
        harmless "discover" => "nodes are not looked for; name them in `endpoints`",
        harmless "logs_dynamic_index" => "without `logs_index` the record always decides; remove it",
        harmless "metrics_dynamic_index" => "without `metrics_index` the point always decides; remove it",
        harmless "traces_dynamic_index" => "without `traces_index` the span always decides; remove it",
        harmless "telemetry" => "`sidelight explain` shows the documents; remove it",
        harmless "include_source_on_error" => "what is refused is kept as a dead letter; remove it",
        harmless "bulk_response_filter_path" => "the answer is cut to what is read; remove it",
        harmless "metadata_keys" => "headers of senders are not passed on; remove it",
        harmless "max_idle_conns" => "there are as many connections as requests under way; remove it",
        harmless "max_idle_conns_per_host" => "there are as many connections as requests under way; remove it",
        harmless "max_conns_per_host" => "`sending_queue.num_consumers` bounds the connections; remove it",
        harmless "idle_conn_timeout" => "idle connections are closed by themselves; remove it",
        "index" => "write `logs_index`, `metrics_index` or `traces_index`",
        "auth" => "authenticators are not built yet; use `user` and `password`, `api_key` or `headers`",
        "proxy_url" => "proxies are not built yet; remove it",
        "cookies" => "cookies are not kept; remove it",
        "middlewares" => "there are no middleware extensions; remove it",
    }
    validate Config::check;
}

impl Config {
    fn check(&self, check: &mut Check<'_, '_>) {
        self.check_nodes(check);
        check_headers(&self.headers, "headers", check);
        for (setting, index) in [
            ("logs_index", &self.logs_index),
            ("metrics_index", &self.metrics_index),
            ("traces_index", &self.traces_index),
        ] {
            if let Err(error) = Pattern::parse(index) {
                check.error(setting, &error.to_string());
            }
        }
        if let Err(error) = Pattern::strftime(&self.logstash_format.date_format) {
            check.error("logstash_format.date_format", &error.to_string());
        }
        if let Some(mode) = self.mapping.mode
            && !self.mapping.allowed_modes.is_empty()
            && !self.mapping.allowed_modes.contains(&mode)
        {
            check.conflict(
                "mapping.mode",
                "mapping.allowed_modes",
                "is not among `allowed_modes`",
            );
        }
        if self.compression == Compression::Zstd {
            check.error_hint(
                "compression",
                "must not be `zstd`: the engines do not read it",
                "write `gzip` or `none`",
            );
        }
        if self.api_key.is_some() && self.user.is_some() {
            check.conflict(
                "api_key",
                "user",
                "is a second way to authenticate; remove one of them",
            );
        }
        if self.user.is_some() != self.password.is_some() {
            let (there, missing) = if self.user.is_some() {
                ("user", "password")
            } else {
                ("password", "user")
            };
            check.error(there, &format!("has no effect without `{missing}`"));
        }
    }

    fn check_nodes(&self, check: &mut Check<'_, '_>) {
        let given = [
            self.endpoint.is_some(),
            !self.endpoints.is_empty(),
            self.cloudid.is_some(),
        ];
        match given.iter().filter(|given| **given).count() {
            0 => check.error_hint("endpoint", "is missing", "add `endpoint: http://host:9200`"),
            1 => {}
            _ => check.error(
                "endpoint",
                "is one of `endpoint`, `endpoints` and `cloudid`, and more than one is given",
            ),
        }
        let one = self.endpoint.iter().map(|url| ("endpoint".to_owned(), url));
        let many = self.endpoints.iter().enumerate();
        for (setting, url) in one.chain(many.map(|(nth, url)| (format!("endpoints.{nth}"), url))) {
            if url.contains("://") {
                check_target(url, &setting, check);
            } else {
                check.error_hint(&setting, "has no scheme", "put `http://` or `https://` in front");
            }
        }
        if let Some(id) = &self.cloudid
            && let Err(problem) = cloud_url(id)
        {
            check.error("cloudid", problem);
        }
    }

    fn nodes(&self) -> Result<Nodes, BuildError> {
        let cloud = self
            .cloudid
            .as_deref()
            .map(cloud_url)
            .transpose()
            .map_err(|problem| BuildError::at("cloudid", problem))?;
        let urls = self.endpoint.iter().chain(&self.endpoints).chain(&cloud);
        let targets = urls.map(|url| Ok((url, target(url, "endpoint")?)));
        let targets: Vec<(&String, Target)> = targets.collect::<Result<_, BuildError>>()?;
        let tls = if targets.iter().any(|(_, target)| target.is_encrypted(false)) {
            Some(self.tls.load("tls")?)
        } else {
            None
        };
        let mut nodes = Vec::new();
        for (url, target) in targets {
            let path = format!("{}/_bulk?{}", target.path().trim_end_matches('/'), answer::FILTER);
            let path = Uri::try_from(path)
                .map_err(|_| BuildError::at("endpoint", "has a path that no request can have"))?;
            let tls = tls.clone().filter(|_| target.is_encrypted(false));
            nodes.push((url.clone(), target, tls, path));
        }
        Nodes::new(nodes).map_err(|problem| BuildError::at("endpoint", problem))
    }

    fn header_map(&self) -> Result<HeaderMap, BuildError> {
        let mut headers = header_map(&self.headers, "headers")?;
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-ndjson"),
        );
        if self.compression == Compression::Gzip {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        headers.entry(header::USER_AGENT).or_insert(USER_AGENT);
        let credentials = match (&self.user, &self.password, &self.api_key) {
            (Some(user), Some(password), _) => {
                let pair = format!("{user}:{}", password.expose());
                Some(("user", format!("Basic {}", STANDARD.encode(pair))))
            }
            (_, _, Some(key)) => Some(("api_key", format!("ApiKey {}", key.expose()))),
            _ => None,
        };
        if let Some((setting, value)) = credentials {
            let mut value = HeaderValue::try_from(value)
                .map_err(|_| BuildError::at(setting, "has characters that no header can have"))?;
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        Ok(headers)
    }

    /// The mode in force where a scope says nothing.
    fn mode(&self) -> MappingMode {
        let allowed = &self.mapping.allowed_modes;
        self.mapping.mode.unwrap_or(match allowed.first() {
            Some(first) if !allowed.contains(&MappingMode::Otel) => *first,
            _ => MappingMode::Otel,
        })
    }

    fn routing(&self, signal: Signal) -> Result<Routing, BuildError> {
        let (setting, text) = match signal {
            Signal::Logs => ("logs_index", &self.logs_index),
            Signal::Metrics => ("metrics_index", &self.metrics_index),
            Signal::Traces => ("traces_index", &self.traces_index),
        };
        let index = Pattern::parse(text).map_err(|error| BuildError::at(setting, error.to_string()))?;
        let format = &self.logstash_format;
        let dated = format!(
            "{}{}",
            format.prefix_separator.replace('%', "%%"),
            format.date_format
        );
        let dated = Pattern::strftime(&dated)
            .map_err(|error| BuildError::at("logstash_format.date_format", error.to_string()))?;
        Ok(Routing {
            index: (!text.is_empty()).then_some(index),
            dated: format.enabled.then_some(dated),
            signal,
        })
    }

    fn documents(&self) -> Result<DocumentSettings, BuildError> {
        Ok(DocumentSettings {
            mode: self.mode(),
            allowed: self.mapping.allowed_modes.clone(),
            bodymap_timestamp: self.mapping.bodymap_timestamp,
            // In the order of [`Signal`].
            routing: [
                self.routing(Signal::Traces)?,
                self.routing(Signal::Metrics)?,
                self.routing(Signal::Logs)?,
            ],
            dynamic_id: [
                self.traces_dynamic_id.enabled,
                false,
                self.logs_dynamic_id.enabled,
            ],
            document_id: self.document_id,
            actions: ActionSettings {
                pipeline: self.pipeline.clone(),
                dynamic_pipeline: self.logs_dynamic_pipeline.enabled,
                elasticsearch: self.product == Product::Elasticsearch,
            },
        })
    }
}

impl ExporterConfig for Config {
    fn sending(&self) -> SendingSettings {
        SendingSettings {
            queue: self.sending_queue.clone(),
            retry: RetryOnFailure {
                enabled: self.retry.enabled,
                initial_interval: self.retry.initial_interval,
                max_interval: self.retry.max_interval,
                max_elapsed_time: self.retry.max_elapsed_time,
                ..RetryOnFailure::default()
            },
            timeout: self.timeout,
            max_request_bytes: Some(MAX_PAYLOAD_BYTES),
        }
    }

    fn build(&self, cx: &BuildContext) -> Result<Arc<dyn Exporter>, BuildError> {
        Ok(Arc::new(Elasticsearch {
            nodes: self.nodes()?,
            headers: self.header_map()?,
            documents: self.documents()?,
            compressor: Compressor::new(self.compression, &self.compression_params, &cx.budget),
            budget: cx.budget.clone(),
            not_now: self.retry.retry_on_status.clone(),
        }))
    }
}

/// The URL of Elasticsearch in the id of a deployment: `name:` and, in base64, `host$elasticsearch$kibana`.
fn cloud_url(id: &str) -> Result<String, &'static str> {
    let encoded = id.rsplit_once(':').map_or(id, |(_, encoded)| encoded);
    let decoded = STANDARD
        .decode(encoded)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or("is no Cloud ID: what is behind the name is not base64")?;
    let mut parts = decoded.split('$');
    match (parts.next(), parts.next()) {
        (Some(host), Some(node)) if !host.is_empty() && !node.is_empty() => {
            let (host, port) = host.split_once(':').unwrap_or((host, "443"));
            Ok(format!("https://{node}.{host}:{port}"))
        }
        _ => Err("is no Cloud ID: it names no Elasticsearch"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cloud_id_names_its_elasticsearch() {
        let id = format!("shop:{}", STANDARD.encode("cloud.example.org$abc$def"));
        assert_eq!(cloud_url(&id), Ok("https://abc.cloud.example.org:443".to_owned()));
        assert!(cloud_url("shop:???").is_err());
        assert!(cloud_url(&STANDARD.encode("host")).is_err());
    }
}
