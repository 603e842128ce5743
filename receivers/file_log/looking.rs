//! What has become of the files: a look says it, whatever called for the look.

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sidelight_component::Now;
use tracing::{debug, info, warn};

use super::config::StartAt;
use super::content::Content;
use super::discovery::{Found, Stat, Survey};
use super::file::{KnownFile, Look, Place, Remains, Stage};
use super::identity::{Mark, PLACE_BYTES};
use super::tailer::Tailer;
use super::watching::Change;

/// Time between two full looks where the system tells of changes.
const SURVEY_INTERVAL: Duration = Duration::from_secs(30);

/// A full look is not repeated before so many times its own length.
const SURVEY_SHARE: u32 = 20;

/// How long a file that has grown is looked at each `poll_interval`.
const ACTIVE: Duration = Duration::from_secs(10);

/// How long a file without a name is kept open after it last grew: its writer may not have noticed yet.
const GRACE: Duration = Duration::from_secs(30);

/// How long the beginning of a line waits for a copy of a file that was cut.
pub(super) const ORPHAN_WAIT: Duration = Duration::from_secs(5);

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

    fn look_at_everything(&mut self, now: Now) {
        let survey = self.discovery.survey(now.unix_nanos);
        self.survey.number += 1;
        self.meters.looks.add(1);
        self.report(&survey, now.instant);
        self.watch(&survey);
        let is_first = std::mem::take(&mut self.is_first);
        let mut strangers = Vec::new();
        for found in survey.files {
            match self.catalogue.of_key(found.stat.key) {
                Some(id) => self.look_again(id, &found, now.instant),
                None => strangers.push(found),
            }
        }
        self.miss_the_unseen(now.instant);
        for found in strangers {
            self.meet(&found, is_first, now);
        }
        self.look_at_active(now);
        let took = self.clock.now().instant.saturating_duration_since(now.instant);
        let interval = match self.watcher {
            Some(_) => SURVEY_INTERVAL,
            None => self.settings.poll_interval,
        };
        self.survey.earliest = now.instant + self.settings.poll_interval.max(took * SURVEY_SHARE);
        self.survey.next = (now.instant + interval).max(self.survey.earliest);
    }

    fn report(&mut self, survey: &Survey, now: Instant) {
        let left_out = i64::try_from(survey.left_out).unwrap_or(i64::MAX);
        if left_out > 0 && self.meters.left_out.get() == 0 {
            warn!(left_out, "there are more files or folders than can be followed");
        }
        self.meters.left_out.set(left_out);
        for (folder, reason) in &survey.closed {
            if self.survey.number == 1 {
                self.complain(now, folder, reason);
            }
        }
    }

    fn watch(&mut self, survey: &Survey) {
        let Some(watcher) = &mut self.watcher else { return };
        self.link_folders = survey.link_folders.clone();
        let folders = survey.folders.union(&survey.link_folders).cloned().collect();
        if let Err(reason) = watcher.watch(&folders) {
            warn!(%reason, "the system does not tell of all changes; all files are looked at on time");
            self.watcher = None;
        }
    }

    fn miss_the_unseen(&mut self, now: Instant) {
        let number = self.survey.number;
        let is_missed = |file: &&KnownFile| {
            let is_named = matches!(
                file.stage,
                Stage::New | Stage::Held { .. } | Stage::Followed | Stage::Refused { .. }
            );
            is_named && file.seen != number
        };
        let missed: Vec<u64> = self
            .catalogue
            .iter()
            .filter(is_missed)
            .map(|file| file.id)
            .collect();
        missed.into_iter().for_each(|id| self.miss(id, now));
    }

    fn look_at_active(&mut self, now: Now) {
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

    fn rest_if_quiet(&mut self, id: u64, now: Instant) {
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
    fn look_again(&mut self, id: u64, found: &Found, now: Instant) {
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

    fn wake_grown(&mut self, id: u64, now: Instant) {
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

    /// A file that was there when the receiver was started for the first time.
    fn meet_first(&mut self, found: &Found, now: Now) {
        let Some(id) = self.register(found, now) else {
            return;
        };
        if !self.open_file(id, now.instant) || found.stat.size == 0 {
            return self.close_beyond_limit(id);
        }
        self.note_head(id);
        let Some(file) = self.catalogue.get_mut(id) else {
            return;
        };
        file.stage = Stage::Followed;
        // Packed files are whole: what is in them was written before.
        if self.settings.start_at == StartAt::End {
            file.read = end_of(file);
            file.settled = file.read;
            file.told = file.read.offset;
            if file.is_packed {
                file.sealed = file.size;
            }
            if let Some(open) = &mut file.open {
                open.raw = file.read.offset;
                open.unproven = (!file.read.mark.is_none()).then_some((file.read.offset, file.read.mark));
            }
        } else {
            self.wake_grown(id, now.instant);
        }
        self.note_entry(id);
        self.close_beyond_limit(id);
    }

    /// A file that is not known, unless it was met under another name just now.
    fn meet(&mut self, found: &Found, is_first: bool, now: Now) {
        if let Some(id) = self.catalogue.of_key(found.stat.key) {
            self.look_again(id, found, now.instant);
        } else if is_first {
            self.meet_first(found, now);
        } else if let Some(id) = self.register(found, now) {
            self.active.insert(id);
            self.judge(id, true, now.instant);
        }
    }

    fn register(&mut self, found: &Found, now: Now) -> Option<u64> {
        let oldest = self.settings.exclude_older_than;
        let is_too_old = !oldest.is_zero()
            && found.stat.age_seconds(now.unix_nanos) > i64::try_from(oldest.as_secs()).unwrap_or(i64::MAX);
        if is_too_old {
            return None;
        }
        let id = self.catalogue.next_id();
        let mut file = KnownFile::new(id, found.stat.key, &found.path);
        (file.size, file.mtime) = (found.stat.size, found.stat.mtime);
        file.seen = self.survey.number;
        file.grown = Some(now.instant);
        debug!(id, file = %found.path.display(), size = found.stat.size, ino = found.stat.key.ino, "a file was found");
        self.catalogue.insert(file);
        Some(id)
    }

    /// No name leads to the file any more.
    fn miss(&mut self, id: u64, now: Instant) {
        self.catalogue.leave_path(id);
        let Some(file) = self.catalogue.get_mut(id) else {
            return;
        };
        let file_was_cut = file.stage == Stage::Followed && file.has_other_content();
        match file.stage {
            Stage::Gone { .. } | Stage::Departed => {}
            Stage::Refused { .. } => self.forget(id),
            // It may only be on its way to another name; to read it would be to read what it is held for.
            Stage::Held { .. } if *file.nameless.get_or_insert(now) + self.settings.poll_interval > now => {}
            Stage::New | Stage::Held { .. } | Stage::Followed if file.open.is_some() => {
                file.stage = Stage::Gone { since: now };
                self.active.insert(id);
                self.wake(id);
                // Now, so that what comes next can be compared with what is in it.
                if file_was_cut {
                    self.cut(id, now);
                } else {
                    self.note_head(id);
                }
            }
            Stage::New => self.forget(id),
            Stage::Held { .. } | Stage::Followed => {
                let unread = if file.is_packed {
                    0
                } else {
                    file.size.saturating_sub(file.read.offset)
                };
                if unread > 0 {
                    self.meters.unread.add(unread);
                    warn!(file = %file.path.display(), bytes = unread, "a file was gone before it was read to its end");
                }
                self.depart(id, now);
            }
        }
    }

    /// The file was cut, or other content was put into it: what is in it now is read from the beginning, as another
    /// file. What was there before may be in a copy.
    pub(super) fn cut(&mut self, id: u64, now: Instant) {
        let Some(file) = self.catalogue.get_mut(id) else {
            return;
        };
        info!(file = %file.path.display(), read = file.position(), "a file was cut; it is read from its beginning");
        self.meters.cut.add(1);
        let (key, path, size, mtime, seen) =
            (file.key, Arc::clone(&file.path), file.size, file.mtime, file.seen);
        let is_gone = matches!(file.stage, Stage::Gone { .. });
        let content = self.let_go(id, now);
        self.remember(id, now);
        let new = self.catalogue.next_id();
        let mut file = KnownFile::new(new, key, &path);
        (file.size, file.mtime, file.seen, file.grown) = (size, mtime, seen, Some(now));
        file.predecessor = Some(id);
        self.catalogue.insert(file);
        if let Some(content) = content {
            self.set_open(new, content, now);
        }
        self.note_entry(new);
        self.active.insert(new);
        if is_gone {
            self.catalogue.leave_path(new);
            self.read_gone(new, now);
        } else {
            self.judge(new, true, now);
        }
    }

    fn read_gone(&mut self, id: u64, now: Instant) {
        self.note_head(id);
        if let Some(file) = self.catalogue.get_mut(id) {
            file.stage = Stage::Gone { since: now };
        }
        self.wake(id);
    }

    /// Closes a file that was cut and keeps the beginning of a line that it held.
    fn let_go(&mut self, id: u64, now: Instant) -> Option<Content> {
        self.open.remove(&id);
        self.partial.remove(&id);
        let file = self.catalogue.get_mut(id)?;
        let open = file.close();
        let mut remains = Box::new(Remains {
            cut: now,
            recent: Vec::new(),
            places: VecDeque::new(),
        });
        let content = open.map(|open| {
            (remains.recent, remains.places) = (open.recent, open.places);
            file.orphan = open.source.filter(|source| source.pending_bytes() > 0);
            open.content
        });
        file.remains = Some(remains);
        if file.orphan.is_some() {
            file.grown = Some(now);
            self.partial.insert(id);
        }
        content
    }

    /// Nothing is read from the file any more; it is remembered by its content.
    pub(super) fn depart(&mut self, id: u64, now: Instant) {
        if let Some(file) = self.catalogue.get_mut(id)
            && let Some(mut source) = file.open.as_mut().and_then(|open| open.source.take())
        {
            self.lines.end(&mut source, self.now);
            if let Some(file) = self.catalogue.get_mut(id) {
                let raw = file.position();
                file.read = file.place(raw);
                file.read.records = source.records();
                file.open = None;
            }
            self.touch(id);
        }
        self.open.remove(&id);
        self.partial.remove(&id);
        self.active.remove(&id);
        if let Some(file) = self.catalogue.get_mut(id)
            && file.open.is_some()
        {
            file.close();
        }
        self.remember(id, now);
    }

    fn remember(&mut self, id: u64, now: Instant) {
        if self.catalogue.get(id).is_some_and(|file| file.head.is_none()) {
            // An empty file is nobody's twin.
            return self.forget(id);
        }
        if let Some(file) = self.catalogue.get_mut(id) {
            file.departed = Some(now);
        }
        if let Some(forgotten) = self.catalogue.depart(id) {
            self.checkpoints.forget(forgotten.id);
        }
        self.note_entry(id);
        self.release_held(id, now);
    }

    /// Nothing is to be remembered of the file.
    pub(super) fn forget(&mut self, id: u64) {
        self.open.remove(&id);
        self.partial.remove(&id);
        self.active.remove(&id);
        self.catalogue.remove(id);
        self.checkpoints.forget(id);
    }

    pub(super) fn note_entry(&mut self, id: u64) {
        if let Some(entry) = self.catalogue.get(id).and_then(KnownFile::entry) {
            self.checkpoints.note(&entry);
        }
    }
}

/// The end of a file that was just opened.
fn end_of(file: &KnownFile) -> Place {
    let Some(open) = file.open.as_ref().filter(|_| !file.is_packed) else {
        return Place::default();
    };
    let before = open.content.before(file.size, PLACE_BYTES).unwrap_or_default();
    Place {
        offset: file.size,
        records: 0,
        mark: Mark::of(&before),
    }
}
