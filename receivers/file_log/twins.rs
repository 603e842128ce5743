//! A file that has come: is its content that of another one?
//!
//! - Of one that is gone or was cut: it is that file under another name, a copy, or the packed file. It is read on.
//! - Of one that is there: it may be a copy that the other one is cut after (copytruncate), or the packed file that it is
//!   deleted for. It waits until that happens, and is a file of its own when it stays as it is for some seconds.
//! - Else it is a file of its own.

use std::time::{Duration, Instant};

use tracing::debug;

use super::file::{KnownFile, Stage};
use super::forms::{place_in_packed, place_in_plain};
use super::identity::Mark;
use super::tailer::Tailer;

/// How long a file with the content of another one waits after its last change.
const HOLD: Duration = Duration::from_secs(5);

/// How long after a file was cut any file with its content is its copy. Later, as of a file that is gone, only one with
/// all of its first bytes.
const FRESH: Duration = Duration::from_secs(60);

impl Tailer {
    /// Decides what a file is of which nothing was read yet.
    pub(super) fn judge(&mut self, id: u64, has_changed: bool, now: Instant) {
        let Some(file) = self.catalogue.get_mut(id) else {
            return;
        };
        if let Some(stat) = file.open.as_ref().and_then(|open| open.content.stat().ok()) {
            // It may have become more since the look.
            file.size = stat.size;
        }
        let size = file.size;
        if file.open.as_ref().is_some_and(|open| open.head.is_empty()) {
            // It was opened when it was empty: what it is shows now.
            self.close_file(id);
        }
        if !self.open_file(id, now) || size == 0 {
            return;
        }
        self.note_head(id);
        let Some(file) = self.catalogue.get(id) else {
            return;
        };
        let head = file
            .open
            .as_ref()
            .map(|open| open.head.clone())
            .unwrap_or_default();
        if head.is_empty() {
            return;
        }
        let others = self.catalogue.with_beginning(&head);
        for other in &others {
            self.cut_if_it_was(*other, id, now);
        }
        let is_judged = |file: &KnownFile| !matches!(file.stage, Stage::New | Stage::Held { .. });
        if self.catalogue.get(id).is_none_or(is_judged) {
            // Another one was cut for it.
            return;
        }
        for other in &others {
            if let Some(place) = self.place_in_departed(id, *other, now) {
                return self.read_on(*other, place, id, now);
            }
        }
        let since = match self.catalogue.get(id).map(|file| file.stage) {
            Some(Stage::Held { since, .. }) if !has_changed => since,
            _ => now,
        };
        let may_wait = now.duration_since(since) < HOLD;
        let live = others
            .iter()
            .find(|other| self.is_form_of_live(id, **other, may_wait));
        if let Some(live) = live {
            return self.hold(id, *live, since);
        }
        debug!(id, others = ?others, "the file is one of its own");
        if let Some(file) = self.catalogue.get_mut(id) {
            file.stage = Stage::Followed;
            file.grown = Some(now);
        }
        self.note_entry(id);
        self.active.insert(id);
        self.wake(id);
    }

    fn hold(&mut self, id: u64, of: u64, since: Instant) {
        if let Some(file) = self.catalogue.get_mut(id) {
            file.stage = Stage::Held { of, since };
        }
        self.active.insert(id);
        debug!(id, of, "the file has the content of another one and waits");
    }

    /// A file may have been cut for its copy just now, which no look has shown yet.
    fn cut_if_it_was(&mut self, id: u64, for_id: u64, now: Instant) {
        let was_cut = self.catalogue.get(id).is_some_and(|file| {
            let is_live = id != for_id && matches!(file.stage, Stage::Followed | Stage::Gone { .. });
            is_live && file.has_other_content()
        });
        if was_cut {
            self.cut(id, now);
        }
    }

