//! Settings that say which targets there are.

use std::collections::BTreeMap;
use std::time::Duration;

use sidelight_config::{Check, settings};

use super::duration::PromDuration;

settings! {
    /// Targets that are written down.
    pub struct StaticConfig {
        /// `host:port` of each target.
        targets: Vec<String>,
        /// Labels of all of them.
        labels: BTreeMap<String, String>,
    }
}

settings! {
    /// Targets that stand in files.
    pub struct FileSdConfig {
        /// Paths of JSON or YAML files; the last part may hold `*`, `?` and `[a-z]`.
        files: Vec<String>,
        /// The longest time until a change of a file is seen. Files are looked at every five seconds at the latest.
        refresh_interval: PromDuration = PromDuration(Duration::from_secs(300)),
    }
    validate FileSdConfig::check;
}

impl FileSdConfig {
    fn check(&self, check: &mut Check<'_, '_>) {
        if self.files.is_empty() {
            check.error("files", "must name at least one file");
        }
        for (number, path) in self.files.iter().enumerate() {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            let known = [".json", ".yml", ".yaml", ".JSON", ".YML", ".YAML"];
            if folder.contains('*') || !known.iter().any(|end| name.ends_with(end)) {
                check.error_hint(
                    &format!("files.{number}"),
                    "is no path of a JSON or YAML file with `*` in its last part alone",
                    "write for example `/etc/targets/*.json`",
                );
            }
        }
    }
}
