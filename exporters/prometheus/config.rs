//! Settings, as the Collector's `prometheus` exporter has them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sidelight_component::sending::{RetryOnFailure, SendingQueue, SendingSettings};
use sidelight_component::{BuildContext, BuildError, Exporter, ExporterConfig, Resource};
use sidelight_config::{Check, Endpoint, settings};
use sidelight_exposition::names::{TranslationStrategy, UnusableName, label_name};
use sidelight_exposition::{Offers, is_legacy_label_name};
use sidelight_transport::HttpServer;

use super::PrometheusExporter;

settings! {
    /// Attributes of the resource as labels of every series.
    pub struct ResourceToTelemetry {
        /// True: all attributes of the resource become labels. False: they are in `target_info` alone.
        enabled: bool = false,
        /// True: without `service.name`, `service.namespace` and `service.instance.id`, which are in `job` and `instance`.
        exclude_service_attributes: bool = false,
    }
}

settings! {
    /// Settings of the `prometheus` exporter.
    pub struct Config {
        /// The listener.
        flatten server: HttpServer = HttpServer { endpoint: Endpoint::tcp("localhost", 8889), ..HttpServer::default() },
        /// Put before every name, with a `_` behind it.
        namespace: String = "",
        /// Labels of every series.
        const_labels: BTreeMap<String, String>,
        /// True: series carry the time of their last point. Prometheus then does not notice by itself that one has ended.
        send_timestamps: bool = false,
        /// A series without a new point is shown for this long.
        metric_expiration: Duration [Duration::from_secs(1)..] = Duration::from_secs(300),
        /// True: OpenMetrics is given to who prefers it. Without it exemplars are in protobuf alone.
        enable_open_metrics: bool = false,
        /// False: names have no unit and no `_total`. The older word for `translation_strategy`, without effect where that
        /// is given.
        add_metric_suffixes: bool = true,
        /// How names of metrics and attributes become names of Prometheus. Without a value:
        /// `UnderscoreEscapingWithSuffixes`.
        translation_strategy: Option<TranslationStrategy>,
        /// Attributes of the resource as labels of every series.
        resource_to_telemetry_conversion: ResourceToTelemetry,
        /// True: series have no `otel_scope_…` labels.
        without_scope_info: bool = false,
        /// Series that are kept in all; what there is room for in half of the memory budget, if that is less. Of further ones,
        /// deltas are added up in one series with `otel_metric_overflow="true"`, and other points are refused.
        max_series: u32 [1..] = 100_000,
        /// The same for the series of one name, so that one metric with too many labels leaves room for all others.
        max_series_per_metric: u32 [1..] = 10_000,
        /// The queue before the exporter: not needed, because points are taken at once.
        sending_queue: SendingQueue = SendingQueue { enabled: false, ..SendingQueue::default() },
    }
    unsupported {
        "resource_constant_labels" => "choosing attributes by pattern is not built; use `resource_to_telemetry_conversion`, or copy attributes to the points before",
    }
    validate Config::check;
}

impl Config {
    fn check(&self, check: &mut Check<'_, '_>) {
        if self.translation_strategy.is_some() && check.is_given("add_metric_suffixes") {
            check.warning(
                "add_metric_suffixes",
                "has no effect beside `translation_strategy`; remove it",
            );
        }
        let strategy = self.strategy();
        for key in self.const_labels.keys() {
            match const_label_name(key, strategy) {
                Ok(name) if name.starts_with("__") => check.error_hint(
                    "const_labels",
                    &format!("names `{key}`, but names that begin with `__` are Prometheus' own"),
                    "choose another name",
                ),
                Ok(_) => {}
                Err(_) => check.error_hint(
                    "const_labels",
                    &format!("names `{key}`, of which no label can be made"),
                    "use letters and digits",
                ),
            }
        }
    }

    /// The strategy in force.
    pub(super) fn strategy(&self) -> TranslationStrategy {
        match (self.translation_strategy, self.add_metric_suffixes) {
            (Some(strategy), _) => strategy,
            (None, true) => TranslationStrategy::UnderscoreEscapingWithSuffixes,
            (None, false) => TranslationStrategy::UnderscoreEscapingWithoutSuffixes,
        }
    }

    /// What a scraper may choose.
    pub(super) fn offers(&self) -> Offers {
        Offers {
            open_metrics: self.enable_open_metrics,
            protobuf: true,
            text_first: false,
        }
    }
}

/// The name of a constant label: as it is written where that is a label.
pub(super) fn const_label_name(key: &str, strategy: TranslationStrategy) -> Result<String, UnusableName> {
    if is_legacy_label_name(key) {
        return Ok(key.to_owned());
    }
    label_name(key, strategy)
}

impl ExporterConfig for Config {
    fn sending(&self) -> SendingSettings {
        SendingSettings {
            queue: self.sending_queue.clone(),
            retry: RetryOnFailure::default(),
            // Nothing is waited for.
            timeout: Duration::ZERO,
            max_request_bytes: None,
        }
    }

    fn resources(&self) -> Vec<Resource> {
        vec![Resource::Listen {
            endpoint: self.server.endpoint.to_string(),
            setting: "endpoint".to_owned(),
        }]
    }

    fn build(&self, cx: &BuildContext) -> Result<Arc<dyn Exporter>, BuildError> {
        Ok(Arc::new(PrometheusExporter::new(self.clone(), cx)?))
    }
}
