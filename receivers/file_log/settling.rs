//! Requests, and how far files are delivered with them.

use sidelight_component::Payload;

use super::tailer::{Progress, Tailer};

impl Tailer {
    /// The file has lines in the request at hand.
    pub(super) fn touch(&mut self, id: u64) {
        if let Some(file) = self.catalogue.get_mut(id)
            && !std::mem::replace(&mut file.is_touched, true)
        {
            self.touched.push(id);
        }
    }

    /// Ends the request at hand.
    pub(super) fn take_request(&mut self) {
        let payload: Option<Payload> = self.lines.take();
        let touched = std::mem::take(&mut self.touched);
        let mut progress = Vec::new();
        for id in touched {
            self.tell(id, &mut progress);
        }
        if payload.is_some() || !progress.is_empty() {
            self.requests.push((payload, progress));
        }
    }

    /// Adds how far a file comes with the request. One that holds something is asked again with the next.
    fn tell(&mut self, id: u64, progress: &mut Vec<Progress>) {
        let Some(file) = self.catalogue.get_mut(id) else {
            return;
        };
        let unframed = file
            .source()
            .map_or(file.position(), |source| source.pending_from());
        let resume_at = self.lines.resume_at(id, unframed);
        if resume_at > file.told {
            file.told = resume_at;
            progress.push(Progress {
                id,
                place: file.place(resume_at),
            });
        }
        file.is_touched = resume_at < file.position();
        if file.is_touched {
            self.touched.push(id);
        }
    }

    /// A request was delivered.
    pub(super) fn settle(&mut self, progress: Progress) {
        let Some(file) = self.catalogue.get_mut(progress.id) else {
            return;
        };
        // A copy that was made before the last lines were read ends before them.
        let offset = progress.place.offset.min(file.position());
        if offset <= file.settled.offset {
            return;
        }
        file.settled = match offset == progress.place.offset {
            true => progress.place,
            false => file.place(offset),
        };
        self.note_entry(progress.id);
        self.delete_if_done(progress.id);
    }

    /// `delete_after_read`: everything in the file was delivered.
    pub(super) fn delete_if_done(&mut self, id: u64) {
        let Some(file) = self.catalogue.get(id).filter(|_| self.settings.delete_after_read) else {
            return;
        };
        let is_at_end = match file.is_packed {
            true => file.sealed > 0,
            false => file.size > 0 && file.settled.offset >= file.size,
        };
        let is_all = is_at_end && file.settled.offset >= file.position();
        let is_same = || {
            super::discovery::Stat::of(&file.path)
                .is_ok_and(|stat| stat.key == file.key && stat.size == file.size)
        };
        if is_all && is_same() {
            // Where it may not be deleted it stays, read.
            drop(std::fs::remove_file(&*file.path));
        }
    }
}
