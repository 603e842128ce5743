//! Files that are gone, and what becomes of a file that was cut.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::{info, warn};

use super::content::Content;
use super::file::{KnownFile, Stage};
use super::open_file::Remains;
use super::tailer::Tailer;

/// How long the beginning of a line waits for a copy of a file that was cut.
pub(super) const ORPHAN_WAIT: Duration = Duration::from_secs(5);

impl Tailer {
    /// No name leads to the file any more.
    pub(super) fn miss(&mut self, id: u64, now: Instant) {
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