    /// Where the new file goes on, if it is a form of this one, which is gone or was cut.
    fn place_in_departed(&mut self, id: u64, other: u64, now: Instant) -> Option<u64> {
        let head_bytes = self.settings.head_bytes;
        let (new, old) = (self.catalogue.get(id)?, self.catalogue.get(other)?);
        let was_cut = old
            .remains
            .as_ref()
            .is_some_and(|remains| now.duration_since(remains.cut) < FRESH);
        let was_held = matches!(new.stage, Stage::Held { of, .. } if of == other);
        let has_just_gone = old
            .departed
            .is_some_and(|departed| now.duration_since(departed) < HOLD);
        let has_other_name = !old.path.as_os_str().is_empty() && new.path != old.path;
        let took_its_place = has_just_gone && (new.is_packed || has_other_name);
        // A short file may well be written again as it was.
        let is_long = old.head.len as usize >= head_bytes;
        let is_possible = old.stage == Stage::Departed
            && new.predecessor != Some(other)
            && (was_cut || was_held || took_its_place || is_long);
        if !is_possible {
            return None;
        }
        if !new.is_packed {
            return place_in_plain(new.size, &new.open.as_ref()?.content, old);
        }
        // To see what packed content is it has to be unpacked: once is enough.
        let tried = (other, new.size);
        let mut open = self.catalogue.get_mut(id)?.open.take()?;
        let place = match self.catalogue.get(other) {
            Some(old) if !open.is_not.contains(&tried) => place_in_packed(&mut open.content, old),
            _ => None,
        };
        if place.is_none() {
            open.is_not.push(tried);
        }
        self.catalogue.get_mut(id)?.open = Some(open);
        place
    }

    /// Whether the new file may be a form of one that is there, and has to wait. Of packed content this is seen when that
    /// one is gone.
    fn is_form_of_live(&self, id: u64, other: u64, may_wait: bool) -> bool {
        let (Some(new), Some(old)) = (self.catalogue.get(id), self.catalogue.get(other)) else {
            return false;
        };
        let may_be = match old.stage {
            _ if id == other => false,
            Stage::Followed => may_wait,
            // One that takes the name of a short file is no copy of it, it is the next one.
            Stage::Gone { .. } => new.path != old.path || old.head.len as usize >= self.settings.head_bytes,
            _ => false,
        };
        may_be
            && new
                .open
                .as_ref()
                .is_some_and(|open| new.is_packed || place_in_plain(new.size, &open.content, old).is_some())
    }

    /// A file that was known by its content is here again.
    fn read_on(&mut self, id: u64, place: u64, found: u64, now: Instant) {
        self.open.remove(&found);
        self.active.remove(&found);
        let Some(mut new) = self.catalogue.remove(found) else {
            return;
        };
        debug!(id = found, of = id, place, "the file is read on");
        self.checkpoints.forget(found);
        let (content, head) = match new.open.take() {
            Some(open) => (Some(open.content), open.head),
            None => (None, Vec::new()),
        };
        self.catalogue.come_back(id, &new);
        if let Some(file) = self.catalogue.get_mut(id) {
            (file.size, file.mtime, file.seen) = (new.size, new.mtime, new.seen);
            (file.is_packed, file.sealed) = (new.is_packed, 0);
            file.grown = Some(now);
            // The rest of the line comes from here.
            file.orphan = None;
            file.remains = None;
            if place < file.read.offset {
                file.read = file.place(place);
            }
        }
        self.partial.remove(&id);
        if let Some(content) = content {
            self.set_open(id, content, now);
            self.take_as_proven(id, head);
        }
        self.note_entry(id);
        self.active.insert(id);
        self.wake(id);
    }

    /// What is opened was compared already.
    fn take_as_proven(&mut self, id: u64, head: Vec<u8>) {
        let Some(file) = self.catalogue.get_mut(id) else {
            return;
        };
        if let Some(open) = file.open.as_deref_mut() {
            (open.unproven, open.head) = (None, head);
            let mark = Mark::of(&open.head);
            self.catalogue.set_head(id, mark);
        }
    }

    /// A file has departed: those that wait for it are judged again.
    pub(super) fn release_held(&mut self, departed: u64, now: Instant) {
        let waits = |file: &&KnownFile| matches!(file.stage, Stage::Held { of, .. } if of == departed);
        let held: Vec<u64> = self
            .active
            .iter()
            .filter_map(|id| self.catalogue.get(*id))
            .filter(waits)
            .map(|file| file.id)
            .collect();
        held.into_iter().for_each(|id| self.judge(id, false, now));
    }
}
