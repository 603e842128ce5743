//! Settings, as the Collector's `resource_detection` processor has them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sidelight_config::{Check, setting_enum, settings};

use super::detectors::{CONTAINER_ATTRIBUTES, Detector, SYSTEM_ATTRIBUTES, SYSTEMD_ATTRIBUTES};

setting_enum! {
    /// Where the name of the host comes from.
    pub enum HostnameSource {
        /// Its full name: from `/etc/hosts`, else its canonical name, else by a reverse query for its address.
        Dns = "dns",
        /// The kernel's.
        Os = "os",
        /// The canonical name that the resolver gives.
        Cname = "cname",
        /// A reverse query for its address.
        Lookup = "lookup",
    }
}

settings! {
    /// Whether one attribute is written.
    pub struct Toggle {
        /// True: it is written where it is found.
        enabled: bool = true,
    }
}

settings! {
    /// The host and its operating system.
    pub struct SystemConfig {
        /// Sources of `host.name`; the first that knows it counts.
        hostname_sources: Vec<HostnameSource> = [HostnameSource::Dns, HostnameSource::Os],
        /// Attributes to write or leave out, as `host.id: {enabled: true}`. See the table of attributes.
        resource_attributes: BTreeMap<String, Toggle>,
    }
    validate SystemConfig::check;
}

settings! {
    /// The container that Sidelight runs in. Sidelight's own.
    pub struct ContainerConfig {
        /// Attributes to write or leave out, as `container.id: {enabled: true}`.
        resource_attributes: BTreeMap<String, Toggle>,
    }
    validate ContainerConfig::check;
}

settings! {
    /// The unit of systemd that Sidelight runs in. Sidelight's own.
    pub struct SystemdConfig {
        /// Attributes to write or leave out, as `systemd.unit.name: {enabled: true}`.
        resource_attributes: BTreeMap<String, Toggle>,
    }
    validate SystemdConfig::check;
}

settings! {
    /// Settings of the `resource_detection` processor.
    pub struct Config {
        /// What is asked: `env`, `system`, `container`, `systemd`. Of an attribute that two of them know, the first one's
        /// counts.
        detectors: Vec<String> = ["env"],
        /// True: what was detected replaces what a resource says of itself. Never replaced are `container.id`,
        /// `systemd.unit.name`, and `service.name` from `OTEL_SERVICE_NAME`.
        r#override: bool = true,
        /// The longest wait for the detectors; data that comes before is refused for the moment. What is found later
        /// is written from then on.
        timeout: Duration = Duration::from_secs(5),
        /// Time between two detections; 0 means once.
        refresh_interval: Duration = Duration::ZERO,
        /// Of the detector `system`.
        system: SystemConfig,
        /// Of the detector `container`.
        container: ContainerConfig,
        /// Of the detector `systemd`.
        systemd: SystemdConfig,
    }
    unsupported {
        "attributes" => "the Collector has removed it; write `system: {resource_attributes: {host.id: {enabled: true}}}`",
        "docker" => "the Docker daemon is not asked; use `system`, or `OTEL_RESOURCE_ATTRIBUTES` with `env`",
        "ec2" => "metadata services are not asked; give `OTEL_RESOURCE_ATTRIBUTES` and use `env`",
        "ecs" => "metadata services are not asked; give `OTEL_RESOURCE_ATTRIBUTES` and use `env`",
        "eks" => "metadata services are not asked; give `OTEL_RESOURCE_ATTRIBUTES` and use `env`",
        "gcp" => "metadata services are not asked; give `OTEL_RESOURCE_ATTRIBUTES` and use `env`",
        "azure" => "metadata services are not asked; give `OTEL_RESOURCE_ATTRIBUTES` and use `env`",
        "k8snode" => "the Kubernetes API is not asked; give the node's name by the downward API in `OTEL_RESOURCE_ATTRIBUTES`",
        "k8s_api" => "the Kubernetes API is not asked; give the node's name by the downward API in `OTEL_RESOURCE_ATTRIBUTES`",
        harmless "endpoint" => "no metadata service is asked; remove it",
        harmless "tls" => "no metadata service is asked; remove it",
        harmless "headers" => "no metadata service is asked; remove it",
    }
    validate Config::check;
}

