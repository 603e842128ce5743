//! The cut into frames.

use std::sync::Arc;

use crate::encoding::Encoding;
use crate::framing::{Boundary, Framing};
use crate::trace::Before;

/// One record as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The text, without its line end.
    pub text: &'a str,
    /// Offset of its first byte in the source.
    pub start: u64,
    /// Offset behind its line end: where reading goes on after a restart.
    pub end: u64,
    /// It was longer than the limit and is cut.
    pub cut: bool,
}

/// Cuts the bytes of one source.
///
/// However the bytes are divided into calls of [`Framer::feed`], the frames are the same; a framer that begins at the end of a
/// frame gives out those behind it. It holds one record at most: `max_log_size` bytes, and what one call of `feed` brought.
#[derive(Debug)]
pub struct Framer {
    framing: Arc<Framing>,
    /// Offset of the first byte that is held, or that comes next.
    at: u64,
    held: Vec<u8>,
    /// Of what is held: behind the last whole line.
    line: usize,
    /// Of what is held: behind what has no further line feed.
    searched: usize,
    /// Whether the record ends with the line at hand, where that is known although its end has not come.
    judged: Option<bool>,
    before: Before,
    /// The beginning of a record whose rest is left out.
    kept: Option<Kept>,
}

#[derive(Debug)]
struct Kept {
    bytes: Vec<u8>,
    start: u64,
}

