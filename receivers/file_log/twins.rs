//! A file that has come: is its content that of another one?
//!
//! - Of one that is gone or was cut: it is that file under another name, a copy, or the packed file. It is read on.
//! - Of one that is there: it may be a copy that the other one is cut after (copytruncate), or the packed file that it is
//!   deleted for. It waits until that happens, and is a file of its own when it stays as it is for some seconds.
//! - Else it is a file of its own.

use std::time::{Duration, Instant};

use super::file::{KnownFile, Stage};
use super::identity::PLACE_BYTES;
use super::tailer::Tailer;

/// How long a file with the content of another one waits after its last change.
const HOLD: Duration = Duration::from_secs(5);

/// What a new file is to one that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Stranger,
    CopyOf { is_departed: bool },
}

impl Tailer {
    /// Decides what a file is of which nothing was read yet.
    pub(super) fn judge(&mut self, id: u64, has_changed: bool, now: Instant) {
        let Some(file) = self.catalogue.get(id) else {
            return;
        };
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
        let before = file.stage;
        for other in self.catalogue.with_beginning(&head) {
            match self.relation(id, other) {
                Relation::Stranger => {}
                Relation::CopyOf { is_departed: true } => return self.read_on(other, id, now),
                Relation::CopyOf { is_departed: false } => {
                    let since = match before {
                        Stage::Held { of, since } if of == other && !has_changed => since,
                        _ => now,
                    };
                    if now.duration_since(since) < HOLD || self.is_gone(other) {
                        return self.hold(id, other, since);
                    }
                }
            }
        }
        if let Some(file) = self.catalogue.get_mut(id) {
            file.stage = Stage::Followed;
            file.grown = Some(now);
        }
        self.note_entry(id);
        self.active.insert(id);
        self.wake(id);
    }

    fn is_gone(&self, id: u64) -> bool {
        self.catalogue
            .get(id)
            .is_some_and(|file| matches!(file.stage, Stage::Gone { .. }))
    }

    fn hold(&mut self, id: u64, of: u64, since: Instant) {
        if let Some(file) = self.catalogue.get_mut(id) {
            file.stage = Stage::Held { of, since };
        }
        self.active.insert(id);
    }

    fn relation(&self, id: u64, other: u64) -> Relation {
        let (Some(new), Some(old)) = (self.catalogue.get(id), self.catalogue.get(other)) else {
            return Relation::Stranger;
        };
        let is_departed = match old.stage {
            _ if id == other => return Relation::Stranger,
            Stage::Departed => true,
            Stage::Followed | Stage::Gone { .. } => false,
            Stage::New | Stage::Held { .. } | Stage::Refused { .. } => return Relation::Stranger,
        };
        if has_same_content(new, old) {
            Relation::CopyOf { is_departed }
        } else {
            Relation::Stranger
        }
    }

    /// A file that was known by its content is here again.
    fn read_on(&mut self, id: u64, found: u64, now: Instant) {
        self.open.remove(&found);
        self.active.remove(&found);
        let Some(mut new) = self.catalogue.remove(found) else {
            return;
        };
        let content = new.open.take().map(|open| open.content);
        self.catalogue.come_back(id, &new);
        if let Some(file) = self.catalogue.get_mut(id) {
            (file.size, file.mtime, file.seen) = (new.size, new.mtime, new.seen);
            (file.is_packed, file.sealed) = (new.is_packed, 0);
            file.grown = Some(now);
            // The rest of the line comes from here.
            file.orphan = None;
            if !file.is_packed && file.size < file.read.offset {
                // A copy that was made before the last lines were read.
                file.read = file.place(file.size);
            }
        }
        self.partial.remove(&id);
        if let Some(content) = content {
            self.set_open(id, content, now);
            self.prove_at_the_oldest_place(id);
        }
        self.note_entry(id);
        self.active.insert(id);
        self.wake(id);
    }

    /// A packed copy may end before the last lines that were read: it is compared at a place that it must have.
    fn prove_at_the_oldest_place(&mut self, id: u64) {
        let Some(file) = self.catalogue.get_mut(id) else { return };
        let places = std::mem::take(&mut file.places);
        if let Some(open) = file.open.as_deref_mut().filter(|_| file.is_packed)
            && let Some(oldest) = places.front()
        {
            open.unproven = Some(*oldest);
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

/// Whether the new file has what was read of the old one; their beginnings are the same. Of packed content this shows
/// when it is read.
fn has_same_content(new: &KnownFile, old: &KnownFile) -> bool {
    let Some(open) = new.open.as_ref().filter(|_| !new.is_packed) else {
        return new.is_packed;
    };
    let has = |place: u64, was_read: &dyn Fn(&[u8]) -> bool| {
        open.content
            .before(place, PLACE_BYTES)
            .is_ok_and(|before| was_read(&before))
    };
    let position = old.position();
    if new.size >= position {
        return has(position, &|before| old.was_read_up_to(before));
    }
    match old.open.as_ref().filter(|_| !old.is_packed) {
        // It may still be written.
        Some(old) => {
            let before = old.content.before(new.size, PLACE_BYTES);
            has(new.size, &|bytes| before.as_ref().is_ok_and(|before| before == bytes))
        }
        // It may have been copied before the last lines were read.
        None => {
            let earlier = old.places.iter().rev().find(|(place, _)| *place <= new.size);
            earlier.is_some_and(|(place, mark)| has(*place, &|bytes| mark.ends(bytes)))
        }
    }
}
