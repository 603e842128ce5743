//! Resources and scopes of a target's points.

use std::collections::HashMap;

use sidelight_proto::wire::Writer;

use super::attributes;
use super::sweep::compact;
use crate::prometheus::labels::Labels;

/// What a target is to OTLP; more than one where a page has labels `job` and `instance` of its own.
#[derive(Debug, Clone)]
pub(super) struct Resource {
    job: String,
    instance: String,
    /// Labels of `target_info`.
    info: Labels,
    /// The serialized `Resource`.
    encoded: Vec<u8>,
}

/// An instrumentation scope; the first one of a target is empty.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    key: ScopeKey,
    /// Labels of `otel_scope_info`.
    info: Labels,
    /// The serialized `InstrumentationScope`.
    encoded: Vec<u8>,
}

/// What tells scopes apart: the labels `otel_scope_…` of a sample.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct ScopeKey {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) schema_url: String,
    pub(super) attributes: Labels,
}

/// A target's resources and scopes; the first of each are the target's own.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) resources: Vec<Resource>,
    pub(super) scopes: Vec<Scope>,
    by_instance: HashMap<(String, String), u32>,
    by_key: HashMap<ScopeKey, u32>,
    is_https: bool,
}

impl Places {
    /// The resource of a target, and the empty scope.
    pub(super) fn new(job: &str, instance: &str, is_https: bool) -> Self {
        let mut this = Self {
            resources: Vec::new(),
            scopes: Vec::new(),
            by_instance: HashMap::new(),
            by_key: HashMap::new(),
            is_https,
        };
        this.resource(job.to_owned(), instance.to_owned());
        this.scope(ScopeKey::default());
        this
    }

    /// The resource of a job's instance.
    pub(super) fn resource(&mut self, job: String, instance: String) -> u32 {
        *self
            .by_instance
            .entry((job, instance))
            .or_insert_with_key(|(job, instance)| {
                self.resources.push(Resource::new(job, instance, self.is_https));
                self.resources.len() as u32 - 1
            })
    }

    /// The scope that is told from others by this.
    pub(super) fn scope(&mut self, key: ScopeKey) -> u32 {
        *self.by_key.entry(key).or_insert_with_key(|key| {
            self.scopes.push(Scope::new(key.clone()));
            self.scopes.len() as u32 - 1
        })
    }

    /// Takes the labels of `target_info`.
    pub(super) fn set_target_info(&mut self, resource: u32, info: Labels) {
        self.resources[resource as usize].set_info(info, self.is_https);
    }

    /// Takes the labels of `otel_scope_info`.
    pub(super) fn set_scope_info(&mut self, scope: u32, info: Labels) {
        self.scopes[scope as usize].set_info(info);
    }

    /// Keeps those for which the lists say so; returns the new numbers.
    pub(super) fn compact(&mut self, resources: &[bool], scopes: &[bool]) -> (Vec<u32>, Vec<u32>) {
        let resources = compact(&mut self.resources, resources);
        let scopes = compact(&mut self.scopes, scopes);
        self.by_instance = (0..)
            .zip(&self.resources)
            .map(|(at, resource)| ((resource.job.clone(), resource.instance.clone()), at))
            .collect();
        self.by_key = (0..)
            .zip(&self.scopes)
            .map(|(at, scope)| (scope.key.clone(), at))
            .collect();
        (resources, scopes)
    }
}

impl Resource {
    fn new(job: &str, instance: &str, is_https: bool) -> Self {
        let mut this = Self {
            job: job.to_owned(),
            instance: instance.to_owned(),
            info: Labels::default(),
            encoded: Vec::new(),
        };
        this.encode(is_https);
        this
    }

    /// Takes the labels of `target_info` in place of those before.
    fn set_info(&mut self, info: Labels, is_https: bool) {
        self.info = info;
        self.encode(is_https);
    }

    /// The serialized `Resource`.
    pub(super) fn encoded(&self) -> &[u8] {
        &self.encoded
    }

