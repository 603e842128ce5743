//! Records out, in the order of their ordinals.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::Log;
use super::state::{Parts, ends_of};
use crate::end::{End, Outcome};
use crate::format::{Header, Kind, Name};
use crate::fs::Fs;
use crate::record::{Block, ReadLimit, Record};
use crate::scan::{Frame, Payload, Scan, Step, Window, behind_page};

/// Where reading goes on.
#[derive(Debug)]
pub(super) struct Reader<File> {
    /// In which file, and where in it. None: in the oldest.
    at: Option<(Name, u64)>,
    file: Option<(Name, Arc<File>)>,
    failed: Option<Failed>,
}

/// Where the last read failed.
#[derive(Clone, Copy, Debug)]
enum Failed {
    Opening,
    Reading(u64),
}

/// The file that is read.
struct Place {
    name: Name,
    bytes: Range<u64>,
    /// No record in it has ordinals from here on.
    ordinals_end: u64,
    /// What is damaged there was counted, but for payloads of records.
    was_counted: bool,
}

impl<F: Fs> Log<F> {
    /// True while records lie in the log that were neither read nor handed over since the start.
    pub fn has_unread(&self) -> bool {
        self.state.has_unread()
    }

    /// Reads on: the next records that are live, in order, empty where there are none. What is damaged is skipped, counted and ends as
    /// lost.
    ///
    /// # Errors
    /// The system's; nothing was skipped then and it can be called again. After [`Log::skip_unreadable`] it goes on behind the place.
    pub fn read(&mut self, limit: ReadLimit) -> io::Result<Block> {
        let read = self.read_on(limit);
        // What was found to be lost.
        self.write_ends();
        read
    }

    /// Gives up the place where [`Log::read`] fails (a bad sector: 4 KiB, or a file that cannot be opened): counts as damaged, like any
    /// other. Where the last read did not fail it does nothing.
    pub fn skip_unreadable(&mut self) {
        let Some(failed) = self.reader.failed.take() else {
            return;
        };
        let Some(place) = self.place() else { return };
        let to = match failed {
            Failed::Opening => place.bytes.end,
            Failed::Reading(at) => behind_page(at.max(place.bytes.start)).min(place.bytes.end),
        };
        self.damaged_bytes += to - place.bytes.start;
        self.reader.at = Some((place.name, to));
    }

    fn read_on(&mut self, limit: ReadLimit) -> io::Result<Block> {
        while self.state.has_unread() {
            let Some(place) = self.place() else {
                // The end of what is known: what was not found is not there.
                let rest = self.state.expected()..self.state.next();
                self.lose(rest);
                break;
            };
            self.reader.at = Some((place.name, place.bytes.start));
            let file = self.open_for_reading(place.name)?;
            let block = self.read_file(&file, &place, limit)?;
            if !block.records.is_empty() {
                return Ok(block);
            }
        }
        Ok(Block::default())
    }

    /// Where the next unread record may be.
    fn place(&self) -> Option<Place> {
        let at = match self.reader.at {
            Some(at) => at,
            None => (self.segments.first()?.name, 0),
        };
        self.segments.from(at.0).find_map(|segment| {
            let from = if segment.name == at.0 { at.1 } else { 0 };
            let ordinals_end = segment.ordinals.end.min(self.state.next());
            let unread = || {
                !self
                    .state
                    .unread_in(segment.ordinals.start..ordinals_end)
                    .is_empty()
            };
            let bytes = from..segment.readable;
            (!bytes.is_empty() && unread()).then_some(Place {
                name: segment.name,
                bytes,
                ordinals_end,
                was_counted: segment.looked_at,
            })
        })
    }

    fn open_for_reading(&mut self, name: Name) -> io::Result<Arc<F::File>> {
        if let Some((open, file)) = &self.reader.file
            && *open == name
        {
            return Ok(file.clone());
        }
        let file = match self
            .segments
            .get_mut(name)
            .and_then(|segment| segment.file.clone())
        {
            Some(file) => file,
            None => match self.fs.open(&self.path_of(name)) {
                Ok(file) => Arc::new(file),
                Err(error) => {
                    self.reader.failed = Some(Failed::Opening);
                    return Err(error);
                }
            },
        };
        self.reader.file = Some((name, file.clone()));
        Ok(file)
    }

    /// The next records of a file, as many as lie in one window. Empty only at its end.
    fn read_file(&mut self, file: &F::File, place: &Place, limit: ReadLimit) -> io::Result<Block> {
        let mut scan = Scan::new(file, place.name.salt, place.bytes.clone(), limit.bytes);
        let mut records = Vec::new();
        let read = self.collect(&mut scan, place, limit, &mut records);
        self.reader.at = Some((place.name, scan.at()));
        match read {
            // What was collected before stays: the next call fails instead.
            Err(error) if records.is_empty() => {
                self.reader.failed = Some(Failed::Reading(scan.unreadable()));
                Err(error)
            }
            _ => Ok(Block {
                records,
                buffer: scan.into_window(),
            }),
        }
    }

