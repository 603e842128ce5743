//! Which letters are meant.

use std::io;
use std::path::{Path, PathBuf};

use sidelight_component::QueueFolder;
use sidelight_dead_letters::{LetterId, Listed, list, sync_folder};
use sidelight_pipeline::Plan;

use crate::arguments::{LetterPlace, Only};
use crate::commands::stopped::{Stopped, tell};
use crate::commands::storages::{self, folders, unreadable};

/// A letter, and whose it is.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) folder: QueueFolder,
    pub(super) listed: Listed,
}

/// All letters of a place, the oldest first.
pub(super) fn all(place: &LetterPlace) -> Result<Vec<Found>, Stopped> {
    match &place.directory {
        Some(directory) => in_storages(&storages::given(directory)?, &place.only),
        None => all_of(place, &storages::plan(&place.config)?),
    }
}

/// The same where the plan is there already.
pub(super) fn all_of(place: &LetterPlace, plan: &Plan) -> Result<Vec<Found>, Stopped> {
    let storages = match &place.directory {
        Some(directory) => storages::given(directory)?,
        None => storages::of_plan(plan)?,
    };
    in_storages(&storages, &place.only)
}

fn in_storages(storages: &[PathBuf], only: &Only) -> Result<Vec<Found>, Stopped> {
    let mut found = Vec::new();
    for folder in folders(storages, only)? {
        let directory = folder.dead_letters();
        let listed = match list(&directory) {
            Ok(listed) => listed,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(unreadable(&directory, &error)),
        };
        found.extend(listed.into_iter().map(|listed| Found {
            folder: folder.clone(),
            listed,
        }));
    }
    found.sort_by(|a, b| (a.listed.id, &a.folder).cmp(&(b.listed.id, &b.folder)));
    Ok(found)
}

/// Those with these ids, in the order of their ids. Ids are unique in a folder only.
pub(super) fn with_ids(ids: &[String], mut all: Vec<Found>) -> Result<Vec<Found>, Stopped> {
    for text in ids {
        let id: LetterId = text.parse().map_err(|error| {
            Stopped::refused(format!(
                "`{text}` is no id: {error}; `sidelight dlq ls` shows them"
            ))
        })?;
        let mut same = all.iter().filter(|found| found.listed.id == id);
        let Some(first) = same.next() else {
            return Err(Stopped::refused(format!(
                "there is no dead letter {id}; `sidelight dlq ls` shows them"
            )));
        };
        if let Some(second) = same.next() {
            return Err(Stopped::refused(format!(
                "{id} is a letter of {} {} and of {} {}: say which with --exporter and --signal",
                first.folder.exporter, first.folder.signal, second.folder.exporter, second.folder.signal
            )));
        }
    }
    all.retain(|found| ids.iter().any(|id| *id == found.listed.id.to_string()));
    Ok(all)
}

/// Removes a letter for good; false where that is not possible, which is said.
pub(super) fn remove(letter: &Found) -> bool {
    let path = &letter.listed.path;
    match sidelight_dead_letters::remove(path) {
        Ok(()) => true,
        Err(error) => {
            tell(&format!("cannot remove {}: {error}", path.display()));
            false
        }
    }
}

/// What was removed from a folder is so after a power cut too.
pub(super) fn sync(directory: &Path) {
    if let Err(error) = sync_folder(directory) {
        tell(&format!(
            "what was removed may be back after a power cut: cannot sync {}: {error}",
            directory.display()
        ));
    }
}
