//! The program's own log: one line per event, whatever the event says.
//!
//! ```text
//! tracing event ─▶ filter (level, muted targets) ─▶ line (escaped, bounded) ─▶ stderr, stdout, files
//! ```
//!
//! Names of files, error texts and data of others end up in messages; so control characters, line breaks
//! and the characters that reorder text are escaped in messages, values and names alike, and a line ends
//! at [`MAX_LINE_BYTES`].
//!
//! A line is written by the thread that logs it: when nobody reads the program's stderr (a full pipe),
//! that thread waits. Nothing is logged per batch for this reason.

mod filter;
mod line;
mod output;
mod sink;

use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{FilterExt as _, FilterFn, LevelFilter, filter_fn};
use tracing_subscriber::registry::LookupSpan;

pub use filter::{InvalidFilter, LOG_VARIABLE};
pub use line::MAX_LINE_BYTES;
pub use output::{Output, OutputError};

use crate::settings::LogSettings;
use filter::filter;
use line::Lines;

/// Why logging cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// The override is not understood.
    #[error(transparent)]
    Filter(#[from] InvalidFilter),
    /// A file cannot be opened.
    #[error(transparent)]
    Output(#[from] OutputError),
}

/// The layer that writes the log. `override_filter` is the value of [`LOG_VARIABLE`], which replaces the
/// level of the settings.
///
/// # Errors
/// [`LoggingError`] where the override is not understood or a file cannot be opened.
pub fn layer<S>(
    settings: &LogSettings,
    override_filter: Option<&str>,
) -> Result<impl Layer<S> + Send + Sync + use<S>, LoggingError>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let filter = filter(settings.level, override_filter)?;
    let output = Output::open(&settings.output_paths)?;
    Ok(Lines::new(settings.encoding, output).with_filter(filter.and(events_only())))
}

/// The log is lines; without own spans none are made at all. The hint keeps that of the other filter in force: without
/// one every `trace!` of the libraries would be looked at, which doubled the cost of a small request.
fn events_only() -> FilterFn<fn(&Metadata<'_>) -> bool> {
    let events: fn(&Metadata<'_>) -> bool = |metadata| metadata.is_event();
    filter_fn(events).with_max_level_hint(LevelFilter::TRACE)
}

/// The layer over any writer: for tests.
#[cfg(test)]
fn layer_into<S>(
    settings: &LogSettings,
    override_filter: Option<&str>,
    writer: impl std::io::Write + Send + 'static,
) -> Result<impl Layer<S> + Send + Sync, LoggingError>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let filter = filter(settings.level, override_filter)?;
    Ok(Lines::new(settings.encoding, Output::from_writer(writer)).with_filter(filter.and(events_only())))
}

#[cfg(test)]
mod tests;