    fn collect(
        &mut self,
        scan: &mut Scan<'_, F::File>,
        place: &Place,
        limit: ReadLimit,
        records: &mut Vec<Record>,
    ) -> io::Result<()> {
        while records.len() < limit.records.max(1) {
            let window = if records.is_empty() {
                Window::Move
            } else {
                Window::Keep
            };
            match scan.step(window)? {
                Step::Frame(frame) => {
                    let collected = self.collect_frame(scan, &frame, place, window);
                    if !matches!(collected, Ok(Collected::Passed | Collected::Record(_))) {
                        scan.back_to(&frame);
                    }
                    match collected? {
                        Collected::Record(record) => records.push(record),
                        Collected::Passed => {}
                        Collected::OutOfWindow => return Ok(()),
                    }
                }
                Step::Damaged(bytes) => self.damaged(place, &bytes),
                Step::OutOfWindow | Step::End => return Ok(()),
            }
        }
        Ok(())
    }

    fn collect_frame(
        &mut self,
        scan: &mut Scan<'_, F::File>,
        frame: &Frame,
        place: &Place,
        window: Window,
    ) -> io::Result<Collected> {
        let header = &frame.header;
        let payload = match scan.payload(frame, window)? {
            Payload::OutOfWindow => return Ok(Collected::OutOfWindow),
            Payload::Good(payload) => Some(payload),
            Payload::Damaged => None,
        };
        let bytes = frame.offset..frame.end().min(place.bytes.end);
        if header.end() > place.ordinals_end {
            // A later file knows better: this is none of the log's frames.
            self.damaged_bytes += bytes.end - bytes.start;
            return Ok(Collected::Passed);
        }
        if header.first > self.state.expected() {
            self.lose(self.state.expected()..header.first);
            self.state.pass_to(header.first);
        }
        if header.kind != Kind::Data {
            if payload.is_none() {
                self.damaged(place, &bytes);
            }
            return Ok(Collected::Passed);
        }
        let Some(payload) = payload else {
            self.damaged_bytes += bytes.end - bytes.start;
            self.lose_record(header);
            return Ok(Collected::Passed);
        };
        if header.first < self.state.expected() {
            // It was passed before, or lies across another one; what of it was not is missed by the next frame.
            return Ok(Collected::Passed);
        }
        let live = self.state.unread_in(header.first..header.end());
        if !live.is_empty() {
            return Ok(Collected::Record(self.give(header, live, payload)));
        }
        self.state.pass_to(header.end());
        Ok(Collected::Passed)
    }

    fn damaged(&mut self, place: &Place, bytes: &Range<u64>) {
        if !place.was_counted {
            self.damaged_bytes += bytes.end - bytes.start;
        }
    }

    /// What of a record is unread cannot be read.
    fn lose_record(&mut self, header: &Header) {
        let live = self.state.unread_in(header.first..header.end());
        for end in ends_of(header, &live, Outcome::Lost, 1) {
            self.end_internally(end);
        }
        self.state.pass_to(header.end());
    }

    fn give(&mut self, header: &Header, live: Parts, payload: Range<usize>) -> Record {
        let live_bytes = self.state.give(header, &live);
        let Header {
            first,
            items,
            written_ms,
            ..
        } = *header;
        Record {
            first,
            items,
            written_ms,
            payload,
            live,
            live_bytes,
        }
    }

    /// What of these is unread is nowhere.
    fn lose(&mut self, range: Range<u64>) {
        for items in self.state.unread_in(range) {
            self.end_internally(End {
                items,
                outcome: Outcome::Lost,
                bytes: 0,
                records: 0,
            });
        }
    }
}

enum Collected {
    Record(Record),
    /// Nothing of it is for the reader.
    Passed,
    OutOfWindow,
}

impl<File> Reader<File> {
    pub(super) fn new() -> Self {
        Self {
            at: None,
            file: None,
            failed: None,
        }
    }

    /// Nothing is unread before this place.
    pub(super) fn start_at(&mut self, at: Option<(Name, u64)>) {
        if at.is_some() {
            self.at = at;
            self.failed = None;
        }
    }

    /// A file is removed: its room on the disk is not to be kept by an open handle.
    pub(super) fn close(&mut self, name: Name) {
        self.file.take_if(|(open, _)| *open == name);
    }
}
