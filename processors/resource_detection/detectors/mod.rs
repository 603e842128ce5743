//! The detectors: what each of them knows, and how it finds it.

mod container;
mod env;
mod host_name;
mod interfaces;
mod system;
mod systemd;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::config::{Config, HostnameSource, Known};
use super::found::Found;

pub(super) use env::Environment;
pub(super) use host_name::{Names, SystemNames};

/// Attributes of the detector `system`, and whether they are written by default. Names: semantic conventions 1.44, but
/// `host.interface`, which is the Collector's.
pub(super) const SYSTEM_ATTRIBUTES: &[Known] = &[
    ("host.name", true),
    ("os.type", true),
    ("host.arch", false),
    ("host.cpu.cache.l2.size", false),
    ("host.cpu.family", false),
    ("host.cpu.model.id", false),
    ("host.cpu.model.name", false),
    ("host.cpu.stepping", false),
    ("host.cpu.vendor.id", false),
    ("host.id", false),
    ("host.interface", false),
    ("host.ip", false),
    ("host.mac", false),
    ("os.build.id", false),
    ("os.description", false),
    ("os.name", false),
    ("os.version", false),
];

/// Attributes of the detector `container`.
pub(super) const CONTAINER_ATTRIBUTES: &[Known] = &[("container.id", true)];

/// Attributes of the detector `systemd`.
pub(super) const SYSTEMD_ATTRIBUTES: &[Known] = &[("systemd.unit.name", true)];

/// A detector with its settings.
#[derive(Clone, Debug)]
pub(super) enum Detector {
    Env,
    System {
        sources: Vec<HostnameSource>,
        enabled: BTreeSet<&'static str>,
    },
    Container {
        enabled: BTreeSet<&'static str>,
    },
    Systemd {
        enabled: BTreeSet<&'static str>,
    },
}

/// Where detectors look: the real host, or a test's.
#[derive(Clone)]
pub(super) struct Surroundings {
    /// The root of the file system.
    pub(super) root: PathBuf,
    /// The environment.
    pub(super) environment: Environment,
    /// The resolver.
    pub(super) names: std::sync::Arc<dyn Names>,
}

impl Surroundings {
    /// The host that the program runs on.
    pub(super) fn real() -> Self {
        Self {
            root: PathBuf::from("/"),
            environment: Environment::of_the_program(),
            names: std::sync::Arc::new(SystemNames),
        }
    }

    /// The most bytes that are read of a file: `/proc/cpuinfo` of a machine with a thousand processors has two
    /// megabytes, of which the first block is wanted.
    const MAX_FILE_BYTES: u64 = 256 << 10;

    /// A file below the root, without white space at its ends; `None` where it cannot be read.
    fn read(&self, path: impl AsRef<Path>) -> Option<String> {
        use std::io::Read as _;
        let file = std::fs::File::open(self.root.join(path)).ok()?;
        let mut bytes = Vec::new();
        file.take(Self::MAX_FILE_BYTES).read_to_end(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes).trim().to_owned())
    }
}

impl Detector {
    /// The names of all detectors.
    pub(super) const NAMES: [&'static str; 4] = ["env", "system", "container", "systemd"];

    /// Whether there is one of this name.
    pub(super) fn named(name: &str) -> Option<&'static str> {
        Self::NAMES.into_iter().find(|known| *known == name)
    }

    /// Those that the settings name, in their order.
    pub(super) fn all(config: &Config) -> Vec<Self> {
        let detector = |name: &String| match Self::named(name)? {
            "system" => Some(Self::System {
                sources: config.system.hostname_sources.clone(),
                enabled: config.system.enabled(),
            }),
            "container" => Some(Self::Container {
                enabled: config.container.enabled(),
            }),
            "systemd" => Some(Self::Systemd {
                enabled: config.systemd.enabled(),
            }),
            _ => Some(Self::Env),
        };
        config.detectors.iter().filter_map(detector).collect()
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Env => "env",
            Self::System { .. } => "system",
            Self::Container { .. } => "container",
            Self::Systemd { .. } => "systemd",
        }
    }

    /// Looks. Reads files and may ask the resolver, which can take long.
    ///
    /// # Errors
    /// What could not be found out and why, with what was found all the same.
    pub(super) fn detect(&self, at: &Surroundings) -> (Vec<Found>, Option<String>) {
        match self {
            Self::Env => match env::detect(&at.environment) {
                Ok(found) => (found, None),
                Err(problem) => (Vec::new(), Some(problem)),
            },
            Self::System { sources, enabled } => system::detect(at, sources, enabled),
            Self::Container { enabled } if enabled.contains("container.id") => {
                (container::id(at).into_iter().collect(), None)
            }
            Self::Systemd { enabled } if enabled.contains("systemd.unit.name") => {
                (systemd::unit(at).into_iter().collect(), None)
            }
            Self::Container { .. } | Self::Systemd { .. } => (Vec::new(), None),
        }
    }
}
