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
    }
    aliases { scrape_classic_histograms => always_scrape_classic_histograms "renamed in Prometheus 3" }
    unsupported {
        "convert_classic_histograms_to_nhcb" => "classic histograms are explicit histograms in OTLP already; remove it",
        "native_histogram_bucket_limit" => "native histograms of more than 4,096 buckets are left out and counted; remove it",
        "native_histogram_min_bucket_factor" => "native histograms keep their resolution; remove it",
        "extra_scrape_metrics" => "use `report_extra_scrape_metrics` of the receiver",
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
        "eureka_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "hetzner_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "ionos_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "kuma_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "linode_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "marathon_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "nerve_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "nomad_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "openstack_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "ovhcloud_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
        "puppetdb_sd_configs" => "there are `static_configs` and `file_sd_configs`; let a script write the targets into a file",
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
        if self.scrape_interval == Some(PromDuration(Duration::ZERO)) {
            check.error("scrape_interval", "must be longer than 0");
        }
        if let (Some(timeout), Some(interval)) = (self.scrape_timeout, self.scrape_interval)
            && timeout > interval
        {
            check.conflict(
                "scrape_timeout",
                "scrape_interval",
                "must not be longer than `scrape_interval`",
            );
        }
        if self.scrape_protocols.as_ref().is_some_and(Vec::is_empty) {
            check.error("scrape_protocols", "must name a format, or be left out");
        }
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
        if self.static_configs.is_empty() && self.file_sd_configs.is_empty() {
            check.warning(
                "job_name",
                "has no targets: neither `static_configs` nor `file_sd_configs`",
            );
        }
    }

    /// Time between two scrapes.
    pub(crate) fn interval(&self, global: &Global) -> Duration {
        // Of `global` 0 means its default, as in Prometheus.
        let of_global = match global.scrape_interval.0 {
            Duration::ZERO => Global::default().scrape_interval.0,
            interval => interval,
        };
        self.scrape_interval.map_or(of_global, |interval| interval.0)
    }

    /// The longest time for one scrape.
    pub(crate) fn timeout(&self, global: &Global) -> Duration {
        match self.scrape_timeout {
            Some(timeout) if !timeout.0.is_zero() => timeout.0,
            _ => {
                let of_global = match global.scrape_timeout.0 {
                    Duration::ZERO => Global::default().scrape_timeout.0,
                    timeout => timeout,
                };
                of_global.min(self.interval(global))
            }
        }
    }
}
