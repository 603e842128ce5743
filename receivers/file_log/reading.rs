//! Reading, file after file.

use std::time::Instant;

use sidelight_component::Now;

use super::content::{Closed, Content, Got};
use super::file::{OpenFile, Stage};
use super::identity::{Mark, PLACE_BYTES};
use super::looking::ORPHAN_WAIT;
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
                return self.refuse(
                    id,
                    now.instant,
                    true,
                    &format!("its compressed data is damaged: {error}"),
                );
            }
            Err(error) => return self.refuse(id, now.instant, false, &error),
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

    fn refuse(&mut self, id: u64, now: Instant, is_final: bool, reason: &dyn std::fmt::Display) -> Step {
        self.close_file(id);
        self.meters.refused.add(1);
        let Some(file) = self.catalogue.get_mut(id) else {
            return Step::End;
        };
        file.stage = Stage::Refused { is_final };
        let path = std::sync::Arc::clone(&file.path);
        self.complain(now, &path, reason);
        Step::End
    }

    /// Opens a file where it is not open. False: it is not there, locked, another one by now, or not to be read.
    pub(super) fn open_file(&mut self, id: u64, now: Instant) -> bool {
        let Some(file) = self.catalogue.get(id) else {
            return false;
        };
        if file.open.is_some() {
            return true;
        }
        let path = std::sync::Arc::clone(&file.path);
        let key = file.key;
        self.make_room(id);
        let opened = Content::open(&path, self.settings.compression, self.settings.acquire_fs_lock);
        match opened {
            // Another file by now: a look will say so.
            Ok((_, stat)) if stat.key != key => false,
            Ok((content, _)) => {
                self.set_open(id, content, now);
                self.is_still_itself(id, now)
            }
            Err(Closed::Locked) => {
                self.active.insert(id);
                false
            }
            Err(Closed::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => false,
            Err(Closed::Io(error)) if is_out_of_descriptors(&error) => {
                self.settings.max_open = (self.open.len() / 2).max(2);
                self.active.insert(id);
                false
            }
            Err(Closed::Io(error)) => {
                self.refuse(id, now, false, &error);
                false
            }
            Err(Closed::Refused(reason)) => {
                self.refuse(id, now, true, &reason);
                false
            }
        }
    }

    /// Whether a file that is opened again begins with the bytes that it had.
    fn is_still_itself(&mut self, id: u64, now: Instant) -> bool {
        let Some(file) = self.catalogue.get_mut(id) else {
            return false;
        };
        let Some(open) = file.open.as_deref_mut() else {
            return false;
        };
        if file.head.is_none() {
            return true;
        }
        let head = open
            .content
            .beginning(self.settings.head_bytes)
            .unwrap_or_default();
        if file.head.begins(&head) {
            open.head = head;
            let mark = Mark::of(&open.head);
            self.catalogue.set_head(id, mark);
            return true;
        }
        self.cut(id, now);
        false
    }

    pub(super) fn set_open(&mut self, id: u64, content: Content, now: Instant) {
        let Some(file) = self.catalogue.get_mut(id) else {
            return;
        };
        file.is_packed = content.is_packed();
        file.open = Some(Box::new(OpenFile::new(content, &file.read, now)));
        self.open.insert(id);
    }

    /// Reads the first bytes of a file that was just opened.
    pub(super) fn note_head(&mut self, id: u64) {
        let Some(file) = self.catalogue.get_mut(id) else {
            return;
        };
        let Some(open) = file.open.as_deref_mut() else {
            return;
        };
        if open.head.len() < self.settings.head_bytes {
            open.head = open
                .content
                .beginning(self.settings.head_bytes)
                .unwrap_or_default();
            let mark = Mark::of(&open.head);
            self.catalogue.set_head(id, mark);
        }
    }

    /// Compares the bytes before a place with their mark.
    fn prove(&mut self, id: u64, now: Instant) -> Proof {
        let Some(file) = self.catalogue.get_mut(id) else {
            return Proof::Other;
        };
        let Some(open) = file.open.as_deref_mut() else {
            return Proof::Other;
        };
        let Some((place, mark)) = open.unproven else {
            return Proof::Proven;
        };
        let len = mark.len as usize;
        let mut piece = [0; PLACE_BYTES];
        while open.recent.len() < len {
            let missing = (len - open.recent.len()).min(PLACE_BYTES);
            match open
                .content
                .read_at(place.saturating_sub(missing as u64), &mut piece[..missing])
            {
                Ok(Got::OnTheWay) => return Proof::OnTheWay,
                Ok(Got::Bytes(read)) if read > 0 => open.recent.extend_from_slice(&piece[..read]),
                // More may come.
                Ok(Got::Unfinished) => {
                    open.recent.clear();
                    return Proof::Other;
                }
                _ => break,
            }
        }
        let is_proven = mark.ends(&open.recent);
        if !is_proven || place != open.raw {
            open.recent.clear();
        }
        if is_proven {
            open.unproven = None;
            return Proof::Proven;
        }
        self.cut(id, now);
        Proof::Other
    }

    /// Closes a file; it is known where reading goes on.
    pub(super) fn close_file(&mut self, id: u64) {
        if let Some(file) = self.catalogue.get_mut(id) {
            file.close();
        }
        self.open.remove(&id);
        self.partial.remove(&id);
    }

    /// Closes the file that was used longest ago and has nothing to read, where so many are open; else one that waits
    /// for its turn.
    fn make_room(&mut self, for_id: u64) {
        while self.open.len() >= self.settings.max_open {
            let used = |id: &u64| {
                let file = self.catalogue.get(*id)?;
                let is_kept = *id == for_id || matches!(file.stage, Stage::Gone { .. } | Stage::Held { .. });
                let used = file.open.as_ref()?.used;
                (!is_kept).then_some((file.is_ready, self.partial.contains(id), used, *id))
            };
            match self.open.iter().filter_map(used).min() {
                Some((.., id)) => self.close_file(id),
                None => return self.give_up_oldest_gone(for_id),
            }
        }
    }

    /// All that are open have no name any more, or wait: the one that was used longest ago is given up, if it was read.
    fn give_up_oldest_gone(&mut self, for_id: u64) {
        let used = |id: &u64| {
            let file = self.catalogue.get(*id)?;
            let is_done = matches!(file.stage, Stage::Gone { .. }) && !file.is_ready && *id != for_id;
            is_done.then_some((file.open.as_ref()?.used, *id))
        };
        if let Some((_, id)) = self.open.iter().filter_map(used).min() {
            self.depart(id, self.now.instant);
        }
    }

    /// Closes a file that was only looked into, where no more may stay open.
    pub(super) fn close_beyond_limit(&mut self, id: u64) {
        if self.open.len() >= self.settings.max_open {
            self.close_file(id);
        }
    }
}

/// Others in the process, or in the system, have taken them.
fn is_out_of_descriptors(error: &std::io::Error) -> bool {
    let taken = [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE];
    taken
        .iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// Whether a file is the one that was read before.
enum Proof {
    Proven,
    OnTheWay,
    Other,
}
