//! Settings: those of the Collector's receiver around those of `prometheus.yml`.

mod discovery;
mod duration;
mod http;
mod pattern;
mod re2;
mod relabel;
mod scrape;
mod size;
#[cfg(test)]
mod tests;
mod words;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use sidelight_component::{BuildContext, BuildError, Receiver, ReceiverConfig};
use sidelight_config::{Check, settings};

pub(super) use discovery::FileSdConfig;
pub(super) use duration::PromDuration;
pub(super) use http::{HttpClientConfig, HttpHeader, TlsConfig, TlsVersion};
pub(super) use pattern::Pattern;
pub(super) use relabel::{Action, RelabelConfig};
pub(super) use scrape::{Scheme, ScrapeConfig};
pub(super) use size::BodySize;
pub(super) use words::{Escaping, NameScheme, Protocol};

use super::names;
use super::receiver::PrometheusReceiver;

settings! {
    /// What holds for every job that does not say otherwise.
    pub struct Global {
        /// Time between two scrapes of a target.
        scrape_interval: PromDuration = PromDuration(Duration::from_secs(60)),
        /// The longest time for one scrape; at most the interval.
        scrape_timeout: PromDuration = PromDuration(Duration::from_secs(10)),
        /// Formats to ask targets for, the most wanted first.
        scrape_protocols: Option<Vec<Protocol>>,
        /// Labels that every sample gets, in place of its own of the same name.
        external_labels: BTreeMap<String, String>,
        /// The largest page, before and after decompression. 0 means no limit but the memory budget.
        body_size_limit: BodySize,
        /// Most samples of one page after relabelling; a page with more fails. 0 means no limit.
        sample_limit: u64 = 0,
        /// Most targets of one job after relabelling; with more all of them fail. 0 means no limit.
        target_limit: u64 = 0,
        /// Most labels of one sample after relabelling; a page with more fails. 0 means no limit.
        label_limit: u64 = 0,
        /// The longest name of a label, in bytes; a page with a longer one fails. 0 means no limit.
        label_name_length_limit: u64 = 0,
        /// The longest value of a label, in bytes; a page with a longer one fails. 0 means no limit.
        label_value_length_limit: u64 = 0,
        /// Which names are valid: any UTF-8, or letters, digits, `_` and `:` alone.
        metric_name_validation_scheme: NameScheme = NameScheme::Utf8,
        /// How targets are asked to write names that older readers do not take.
        metric_name_escaping_scheme: Option<Escaping>,
        /// True: native histograms are asked for and taken.
        scrape_native_histograms: bool = false,
        /// True: classic buckets are taken besides the native ones.
        always_scrape_classic_histograms: bool = false,
        /// True: `scrape_timeout_seconds`, `scrape_sample_limit` and `scrape_body_size_bytes` are reported as well.
        extra_scrape_metrics: bool = false,
    }
    unsupported {
        "convert_classic_histograms_to_nhcb" => "classic histograms are explicit histograms in OTLP already; remove it",
        harmless "evaluation_interval" => "no rules are evaluated here; remove it",
        harmless "rule_query_offset" => "no rules are evaluated here; remove it",
        harmless "query_log_file" => "there are no queries here; remove it",
        harmless "scrape_failure_log_file" => "failures are in the program's log; remove it",
        harmless "keep_dropped_targets" => "dropped targets are not shown; remove it",
        harmless "runtime" => "it is for Go's garbage collector; remove it",
    }
    validate Global::check;
}

impl Global {
    fn check(&self, check: &mut Check<'_, '_>) {
        if check.is_given("scrape_timeout") && self.scrape_timeout.0 > self.interval() {
            check.conflict(
                "scrape_timeout",
                "scrape_interval",
                "must not be longer than `scrape_interval`",
            );
        }
        scrape::check_protocols(self.scrape_protocols.as_deref(), check);
        for name in self.external_labels.keys() {
            if !names::is_label_name(name, self.metric_name_validation_scheme) {
                check.error(
                    &format!("external_labels.{name}"),
                    "has a name that no label can have",
                );
            }
        }
    }

    /// Time between two scrapes. 0 means the default, as in Prometheus.
    fn interval(&self) -> Duration {
        match self.scrape_interval.0 {
            Duration::ZERO => Self::default().scrape_interval.0,
            interval => interval,
        }
    }

    /// The longest time for one scrape. The default is cut to the interval.
    fn timeout(&self) -> Duration {
        let default = Self::default().scrape_timeout.0;
        match self.scrape_timeout.0 {
            timeout if timeout.is_zero() || timeout == default => default.min(self.interval()),
            timeout => timeout,
        }
    }
}

settings! {
    /// What `prometheus.yml` says about scraping.
    pub struct PromConfig {
        /// What holds for every job that does not say otherwise.
        global: Global,
        /// The jobs.
        scrape_configs: Vec<ScrapeConfig>,
    }
    unsupported {
        "scrape_config_files" => "write the jobs under `scrape_configs`; several configuration files can be given to the program",
        "remote_write" => "use a `prometheus_remote_write` exporter in the pipeline",
        "remote_read" => "there is nothing here to read into; remove it",
        "rule_files" => "no rules are evaluated by the receiver; remove it",
        "alerting" => "no alerts are sent by the receiver; remove it",
        harmless "storage" => "the receiver stores nothing; remove it",
        harmless "tracing" => "own spans are set up under `service: telemetry: traces`; remove it",
        "otlp" => "use the `otlp` receiver",
    }
    validate PromConfig::check;
}

settings! {
    /// Settings of the `prometheus` receiver.
    pub struct Config {
        /// What stands in `prometheus.yml`.
        required config: PromConfig,
        /// True: `_total` of counters and the unit's name are cut off the names of metrics.
        trim_metric_suffixes: bool = false,
        /// True: `scrape_timeout_seconds`, `scrape_sample_limit` and `scrape_body_size_bytes` are reported as well.
        report_extra_scrape_metrics: bool = false,
    }
    unsupported {
        "target_allocator" => "there is no client of the OpenTelemetry operator; use `file_sd_configs`",
        "api_server" => "the state of targets is in the metrics `up` and `scrape_…`; remove it",
        "use_start_time_metric" => "start times come from `_created` and from resets; remove it",
        "start_time_metric_regex" => "start times come from `_created` and from resets; remove it",
        "enable_prometheus_ui_server" => "there is no such page; remove it",
        harmless "use_collector_start_time_fallback" => "start times come from `_created` and from resets; remove it",
        harmless "skip_offsetting" => "scrapes are spread over the interval; remove it",
    }
}

impl PromConfig {
    fn check(&self, check: &mut Check<'_, '_>) {
        if self.scrape_configs.is_empty() {
            check.error("scrape_configs", "must have a job: nothing would be scraped");
        }
        let mut seen = HashMap::new();
        for (number, job) in self.scrape_configs.iter().enumerate() {
            if let Some(first) = seen.insert(job.job_name.as_str(), number) {
                let place = |number: usize| format!("scrape_configs.{number}.job_name");
                check.conflict(&place(number), &place(first), "names a job that is there already");
            }
            job.check_with(&self.global, number, check);
        }
    }
}

impl ReceiverConfig for Config {
    fn holds_back(&self) -> bool {
        false
    }

    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Receiver>, BuildError> {
        Ok(Box::new(PrometheusReceiver::new(self, cx)?))
    }
}
