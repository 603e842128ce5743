//! The short way: a text is walked through once, part by part of the expression, always taking what the regular expression would
//! try first.
//!
//! # Why the result is that of the regular expression
//!
//! A regular expression (leftmost, first alternative first) has an order in which it tries what a text allows: a match that begins
//! earlier before one that begins later, an earlier alternative before a later one, with a greedy repetition more before less, with a lazy
//! one less before more. The result is the first in this order that works for the whole expression. The scanner begins
//! at the first byte and takes at each part what is first in this order; if that works to the end, no other can come before it.
//!
//! It goes on to the next alternative only where it is certain that all of the one before fails: nothing in it had a second choice
//! that is left. Whether there is one is mostly known when the pattern is compiled: a greedy run of digits before a `-`
//! cannot do with fewer digits, because a digit is no `-`. Where it is not certain, the scanner says that it cannot tell, and the
//! regular expression is asked. So it is never wrong, and for lines of the form that a pattern was written for it need not
//! ask. Each byte is looked at a bounded number of times ([`walk::FUEL_PER_BYTE`]).

mod class;
mod compile;
mod walk;

use std::ops::Range;

use memchr::memmem::Finder;
use regex_syntax::hir::{Hir, Look};

use self::class::{ByteSet, Class};
use self::walk::Walk;
use super::engine::Span;

/// A compiled program.
#[derive(Debug)]
pub(super) struct Scanner {
    program: Node,
    groups: usize,
}

#[derive(Debug)]
enum Node {
    Empty,
    Byte(u8),
    Literal(Box<[u8]>),
    One(Class),
    Look(Look),
    /// Greedy.
    Run(Run),
    /// As few as possible: up to the first byte with which what follows can begin.
    Lazy {
        run: Run,
        follow: ByteSet,
    },
    /// As few as possible up to a literal, and the literal.
    Until {
        run: Run,
        literal: Box<Finder<'static>>,
        length: usize,
    },
    Group {
        slot: usize,
        node: Box<Node>,
    },
    Concat(Box<[Node]>),
    Alternation(Alternation),
    /// Greedy; the part always takes a character.
    Repeat {
        node: Box<Node>,
        first: ByteSet,
        min: u32,
        max: u32,
        decided: bool,
        slots: Range<usize>,
    },
}

/// Characters of a class, one after the other.
#[derive(Debug)]
struct Run {
    class: Class,
    min: u32,
    max: u32,
    /// What follows cannot begin with a character of the class: a shorter run cannot work.
    decided: bool,
}

#[derive(Debug)]
struct Alternation {
    alternatives: Box<[Alternative]>,
    /// By the next byte the first and the last alternative that can begin with it; [`NO_ALTERNATIVE`] if none can.
    by_byte: Box<[(u8, u8); 256]>,
    /// The same at the end of the text.
    at_end: (u8, u8),
}

const NO_ALTERNATIVE: u8 = u8::MAX;

#[derive(Debug)]
struct Alternative {
    node: Node,
    first: ByteSet,
    nullable: bool,
    slots: Range<usize>,
}

impl Scanner {
    /// A scanner for an expression, where one is possible.
    pub(super) fn compile(hir: &Hir, groups: usize) -> Option<Self> {
        let program = compile::program(hir)?;
        Some(Self { program, groups })
    }

    /// Fills in what the groups matched; false where it cannot tell whether the text matches.
    pub(super) fn scan(&self, text: &str, spans: &mut [Span]) -> bool {
        if spans.len() != self.groups {
            return false;
        }
        spans.fill(Span::NONE);
        Walk::new(text, spans).node(&self.program, 0).is_ok()
    }
}

impl Alternation {
    /// `None` for more alternatives than can be told apart.
    fn new(alternatives: Vec<Alternative>) -> Option<Self> {
        if alternatives.len() >= usize::from(NO_ALTERNATIVE) {
            return None;
        }
        let range = |next| {
            let mut can = (0..)
                .zip(&alternatives)
                .filter(|(_, it)| it.can_begin(next))
                .map(|(index, _)| index);
            let first = can.next();
            let last = can.last().or(first);
            (first.unwrap_or(NO_ALTERNATIVE), last.unwrap_or(0))
        };
        let mut by_byte = Box::new([(NO_ALTERNATIVE, 0); 256]);
        for (byte, place) in (0..=255).zip(by_byte.iter_mut()) {
            *place = range(Some(byte));
        }
        Some(Self {
            by_byte,
            at_end: range(None),
            alternatives: alternatives.into(),
        })
    }

    /// The numbers of the first and the last alternative that can begin with this byte; the first is beyond the last if none can.
    fn range(&self, next: Option<u8>) -> (usize, usize) {
        let (first, last) = match next {
            Some(byte) => self.by_byte[usize::from(byte)],
            None => self.at_end,
        };
        (usize::from(first), usize::from(last))
    }
}

impl Alternative {
    /// Whether it could match where this byte is next.
    fn can_begin(&self, next: Option<u8>) -> bool {
        self.nullable || next.is_some_and(|byte| self.first.contains(byte))
    }
}
