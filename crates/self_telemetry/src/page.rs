//! `/metrics`: the registry, the ledger and the process on one page.

use std::io;
use std::sync::Arc;

use http::StatusCode;
use sidelight_component::Panics;
use sidelight_component::metrics::{FamilySnapshot, Labels, Registry};

use crate::admin::{AdminThread, BindError, Listener, Page, PageRequest, Pages, Server};
use crate::exposition::{Style, negotiate, render};
use crate::ledger::Ledger;
use crate::process::ProcessSampler;
use crate::settings::MetricSettings;

/// Reads the ledger; called on the admin thread, so it must not wait.
pub type ReadLedger = Arc<dyn Fn() -> Ledger + Send + Sync>;

/// Everything the page is made from.
#[derive(Clone)]
pub struct MetricSources {
    /// The metrics of engine and components.
    pub registry: Registry,
    /// The ledger.
    pub ledger: ReadLedger,
    /// What the program uses.
    pub process: ProcessSampler,
    /// Who the program is; see [`crate::resource()`].
    pub resource: Labels,
}

impl MetricSources {
    /// All metrics, ordered by name.
    pub fn families(&self) -> Vec<FamilySnapshot> {
        let mut families = self.registry.snapshot();
        families.extend(self.process.sample().families());
        families.extend((self.ledger)().families());
        families.sort_by(|a, b| a.name.cmp(&b.name));
        families
    }
}

/// Why a page cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// The address cannot be listened on.
    #[error("service.telemetry.metrics: {0}")]
    Bind(#[from] BindError),
    /// The system gives no thread or takes the socket back.
    #[error("service.telemetry.metrics: cannot start the thread for administration: {0}")]
    Thread(#[from] io::Error),
}

/// Opens the pages that the settings name; they are answered until the servers are dropped.
///
/// # Errors
/// [`MetricsError`] where an address cannot be listened on; those opened before are closed again.
pub fn serve_metrics(
    settings: &MetricSettings,
    sources: &MetricSources,
) -> Result<Vec<Server>, MetricsError> {
    let mut servers = Vec::new();
    for (endpoint, style) in settings.pages() {
        let listener = Listener::bind(&endpoint, settings.insecure, &settings.allowed_hosts)?;
        let page = MetricsPage {
            sources: sources.clone(),
            style,
        };
        // The page is no component, but who looks for panics looks in one place.
        let panics = Panics::new("service", "telemetry", &sources.registry);
        servers.push(Server::start(
            listener,
            AdminThread::shared()?,
            Arc::new(page),
            panics,
        )?);
    }
    Ok(servers)
}

struct MetricsPage {
    sources: MetricSources,
    style: Style,
}

impl Pages for MetricsPage {
    fn page(&self, request: PageRequest<'_>) -> Page {
        if request.path != "/metrics" {
            return Page::not_found();
        }
        let format = negotiate(request.accept, self.style);
        let page = render(
            &self.sources.families(),
            &self.sources.resource,
            format,
            self.style,
        );
        Page {
            status: StatusCode::OK,
            content_type: format.media_type(),
            body: page.into(),
        }
    }
}
