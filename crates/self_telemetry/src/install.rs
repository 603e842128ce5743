//! Putting log and own spans in place for the whole process.

use std::time::Duration;

use sidelight_component::metrics::Labels;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::logging::{self, LOG_VARIABLE, LoggingError};
use crate::panics;
use crate::settings::TelemetrySettings;
use crate::traces::{OwnTraces, TracesError};

/// Why log or own spans cannot be put in place.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The log.
    #[error(transparent)]
    Logging(#[from] LoggingError),
    /// Own spans.
    #[error(transparent)]
    Traces(#[from] TracesError),
    /// It was done before.
    #[error("the log was set up twice in one process")]
    Twice,
}

/// Log and own spans in place. Keep it until the end and call [`Installed::stop`].
#[derive(Debug)]
#[must_use = "own spans end when this is dropped"]
pub struct Installed {
    traces: Option<OwnTraces>,
}

/// Sets up the log, with the override of [`LOG_VARIABLE`], and own spans where they are configured. Once in
/// the life of a process.
///
/// # Errors
/// [`InstallError`] where the settings cannot be used.
pub fn install(settings: &TelemetrySettings, resource: &Labels) -> Result<Installed, InstallError> {
    let override_filter = std::env::var(LOG_VARIABLE).ok();
    let traces = OwnTraces::start(&settings.traces, resource)?;
    tracing_subscriber::registry()
        .with(logging::layer(&settings.logs, override_filter.as_deref())?)
        .with(traces.as_ref().map(OwnTraces::layer))
        .try_init()
        .map_err(|_| InstallError::Twice)?;
    panics::log_them();
    Ok(Installed { traces })
}

impl Installed {
    /// Sends the own spans that are left, waiting at most `within`. The log works on.
    ///
    /// # Errors
    /// [`TracesError::NotFlushed`] where some are left.
    pub fn stop(self, within: Duration) -> Result<(), TracesError> {
        self.traces.map_or(Ok(()), |traces| traces.stop(within))
    }
}
