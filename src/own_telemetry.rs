//! The program's own log, metrics and spans: `service.telemetry`.

use std::sync::{Arc, OnceLock};

use sidelight_component::metrics::{Labels, Registry};
use sidelight_config::{Endpoint, Mistakes, Node, Owner, Tree, read};
use sidelight_pipeline::EngineHost;
use sidelight_self_telemetry::admin::Server;
use sidelight_self_telemetry::process::ProcessSampler;
use sidelight_self_telemetry::{
    Installed, MetricSources, TelemetrySettings, install, resource, serve_metrics,
};

use crate::terminal::Display;

/// The settings, read.
pub(crate) struct OwnTelemetry {
    settings: TelemetrySettings,
    resource: Labels,
}

/// Kept while the program runs: dropping it closes the metrics' port.
pub(crate) struct Running {
    _servers: Vec<Server>,
    display: Option<tokio::task::JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(display) = &self.display {
            display.abort();
        }
    }
}

impl OwnTelemetry {
    /// Reads `service.telemetry`; `None` where it has mistakes.
    pub(crate) fn read(tree: Option<&Tree>, mistakes: &mut Mistakes) -> Option<Self> {
        let tree = tree?;
        let section = tree
            .root
            .get("service")
            .and_then(|service| service.entry("telemetry"));
        let settings = match section {
            Some((key, node)) if !node.is_null() => read_settings(key.span, node, mistakes)?,
            _ => TelemetrySettings::default(),
        };
        let resource = resource(&settings.resource, env!("CARGO_PKG_VERSION"));
        Some(Self { settings, resource })
    }

    /// The addresses of the metrics' pages.
    pub(crate) fn pages(&self) -> Vec<Endpoint> {
        let pages = self.settings.metrics.pages();
        pages.into_iter().map(|(endpoint, _)| endpoint).collect()
    }

    /// Starts the log and own spans, and has panics logged.
    pub(crate) fn start_logging(&self) -> Result<Installed, String> {
        let installed = install(&self.settings, &self.resource).map_err(|e| e.to_string())?;
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map_or_else(String::new, ToString::to_string);
            let payload = panic.payload();
            let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text
                .or_else(|| payload.downcast_ref::<String>().cloned())
                .unwrap_or_default();
            tracing::error!(%place, %text, "a panic; it is contained where it happened");
        }));
        Ok(installed)
    }

    /// Opens the metrics' port, before anything is taken in: a port in use is no reason to lose it again.
    pub(crate) fn open(&self, registry: &Registry) -> Result<Opened, String> {
        let host = Arc::<OnceLock<Arc<EngineHost>>>::default();
        let ledger = host.clone();
        let sources = MetricSources {
            registry: registry.clone(),
            ledger: Arc::new(move || ledger.get().map_or_else(Default::default, |host| host.ledger())),
            process: ProcessSampler::new(),
            resource: self.resource.clone(),
        };
        let servers = serve_metrics(&self.settings.metrics, &sources).map_err(|e| e.to_string())?;
        for server in &servers {
            tracing::info!(endpoint = %server.local_addr(), "own metrics at /metrics");
        }
        Ok(Opened {
            host,
            sources,
            servers,
        })
    }
}

/// The metrics' port is open; the engine, which the ledger is read from, does not run yet.
pub(crate) struct Opened {
    host: Arc<OnceLock<Arc<EngineHost>>>,
    sources: MetricSources,
    servers: Vec<Server>,
}

impl Opened {
    /// The engine runs: shows its ledger, and on the terminal what is wanted there.
    pub(crate) fn run(self, host: &Arc<EngineHost>, display: Option<Display>) -> Running {
        // It is set here only.
        let _ = self.host.set(host.clone());
        Running {
            _servers: self.servers,
            display: display.map(|display| tokio::spawn(display.run(host.clone(), self.sources))),
        }
    }
}

fn read_settings(
    place: sidelight_config::Span,
    node: &Node,
    mistakes: &mut Mistakes,
) -> Option<TelemetrySettings> {
    let owner = Owner {
        label: "`service.telemetry`".into(),
        readme: Some("README.md".into()),
        place,
    };
    read::<TelemetrySettings>(node, owner, mistakes).map(|read| read.config)
}
