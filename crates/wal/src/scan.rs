//! The frames of one file, in the order in which they lie there, and what is damaged between them.

use std::io;
use std::ops::Range;

use crc32c::crc32c;
use memchr::memmem;

use crate::format::{Decoded, HEADER_LEN, Header, MARKER};
use crate::fs::{FsFile, uninterrupted};

/// Bytes that are read at once where nothing larger is asked for.
pub(crate) const BLOCK_BYTES: usize = 256 << 10;

/// What a disk cannot read is given up in pieces of this size.
const PAGE: u64 = 4096;

/// Walks over the frames of a file. Holds one block in memory, or one frame where that is larger; never more than the file has.
///
/// A frame with an intact header is passed by its length, whatever its payload is like; where no header is intact, the next one is looked
/// for by its marker.
pub(crate) struct Scan<'f, F> {
    file: &'f F,
    salt: u32,
    /// Where the next frame is expected.
    at: u64,
    /// Nothing behind it is read.
    end: u64,
    block_bytes: usize,
    /// What was read, and where in the file it begins.
    window: Vec<u8>,
    window_at: u64,
    /// Where the last read failed.
    unreadable: u64,
}

/// A frame whose header is intact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Where it begins in the file.
    pub(crate) offset: u64,
    pub(crate) header: Header,
}

/// What comes next in a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Frame(Frame),
    /// Bytes that are no frame. A long place is told in several pieces.
    Damaged(Range<u64>),
    /// The window would have to move.
    OutOfWindow,
    End,
}

/// The payload of a frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Payload {
    /// Where it lies in the window.
    Good(Range<usize>),
    /// Its checksum is wrong, or the file ends before it does.
    Damaged,
    /// The window would have to move.
    OutOfWindow,
}

/// Whether what is asked for may be read from the disk, which gives up what the window held before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Window {
    Keep,
    Move,
}

enum Held {
    Yes,
    No,
    /// The file is shorter than was said.
    Short,
}

impl<'f, F: FsFile> Scan<'f, F> {
    /// Walks from `at`, where a frame is expected, to `end`.
    pub(crate) fn new(file: &'f F, salt: u32, bytes: Range<u64>, block_bytes: usize) -> Self {
        Self {
            file,
            salt,
            at: bytes.start,
            end: bytes.end,
            block_bytes: block_bytes.max(HEADER_LEN),
            window: Vec::new(),
            window_at: bytes.start,
            unreadable: bytes.start,
        }
    }

    /// What the first header says, or what is in its place.
    pub(crate) fn head(&mut self) -> io::Result<Decoded> {
        self.hold(
            self.at,
            HEADER_LEN.min((self.end - self.at) as usize),
            Window::Move,
        )?;
        Ok(self.decode_at(self.at).unwrap_or(Decoded::Bad))
    }

    /// What comes next.
    ///
    /// # Errors
    /// The system's; nothing was passed then.
    pub(crate) fn step(&mut self, window: Window) -> io::Result<Step> {
        if self.at >= self.end {
            return Ok(Step::End);
        }
        if self.end - self.at < HEADER_LEN as u64 {
            return Ok(self.damaged_to(self.end));
        }
        match self.hold(self.at, HEADER_LEN, window)? {
            Held::No => return Ok(Step::OutOfWindow),
            Held::Short => return Ok(self.damaged_to(self.end)),
            Held::Yes => {}
        }
        match self.decode_at(self.at) {
            Some(Decoded::Good(header)) => {
                let frame = Frame {
                    offset: self.at,
                    header,
                };
                self.at = frame.end().min(self.end);
                Ok(Step::Frame(frame))
            }
            _ => {
                let next = self.next_header();
                Ok(self.damaged_to(next))
            }
        }
    }

