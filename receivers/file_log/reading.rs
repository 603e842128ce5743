//! Reading, file after file.

use std::time::Instant;

use sidelight_component::Now;

use super::content::Got;
use super::file::Stage;
use super::identity::Mark;
use super::leaving::ORPHAN_WAIT;
use super::opening::Proof;
use super::tailer::{READ_BYTES, Tailer};

/// Bytes of one turn at most: of lines that operators drop no request is ever full.
const TURN_BYTES: usize = 8 << 20;

/// What one read has come to.
enum Step {
    /// So many bytes; there may be more.
    More(usize),
    /// Nothing more for now.
    End,
    /// The memory budget has no room.
    NoRoom,
}

impl Tailer {
    /// Reads, a piece of each file in turn, until there is nothing more or so many requests are made. Returns whether it
    /// ended for want of memory.
    pub(super) fn read(&mut self, now: Now, room: usize) -> bool {
        let most = self.requests.len() + room;
        let mut budget = TURN_BYTES;
        while self.requests.len() < most && budget > 0 {
            let Some(id) = self.ready.pop_front() else {
                break;
            };
            match self.step(id, now) {
                Step::More(bytes) => {
                    budget = budget.saturating_sub(bytes.max(1));
                    self.ready.push_back(id);
                }
                Step::End => self.rest(id),
                Step::NoRoom => {
                    self.ready.push_front(id);
                    self.take_request();
                    return self.requests.is_empty();
                }
            }
            if self.lines.is_full() {
                self.take_request();
            }
        }
        if self.requests.len() < most || self.ready.is_empty() {
            self.take_request();
        }
        false
    }

    fn rest(&mut self, id: u64) {
        if let Some(file) = self.catalogue.get_mut(id) {
            file.is_ready = false;
        }
    }

    fn step(&mut self, id: u64, now: Now) -> Step {
        let is_readable = self
            .catalogue
            .get(id)
            .is_some_and(|file| matches!(file.stage, Stage::Followed | Stage::Gone { .. }));
        if !is_readable || !self.open_file(id, now.instant) {
            return Step::End;
        }
        if self.lines.reserve(READ_BYTES).is_err() {
            return Step::NoRoom;
        }
        match self.prove(id, now.instant) {
            Proof::Proven => self.read_piece(id, now),
            Proof::OnTheWay => Step::More(READ_BYTES),
            Proof::Other => Step::End,
        }
    }

    fn read_piece(&mut self, id: u64, now: Now) -> Step {
        let Some(file) = self.catalogue.get_mut(id) else {
            return Step::End;
        };
        let Some(open) = file.open.as_deref_mut() else {
            return Step::End;
        };
        open.used = now.instant;
        // The bytes before are read again: where they are not the same the file was cut and has grown past the place.
        let again = if file.is_packed {
            0
        } else {
            open.place_bytes().len()
        };
        let from = open.raw.saturating_sub(again as u64);
        let read = match open.content.read_at(from, &mut self.buffer[..READ_BYTES + again]) {
            Ok(Got::Bytes(read)) => read,
            Ok(Got::OnTheWay) => return Step::More(READ_BYTES),
            Ok(Got::Unfinished) => return Step::End,
            Ok(Got::Damaged(error)) => {
                let reason = format!("its compressed data is damaged: {error}");
                self.refuse(id, now.instant, true, &reason);
                return Step::End;
            }
            Err(error) => {
                self.refuse(id, now.instant, false, &error);
                return Step::End;
            }
        };
        let bytes = self.buffer.get(again..read).unwrap_or_default();
        if again > 0 && self.buffer[..read.min(again)] != *open.place_bytes() {
            self.cut(id, now.instant);
            return Step::End;
        }
        if bytes.is_empty() {
            return self.end(id, now);
        }
        let source = open.source.get_or_insert_with(|| {
            let attributes = self.attributes.of(&file.path);
            let source = self.lines.source(id, attributes, open.raw);
            Box::new(source.numbered(self.attributes.numbering(), file.read.records))
        });
        self.lines.feed(source, bytes, now);
        open.flush_at = None;
        let (len, has_more_head) = (bytes.len(), open.advance(bytes, self.settings.head_bytes));
        file.grown = Some(now.instant);
        let head = has_more_head.then(|| Mark::of(&open.head));
        // A plain file that gave less than was asked for is read to its end: no further call is needed to see that.
        let is_at_end = !file.is_packed && read < READ_BYTES + again;
        if let Some(head) = head {
            self.catalogue.set_head(id, head);
        }
        self.partial.remove(&id);
        self.touch(id);
        if is_at_end {
            return self.end(id, now);
        }
        Step::More(len)
    }

    /// The file is read to its end.
    fn end(&mut self, id: u64, now: Now) -> Step {
        let Some(file) = self.catalogue.get_mut(id) else {
            return Step::End;
        };
        let Some(open) = file.open.as_deref_mut() else {
            return Step::End;
        };
        let is_whole = file.is_packed || self.settings.delete_after_read;
        if let Some(source) = open
            .source
            .as_deref_mut()
            .filter(|source| source.pending_bytes() > 0)
        {
            if is_whole {
                self.lines.flush(source, now);
            } else if !self.settings.force_flush.is_zero() {
                open.flush_at = Some(now.instant + self.settings.force_flush);
                self.partial.insert(id);
            }
        }
        if file.is_packed {
            file.sealed = file.size;
            self.close_file(id);
            self.note_entry(id);
        }
        Step::End
    }

    /// Beginnings of lines whose rest did not come, and what operators have held for too long.
    pub(super) fn run_timers(&mut self, now: Now) {
        let is_due = |id: &u64| self.flush_time(*id).is_none_or(|at| at <= now.instant);
        let due: Vec<u64> = self.partial.iter().copied().filter(is_due).collect();
        for id in due {
            self.partial.remove(&id);
            self.flush_line(id, now);
        }
        if self.lines.next_timer().is_some_and(|at| at <= now.instant) {
            self.lines.on_timer(now);
        }
    }

    /// When the beginning of a line that a file holds is taken for a whole one.
    pub(super) fn flush_time(&self, id: u64) -> Option<Instant> {
        let file = self.catalogue.get(id)?;
        match &file.open {
            Some(open) => open.flush_at,
            None => file.grown.map(|cut| cut + ORPHAN_WAIT),
        }
    }

    fn flush_line(&mut self, id: u64, now: Now) {
        let Some(file) = self.catalogue.get_mut(id) else {
            return;
        };
        if let Some(mut orphan) = file.orphan.take() {
            let len = orphan.pending_bytes() as u64;
            self.lines.end(&mut orphan, now);
            file.read.offset += len;
            file.read.mark = Mark::default();
        } else if let Some(open) = file.open.as_deref_mut() {
            open.flush_at = None;
            if let Some(source) = open.source.as_deref_mut() {
                self.lines.flush(source, now);
            }
        }
        self.touch(id);
    }
}
