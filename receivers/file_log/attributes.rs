//! What records say of their file.

use std::path::Path;

use sidelight_log_formats::{Map, Value};

use super::config::Config;
use crate::log_lines::Numbering;
use crate::sampling::Users;

/// Which attributes records get: `log.file.*`.
#[derive(Debug)]
pub(super) struct FileAttributes {
    name: bool,
    path: bool,
    name_resolved: bool,
    path_resolved: bool,
    owner: Option<Users>,
    group: Option<Users>,
    numbering: Numbering,
}

impl FileAttributes {
    pub(super) fn new(config: &Config) -> Self {
        let names = |is_wanted: bool, list: &str| is_wanted.then(|| Users::new(list.into()));
        Self {
            name: config.include_file_name,
            path: config.include_file_path,
            name_resolved: config.include_file_name_resolved,
            path_resolved: config.include_file_path_resolved,
            owner: names(config.include_file_owner_name, "/etc/passwd"),
            // group(5) has names and numbers in the same fields as passwd(5).
            group: names(config.include_file_owner_group_name, "/etc/group"),
            numbering: Numbering {
                number: config
                    .include_file_record_number
                    .then_some("log.file.record_number"),
                offset: config
                    .include_file_record_offset
                    .then_some("log.file.record_offset"),
            },
        }
    }

    /// Those that differ from record to record.
    pub(super) fn numbering(&self) -> Numbering {
        self.numbering
    }

    /// Those of a file. Blocks where owners or resolved paths are asked for.
    pub(super) fn of(&mut self, path: &Path) -> Map<'static> {
        let mut map = Map::new();
        let mut put = |name: &'static str, value: Option<String>| {
            if let Some(value) = value {
                map.insert(name, Value::Text(value.into()));
            }
        };
        let name_of = |path: &Path| Some(path.file_name()?.to_string_lossy().into_owned());
        let text_of = |path: &Path| Some(path.to_string_lossy().into_owned());
        if self.name {
            put("log.file.name", name_of(path));
        }
        if self.path {
            put("log.file.path", text_of(path));
        }
        if self.name_resolved || self.path_resolved {
            let resolved = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
            put(
                "log.file.name_resolved",
                name_of(&resolved).filter(|_| self.name_resolved),
            );
            put(
                "log.file.path_resolved",
                text_of(&resolved).filter(|_| self.path_resolved),
            );
        }
        if self.owner.is_some() || self.group.is_some() {
            use std::os::unix::fs::MetadataExt as _;
            let ids = std::fs::metadata(path).map(|metadata| (metadata.uid(), metadata.gid()));
            for (name, names, id) in [
                (
                    "log.file.owner.name",
                    &mut self.owner,
                    ids.as_ref().map(|ids| ids.0),
                ),
                (
                    "log.file.owner.group.name",
                    &mut self.group,
                    ids.as_ref().map(|ids| ids.1),
                ),
            ] {
                if let (Some(names), Ok(id)) = (names, id) {
                    names.begin();
                    put(name, Some(names.name(id).into()));
                }
            }
        }
        map
    }
}
