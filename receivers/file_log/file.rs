//! One file as it is known.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::checkpoints::Entry;
use super::discovery::Stat;
use super::identity::{FileKey, Mark, PLACE_BYTES};
use super::open_file::{OpenFile, Remains};
use crate::log_lines::LineSource;

/// In an [`Entry`] the size of a packed file that was not read to its end.
const UNSEALED: u64 = u64::MAX;

/// A file. Without a handle it takes about 300 bytes.
#[derive(Debug)]
pub(super) struct KnownFile {
    /// Its number, and that of its lines' source. A file that was cut is another one from then on.
    pub(super) id: u64,
    pub(super) key: FileKey,
    pub(super) path: Arc<Path>,
    /// The first bytes.
    pub(super) head: Mark,
    pub(super) stage: Stage,
    /// Where reading goes on; of an open file see [`OpenFile::raw`].
    pub(super) read: Place,
    /// Up to where it was delivered.
    pub(super) settled: Place,
    /// Up to where requests were made, so that each move is told once.
    pub(super) told: u64,
    /// Size and time of the last change when it was last looked at.
    pub(super) size: u64,
    pub(super) mtime: (i64, i64),
    /// It is compressed: offsets are those of its content.
    pub(super) is_packed: bool,
    /// The size of a packed file that was read to its end.
    pub(super) sealed: u64,
    pub(super) open: Option<Box<OpenFile>>,
    /// What is known of the content of a file that was cut.
    pub(super) remains: Option<Box<Remains>>,
    /// The file that was cut before this one was in its place.
    pub(super) predecessor: Option<u64>,
    /// The beginning of a line, of a file that was cut: its copy may have the rest.
    pub(super) orphan: Option<Box<LineSource>>,
    /// The number of the survey that saw it last.
    pub(super) seen: u64,
    /// When it was closed for good.
    pub(super) departed: Option<Instant>,
    /// Since when no name leads to it, while it is held.
    pub(super) nameless: Option<Instant>,
    /// It waits for its turn.
    pub(super) is_ready: bool,
    /// The request at hand has lines of it, or it holds some.
    pub(super) is_touched: bool,
    /// When it last grew, or was found.
    pub(super) grown: Option<Instant>,
}

/// What a look at a file has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Nothing that is to be done.
    Nothing,
    /// There is more to read, or something else than before: reading shows which.
    More,
    /// It is shorter than what was read of it.
    Cut,
    /// It is to be seen whose content it has.
    Judge {
        /// It is not as it was when it was judged last.
        has_grown: bool,
    },
}

/// What is done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It is empty: whose content it will have is not known.
    New,
    /// It has the content of another one, and is read when that one is cut or gone, or when it stays as it is.
    Held {
        /// The other one.
        of: u64,
        /// When it last changed.
        since: Instant,
    },
    /// It is read.
    Followed,
    /// No name leads to it; it is read to its end through its handle.
    Gone {
        /// When it last grew.
        since: Instant,
    },
    /// It is known by its content alone: a copy of it, or the packed file, is read on.
    Departed,
    /// It cannot be read: never, or until something changes.
    Refused {
        /// It is not tried again while it is as it is.
        is_final: bool,
    },
}

/// A place in the content, which has a mark, and the records before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) offset: u64,
    pub(super) records: u64,
    pub(super) mark: Mark,
}

impl KnownFile {
    pub(super) fn new(id: u64, key: FileKey, path: &Path) -> Self {
        Self {
            id,
            key,
            path: path.into(),
            head: Mark::default(),
            stage: Stage::New,
            read: Place::default(),
            settled: Place::default(),
            told: 0,
            size: 0,
            mtime: (0, 0),
            is_packed: false,
            sealed: 0,
            open: None,
            remains: None,
            predecessor: None,
            orphan: None,
            seen: 0,
            departed: None,
            nameless: None,
            is_ready: false,
            is_touched: false,
            grown: None,
        }
    }

    /// As it was when the program ended. Its path is not known.
    pub(super) fn restored(entry: &Entry) -> Self {
        let place = Place {
            offset: entry.offset,
            records: entry.records,
            mark: entry.place,
        };
        Self {
            head: entry.head,
            stage: if entry.is_departed {
                Stage::Departed
            } else {
                Stage::Followed
            },
            read: place,
            settled: place,
            told: place.offset,
            size: entry.offset,
            is_packed: entry.sealed > 0,
            sealed: if entry.sealed == UNSEALED { 0 } else { entry.sealed },
            ..Self::new(entry.id, entry.key, Path::new(""))
        }
    }

    /// Takes note of what the system says of it, and says what is to be done.
    pub(super) fn look(&mut self, stat: &Stat) -> Look {
        let is_changed = (self.size, self.mtime) != (stat.size, stat.mtime);
        let has_grown = self.size != stat.size;
        // What a file was when the program ended is not known.
        let was_seen = self.mtime != (0, 0);
        (self.size, self.mtime) = (stat.size, stat.mtime);
        self.nameless = None;
        if let Stage::Gone { .. } = self.stage {
            self.stage = Stage::Followed;
        }
        let position = self.position();
        match self.stage {
            Stage::Held { .. } => Look::Judge { has_grown },
            Stage::New if is_changed => Look::Judge { has_grown },
            Stage::Refused { is_final } if is_changed || !is_final => {
                self.stage = Stage::New;
                Look::Judge { has_grown: true }
            }
            Stage::Followed if self.is_packed && self.sealed == stat.size => Look::Nothing,
            Stage::Followed if self.is_packed && (is_changed || self.sealed == 0) => Look::More,
            Stage::Followed if self.is_packed => Look::Nothing,
            Stage::Followed if stat.size < position => Look::Cut,
            Stage::Followed if stat.size > position || (is_changed && was_seen) => Look::More,
            Stage::New | Stage::Refused { .. } | Stage::Followed | Stage::Gone { .. } | Stage::Departed => {
                Look::Nothing
            }
        }
    }

