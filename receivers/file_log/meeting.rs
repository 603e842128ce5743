//! Files that are not known yet.

use sidelight_component::Now;
use tracing::debug;

use super::config::StartAt;
use super::discovery::Found;
use super::file::{KnownFile, Place, Stage};
use super::identity::{Mark, PLACE_BYTES};
use super::tailer::Tailer;

impl Tailer {
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
    pub(super) fn meet(&mut self, found: &Found, is_first: bool, now: Now) {
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
