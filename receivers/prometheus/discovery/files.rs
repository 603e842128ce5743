//! Files with targets, read again when they change.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use sidelight_component::ComponentId;
use sidelight_config::{Env as _, MAX_FILE_BYTES, ProcessEnv};
use tracing::{info, warn};

use super::glob;
use super::group::{self, Group};
use crate::prometheus::config::FileSdConfig;
use crate::prometheus::labels::Labels;

/// Most files of one job.
const MAX_FILES: usize = 1000;
/// The largest JSON file. One in YAML may have what the reader of settings takes.
const MAX_JSON_BYTES: u64 = 16 << 20;

/// The files of one job.
#[derive(Debug)]
pub(super) struct TargetFiles {
    patterns: Vec<Pattern>,
    files: BTreeMap<PathBuf, TargetFile>,
    /// More than [`MAX_FILES`] were found the last time.
    has_too_many: bool,
}

/// A path of a `file_sd_config`.
#[derive(Debug)]
struct Pattern {
    text: String,
    /// What it stood for the last time that its folder could be read.
    found: Vec<PathBuf>,
    /// It stands for no file, or its folder cannot be read, and that is in the log.
    has_warned: bool,
}

/// One file.
#[derive(Debug, Default)]
struct TargetFile {
    /// As it was when it was read last.
    state: Option<FileState>,
    /// What it held when it could be read last.
    groups: Vec<Group>,
}

/// What tells that a file was not written, replaced or made readable since.
#[derive(Debug, PartialEq, Eq)]
struct FileState {
    device: u64,
    inode: u64,
    bytes: u64,
    /// Seconds and nanoseconds of the last change of the file or its rights.
    changed: (i64, i64),
}

impl TargetFiles {
    pub(super) fn new(configs: &[FileSdConfig]) -> Self {
        let pattern = |text: &String| Pattern {
            text: text.clone(),
            found: Vec::new(),
            has_warned: false,
        };
        Self {
            patterns: configs
                .iter()
                .flat_map(|config| config.files.iter().map(pattern))
                .collect(),
            files: BTreeMap::new(),
            has_too_many: false,
        }
    }

    /// Looks at every file, and reads those that have changed. True where targets may have changed. A file that cannot be
    /// read keeps the targets that it had, and so do all of a folder that cannot be read; a file that is not there any more
    /// has none. Blocks.
    pub(super) fn look(&mut self, receiver: &ComponentId) -> bool {
        let found = self.found(receiver);
        let before = self.files.len();
        self.files.retain(|path, _| found.contains(path));
        let mut has_changed = self.files.len() != before;
        for path in found {
            // One that went meanwhile is missing the next time.
            let Ok(state) = FileState::of(&path) else { continue };
            let file = self.files.entry(path.clone()).or_default();
            if file.state.as_ref() == Some(&state) {
                continue;
            }
            file.state = Some(state);
            match read(&path) {
                Ok(groups) => {
                    info!(component = %receiver, file = %path.display(), groups = groups.len(), "targets were read");
                    file.groups = groups;
                    has_changed = true;
                }
                Err(error) => {
                    warn!(component = %receiver, file = %path.display(), %error, "targets cannot be read; those read before stay");
                }
            }
        }
        has_changed
    }

    /// The files that there are, each once.
    fn found(&mut self, receiver: &ComponentId) -> BTreeSet<PathBuf> {
        for pattern in &mut self.patterns {
            pattern.look(receiver);
        }
        let all: BTreeSet<&PathBuf> = self.patterns.iter().flat_map(|pattern| &pattern.found).collect();
        let has_too_many = all.len() > MAX_FILES;
        if has_too_many && !self.has_too_many {
            warn!(component = %receiver, files = all.len(), limit = MAX_FILES, "too many files with targets; those beyond the limit are left out");
        }
        self.has_too_many = has_too_many;
        all.into_iter().take(MAX_FILES).cloned().collect()
    }

    /// The labels of every target.
    pub(super) fn targets(&self) -> impl Iterator<Item = Labels> {
        self.files.iter().flat_map(|(path, file)| {
            let source = path.display().to_string();
            let groups = file.groups.iter();
            groups.flat_map(move |group| group::targets(&group.targets, &group.labels, Some(&source)))
        })
    }
}

impl Pattern {
    /// Finds its files. What is wrong with it is logged once.
    fn look(&mut self, receiver: &ComponentId) {
        let error = match glob::matching(&self.text) {
            Ok(found) => {
                self.found = found;
                self.found.is_empty().then(|| "there is no such file".to_owned())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.found.clear();
                Some(error.to_string())
            }
            Err(error) => Some(error.to_string()),
        };
        if let Some(error) = error.as_ref().filter(|_| !self.has_warned) {
            warn!(component = %receiver, path = %self.text, %error, "no file with targets was found; it is looked for again");
        }
        self.has_warned = error.is_some();
    }
}

impl FileState {
    fn of(path: &Path) -> io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        Ok(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }
}

fn read(path: &Path) -> Result<Vec<Group>, String> {
    let name = path.display().to_string();
    let limit = if group::is_json(&name) {
        MAX_JSON_BYTES
    } else {
        MAX_FILE_BYTES
    };
    let bytes = ProcessEnv
        .read_file(path, limit)
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    group::parse(&name, &text)
}
