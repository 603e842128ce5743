//! What is live, read out.

use std::collections::VecDeque;
use std::io;
use std::ops::Range;

use smallvec::SmallVec;

use super::super::state::{Parts, State};
use super::course::{Course, Met, Stretch};
use super::{Inspection, Segment};
use crate::format::Header;
use crate::fs::{Fs, FsFile};
use crate::scan::{BLOCK_BYTES, Payload, Scan, Step, Window};

/// A record of which not everything has come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveRecord {
    /// The ordinal of its first item.
    pub first: u64,
    /// Items in it.
    pub items: u32,
    /// The ordinals that have not come to their end, not empty.
    pub live: SmallVec<[Range<u64>; 1]>,
    /// When it was written, in Unix milliseconds.
    pub written_ms: u64,
    /// All of its payload.
    pub payload: Vec<u8>,
}

/// See [`Inspection::records`]. An error is that of one file; the next call goes on behind what cannot be read.
pub struct LiveRecords<'a, F: Fs> {
    fs: &'a F,
    segments: std::slice::Iter<'a, Segment>,
    state: &'a State,
    open: Option<Open<'a, F::File>>,
    /// What was read at once: as much as lies in one block, or one record.
    read: VecDeque<LiveRecord>,
}

/// The file that is read. A scan borrows its file, so what is kept is where it goes on.
struct Open<'a, File> {
    segment: &'a Segment,
    course: Course<'a>,
    file: File,
    at: u64,
}

impl<F: Fs> std::fmt::Debug for LiveRecords<'_, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LiveRecords").finish_non_exhaustive()
    }
}

impl<'a, F: Fs> LiveRecords<'a, F> {
    pub(super) fn new(of: &'a Inspection<F>) -> Self {
        Self {
            fs: &of.fs,
            segments: of.segments.iter(),
            state: &of.state,
            open: None,
            read: VecDeque::new(),
        }
    }

    /// Opens the next file in which something is live. False where there is none.
    fn open_next(&mut self) -> io::Result<bool> {
        for segment in self.segments.by_ref().filter(|segment| segment.live.items > 0) {
            match self.fs.open(&segment.path) {
                Ok(file) => {
                    let course = Course::new(self.state, segment.met);
                    self.open = Some(Open {
                        segment,
                        course,
                        file,
                        at: 0,
                    });
                    return Ok(true);
                }
                // It was delivered in the meantime.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// Reads one block of the file. Nothing is added only at its end.
    fn read_block(&mut self) -> io::Result<()> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let stretch = &open.segment.stretch;
        let bytes = open.at..stretch.readable;
        let mut scan = Scan::new(&open.file, open.segment.name.salt, bytes, BLOCK_BYTES);
        let read = collect(&mut scan, &mut open.course, stretch, &mut self.read);
        let is_end = read.is_ok() && self.read.is_empty();
        if read.is_err() {
            scan.skip_unreadable();
        }
        open.at = scan.at();
        if is_end {
            self.open = None;
        }
        read
    }
}

impl<F: Fs> Iterator for LiveRecords<'_, F> {
    type Item = io::Result<LiveRecord>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(record) = self.read.pop_front() {
                return Some(Ok(record));
            }
            let step = match self.open {
                Some(_) => self.read_block(),
                None => match self.open_next() {
                    Ok(true) => Ok(()),
                    Ok(false) => return None,
                    Err(error) => Err(error),
                },
            };
            if let Err(error) = step {
                return Some(Err(error));
            }
        }
    }
}

/// Reads until there is a record, and on while the next ones lie in the same block.
fn collect<File: FsFile>(
    scan: &mut Scan<'_, File>,
    course: &mut Course<'_>,
    stretch: &Stretch,
    into: &mut VecDeque<LiveRecord>,
) -> io::Result<()> {
    loop {
        let window = match into.is_empty() {
            true => Window::Move,
            false => Window::Keep,
        };
        let frame = match scan.step(window)? {
            Step::End | Step::OutOfWindow => return Ok(()),
            Step::Damaged(_) => continue,
            Step::Frame(frame) => frame,
        };
        let payload = scan.payload(&frame, window);
        if !matches!(payload, Ok(Payload::Good(_) | Payload::Damaged)) {
            scan.back_to(&frame);
        }
        let place = match payload? {
            Payload::OutOfWindow => return Ok(()),
            Payload::Damaged => None,
            Payload::Good(place) => Some(place),
        };
        let met = course.meet(&frame.header, place.is_some(), stretch);
        if let (Met::Frame { live, .. }, Some(place)) = (met, place)
            && !live.is_empty()
        {
            into.push_back(record(&frame.header, live, scan.bytes(&place)));
        }
    }
}

fn record(header: &Header, live: Parts, payload: &[u8]) -> LiveRecord {
    LiveRecord {
        first: header.first,
        items: header.items,
        live,
        written_ms: header.written_ms,
        payload: payload.to_vec(),
    }
}
