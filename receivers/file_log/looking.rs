//! What has become of the files: a look says it, whatever called for the look.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::discovery::{Found, Stat};
use super::file::{Look, Stage};
use super::tailer::Tailer;
use super::watching::Change;
use sidelight_component::Now;

/// How long a file that has grown is looked at each `poll_interval`.
const ACTIVE: Duration = Duration::from_secs(10);

/// How long a file without a name is kept open after it last grew: its writer may not have noticed yet.
const GRACE: Duration = Duration::from_secs(30);

impl Tailer {
    /// Looks at what the system tells of, at what is due, or at everything.
    pub(super) fn look(&mut self, now: Now) {
        let changed = self.changed(now.instant);
        self.look_at_all(&changed, now);
        if now.instant >= self.survey.next {
            self.look_at_everything(now);
        } else if now.instant >= self.next_poll {
            self.look_at_active(now);
        }
    }

    /// Paths that the system tells of.
    fn changed(&mut self, now: Instant) -> BTreeSet<PathBuf> {
        let mut paths = BTreeSet::new();
        let Some(watcher) = &mut self.watcher else {
            return paths;
        };
        let mut calls_for_survey = false;
        watcher.changes(&mut |change| match change {
            Change::Everything => calls_for_survey = true,
            Change::File(path) if self.discovery.matches(path) => {
                if self.discovery.judges_alone() {
                    paths.insert(path.to_owned());
                } else {
                    calls_for_survey = true;
                }
            }
            // What a symbolic link leads to has another name.
            Change::File(path)
                if path
                    .parent()
                    .is_some_and(|folder| self.link_folders.contains(folder)) =>
            {
                let id = Stat::of(path)
                    .ok()
                    .and_then(|stat| self.catalogue.of_key(stat.key));
                let file = id.and_then(|id| self.catalogue.get(id));
                paths.extend(file.map(|file| file.path.to_path_buf()));
            }
            Change::File(_) => {}
        });
        if calls_for_survey {
            self.survey.next = self.survey.next.min(self.survey.earliest.max(now));
        }
        paths
    }

    pub(super) fn look_at_active(&mut self, now: Now) {
        self.next_poll = now.instant + self.settings.poll_interval;
        let active: Vec<u64> = self.active.iter().copied().collect();
        let mut paths = BTreeSet::new();
        for id in &active {
            match self.catalogue.get(*id).map(|file| (file.stage, &file.path)) {
                Some((Stage::Gone { since }, _)) => self.look_at_gone(*id, since, now.instant),
                Some((Stage::Held { .. } | Stage::New | Stage::Followed, path)) => {
                    paths.insert(path.to_path_buf());
                }
                Some((Stage::Departed | Stage::Refused { .. }, _)) | None => {
                    self.active.remove(id);
                }
            }
        }
        self.look_at_all(&paths, now);
        for id in active {
            if self.catalogue.get(id).is_some_and(|file| file.nameless.is_some()) {
                self.miss(id, now.instant);
            }
            self.rest_if_quiet(id, now.instant);
        }
    }

    pub(super) fn rest_if_quiet(&mut self, id: u64, now: Instant) {
        let is_quiet = self.catalogue.get(id).is_none_or(|file| {
            let is_old = file.grown.is_none_or(|grown| now.duration_since(grown) > ACTIVE);
            is_old && !file.is_ready && !matches!(file.stage, Stage::Held { .. } | Stage::Gone { .. })
        });
        if is_quiet {
            self.active.remove(&id);
            if let Some(open) = self
                .catalogue
                .get_mut(id)
                .and_then(|file| file.open.as_deref_mut())
            {
                open.forget_recent();
            }
        }
    }

    /// A file without a name: what was written to it meanwhile is read, and after some time it is closed.
    fn look_at_gone(&mut self, id: u64, since: Instant, now: Instant) {
        let Some(file) = self.catalogue.get_mut(id) else {
            return;
        };
        let size = file
            .open
            .as_ref()
            .and_then(|open| open.content.stat().ok())
            .map(|stat| stat.size);
        let has_grown = size.is_some_and(|size| {
            if file.is_packed {
                size != file.size
            } else {
                size > file.position()
            }
        });
        if has_grown || file.is_ready {
            file.size = size.unwrap_or(file.size);
            file.stage = Stage::Gone { since: now };
            self.wake(id);
        } else if now.duration_since(since) >= GRACE {
            self.depart(id, now);
        }
    }

    /// Looks at what paths lead to. Files that are known come first, so that one that was renamed has its new name before
    /// another one is found under the old, and before it is compared with those that are new.
    fn look_at_all(&mut self, paths: &BTreeSet<PathBuf>, now: Now) {
        let mut strangers = Vec::new();
        let mut left = Vec::new();
        for path in paths {
            let before = self.catalogue.of_path(path);
            let stat = Stat::of(path).ok();
            let known = stat.and_then(|stat| self.catalogue.of_key(stat.key));
            left.extend(
                before
                    .filter(|before| Some(*before) != known)
                    .map(|id| (id, path)),
            );
            let Some(stat) = stat else { continue };
            let found = Found {
                path: path.clone(),
                stat,
            };
            match known {
                Some(id) => self.look_again(id, &found, now.instant),
                None => strangers.push(found),
            }
        }
        for (id, path) in left {
            if self.catalogue.get(id).is_some_and(|file| *file.path == **path) {
                self.miss(id, now.instant);
            }
        }
        for found in strangers {
            self.meet(&found, false, now);
        }
    }

    /// A file that is known by device and inode.
    pub(super) fn look_again(&mut self, id: u64, found: &Found, now: Instant) {
        self.follow_name(id, &found.path);
        let number = self.survey.number;
        let Some(file) = self.catalogue.get_mut(id) else {
            return;
        };
        file.seen = number;
        match file.look(&found.stat) {
            Look::Nothing => {}
            Look::More => self.wake_grown(id, now),
            Look::Cut => self.cut(id, now),
            Look::Judge { has_grown } => self.judge(id, has_grown, now),
        }
    }

    /// The file was found under this path: it has it from now on, unless its own still leads to it.
    fn follow_name(&mut self, id: u64, path: &Path) {
        let Some(file) = self.catalogue.get(id).filter(|file| *file.path != *path) else {
            return;
        };
        let is_known = !file.path.as_os_str().is_empty();
        let keeps_its_own = is_known && Stat::of(&file.path).is_ok_and(|stat| stat.key == file.key);
        if !keeps_its_own {
            self.catalogue.rename(id, path);
        }
    }

    pub(super) fn wake_grown(&mut self, id: u64, now: Instant) {
        if let Some(file) = self.catalogue.get_mut(id) {
            file.grown = Some(now);
        }
        self.active.insert(id);
        self.wake(id);
    }

    /// The file has more to read.
    pub(super) fn wake(&mut self, id: u64) {
        if let Some(file) = self.catalogue.get_mut(id)
            && !std::mem::replace(&mut file.is_ready, true)
        {
            self.ready.push_back(id);
        }
    }
}
