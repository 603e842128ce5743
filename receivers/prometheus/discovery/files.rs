//! Files with targets, read again when they change.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sidelight_component::ComponentId;
use sidelight_config::{Env as _, MAX_FILE_BYTES, ProcessEnv};
use tracing::{info, warn};

use super::group::{self, Group};
use crate::prometheus::config::FileSdConfig;
use crate::prometheus::labels::Labels;

/// Most files of one job.
const MAX_FILES: usize = 1000;

/// The files of one job.
#[derive(Debug)]
pub(super) struct TargetFiles {
    patterns: Vec<String>,
    files: BTreeMap<PathBuf, TargetFile>,
}

/// One file.
#[derive(Debug, Default)]
struct TargetFile {
    /// As it was when it was read last.
    state: Option<FileState>,
    /// What it held when it could be read last.
    groups: Vec<Group>,
}

/// What tells that a file was not written since.
type FileState = (u64, Option<SystemTime>);

impl TargetFiles {
    pub(super) fn new(configs: &[FileSdConfig]) -> Self {
        let patterns = configs.iter().flat_map(|config| config.files.clone());
        Self {
            patterns: patterns.collect(),
            files: BTreeMap::new(),
        }
    }

    /// Looks at every file, and reads those that have changed. True where targets may have changed. A file that cannot be
    /// read keeps the targets that it had; one that is not there any more has none. Blocks.
    pub(super) fn look(&mut self, receiver: &ComponentId) -> bool {
        let found: Vec<PathBuf> = self
            .patterns
            .iter()
            .flat_map(|pattern| matching(pattern))
            .take(MAX_FILES)
            .collect();
        let before = self.files.len();
        self.files.retain(|path, _| found.contains(path));
        let mut has_changed = self.files.len() != before;
        for path in found {
            let file = self.files.entry(path.clone()).or_default();
            let state = state_of(&path);
            if state.is_some() && file.state == state {
                continue;
            }
            file.state = state;
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

    /// The labels of every target.
    pub(super) fn targets(&self) -> impl Iterator<Item = Labels> {
        self.files.iter().flat_map(|(path, file)| {
            let source = path.display().to_string();
            let groups = file.groups.iter();
            groups.flat_map(move |group| group::targets(&group.targets, &group.labels, Some(&source)))
        })
    }
}

fn state_of(path: &Path) -> Option<FileState> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.len(), metadata.modified().ok()))
}

fn read(path: &Path) -> Result<Vec<Group>, String> {
    let bytes = ProcessEnv
        .read_file(path, MAX_FILE_BYTES)
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    group::parse(&path.display().to_string(), &text)
}

/// The files that a path with `*` in its last part stands for, in the order of their names.
fn matching(pattern: &str) -> Vec<PathBuf> {
    let path = Path::new(pattern);
    let Some(name) = path
        .file_name()
        .and_then(|name| name.to_str())
        .filter(|name| name.contains('*'))
    else {
        return vec![path.to_owned()];
    };
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| {
            entry
                .file_name()
                .to_str()
                .is_some_and(|found| matches(name, found))
        })
        .map(|entry| entry.path())
        .collect();
    files.sort();
    files
}

/// Whether a name fits a pattern in which `*` stands for any characters. A leading dot must be written out.
fn matches(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, name, expected) in [
            ("*.json", "a.json", true),
            ("*.json", ".a.json", false),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "abc", true),
            ("a*a", "a", false),
            ("a*b", "ab.x", false),
            ("targets-*.yml", "targets-1.yml", true),
            ("x", "x", true),
            ("x", "xy", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