type Frames<'f> = &'f mut dyn FnMut(Frame<'_>);

impl Framer {
    /// A framer whose first byte has the offset `at` in the source.
    pub fn new(framing: Arc<Framing>, at: u64) -> Self {
        Self {
            framing,
            at,
            held: Vec::new(),
            line: 0,
            searched: 0,
            judged: None,
            before: Before::default(),
            kept: None,
        }
    }

    /// Takes bytes that follow the ones before, and gives out the frames that are complete.
    pub fn feed(&mut self, bytes: &[u8], frames: Frames<'_>) {
        let mut bytes = bytes;
        if !self.held.is_empty() && self.is_plain() {
            // Only the line at hand is put together; the others are taken from where they are.
            let rest = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |found| found + 1);
            self.feed_held(&bytes[..rest], frames);
            bytes = &bytes[rest..];
        }
        if !self.held.is_empty() {
            return self.feed_held(bytes, frames);
        }
        let used = self.process(bytes, frames);
        self.held.extend_from_slice(&bytes[used..]);
    }

    fn feed_held(&mut self, bytes: &[u8], frames: Frames<'_>) {
        let mut held = std::mem::take(&mut self.held);
        held.extend_from_slice(bytes);
        let used = self.process(&held, frames);
        held.drain(..used);
        self.held = held;
    }

    fn is_plain(&self) -> bool {
        matches!(self.framing.boundary, Boundary::Line) && self.framing.encoding.unit() == 1
    }

    /// Offset of the first byte that is not yet part of a frame given out: reading can begin there again.
    pub fn pending_from(&self) -> u64 {
        self.kept.as_ref().map_or(self.at, |kept| kept.start)
    }

    /// Bytes that are held.
    pub fn pending_bytes(&self) -> usize {
        self.held.len() + self.kept.as_ref().map_or(0, |kept| kept.bytes.len())
    }

    /// Gives out what is held although its end has not come: the flush timeout passed, or the source has ended for good.
    pub fn flush(&mut self, frames: Frames<'_>) {
        let mut held = std::mem::take(&mut self.held);
        let whole = held.len();
        let end = match self.line == whole && whole > 0 {
            // The line end of the last line.
            true => whole.saturating_sub(self.framing.encoding.unit()),
            false => whole,
        };
        self.give(&held, 0, end, whole, frames);
        self.at += whole as u64;
        (self.line, self.searched, self.judged) = (0, 0, None);
        self.before = Before::default();
        held.clear();
        self.held = held;
    }

    /// Gives out the complete frames of what begins at `self.at`; returns how many bytes are done with.
    fn process(&mut self, data: &[u8], frames: Frames<'_>) -> usize {
        let framing = self.framing.clone();
        let (unit, max) = (framing.encoding.unit(), framing.max);
        let (mut record, mut line, mut from) = (0, self.line, self.searched);
        if self.at == 0 && line == 0 && self.kept.is_none() {
            let mark = framing.encoding.mark();
            if data.starts_with(mark) && !mark.is_empty() {
                (record, line, from) = (mark.len(), mark.len(), from.max(mark.len()));
            } else if mark.starts_with(data) {
                return 0;
            }
        }
        while let Some(found) = framing.encoding.find_line_feed(&data[from..]) {
            let feed = from + found;
            let next = feed + unit;
            let ends = self.judged.take().unwrap_or_else(|| {
                let seen = &data[line..feed.min(line + max)];
                if framing.starts(seen, &mut self.before) {
                    record = self.end_before(data, record, line, frames);
                }
                framing.ends(seen)
            });
            record = self.cut(data, record, feed, frames);
            if ends {
                self.give(data, record, feed, next, frames);
                record = next;
            } else if self.kept.is_some() {
                record = next;
            }
            (line, from) = (next, next);
        }
        let whole = data.len() - data.len() % unit;
        // A line that is too long is judged by its beginning, before its end has come.
        if self.judged.is_some() {
            record = self.cut(data, record, whole, frames);
        } else if whole.saturating_sub(line) > max {
            let seen = &data[line..line + max];
            if framing.starts(seen, &mut self.before) {
                record = self.end_before(data, record, line, frames);
            }
            self.judged = Some(framing.ends(seen));
            record = self.cut(data, record, whole, frames);
        }
        self.line = line.saturating_sub(record);
        self.searched = whole.max(record) - record;
        self.at += record as u64;
        record
    }

    /// Ends the record at hand before a line that begins another one.
    fn end_before(&mut self, data: &[u8], record: usize, line: usize, frames: Frames<'_>) -> usize {
        if line > record || self.kept.is_some() {
            let end = line.saturating_sub(self.framing.encoding.unit()).max(record);
            self.give(data, record, end, line, frames);
        }
        line.max(record)
    }

    /// Cuts what is too long of a record that goes up to `to` so far.
    fn cut(&mut self, data: &[u8], record: usize, to: usize, frames: Frames<'_>) -> usize {
        let mut record = record;
        let (max, encoding) = (self.framing.max, self.framing.encoding);
        while to.saturating_sub(record) > max {
            let cut = record + encoding.cut(&data[record..to], max).max(1);
            if self.kept.is_some() {
                return to;
            }
            if self.framing.truncates {
                self.kept = Some(Kept {
                    bytes: data[record..cut].to_vec(),
                    start: self.at + record as u64,
                });
                return to;
            }
            let (start, end) = (self.at + record as u64, self.at + cut as u64);
            emit(&self.framing, &data[record..cut], start..end, true, frames);
            record = cut;
        }
        record
    }

    /// Gives out the record `data[from..to]`, behind which reading goes on at `next`.
    fn give(&mut self, data: &[u8], from: usize, to: usize, next: usize, frames: Frames<'_>) {
        let end = self.at + next as u64;
        match self.kept.take() {
            Some(kept) => emit(&self.framing, &kept.bytes, kept.start..end, true, frames),
            None => emit(
                &self.framing,
                &data[from..to],
                self.at + from as u64..end,
                false,
                frames,
            ),
        }
    }
}

fn emit(framing: &Framing, raw: &[u8], place: std::ops::Range<u64>, cut: bool, frames: Frames<'_>) {
    let raw = without_nul_bytes(framing, raw);
    let (text, is_replaced) = framing.encoding.decode(raw);
    if is_replaced {
        framing.note_replaced();
    }
    let mut text = text.strip_suffix('\r').unwrap_or(&text);
    if !framing.keeps_leading {
        text = text.trim_start();
    }
    if !framing.keeps_trailing {
        text = text.trim_end();
    }
    text = framing.without_pattern(text);
    if cut {
        framing.note_cut();
    }
    // A line without text is no record.
    if text.is_empty() {
        return;
    }
    frames(Frame {
        text,
        start: place.start,
        end: place.end,
        cut,
    });
}

fn without_nul_bytes<'r>(framing: &Framing, raw: &'r [u8]) -> &'r [u8] {
    if raw.first() != Some(&0) || matches!(framing.encoding, Encoding::Utf16 { .. }) {
        return raw;
    }
    let count = raw.iter().take_while(|byte| **byte == 0).count();
    framing.note_nul_bytes(count);
    &raw[count..]
}
