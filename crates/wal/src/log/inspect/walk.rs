//! Every frame of every file, held against what is known of the items.

use std::io;
use std::ops::Range;

use super::super::OpenError;
use super::super::open::Found;
use super::super::state::{Parts, State, share_of};
use super::course::{Course, Met, Stretch, items};
use super::{Damage, Defect, Segment, is_gone};
use crate::end::Live;
use crate::format::{Checkpoint, Header, Kind, decode_ends};
use crate::fs::{Fs, FsFile};
use crate::scan::{Frame, Payload, Scan, Step, Window};

/// Goes from file to file.
pub(super) struct Walk<'a> {
    state: &'a State,
    course: Course<'a>,
    walked: Walked,
    /// The first damaged place since the last intact header: what is missing lay there.
    open_damage: Option<(usize, usize)>,
    /// Files were removed while the log was read.
    some_are_gone: bool,
    /// Damaged places that may still be kept.
    room: usize,
}

/// What was found.
#[derive(Default)]
pub(super) struct Walked {
    pub(super) segments: Vec<Segment>,
    pub(super) lost_items: u64,
    pub(super) missing_items: u64,
    pub(super) ended_meanwhile: u64,
    pub(super) more_damages: u64,
}

impl<'a> Walk<'a> {
    pub(super) fn new(state: &'a State, max_damages: usize) -> Self {
        Self {
            state,
            course: Course::new(state, state.base()),
            walked: Walked::default(),
            open_damage: None,
            some_are_gone: false,
            room: max_damages,
        }
    }

