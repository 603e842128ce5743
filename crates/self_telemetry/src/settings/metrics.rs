//! `service: telemetry: metrics:`.

use sidelight_config::{Check, Endpoint, setting_enum, settings};

use crate::exposition::Style;

setting_enum! {
    /// How much is shown.
    pub enum MetricLevel {
        /// Nothing, and no address is opened.
        None = "none",
        /// All there is.
        Basic = "basic",
        /// All there is.
        Normal = "normal",
        /// All there is.
        Detailed = "detailed",
    }
}

settings! {
    /// A page for Prometheus.
    pub struct PrometheusReader {
        /// The address to listen on.
        host: String = "localhost",
        /// The port to listen on.
        port: u16 = 8888,
        /// False: counters end in `_total`.
        without_type_suffix: bool = true,
        /// Names have no unit suffixes.
        without_units: bool = true,
        /// There are no labels of the instrumentation scope.
        without_scope_info: bool = true,
    }
    unsupported {
        harmless "with_resource_constant_labels" => "the resource is in `target_info`; remove it",
    }
    validate PrometheusReader::check;
}

impl PrometheusReader {
    fn check(&self, check: &mut Check<'_, '_>) {
        if !matches!(Endpoint::parse(&self.endpoint_text()), Ok(Endpoint::Tcp { .. })) {
            check.error_hint(
                "host",
                "must be the name or address of a host",
                "write `localhost`, or `0.0.0.0`",
            );
        }
        if !self.without_units {
            check.warning("without_units", "has no effect: names have no unit suffixes");
        }
        if !self.without_scope_info {
            check.warning("without_scope_info", "has no effect: there are no scopes");
        }
    }

    fn endpoint_text(&self) -> String {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        if host.contains(':') {
            format!("[{host}]:{}", self.port)
        } else {
            format!("{host}:{}", self.port)
        }
    }
}

settings! {
    /// What a page is made for.
    pub struct PullExporter {
        /// A page for Prometheus.
        prometheus: PrometheusReader,
    }
}

settings! {
    /// Metrics that are fetched.
    pub struct PullReader {
        /// What a page is made for.
        exporter: PullExporter,
    }
}

settings! {
    /// One way to the metrics.
    pub struct MetricReader {
        /// Metrics that are fetched.
        required pull: PullReader,
    }
    unsupported {
        "periodic" => "the program's metrics are not pushed; use `pull` and scrape them",
    }
}

settings! {
    /// The program's metrics.
    pub struct MetricSettings {
        /// `none` shows nothing; all others show all there is.
        level: MetricLevel = MetricLevel::Normal,
        /// The address of the page in the Collector's older form; `readers` is the newer one. Both may be given.
        address: Option<Endpoint>,
        /// The pages. Without a value one at `localhost:8888`.
        readers: Option<Vec<MetricReader>>,
        /// Further names by which the pages may be called in the `Host` header. Loopback names, the address
        /// listened on, and beyond loopback all addresses are allowed anyway.
        allowed_hosts: Vec<String>,
        /// True: the pages may be reached from other machines, without authentication.
        insecure: bool = false,
    }
    unsupported {
        harmless "views" => "all metrics are shown as they are; remove it",
    }
    validate MetricSettings::check;
}

/// Pages that can be opened.
const MAX_READERS: usize = 8;

impl MetricSettings {
    /// The addresses to open and how to write the page there; none where the level is `none`.
    pub fn pages(&self) -> Vec<(Endpoint, Style)> {
        if self.level == MetricLevel::None {
            return Vec::new();
        }
        let address = self
            .address
            .iter()
            .map(|endpoint| (endpoint.clone(), Style::default()));
        let default = [MetricReader {
            pull: PullReader::default(),
        }];
        let readers = match (&self.readers, &self.address) {
            (Some(readers), _) => readers.as_slice(),
            (None, Some(_)) => &[],
            (None, None) => &default,
        };
        let readers = readers.iter().filter_map(|reader| {
            let page = &reader.pull.exporter.prometheus;
            let endpoint = Endpoint::parse(&page.endpoint_text()).ok()?;
            Some((
                endpoint,
                Style {
                    type_suffix: !page.without_type_suffix,
                },
            ))
        });
        address.chain(readers).collect()
    }

    fn check(&self, check: &mut Check<'_, '_>) {
        let readers = self.readers.as_deref().unwrap_or_default();
        if self.level != MetricLevel::None && self.readers.is_some() && self.pages().is_empty() {
            check.error_hint(
                "readers",
                "must name a page",
                "to show nothing, set `level: none`",
            );
        }
        if readers.len() > MAX_READERS {
            check.error("readers", "must be at most 8");
        }
        let exposed = self
            .pages()
            .into_iter()
            .find(|(endpoint, _)| !endpoint.is_loopback());
        if let (Some((endpoint, _)), false) = (exposed, self.insecure) {
            let setting = if self.address.as_ref() == Some(&endpoint) {
                "address"
            } else {
                "readers"
            };
            check.error_hint(
                setting,
                "can be reached from other machines, and there is no authentication",
                "use `localhost`, or say that it is meant with `insecure: true` beside it",
            );
        }
    }
}
