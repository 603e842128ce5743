//! One job, as its targets need it: the settings of `global` and of the job put together.

use std::time::Duration;

use super::config::{Config, Escaping, HttpClientConfig, NameScheme, Protocol, Scheme, ScrapeConfig};
use super::labels::Labels;
use super::relabel::Relabelling;

/// What all targets of a job share.
#[derive(Debug)]
pub(super) struct Job {
    /// Its name.
    pub(super) name: String,
    /// Time between two scrapes.
    pub(super) interval: Duration,
    /// The longest time for one scrape.
    pub(super) timeout: Duration,
    /// Formats to ask for, the most wanted first.
    pub(super) protocols: Vec<Protocol>,
    /// The format of pages that do not name theirs.
    pub(super) fallback: Option<Protocol>,
    /// The path of the page.
    pub(super) metrics_path: String,
    /// `http` or `https`.
    pub(super) scheme: Scheme,
    /// Parameters of the request.
    pub(super) params: Vec<(String, Vec<String>)>,
    /// Pages may come compressed.
    pub(super) compressed: bool,
    /// Connections and credentials.
    pub(super) http: HttpClientConfig,
    /// Steps for targets.
    pub(super) relabelling: Relabelling,
    /// The largest page in bytes; 0 means no limit of its own.
    pub(super) body_size_limit: u64,
    /// Most targets; 0 means no limit.
    pub(super) target_limit: u64,
    /// How names are to be written.
    pub(super) escaping: Escaping,
    /// The rules for samples.
    pub(super) samples: SampleRules,
}

/// What becomes of the samples of a page.
#[derive(Debug)]
pub(super) struct SampleRules {
    /// Labels of the page win over those of the target.
    pub(super) honor_labels: bool,
    /// Times on the page are taken.
    pub(super) honor_timestamps: bool,
    /// Series with times of their own end with a mark as well.
    pub(super) track_timestamps_staleness: bool,
    /// Native histograms are taken.
    pub(super) native_histograms: bool,
    /// Classic buckets are taken besides native ones.
    pub(super) classic_histograms: bool,
    /// Steps for samples.
    pub(super) relabelling: Relabelling,
    /// Which names are valid.
    pub(super) scheme: NameScheme,
    /// Labels that every sample gets.
    pub(super) external_labels: Labels,
    /// Most samples of one page; 0 means no limit.
    pub(super) sample_limit: u64,
    /// Most labels of one sample; 0 means no limit.
    pub(super) label_limit: u64,
    /// The longest name of a label; 0 means no limit.
    pub(super) label_name_length_limit: u64,
    /// The longest value of a label; 0 means no limit.
    pub(super) label_value_length_limit: u64,
    /// Suffixes are cut off the names of metrics.
    pub(super) trim_metric_suffixes: bool,
    /// Limits are reported as metrics.
    pub(super) extra_metrics: bool,
}

impl Job {
    /// The job number `number` of a receiver.
    pub(super) fn new(config: &Config, job: &ScrapeConfig) -> Self {
        let global = &config.config.global;
        let scheme = job.name_scheme(global);
        let native = job
            .scrape_native_histograms
            .unwrap_or(global.scrape_native_histograms);
        let protocols = job
            .scrape_protocols
            .clone()
            .or_else(|| global.scrape_protocols.clone());
        Self {
            name: job.job_name.clone(),
            interval: job.interval(global),
            timeout: job.timeout(global),
            protocols: protocols.unwrap_or_else(|| default_protocols(native)),
            fallback: job.fallback_scrape_protocol,
            metrics_path: job.metrics_path.clone(),
            scheme: job.scheme,
            params: job.params.clone().into_iter().collect(),
            compressed: job.enable_compression,
            http: job.http.clone(),
            relabelling: Relabelling::new(&job.relabel_configs, scheme),
            body_size_limit: limit(job.body_size_limit.map(|size| size.0), global.body_size_limit.0),
            target_limit: limit(job.target_limit, global.target_limit),
            escaping: job.escaping(global),
            samples: SampleRules::new(config, job, scheme, native),
        }
    }
}

impl SampleRules {
    fn new(config: &Config, job: &ScrapeConfig, scheme: NameScheme, native_histograms: bool) -> Self {
        let global = &config.config.global;
        let classic = job.always_scrape_classic_histograms;
        Self {
            honor_labels: job.honor_labels,
            honor_timestamps: job.honor_timestamps,
            track_timestamps_staleness: job.track_timestamps_staleness,
            native_histograms,
            classic_histograms: classic.unwrap_or(global.always_scrape_classic_histograms),
            relabelling: Relabelling::new(&job.metric_relabel_configs, scheme),
            scheme,
            external_labels: Labels::from(&global.external_labels),
            sample_limit: limit(job.sample_limit, global.sample_limit),
            label_limit: limit(job.label_limit, global.label_limit),
            label_name_length_limit: limit(job.label_name_length_limit, global.label_name_length_limit),
            label_value_length_limit: limit(job.label_value_length_limit, global.label_value_length_limit),
            trim_metric_suffixes: config.trim_metric_suffixes,
            extra_metrics: job.extra_scrape_metrics.unwrap_or(global.extra_scrape_metrics)
                || config.report_extra_scrape_metrics,
        }
    }
}

/// A limit of a job; 0 is as good as none.
fn limit(of_job: Option<u64>, of_global: u64) -> u64 {
    of_job.filter(|limit| *limit != 0).unwrap_or(of_global)
}

/// Prometheus' own order.
fn default_protocols(native_histograms: bool) -> Vec<Protocol> {
    let text = [
        Protocol::OpenMetricsText1,
        Protocol::OpenMetricsText0,
        Protocol::PrometheusText1,
        Protocol::PrometheusText0,
    ];
    let first = native_histograms.then_some(Protocol::PrometheusProto);
    first.into_iter().chain(text).collect()
}