/// The Collector's detectors that are not here, and what to do instead.
const ELSEWHERE: [(&[&str], &str); 4] = [
    (
        &[
            "ec2",
            "ecs",
            "eks",
            "elasticbeanstalk",
            "lambda",
            "gcp",
            "azure",
            "aks",
            "akamai",
            "alibaba_ecs",
            "consul",
            "digitalocean",
            "dynatrace",
            "heroku",
            "hetzner",
            "ibmcloud_classic",
            "ibmcloud_vpc",
            "nova",
            "oraclecloud",
            "scaleway",
            "tencent_cvm",
            "upcloud",
            "vultr",
        ],
        "metadata services are not asked; give `OTEL_RESOURCE_ATTRIBUTES` and use `env`",
    ),
    (
        &["k8snode", "k8s_api", "kubeadm", "openshift"],
        "the Kubernetes API is not asked; give the node's name by the downward API in `OTEL_RESOURCE_ATTRIBUTES`, and use `env`",
    ),
    (
        &["docker"],
        "the Docker daemon is not asked; use `system`, or `OTEL_RESOURCE_ATTRIBUTES` with `env`",
    ),
    (
        &["process"],
        "a sidecar cannot know which process sent something; SDKs say it themselves, and the receiver `process` does for what it measures",
    ),
];

impl Config {
    fn check(&self, check: &mut Check<'_, '_>) {
        if self.detectors.is_empty() {
            check.error_hint(
                "detectors",
                "is empty",
                "write `[env, system]`, or remove the processor",
            );
        }
        let mut seen = BTreeSet::new();
        for (nth, name) in self.detectors.iter().enumerate() {
            let setting = format!("detectors.{nth}");
            if Detector::named(name).is_none() {
                let elsewhere = ELSEWHERE.iter().find(|(names, _)| names.contains(&name.as_str()));
                match elsewhere {
                    Some((_, advice)) => check.error_hint(&setting, "is not supported", *advice),
                    None => check.error_hint(
                        &setting,
                        "is no detector",
                        format!("detectors: {}", Detector::NAMES.join(", ")),
                    ),
                }
            } else if !seen.insert(name) {
                check.error(&setting, "is given twice");
            }
        }
    }
}

impl SystemConfig {
    fn check(&self, check: &mut Check<'_, '_>) {
        check_attributes(&self.resource_attributes, SYSTEM_ATTRIBUTES, check);
    }

    /// The attributes that are written.
    pub(super) fn enabled(&self) -> BTreeSet<&'static str> {
        enabled(&self.resource_attributes, SYSTEM_ATTRIBUTES)
    }
}

impl ContainerConfig {
    fn check(&self, check: &mut Check<'_, '_>) {
        check_attributes(&self.resource_attributes, CONTAINER_ATTRIBUTES, check);
    }

    /// The attributes that are written.
    pub(super) fn enabled(&self) -> BTreeSet<&'static str> {
        enabled(&self.resource_attributes, CONTAINER_ATTRIBUTES)
    }
}

impl SystemdConfig {
    fn check(&self, check: &mut Check<'_, '_>) {
        check_attributes(&self.resource_attributes, SYSTEMD_ATTRIBUTES, check);
    }

    /// The attributes that are written.
    pub(super) fn enabled(&self) -> BTreeSet<&'static str> {
        enabled(&self.resource_attributes, SYSTEMD_ATTRIBUTES)
    }
}

/// An attribute that a detector knows, and whether it is written unless the settings say otherwise.
pub(super) type Known = (&'static str, bool);

fn check_attributes(given: &BTreeMap<String, Toggle>, known: &[Known], check: &mut Check<'_, '_>) {
    for name in given.keys() {
        if known.iter().all(|(attribute, _)| attribute != name) {
            let names: Vec<_> = known.iter().map(|(attribute, _)| *attribute).collect();
            check.error_hint(
                &format!("resource_attributes.{name}"),
                "is no attribute of this detector",
                format!("attributes: {}", names.join(", ")),
            );
        }
    }
}

fn enabled(given: &BTreeMap<String, Toggle>, known: &[Known]) -> BTreeSet<&'static str> {
    known
        .iter()
        .filter(|(name, default)| given.get(*name).map_or(*default, |toggle| toggle.enabled))
        .map(|(name, _)| *name)
        .collect()
}