    /// The payload of a frame that [`Scan::step`] gave. Only where its checksum is right.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn payload(&mut self, frame: &Frame, window: Window) -> io::Result<Payload> {
        if frame.end() > self.end {
            return Ok(Payload::Damaged);
        }
        let Ok(len) = usize::try_from(frame.header.frame_len()) else {
            return Ok(Payload::Damaged);
        };
        match self.hold(frame.offset, len, window)? {
            Held::No => return Ok(Payload::OutOfWindow),
            Held::Short => return Ok(Payload::Damaged),
            Held::Yes => {}
        }
        let at = (frame.offset - self.window_at) as usize;
        let place = at + HEADER_LEN..at + len;
        let intact = crc32c(self.bytes(&place)) == frame.header.payload_crc;
        Ok(if intact {
            Payload::Good(place)
        } else {
            Payload::Damaged
        })
    }

    /// Bytes of the window.
    pub(crate) fn bytes(&self, place: &Range<usize>) -> &[u8] {
        self.window.get(place.clone()).unwrap_or_default()
    }

    /// Goes back to a frame.
    pub(crate) fn back_to(&mut self, frame: &Frame) {
        self.at = frame.offset;
    }

    /// Where it goes on.
    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    /// The window's bytes, in which the places of payloads lie.
    pub(crate) fn into_window(self) -> Vec<u8> {
        self.window
    }

    /// Where the last call failed: gives up the rest of the 4 KiB that cannot be read. Returns what is passed so.
    pub(crate) fn skip_unreadable(&mut self) -> Range<u64> {
        let from = self.at;
        self.at = behind_page(self.unreadable.max(from)).min(self.end);
        from..self.at
    }

    /// Where the last read failed.
    pub(crate) fn unreadable(&self) -> u64 {
        self.unreadable
    }

    fn damaged_to(&mut self, to: u64) -> Step {
        let from = std::mem::replace(&mut self.at, to);
        Step::Damaged(from..to)
    }

    fn decode_at(&self, at: u64) -> Option<Decoded> {
        let from = usize::try_from(at.checked_sub(self.window_at)?).ok()?;
        let header = self.window.get(from..)?.first_chunk()?;
        Some(Header::decode(header, self.salt))
    }

    /// Where in the window a header begins, or could begin; at least one byte on.
    fn next_header(&self) -> u64 {
        let window_end = self.window_at + self.window.len() as u64;
        let mut from = (self.at - self.window_at) as usize + 1;
        while let Some(found) = memmem::find(self.window.get(from..).unwrap_or_default(), &MARKER) {
            let at = self.window_at + (from + found) as u64;
            // Where the rest of the header is not in the window, the next step looks.
            if self
                .decode_at(at)
                .is_none_or(|decoded| matches!(decoded, Decoded::Good(_)))
            {
                return at;
            }
            from += found + 1;
        }
        if window_end >= self.end {
            return self.end;
        }
        // The first bytes of a marker may be the last of the window.
        (window_end - (MARKER.len() as u64 - 1)).max(self.at + 1)
    }

    /// Brings so many bytes into the window, and a block where that is more.
    fn hold(&mut self, at: u64, len: usize, window: Window) -> io::Result<Held> {
        let held = |scan: &Self| {
            let from = at
                .checked_sub(scan.window_at)
                .and_then(|from| usize::try_from(from).ok());
            from.is_some_and(|from| from.checked_add(len).is_some_and(|to| to <= scan.window.len()))
        };
        if held(self) {
            return Ok(Held::Yes);
        }
        if window == Window::Keep {
            return Ok(Held::No);
        }
        self.move_window(at);
        let room = usize::try_from(self.end - at).unwrap_or(usize::MAX);
        let filled = self.fill(len.max(self.block_bytes).min(room));
        if held(self) {
            return Ok(Held::Yes);
        }
        filled?;
        Ok(Held::Short)
    }

    /// Lets the window begin there, with what it already had from there on.
    fn move_window(&mut self, to: u64) {
        let passed = to
            .checked_sub(self.window_at)
            .and_then(|passed| usize::try_from(passed).ok());
        match passed {
            Some(passed) if passed <= self.window.len() => {
                self.window.drain(..passed);
            }
            _ => self.window.clear(),
        }
        self.window_at = to;
    }

    /// Reads until the window has so many bytes. After an error it has what could be read before.
    fn fill(&mut self, len: usize) -> io::Result<()> {
        let mut filled = self.window.len();
        self.window.resize(len.max(filled), 0);
        let mut ended = Ok(());
        while filled < len {
            let at = self.window_at + filled as u64;
            match uninterrupted(|| self.file.read_at(at, &mut self.window[filled..])) {
                Ok(0) => break,
                Ok(read) => filled = (filled + read).min(len),
                Err(error) => {
                    self.unreadable = at;
                    ended = Err(error);
                    break;
                }
            }
        }
        self.window.truncate(filled);
        ended
    }
}

impl Frame {
    /// Where it ends in the file.
    pub(crate) fn end(&self) -> u64 {
        self.offset.saturating_add(self.header.frame_len())
    }
}

/// The end of the 4 KiB in which an offset lies.
pub(crate) fn behind_page(offset: u64) -> u64 {
    (offset / PAGE + 1).saturating_mul(PAGE)
}

#[cfg(test)]
mod tests;