    /// Whether an open file has other bytes before the place of reading than were read there.
    pub(super) fn has_other_content(&self) -> bool {
        let Some(open) = self.open.as_ref().filter(|_| !self.is_packed) else {
            return false;
        };
        let before = open.content.before(open.raw, PLACE_BYTES);
        before.is_ok_and(|before| !self.was_read_up_to(&before))
    }

    /// What is kept of it; nothing while it is not known what it is: the next start will see.
    pub(super) fn entry(&self) -> Option<Entry> {
        let is_known = !matches!(self.stage, Stage::New | Stage::Held { .. });
        is_known.then_some(Entry {
            id: self.id,
            key: self.key,
            offset: self.settled.offset,
            records: self.settled.records,
            sealed: if self.is_packed && self.sealed == 0 {
                UNSEALED
            } else {
                self.sealed
            },
            head: self.head,
            place: self.settled.mark,
            is_departed: self.stage == Stage::Departed,
        })
    }

    /// Behind the last byte that was read.
    pub(super) fn position(&self) -> u64 {
        self.open.as_ref().map_or(self.read.offset, |open| open.raw)
    }

    /// Whether these bytes, up to the position, are the ones that were read before it.
    pub(super) fn was_read_up_to(&self, before: &[u8]) -> bool {
        match &self.open {
            Some(open) if open.raw != self.read.offset => {
                let recent = open.place_bytes();
                before.ends_with(recent)
            }
            _ => self.read.mark.ends(before),
        }
    }

    /// The lines that are being read, with what they hold.
    pub(super) fn source(&self) -> Option<&LineSource> {
        let open = self.open.as_ref().and_then(|open| open.source.as_deref());
        open.or(self.orphan.as_deref())
    }

    /// The place up to which nothing is held, where `resume_at` is its offset.
    pub(super) fn place(&self, resume_at: u64) -> Place {
        let Some(open) = self.open.as_ref().filter(|open| open.raw != self.read.offset) else {
            return if resume_at == self.read.offset {
                self.read
            } else {
                unmarked(resume_at, self.read.records)
            };
        };
        let records = open
            .source
            .as_ref()
            .map_or(self.read.records, |source| source.records());
        let back = usize::try_from(open.raw.saturating_sub(resume_at)).unwrap_or(usize::MAX);
        match open.recent.len().checked_sub(back) {
            Some(end) => Place {
                offset: resume_at,
                records,
                mark: Mark::of_place(&open.recent[..end]),
            },
            None => unmarked(resume_at, records),
        }
    }

    /// Closes it; reading goes on at the first byte that is in no line.
    pub(super) fn close(&mut self) -> Option<Box<OpenFile>> {
        let offset = match self.open.as_ref().and_then(|open| open.source.as_ref()) {
            Some(source) => source.pending_from(),
            None => self.position(),
        };
        self.read = self.place(offset);
        self.open.take()
    }
}

fn unmarked(offset: u64, records: u64) -> Place {
    Place {
        offset,
        records,
        mark: Mark::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(size: u64, seconds: i64) -> Stat {
        Stat {
            key: FileKey::default(),
            size,
            mtime: (seconds, 0),
            is_regular: true,
        }
    }

    /// A plain file of 100 bytes that was read up to `read`.
    fn file(stage: Stage, read: u64) -> KnownFile {
        let mut file = KnownFile::new(1, FileKey::default(), Path::new("/a.log"));
        (file.stage, file.read.offset, file.size, file.mtime) = (stage, read, 100, (1, 0));
        file
    }

    #[test]
    fn a_look_says_what_is_to_be_done() {
        let held = Stage::Held {
            of: 2,
            since: Instant::now(),
        };
        for (stage, read, stat, expected) in [
            (Stage::Followed, 100, stat(100, 1), Look::Nothing),
            (Stage::Followed, 100, stat(120, 2), Look::More),
            (Stage::Followed, 50, stat(100, 1), Look::More),
            (Stage::Followed, 100, stat(99, 2), Look::Cut),
            (Stage::Followed, 100, stat(0, 2), Look::Cut),
            // Written anew with the same length, as far as this shows.
            (Stage::Followed, 100, stat(100, 2), Look::More),
            (Stage::New, 0, stat(100, 1), Look::Nothing),
            (Stage::New, 0, stat(101, 2), Look::Judge { has_grown: true }),
            (held, 0, stat(100, 1), Look::Judge { has_grown: false }),
            (Stage::Refused { is_final: true }, 0, stat(100, 1), Look::Nothing),
            (
                Stage::Refused { is_final: true },
                0,
                stat(101, 2),
                Look::Judge { has_grown: true },
            ),
            (
                Stage::Refused { is_final: false },
                0,
                stat(100, 1),
                Look::Judge { has_grown: true },
            ),
            (Stage::Departed, 100, stat(101, 2), Look::Nothing),
        ] {
            assert_eq!(
                file(stage, read).look(&stat),
                expected,
                "{stage:?} {read} {stat:?}"
            );
        }
    }

    #[test]
    fn a_packed_file_is_read_again_when_its_own_size_has_changed() {
        for (sealed, stat, expected) in [
            (100, stat(100, 1), Look::Nothing),
            (100, stat(90, 2), Look::More),
            (0, stat(100, 1), Look::More),
        ] {
            let mut file = file(Stage::Followed, 5000);
            (file.is_packed, file.sealed) = (true, sealed);
            assert_eq!(file.look(&stat), expected, "{sealed} {stat:?}");
        }
    }
}