    /// # Errors
    /// The file cannot be read at all. That it is gone is none.
    pub(super) fn file<F: Fs>(&mut self, fs: &F, found: &Found, stretch: Stretch) -> Result<(), OpenError> {
        let file = match found.open(fs) {
            Ok(file) => file,
            Err(error) if is_gone(&error) => {
                self.is_gone();
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let mut scan = found.scan(&file);
        let is_read = self.course.leads_through(&stretch);
        let course = (stretch, self.course.met());
        self.walked.segments.push(Segment::new(found, course));
        loop {
            let from = scan.at();
            match found.again(&file, &mut scan, |scan| self.step(scan, is_read))? {
                Some(true) => {}
                Some(false) => return Ok(()),
                None => self.damaged(from..scan.at(), Defect::Unreadable, 0),
            }
        }
    }

    /// A file was there and was removed since: everything in it is done by now.
    pub(super) fn is_gone(&mut self) {
        self.some_are_gone = true;
    }

    /// What was missing at the end.
    pub(super) fn finish(mut self) -> Walked {
        let missing = self.course.pass_to(self.state.next());
        self.missing(missing);
        self.walked
    }

    /// False at the end of the file.
    fn step<File: FsFile>(&mut self, scan: &mut Scan<'_, File>, is_read: bool) -> io::Result<bool> {
        match scan.step(Window::Move)? {
            Step::End | Step::OutOfWindow => return Ok(false),
            Step::Damaged(bytes) => self.damaged(bytes, Defect::NoFrame, 0),
            Step::Frame(frame) => {
                let payload = match scan.payload(&frame, Window::Move) {
                    Ok(payload) => payload,
                    Err(error) => {
                        scan.back_to(&frame);
                        return Err(error);
                    }
                };
                let bytes = match &payload {
                    Payload::Good(place) => Some(scan.bytes(place)),
                    Payload::Damaged | Payload::OutOfWindow => None,
                };
                self.frame(&frame, bytes, scan.at(), is_read);
            }
        }
        Ok(true)
    }

    /// `scanned_to`: where the frame ends, or the file before it does.
    fn frame(&mut self, frame: &Frame, payload: Option<&[u8]>, scanned_to: u64, is_read: bool) {
        let header = &frame.header;
        let bytes = frame.offset..scanned_to;
        let met = match self.walked.segments.last() {
            Some(segment) if is_read && frame.offset < segment.stretch.readable => {
                self.course.meet(header, payload.is_some(), &segment.stretch)
            }
            _ => Met::Frame {
                missing: 0,
                live: Parts::new(),
            },
        };
        let Met::Frame { missing, live } = met else {
            return self.damaged(bytes, Defect::Foreign, 0);
        };
        self.missing(missing);
        match defect(frame, payload, scanned_to) {
            Some(defect) => self.damaged(bytes, defect, items(&live)),
            None => self.intact(header, &live),
        }
    }

    fn intact(&mut self, header: &Header, live: &Parts) {
        let Some(segment) = self.walked.segments.last_mut() else {
            return;
        };
        segment.frames += 1;
        widen(&mut segment.written_ms, header.written_ms);
        if header.kind != Kind::Data {
            return;
        }
        if segment.records == 0 {
            segment.ordinals = header.first..header.first;
        }
        segment.records += 1;
        segment.ordinals.end = segment.ordinals.end.max(header.end());
        if !live.is_empty() {
            segment.live.items += items(live);
            segment.live.bytes += share_of(header, live);
            segment.live.records += 1;
            widen(&mut segment.live_ms, header.written_ms);
        }
    }

    /// An intact header was met, and so many items should have come before it.
    fn missing(&mut self, lost: u64) {
        let at = self.open_damage.take();
        if lost == 0 {
            return;
        }
        let segments = &mut self.walked.segments;
        let damage = at.and_then(|(segment, damage)| segments.get_mut(segment)?.damages.get_mut(damage));
        match damage {
            Some(damage) => damage.lost_items += lost,
            None if self.some_are_gone => {
                self.walked.ended_meanwhile += lost;
                return;
            }
            None => self.walked.missing_items += lost,
        }
        self.walked.lost_items += lost;
    }

    fn damaged(&mut self, bytes: Range<u64>, what: Defect, lost_items: u64) {
        self.walked.lost_items += lost_items;
        let index = self.walked.segments.len().saturating_sub(1);
        let Some(segment) = self.walked.segments.last_mut() else {
            return;
        };
        // A long place is told in several pieces.
        if let Some(last) = segment.damages.last_mut()
            && last.bytes.end == bytes.start
            && last.what == what
            && lost_items == 0
        {
            last.bytes.end = bytes.end;
        } else if let Some(room) = self.room.checked_sub(1) {
            self.room = room;
            segment.damages.push(Damage {
                bytes,
                what,
                lost_items,
            });
        } else {
            self.walked.more_damages += 1;
        }
        let damage = segment.damages.len().saturating_sub(1);
        self.open_damage.get_or_insert((index, damage));
    }
}

/// What is wrong with a frame whose header is intact.
fn defect(frame: &Frame, payload: Option<&[u8]>, scanned_to: u64) -> Option<Defect> {
    match (frame.header.kind, payload) {
        (Kind::Head, Some(payload)) if Checkpoint::decode(payload).is_none() => Some(Defect::Head),
        (Kind::Ends, Some(payload)) if decode_ends(payload).is_none() => Some(Defect::Ends),
        (_, Some(_)) => None,
        _ if frame.end() > scanned_to => Some(Defect::CutOff),
        (Kind::Head, None) => Some(Defect::Head),
        (Kind::Data, None) => Some(Defect::Record),
        (Kind::Ends, None) => Some(Defect::Ends),
    }
}

impl Walked {
    pub(super) fn live(&self) -> Live {
        self.segments.iter().fold(Live::default(), |sum, segment| Live {
            items: sum.items + segment.live.items,
            bytes: sum.bytes + segment.live.bytes,
            records: sum.records + segment.live.records,
        })
    }
}

fn widen(range: &mut Option<(u64, u64)>, ms: u64) {
    let (first, last) = range.unwrap_or((ms, ms));
    *range = Some((first.min(ms), last.max(ms)));
}
