use std::ops::Range;

use crate::wire::{Mark, Writer, varint_len};

/// A cursor over the input that copies what lies between edits.
///
/// Messages are entered and left in the order of the input. A message gets a header of its own in the output only when
/// something inside it changes; until then it is part of the range that will be copied.
#[derive(Debug)]
pub(super) struct Splice<'a> {
    input: &'a [u8],
    out: Writer,
    /// The input before this is in the output.
    copied: usize,
    levels: Vec<Level>,
    /// How many of the levels, from the outside, have a header in the output.
    opened: usize,
    changed: bool,
}

#[derive(Debug)]
struct Level {
    number: u32,
    /// Start of the field, its tag.
    start: usize,
    content: Range<usize>,
    mark: Option<Mark>,
}

impl<'a> Splice<'a> {
    pub(super) fn new(input: &'a [u8]) -> Self {
        Splice {
            input,
            out: Writer::default(),
            copied: 0,
            levels: Vec::new(),
            opened: 0,
            changed: false,
        }
    }

    /// Goes into the message that is the content of a field.
    #[inline]
    pub(super) fn enter(&mut self, number: u32, start: usize, content: Range<usize>) {
        self.levels.push(Level {
            number,
            start,
            content,
            mark: None,
        });
    }

    /// Goes out of the message entered last.
    #[inline]
    pub(super) fn leave(&mut self) {
        let Some(level) = self.levels.pop() else { return };
        let Some(mark) = level.mark else { return };
        self.copy_to(level.content.end);
        self.out.end(mark);
        self.opened = self.levels.len();
    }

    /// Goes out of the message entered last, and leaves it out.
    pub(super) fn leave_out(&mut self) {
        let Some(level) = self.levels.pop() else { return };
        match level.mark {
            Some(mark) => {
                self.out.cancel(mark);
                self.copied = level.content.end;
                self.opened = self.levels.len();
            }
            None => self.skip(level.start..level.content.end),
        }
    }

    /// Leaves out a range of the input.
    #[inline]
    pub(super) fn skip(&mut self, range: Range<usize>) {
        self.write_at(range.start);
        self.copied = range.end;
    }

    /// The output, with the input copied up to `at`: what is written now stands there.
    #[inline]
    pub(super) fn write_at(&mut self, at: usize) -> &mut Writer {
        if self.opened < self.levels.len() || !self.changed {
            self.open();
        }
        self.copy_to(at);
        &mut self.out
    }

    fn open(&mut self) {
        if !self.changed {
            self.changed = true;
            // Edits rarely add more than an eighth.
            self.out = Writer::with_capacity(self.input.len() + self.input.len() / 8 + 64);
        }
        while let Some(level) = self.levels.get_mut(self.opened) {
            self.out
                .raw(self.input.get(self.copied..level.start).unwrap_or_default());
            self.copied = level.content.start;
            level.mark = Some(
                self.out
                    .begin(level.number, varint_len(level.content.len() as u64)),
            );
            self.opened += 1;
        }
    }

    #[inline]
    fn copy_to(&mut self, at: usize) {
        if let Some(untouched) = self.input.get(self.copied..at) {
            self.out.raw(untouched);
            self.copied = at;
        }
    }

    /// The new request, if anything changed.
    pub(super) fn finish(mut self) -> Option<Vec<u8>> {
        self.changed.then(|| {
            self.copy_to(self.input.len());
            self.out.into_bytes()
        })
    }
}
