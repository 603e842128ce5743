//! Which events become lines.

use std::str::FromStr;

use tracing_subscriber::filter::{ParseError, Targets};

use crate::settings::LogLevel;

/// The environment variable that replaces the level of the settings: `debug`, or targets and levels as in
/// `info,sidelight_net=trace`.
pub const LOG_VARIABLE: &str = "SIDELIGHT_LOG";

/// Libraries under the program that talk much; they are heard from `warn` on unless the variable names them.
/// A target here is a prefix: `hyper` is `hyper_util` too.
const MUTED: [&str; 8] = [
    "h2",
    "hyper",
    "tonic",
    "tower",
    "rustls",
    "tokio",
    "opentelemetry",
    "mio",
];

/// Bytes of an override that are looked at.
const MAX_OVERRIDE_BYTES: usize = 4096;

/// The override is not understood.
#[derive(Debug, thiserror::Error)]
#[error(
    "{LOG_VARIABLE} is not understood ({reason}); \
     write a level, or targets and levels as in `info,sidelight_net=debug`"
)]
pub struct InvalidFilter {
    reason: String,
}

/// The filter for a level, or for the override where it is given and not empty.
pub(super) fn filter(level: LogLevel, override_filter: Option<&str>) -> Result<Targets, InvalidFilter> {
    let given = override_filter.map(str::trim).filter(|text| !text.is_empty());
    let wanted = match given {
        Some(text) if text.len() > MAX_OVERRIDE_BYTES => {
            return Err(InvalidFilter {
                reason: format!("it is longer than {MAX_OVERRIDE_BYTES} bytes"),
            });
        }
        Some(text) => Targets::from_str(text).map_err(|error: ParseError| InvalidFilter {
            reason: sidelight_config::shortened(&error.to_string()),
        })?,
        None => Targets::new().with_default(level.filter()),
    };
    // What stands later wins: the muted targets first, then what was asked for by name.
    let muted_level = wanted
        .default_level()
        .unwrap_or(level.filter())
        .min(LogLevel::Warn.filter());
    let muted = MUTED.map(|target| (target, muted_level));
    let mut all = Targets::new().with_targets(muted);
    if let Some(default) = wanted.default_level() {
        all = all.with_default(default);
    }
    Ok(all.with_targets(
        wanted
            .iter()
            .filter(|(target, _)| !target.is_empty())
            .map(|(t, l)| (t.to_owned(), l)),
    ))
}
