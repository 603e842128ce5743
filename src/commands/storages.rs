//! Where the queues are that a command is to look at: those of the configuration, or of a folder.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use sidelight_component::{ComponentId, QueueFolder, Signal, exporter_of};
use sidelight_pipeline::Plan;
use sidelight_wal::inspect::is_log;

use crate::arguments::{ConfigOptions, Only, QueuePlace};
use crate::commands::stopped::Stopped;
use crate::commands::{check, show};

/// The folder of one log.
#[derive(Clone, Debug)]
pub(crate) struct LogFolder {
    /// Whose it is; `None` for a copy that lies under another name.
    pub(crate) exporter: Option<ComponentId>,
    /// Of which signal, as far as its path or the command line says.
    pub(crate) signal: Option<Signal>,
    pub(crate) path: PathBuf,
}

impl fmt::Display for LogFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.exporter, self.signal) {
            (Some(exporter), Some(signal)) => write!(f, "{exporter} {signal}"),
            _ => write!(f, "{}", self.path.display()),
        }
    }
}

/// The plan of a configuration; its mistakes are shown.
pub(crate) fn plan(options: &ConfigOptions) -> Result<Plan, Stopped> {
    let checked = check(options);
    match checked.plan {
        Some(plan) => Ok(plan),
        None => {
            show(&checked.mistakes);
            Err(Stopped::Mistakes)
        }
    }
}

/// The logs that are meant, at least one.
pub(crate) fn logs(place: &QueuePlace) -> Result<Vec<LogFolder>, Stopped> {
    let (found, of) = match &place.directory {
        Some(directory) => (logs_in(directory, &place.only)?, directory.display().to_string()),
        None => {
            let storages = of_plan(&plan(&place.config)?)?;
            let folders = folders(&storages, &place.only)?;
            (folders.iter().filter_map(log_of).collect(), names(&storages))
        }
    };
    let taken: Vec<LogFolder> = found
        .into_iter()
        .filter(|log| match (&log.exporter, log.signal) {
            (Some(exporter), Some(signal)) => place.only.takes(exporter, signal),
            _ => true,
        })
        .collect();
    if taken.is_empty() {
        return Err(Stopped::refused(format!("there is no such queue in {of}")));
    }
    Ok(taken)
}

/// The folders of exporters and signals in storages; none where nothing was kept yet.
pub(crate) fn folders(storages: &[PathBuf], only: &Only) -> Result<Vec<QueueFolder>, Stopped> {
    let mut folders = Vec::new();
    for storage in storages {
        folders.extend(folders_of(storage)?);
    }
    folders.retain(|folder| only.takes(&folder.exporter, folder.signal));
    Ok(folders)
}

/// A storage that is named on the command line.
pub(crate) fn given(directory: &Path) -> Result<Vec<PathBuf>, Stopped> {
    if directory.is_dir() {
        Ok(vec![directory.to_owned()])
    } else {
        Err(no_folder(directory))
    }
}

/// The folders of all storages of a plan.
pub(crate) fn of_plan(plan: &Plan) -> Result<Vec<PathBuf>, Stopped> {
    let mut storages: Vec<PathBuf> = plan
        .storages
        .keys()
        .filter_map(|extension| plan.storage_directory(extension))
        .collect();
    storages.dedup();
    if storages.is_empty() {
        return Err(Stopped::refused(
            "no exporter of the configuration keeps its queue on disk: none has `sending_queue.storage`",
        ));
    }
    Ok(storages)
}

/// What lies in a storage; nothing where the program has never run.
fn folders_of(storage: &Path) -> Result<Vec<QueueFolder>, Stopped> {
    match QueueFolder::list(storage) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        listed => listed.map_err(|error| unreadable(storage, &error)),
    }
}

/// The logs in a storage, in an exporter's folder, in a signal's folder, or in this folder itself.
fn logs_in(directory: &Path, only: &Only) -> Result<Vec<LogFolder>, Stopped> {
    if !directory.is_dir() {
        return Err(no_folder(directory));
    }
    // So that `.` has a name too.
    let at = directory
        .canonicalize()
        .map_err(|error| unreadable(directory, &error))?;
    if is_log(&at).map_err(|error| unreadable(directory, &error))? {
        let named = at
            .parent()
            .filter(|_| at.ends_with(QueueFolder::LOG))
            .and_then(QueueFolder::at);
        return Ok(vec![LogFolder {
            exporter: named.as_ref().map(|folder| folder.exporter.clone()),
            signal: only.signal.or(named.map(|folder| folder.signal)),
            path: at,
        }]);
    }
    let folders = match (QueueFolder::at(&at), exporter_folder(&at)) {
        (Some(folder), _) if folder.log().is_dir() => Ok(vec![folder]),
        (_, Some(exporter)) => {
            QueueFolder::of_exporter(&at, &exporter).and_then(|found| match found.is_empty() {
                true => QueueFolder::list(&at),
                false => Ok(found),
            })
        }
        _ => QueueFolder::list(&at),
    };
    let folders = folders.map_err(|error| unreadable(directory, &error))?;
    let logs: Vec<LogFolder> = folders.iter().filter_map(log_of).collect();
    if logs.is_empty() {
        return Err(Stopped::refused(format!(
            "{} is neither a storage nor the folder of a queue: nothing like <exporter>/<signal>/queue or *.wal is in it",
            directory.display()
        )));
    }
    Ok(logs)
}

fn exporter_folder(at: &Path) -> Option<ComponentId> {
    exporter_of(at.file_name()?.to_str()?)
}

fn log_of(folder: &QueueFolder) -> Option<LogFolder> {
    let path = folder.log();
    path.is_dir().then(|| LogFolder {
        exporter: Some(folder.exporter.clone()),
        signal: Some(folder.signal),
        path,
    })
}

fn no_folder(directory: &Path) -> Stopped {
    Stopped::refused(format!("{} is no folder that can be seen", directory.display()))
}

/// A folder that cannot be read, with what to do.
pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Stopped {
    let hint = match error.kind() {
        io::ErrorKind::PermissionDenied => "; run this as the user that Sidelight runs as",
        _ => "",
    };
    Stopped::refused(format!("cannot read {}: {error}{hint}", path.display()))
}

fn names(storages: &[PathBuf]) -> String {
    let names: Vec<String> = storages
        .iter()
        .map(|storage| storage.display().to_string())
        .collect();
    names.join(", ")
}
