//! Which files there are.
//!
//! A [`Survey`] walks the folders that the patterns name: it is the truth about what there is. What the system tells of
//! changes only says when to look.

mod ordering;
mod pattern;
mod walk;

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

pub(super) use ordering::Ordering;
pub(super) use pattern::PathPattern;
pub(super) use walk::Survey;

use super::config::Config;
use super::identity::FileKey;

/// Files that are followed at most; more are left out and counted.
pub(super) const MAX_FILES: usize = 500_000;

/// What the system says of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) key: FileKey,
    pub(super) size: u64,
    /// Unix seconds and nanoseconds.
    pub(super) mtime: (i64, i64),
    pub(super) is_regular: bool,
}

impl Stat {
    /// Of what a path leads to, behind symbolic links.
    pub(super) fn of(path: &Path) -> std::io::Result<Self> {
        std::fs::metadata(path).map(|metadata| Self::from(&metadata))
    }

    /// Seconds since its last change, by the clock of the machine.
    pub(super) fn age_seconds(&self, unix_nanos: u64) -> i64 {
        let now = i64::try_from(unix_nanos / 1_000_000_000).unwrap_or(i64::MAX);
        now.saturating_sub(self.mtime.0)
    }
}

impl From<&std::fs::Metadata> for Stat {
    fn from(metadata: &std::fs::Metadata) -> Self {
        Self {
            key: FileKey {
                dev: metadata.dev(),
                ino: metadata.ino(),
            },
            size: metadata.size(),
            mtime: (metadata.mtime(), metadata.mtime_nsec()),
            is_regular: metadata.is_file(),
        }
    }
}

/// A path that fits, and what is there.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) stat: Stat,
}

/// The patterns of the settings.
#[derive(Debug)]
pub(super) struct Discovery {
    include: Vec<PathPattern>,
    exclude: Vec<PathPattern>,
    ordering: Option<Ordering>,
}

impl Discovery {
    /// The settings were checked: what is wrong in them is left out.
    pub(super) fn new(config: &Config) -> Self {
        let parse = |patterns: &[String]| {
            let parsed = patterns
                .iter()
                .filter_map(|pattern| PathPattern::parse(pattern).ok());
            parsed.flatten().collect()
        };
        Self {
            include: parse(&config.include),
            exclude: parse(&config.exclude),
            ordering: config
                .ordering_criteria
                .as_ref()
                .and_then(|criteria| Ordering::new(criteria).ok()),
        }
    }

    /// Whether a single path can be judged by itself; not where files are chosen among others.
    pub(super) fn judges_alone(&self) -> bool {
        self.ordering.is_none()
    }

    /// Whether a path fits.
    pub(super) fn matches(&self, path: &Path) -> bool {
        let fits = |pattern: &PathPattern| pattern.matches(path);
        self.include.iter().any(fits) && !self.exclude.iter().any(fits)
    }

    /// Walks the folders. Blocks.
    pub(super) fn survey(&self, unix_nanos: u64) -> Survey {
        let mut survey = Survey::default();
        for pattern in &self.include {
            survey.walk(pattern, &|path| {
                self.exclude.iter().any(|pattern| pattern.matches(path))
            });
        }
        if let Some(ordering) = &self.ordering {
            survey.files = ordering.choose(std::mem::take(&mut survey.files), unix_nanos);
        }
        survey
    }
}
