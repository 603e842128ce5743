//! A file that has come: is its content that of another one?
//!
//! - Of one that is gone or was cut: it is that file under another name, a copy, or the packed file. It is read on.
//! - Of one that is there: it may be a copy that the other one is cut after (copytruncate), or the packed file that it is
//!   deleted for. It waits until that happens, and is a file of its own when it stays as it is for some seconds.
//! - Else it is a file of its own.

use std::time::{Duration, Instant};

use super::content::{Content, Got};
use super::file::{KnownFile, Stage};
use super::identity::{Mark, PLACE_BYTES};
use super::tailer::Tailer;

/// How long a file with the content of another one waits after its last change.
const HOLD: Duration = Duration::from_secs(5);

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
        let others = self.catalogue.with_beginning(&head);
        if let Some(departed) = others.iter().find(|other| self.is_departed_form(id, **other)) {
            return self.read_on(*departed, id, now);
        }
        let since = match self.catalogue.get(id).map(|file| file.stage) {
            Some(Stage::Held { since, .. }) if !has_changed => since,
            _ => now,
        };
        let may_wait = now.duration_since(since) < HOLD;
        let live = others
            .iter()
            .find(|other| (may_wait || self.is_gone(**other)) && self.is_live_form(id, **other));
        if let Some(live) = live {
            return self.hold(id, *live, since);
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

    /// The new file is one that is gone or was cut, in another form. What it is not is remembered: to see that of packed
    /// content it has to be unpacked up to the place.
    fn is_departed_form(&mut self, id: u64, other: u64) -> bool {
        let stage = self.catalogue.get(other).map(|file| file.stage);
        if id == other || stage != Some(Stage::Departed) {
            return false;
        }
        let Some(mut open) = self.catalogue.get_mut(id).and_then(|file| file.open.take()) else {
            return false;
        };
        let (new, old) = (self.catalogue.get(id), self.catalogue.get(other));
        let is_form = match (new, old) {
            (Some(new), Some(old)) if new.is_packed => {
                !open.is_not.contains(&other) && was_unpacked_from(&mut open.content, old)
            }
            (Some(new), Some(old)) => has_same_content(new, &open.content, old),
            _ => false,
        };
        if !is_form {
            open.is_not.push(other);
        }
        if let Some(file) = self.catalogue.get_mut(id) {
            file.open = Some(open);
        }
        is_form
    }

    /// The new file has the content of one that is there. Of packed content this is seen when that one is gone.
    fn is_live_form(&self, id: u64, other: u64) -> bool {
        let (Some(new), Some(old)) = (self.catalogue.get(id), self.catalogue.get(other)) else {
            return false;
        };
        let is_live = id != other && matches!(old.stage, Stage::Followed | Stage::Gone { .. });
        is_live
            && new
                .open
                .as_ref()
                .is_some_and(|open| new.is_packed || has_same_content(new, &open.content, old))
    }

    /// A file that was known by its content is here again.
    fn read_on(&mut self, id: u64, found: u64, now: Instant) {
        self.open.remove(&found);
        self.active.remove(&found);
        let Some(mut new) = self.catalogue.remove(found) else {
            return;
        };
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
            if !file.is_packed && file.size < file.read.offset {
                // A copy that was made before the last lines were read.
                file.read = file.place(file.size);
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
        file.places.clear();
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

/// Whether a plain new file has what was read of the old one; their beginnings are the same.
fn has_same_content(new: &KnownFile, content: &Content, old: &KnownFile) -> bool {
    let has = |place: u64, was_read: &dyn Fn(&[u8]) -> bool| {
        content
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
            has(new.size, &|bytes| {
                before.as_ref().is_ok_and(|before| before == bytes)
            })
        }
        // It may have been copied before the last lines were read.
        None => {
            let earlier = old.places.iter().rev().find(|(place, _)| *place <= new.size);
            earlier.is_some_and(|(place, mark)| has(*place, &|bytes| mark.ends(bytes)))
        }
    }
}

/// Whether packed content has what was read of a plain file; their beginnings are the same. Of a file that was cut it may
/// lack the last lines that were read, so it is compared at the oldest place that is remembered. Blocks for as long as
/// it takes to unpack it up to there.
fn was_unpacked_from(content: &mut Content, old: &KnownFile) -> bool {
    let latest = (old.read.offset, old.read.mark);
    let (place, mark) = old.places.front().copied().unwrap_or(latest);
    let from = place.saturating_sub(u64::from(mark.len));
    let mut bytes = [0; PLACE_BYTES];
    let mut filled = 0;
    while filled < mark.len as usize {
        let Some(rest) = bytes.get_mut(filled..mark.len as usize) else {
            return false;
        };
        match content.read_at(from + filled as u64, rest) {
            Ok(Got::OnTheWay) => {}
            Ok(Got::Bytes(read)) if read > 0 => filled += read,
            _ => return false,
        }
    }
    mark.ends(&bytes[..filled])
}
