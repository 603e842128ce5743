//! Settings of one job.

use std::collections::BTreeMap;
use std::time::Duration;

use sidelight_config::{Check, setting_enum, settings};

use super::Global;
use super::discovery::{FileSdConfig, StaticConfig};
use super::duration::PromDuration;
use super::http::HttpClientConfig;
use super::relabel::RelabelConfig;
use super::size::BodySize;
use super::words::{Escaping, NameScheme, Protocol};

setting_enum! {
    /// How targets are spoken to.
    pub enum Scheme {
        /// In cleartext.
        Http = "http",
        /// Encrypted.
        Https = "https",
    }
}

settings! {
    /// A job: targets, and how they are scraped.
    pub struct ScrapeConfig {
        /// Name of the job, the label `job` of its samples and `service.name` of their resource.
        required job_name: String,
        /// Time between two scrapes of a target. Without a value: that of `global`.
        scrape_interval: Option<PromDuration>,
        /// The longest time for one scrape. Without a value: that of `global`, or the interval where that is shorter.
        scrape_timeout: Option<PromDuration>,
        /// Formats to ask for, the most wanted first. Without a value: those of `global`, else OpenMetrics and then text;
        /// with `scrape_native_histograms` protobuf before them.
        scrape_protocols: Option<Vec<Protocol>>,
        /// The format of pages whose `Content-Type` is missing or names none.
        fallback_scrape_protocol: Option<Protocol>,
        /// True: native histograms are asked for and taken. Without a value: as `global` says.
        scrape_native_histograms: Option<bool>,
        /// True: classic buckets are taken besides the native ones. Without a value: as `global` says.
        always_scrape_classic_histograms: Option<bool>,
        /// The path of the page.
        metrics_path: String = "/metrics",
        /// How targets are spoken to.
        scheme: Scheme = Scheme::Http,
        /// Parameters of the request.
        params: BTreeMap<String, Vec<String>>,
        /// True: labels of the page win over those of the target; false: they are renamed to `exported_…`.
        honor_labels: bool = false,
        /// True: times on the page are taken; false: the time of the scrape counts.
        honor_timestamps: bool = true,
        /// True: series with times of their own get a mark at their end as well.
        track_timestamps_staleness: bool = false,
        /// True: pages may come compressed with gzip.
        enable_compression: bool = true,
        /// The connection to a target.
        flatten http: HttpClientConfig,
        /// Targets that are written down.
        static_configs: Vec<StaticConfig>,
        /// Targets that stand in files.
        file_sd_configs: Vec<FileSdConfig>,
        /// Steps that change or drop targets before they are scraped.
        relabel_configs: Vec<RelabelConfig>,
        /// Steps that change or drop samples.
        metric_relabel_configs: Vec<RelabelConfig>,
        /// The largest page, before and after decompression. Without a value or with 0 as `global` says, as all limits
        /// below.
        body_size_limit: Option<BodySize>,
        /// Most samples of one page after relabelling; a page with more fails.
        sample_limit: Option<u64>,
        /// Most targets after relabelling; with more all of them fail.
        target_limit: Option<u64>,
        /// Most labels of one sample after relabelling; a page with more fails.
        label_limit: Option<u64>,
        /// The longest name of a label, in bytes; a page with a longer one fails.
        label_name_length_limit: Option<u64>,
        /// The longest value of a label, in bytes; a page with a longer one fails.
        label_value_length_limit: Option<u64>,
        /// Which names are valid.
        metric_name_validation_scheme: Option<NameScheme>,
        /// How targets are asked to write names that older readers do not take.
        metric_name_escaping_scheme: Option<Escaping>,
        /// True: limits and sizes are reported as metrics. Without a value: as `global` says.
        extra_scrape_metrics: Option<bool>,
    }
    aliases { scrape_classic_histograms => always_scrape_classic_histograms "renamed in Prometheus 3" }
    unsupported {
        "convert_classic_histograms_to_nhcb" => "classic histograms are explicit histograms in OTLP already; remove it",
        "native_histogram_bucket_limit" => "native histograms of more than 4,096 buckets are left out and counted; remove it",
        "native_histogram_min_bucket_factor" => "native histograms keep their resolution; remove it",
        harmless "keep_dropped_targets" => "dropped targets are not shown; remove it",
        harmless "scrape_failure_log_file" => "failures are in the program's log; remove it",
        "kubernetes_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "consul_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "dns_sd_configs" => "there are `static_configs` and `file_sd_configs`; a name with several addresses is one target",
        "http_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "docker_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "dockerswarm_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "ec2_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "ecs_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "aws_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "lightsail_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "azure_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "gce_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "digitalocean_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "elasticache_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "eureka_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "hetzner_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "ionos_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "kuma_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "linode_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "marathon_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "msk_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "nerve_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "nomad_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "oci_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "openstack_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "ovhcloud_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "puppetdb_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "rds_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "scaleway_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "serverset_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "stackit_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "triton_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "uyuni_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "vultr_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
    }
    validate ScrapeConfig::check;
}