    /// OpenTelemetry's "Prometheus and OpenMetrics Compatibility", section "Resource Attributes": what `target_info` says
    /// wins over what is made from the target.
    fn encode(&mut self, is_https: bool) {
        let mut writer = Writer::default();
        let mut own = |key: &str, value: &str| {
            if !value.is_empty() && self.info.get(key).is_empty() {
                attributes::write(&mut writer, 1, key, value);
            }
        };
        let (host, port) = host_and_port(&self.instance);
        own("service.name", &self.job);
        own("service.instance.id", &self.instance);
        own("url.scheme", if is_https { "https" } else { "http" });
        if is_telling(host) {
            own("server.address", host);
        }
        if let Some(port) = port.filter(|_| self.info.get("server.port").is_empty()) {
            attributes::write_int(&mut writer, 1, "server.port", port);
        }
        for (name, value) in self.info.iter() {
            attributes::write(&mut writer, 1, name, value);
        }
        self.encoded = writer.into_bytes();
    }
}

fn host_and_port(instance: &str) -> (&str, Option<u16>) {
    match instance.rsplit_once(':') {
        Some((host, port)) => match port.parse() {
            Ok(port) => (host.trim_start_matches('[').trim_end_matches(']'), Some(port)),
            Err(_) => (instance, None),
        },
        None => (instance, None),
    }
}

/// Names and addresses that mean something beyond this machine.
fn is_telling(host: &str) -> bool {
    if host.is_empty() || host.eq_ignore_ascii_case("localhost") {
        return false;
    }
    let address = host.parse::<std::net::IpAddr>();
    address.map_or(true, |address| {
        !address.is_loopback() && !address.is_unspecified()
    })
}

impl Scope {
    fn new(key: ScopeKey) -> Self {
        let mut this = Self {
            key,
            info: Labels::default(),
            encoded: Vec::new(),
        };
        this.encode();
        this
    }

    pub(super) fn key(&self) -> &ScopeKey {
        &self.key
    }

    /// Takes the labels of `otel_scope_info` in place of those before.
    fn set_info(&mut self, info: Labels) {
        self.info = info;
        self.encode();
    }

    /// The serialized `InstrumentationScope`; empty for the empty one.
    pub(super) fn encoded(&self) -> &[u8] {
        &self.encoded
    }

    fn encode(&mut self) {
        let mut writer = Writer::default();
        for (number, text) in [(1, &self.key.name), (2, &self.key.version)] {
            if !text.is_empty() {
                writer.bytes_field(number, text.as_bytes());
            }
        }
        for (name, value) in self.key.attributes.iter() {
            attributes::write(&mut writer, 3, name, value);
        }
        for (name, value) in self
            .info
            .iter()
            .filter(|(name, _)| self.key.attributes.get(name).is_empty())
        {
            attributes::write(&mut writer, 3, name, value);
        }
        self.encoded = writer.into_bytes();
    }
}

impl ScopeKey {
    /// Takes the labels of a scope out of those of a sample.
    pub(super) fn take_from(labels: &mut Labels) -> Self {
        let mut key = Self::default();
        let names: Vec<String> = labels
            .iter()
            .filter(|(name, _)| name.starts_with("otel_scope_"))
            .map(|(name, _)| name.to_owned())
            .collect();
        for name in names {
            let Some(value) = labels.take(&name) else { continue };
            match &name["otel_scope_".len()..] {
                "name" => key.name = value,
                "version" => key.version = value,
                "schema_url" => key.schema_url = value,
                attribute => key.attributes.set(attribute, value),
            }
        }
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_taken_apart_where_it_is_an_address() {
        for (instance, host, port, telling) in [
            ("web-1:8080", "web-1", Some(8080), true),
            ("10.0.0.1:9100", "10.0.0.1", Some(9100), true),
            ("[2001:db8::1]:9100", "2001:db8::1", Some(9100), true),
            ("localhost:9100", "localhost", Some(9100), false),
            ("127.0.0.1:1", "127.0.0.1", Some(1), false),
            ("[::1]:1", "::1", Some(1), false),
            ("0.0.0.0:1", "0.0.0.0", Some(1), false),
            ("web-1", "web-1", None, true),
            ("https://a.b/c", "https://a.b/c", None, true),
        ] {
            assert_eq!(host_and_port(instance), (host, port), "{instance}");
            assert_eq!(is_telling(host), telling, "{host}");
        }
    }
}
