//! `sidelight dlq …`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand};
use sidelight_config::parse_duration;

use super::{ConfigOptions, Format, Only};

/// What can be done with dead letters.
#[derive(Debug, Subcommand)]
pub(crate) enum DlqCommand {
    /// List the dead letters, the oldest first
    Ls(LsOptions),
    /// Show one: why it was refused, and what is in it as OTLP/JSON
    Show(ShowOptions),
    /// Send letters again, once each, by the exporter of the configuration; what is taken is removed. Exit code 1 when some stayed
    Replay(ReplayOptions),
    /// Remove letters
    Purge(PurgeOptions),
}

/// Which dead letters are meant.
#[derive(Args, Clone, Debug)]
pub(crate) struct LetterPlace {
    #[command(flatten)]
    pub(crate) config: ConfigOptions,
    /// A storage folder, instead of those of the configuration
    #[arg(long, value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) only: Only,
}

/// What `sidelight dlq ls` takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct LsOptions {
    #[command(flatten)]
    pub(crate) place: LetterPlace,
    /// How it is written
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

/// What `sidelight dlq show` takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct ShowOptions {
    /// Which letter, as `sidelight dlq ls` shows it
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// All of it: without this, no more than 64 KiB are shown
    #[arg(long)]
    pub(crate) full: bool,
    #[command(flatten)]
    pub(crate) place: LetterPlace,
}

/// What `sidelight dlq replay` takes.
#[derive(Args, Clone, Debug)]
#[command(group(ArgGroup::new("which").required(true).args(["id", "all"])))]
pub(crate) struct ReplayOptions {
    /// Which letters, as `sidelight dlq ls` shows them
    #[arg(value_name = "ID")]
    pub(crate) id: Vec<String>,
    /// All of them, as far as --exporter and --signal let
    #[arg(long)]
    pub(crate) all: bool,
    /// Those too of which the destination took a part before: it gets that part twice
    #[arg(long)]
    pub(crate) include_partial: bool,
    #[command(flatten)]
    pub(crate) place: LetterPlace,
}

/// What `sidelight dlq purge` takes.
#[derive(Args, Clone, Debug)]
#[command(group(ArgGroup::new("which").required(true).args(["id", "all", "older_than"])))]
pub(crate) struct PurgeOptions {
    /// Which letters, as `sidelight dlq ls` shows them
    #[arg(value_name = "ID")]
    pub(crate) id: Vec<String>,
    /// All of them, as far as --exporter and --signal let
    #[arg(long)]
    pub(crate) all: bool,
    /// Those that are older, as in `7d` or `36h`
    #[arg(long, value_name = "DURATION", value_parser = age)]
    pub(crate) older_than: Option<Duration>,
    #[command(flatten)]
    pub(crate) place: LetterPlace,
}

/// A duration as in the configuration, or a whole number of days.
fn age(text: &str) -> Result<Duration, String> {
    let Some(days) = text.strip_suffix('d') else {
        return parse_duration(text);
    };
    let days: u64 = days
        .parse()
        .map_err(|_| "must be a whole number of days".to_owned())?;
    let seconds = days.checked_mul(86_400).ok_or_else(|| "is too long".to_owned())?;
    Ok(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_may_be_in_days() {
        assert_eq!(age("7d"), Ok(Duration::from_secs(7 * 86_400)));
        assert_eq!(age("36h"), Ok(Duration::from_secs(36 * 3600)));
        for bad in [
            "d",
            "-1d",
            "1.5d",
            "7",
            "99999999999999999999d",
            "999999999999999999d",
            "é",
        ] {
            assert!(age(bad).is_err(), "{bad}");
        }
    }
}