impl ScrapeConfig {
    fn check(&self, check: &mut Check<'_, '_>) {
        if self.job_name.is_empty() {
            check.error("job_name", "must not be empty");
        }
        check_protocols(self.scrape_protocols.as_deref(), check);
        // Relabelling may make an address of what is none yet, as it does for exporters that are asked about others.
        if self.relabel_configs.is_empty() {
            self.check_addresses(check);
        }
        if self.static_configs.is_empty() && self.file_sd_configs.is_empty() {
            check.warning(
                "job_name",
                "has no targets: neither `static_configs` nor `file_sd_configs`",
            );
        }
    }

    fn check_addresses(&self, check: &mut Check<'_, '_>) {
        for (number, group) in self.static_configs.iter().enumerate() {
            for (at, target) in group.targets.iter().enumerate() {
                if target.contains('/') {
                    check.error_hint(
                        &format!("static_configs.{number}.targets.{at}"),
                        "must be `host:port`, without a scheme or a path",
                        "scheme and path are `scheme` and `metrics_path` of the job",
                    );
                }
            }
        }
    }

    /// What of this job can only be judged together with `global`.
    pub(super) fn check_with(&self, global: &Global, number: usize, check: &mut Check<'_, '_>) {
        let place = |setting: &str| format!("scrape_configs.{number}.{setting}");
        if self.timeout(global) > self.interval(global) {
            let (interval, problem) = match given(self.scrape_interval) {
                Some(_) => (
                    place("scrape_interval"),
                    "must not be longer than `scrape_interval`",
                ),
                None => (
                    "global.scrape_interval".to_owned(),
                    "must not be longer than the interval between scrapes",
                ),
            };
            check.conflict(&place("scrape_timeout"), &interval, problem);
        }
        let scheme = self.name_scheme(global);
        if scheme == NameScheme::Legacy && self.escaping(global) == Escaping::AllowUtf8 {
            check.error_hint(
                &place("metric_name_escaping_scheme"),
                "must not be `allow-utf-8` where `metric_name_validation_scheme` is `legacy`",
                "write `underscores`, `dots` or `values`",
            );
        }
        for (list, steps) in [
            ("relabel_configs", &self.relabel_configs),
            ("metric_relabel_configs", &self.metric_relabel_configs),
        ] {
            for (at, step) in steps.iter().enumerate() {
                step.check_names(scheme, &place(&format!("{list}.{at}")), check);
            }
        }
    }

    /// Which names are valid.
    pub(crate) fn name_scheme(&self, global: &Global) -> NameScheme {
        self.metric_name_validation_scheme
            .unwrap_or(global.metric_name_validation_scheme)
    }

    /// How targets are asked to write names. What `global` says does not hold for a job that says by itself which names are
    /// valid.
    pub(crate) fn escaping(&self, global: &Global) -> Escaping {
        let of_global = global
            .metric_name_escaping_scheme
            .filter(|_| self.metric_name_validation_scheme.is_none());
        let default = match self.name_scheme(global) {
            NameScheme::Utf8 => Escaping::AllowUtf8,
            NameScheme::Legacy => Escaping::Underscores,
        };
        self.metric_name_escaping_scheme.or(of_global).unwrap_or(default)
    }

    /// Time between two scrapes. 0 is as good as no value.
    pub(crate) fn interval(&self, global: &Global) -> Duration {
        given(self.scrape_interval).unwrap_or_else(|| global.interval())
    }

    /// The longest time for one scrape. 0 is as good as no value.
    pub(crate) fn timeout(&self, global: &Global) -> Duration {
        given(self.scrape_timeout).unwrap_or_else(|| global.timeout().min(self.interval(global)))
    }
}

/// A duration that says something.
fn given(duration: Option<PromDuration>) -> Option<Duration> {
    duration.map(|duration| duration.0).filter(|time| !time.is_zero())
}

/// Formats are asked for once each, and at least one is.
pub(super) fn check_protocols(protocols: Option<&[Protocol]>, check: &mut Check<'_, '_>) {
    let Some(protocols) = protocols else { return };
    if protocols.is_empty() {
        check.error("scrape_protocols", "must name a format, or be left out");
    }
    for (number, protocol) in protocols.iter().enumerate() {
        if protocols.iter().take(number).any(|before| before == protocol) {
            check.error(&format!("scrape_protocols.{number}"), "is asked for already");
        }
    }
}
