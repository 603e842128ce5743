//! Sets of characters, and runs of characters of a set.

use memchr::{memchr, memchr2, memchr3};
use regex_syntax::hir;

/// A set of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ByteSet([u64; 4]);

impl ByteSet {
    pub(super) const EMPTY: Self = Self([0; 4]);
    pub(super) const ALL: Self = Self([u64::MAX; 4]);

    pub(super) fn of(byte: u8) -> Self {
        let mut set = Self::EMPTY;
        set.insert(byte);
        set
    }

    fn insert(&mut self, byte: u8) {
        if let Some(word) = self.0.get_mut(usize::from(byte >> 6)) {
            *word |= 1 << (byte & 63);
        }
    }

    pub(super) fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] & (1 << (byte & 63)) != 0
    }

    pub(super) fn union(self, other: Self) -> Self {
        let mut words = self.0;
        words
            .iter_mut()
            .zip(other.0)
            .for_each(|(word, other)| *word |= other);
        Self(words)
    }

    pub(super) fn is_disjoint(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).all(|(word, other)| word & other == 0)
    }
}

/// Whether a byte begins a character of the class.
const OUT: u8 = 0;
const IN: u8 = 1;
/// The character has to be looked at.
const DECODE: u8 = 2;

/// A class of characters.
#[derive(Debug)]
pub(super) struct Class {
    table: Box<[u8; 256]>,
    /// The characters beyond ASCII, where only some of them belong to it: ranges in ascending order.
    beyond: Vec<(char, char)>,
    /// All characters but these few, which are ASCII.
    all_but: Option<Vec<u8>>,
}

impl Class {
    /// `None` for a class of bytes that are no characters.
    pub(super) fn new(class: &hir::Class) -> Option<Self> {
        let unicode = match class {
            hir::Class::Unicode(class) => class.clone(),
            hir::Class::Bytes(class) => class.to_unicode_class()?,
        };
        let mut table = Box::new([OUT; 256]);
        let mut beyond: Vec<(char, char)> = Vec::new();
        for range in unicode.ranges() {
            for byte in 0..0x80u8 {
                if (range.start()..=range.end()).contains(&char::from(byte)) {
                    table[usize::from(byte)] = IN;
                }
            }
            if range.end() >= '\u{80}' {
                beyond.push((range.start().max('\u{80}'), range.end()));
            }
        }
        let holds_all = beyond == [('\u{80}', char::MAX)];
        let of_beyond = match (beyond.is_empty(), holds_all) {
            (true, _) => OUT,
            (_, true) => IN,
            _ => DECODE,
        };
        table[0x80..].fill(of_beyond);
        let missing: Vec<u8> = (0..0x80u8)
            .filter(|byte| table[usize::from(*byte)] == OUT)
            .collect();
        Some(Self {
            all_but: (holds_all && missing.len() <= 3).then_some(missing),
            table,
            beyond,
        })
    }

    /// The bytes with which a character of the class can begin.
    pub(super) fn first(&self) -> ByteSet {
        let mut set = ByteSet::EMPTY;
        (0..=255u8)
            .filter(|byte| self.table[usize::from(*byte)] != OUT)
            .for_each(|byte| set.insert(byte));
        set
    }

    /// Length of the character of the class that stands here, or 0.
    pub(super) fn length_at(&self, text: &str, at: usize) -> usize {
        let Some(byte) = text.as_bytes().get(at) else {
            return 0;
        };
        match self.table[usize::from(*byte)] {
            OUT => 0,
            IN if *byte < 0x80 => 1,
            state => {
                let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else {
                    return 0;
                };
                if state == IN || self.holds(c) {
                    c.len_utf8()
                } else {
                    0
                }
            }
        }
    }

    fn holds(&self, c: char) -> bool {
        let after = self.beyond.partition_point(|(first, _)| *first <= c);
        let range = after.checked_sub(1).and_then(|index| self.beyond.get(index));
        range.is_some_and(|(_, last)| c <= *last)
    }

    /// Where the characters of the class that begin here end.
    pub(super) fn run(&self, text: &str, at: usize) -> usize {
        let bytes = text.as_bytes();
        let rest = bytes.get(at..).unwrap_or_default();
        if let Some(missing) = &self.all_but {
            let end = match missing.as_slice() {
                [] => None,
                [a] => memchr(*a, rest),
                [a, b] => memchr2(*a, *b, rest),
                [a, b, c, ..] => memchr3(*a, *b, *c, rest),
            };
            return at + end.unwrap_or(rest.len());
        }
        let mut end = at;
        loop {
            // The bytes of a character beyond ASCII are all in, or all to be decoded.
            let rest = bytes.get(end..).unwrap_or_default();
            let is_out = |byte: &u8| self.table[usize::from(*byte)] != IN;
            let Some(run) = rest.iter().position(is_out) else {
                return end + rest.len();
            };
            end += run;
            match self.length_at(text, end) {
                0 => return end,
                length => end += length,
            }
        }
    }

    /// As [`Class::run`], of at most so many characters, with their number.
    pub(super) fn run_of(&self, text: &str, at: usize, max: u32) -> (usize, u32) {
        let (mut end, mut count) = (at, 0);
        while count < max {
            let next = text.as_bytes().get(end).copied().unwrap_or(0x80);
            match self.table[usize::from(next)] {
                IN if next < 0x80 => end += 1,
                OUT => break,
                _ => match self.length_at(text, end) {
                    0 => break,
                    length => end += length,
                },
            }
            count += 1;
        }
        (end, count)
    }

    /// Whether the class holds every character from here to there.
    pub(super) fn holds_all(&self, text: &str, from: usize, to: usize) -> bool {
        match text.get(..to) {
            Some(text) => self.run(text, from) == to,
            None => false,
        }
    }
}
