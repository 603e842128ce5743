//! Opening files, seeing that they are the ones that are meant, and closing them.

use std::sync::Arc;
use std::time::Instant;

use super::content::{Closed, Content, Got};
use super::file::Stage;
use super::identity::{Mark, PLACE_BYTES};
use super::open_file::OpenFile;
use super::tailer::Tailer;

impl Tailer {
    /// Opens a file where it is not open. False: it is not there, locked, another one by now, or not to be read.
    pub(super) fn open_file(&mut self, id: u64, now: Instant) -> bool {
        let Some(file) = self.catalogue.get(id) else {
            return false;
        };
        if file.open.is_some() {
            return true;
        }
        let path = Arc::clone(&file.path);
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

    /// The file cannot be read: never, or while it is as it is.
    pub(super) fn refuse(&mut self, id: u64, now: Instant, is_final: bool, reason: &dyn std::fmt::Display) {
        self.close_file(id);
        self.meters.refused.add(1);
        if let Some(file) = self.catalogue.get_mut(id) {
            file.stage = Stage::Refused { is_final };
            let path = Arc::clone(&file.path);
            self.complain(now, &path, reason);
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
    pub(super) fn prove(&mut self, id: u64, now: Instant) -> Proof {
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
pub(super) enum Proof {
    Proven,
    OnTheWay,
    Other,
}
