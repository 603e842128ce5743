//! A program is followed through a text.

use std::ops::Range;

use memchr::memmem::Finder;
use regex_syntax::hir::Look;

use super::super::engine::Span;
use super::class::ByteSet;
use super::{Alternation, Node, Run};

/// A text is given up after so many steps for each of its bytes, and some.
pub(super) const FUEL_PER_BYTE: usize = 16;
const FUEL_AT_LEAST: usize = 4096;

/// Why a part did not match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// What was taken does not work. It is certain only if nothing before it had another choice.
    Fails,
    /// The regular expression has to be asked.
    Unsure,
}

/// A walk through a text.
pub(super) struct Walk<'t, 's> {
    text: &'t str,
    spans: &'s mut [Span],
    /// Something that was taken since the attempt began could have been taken otherwise.
    has_choice: bool,
    fuel: usize,
}

impl<'t, 's> Walk<'t, 's> {
    pub(super) fn new(text: &'t str, spans: &'s mut [Span]) -> Self {
        Self {
            fuel: text.len() * FUEL_PER_BYTE + FUEL_AT_LEAST,
            text,
            spans,
            has_choice: false,
        }
    }

    /// Where the part ends if it begins here.
    pub(super) fn node(&mut self, node: &Node, at: usize) -> Result<usize, Stop> {
        match node {
            Node::Empty => Ok(at),
            Node::Byte(byte) => {
                let is_there = self.text.as_bytes().get(at) == Some(byte);
                is_there.then_some(at + 1).ok_or(Stop::Fails)
            }
            Node::Literal(literal) => {
                let is_there = self.rest(at).starts_with(literal);
                is_there.then_some(at + literal.len()).ok_or(Stop::Fails)
            }
            Node::One(class) => match class.length_at(self.text, at) {
                0 => Err(Stop::Fails),
                length => Ok(at + length),
            },
            Node::Look(look) => self.look(*look, at).then_some(at).ok_or(Stop::Fails),
            Node::Run(run) => self.run(run, at),
            Node::Lazy { run, follow } => self.lazy(run, follow, at),
            Node::Until { run, literal, length } => self.until(run, literal, at).map(|found| found + length),
            Node::Group { slot, node } => {
                let end = self.node(node, at)?;
                if let Some(span) = self.spans.get_mut(*slot) {
                    *span = Span::new(at, end);
                }
                Ok(end)
            }
            Node::Concat(nodes) => nodes.iter().try_fold(at, |at, node| self.node(node, at)),
            Node::Alternation(alternatives) => self.alternation(alternatives, at),
            Node::Repeat { .. } => self.repeat(node, at),
        }
    }

    fn rest(&self, at: usize) -> &[u8] {
        self.text.as_bytes().get(at..).unwrap_or_default()
    }

    fn burn(&mut self, steps: usize) -> Result<(), Stop> {
        self.fuel = self.fuel.checked_sub(steps).ok_or(Stop::Unsure)?;
        Ok(())
    }

    fn look(&self, look: Look, at: usize) -> bool {
        let bytes = self.text.as_bytes();
        let is_word =
            |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        match look {
            Look::Start => at == 0,
            Look::End => at == bytes.len(),
            Look::StartLF => before.is_none_or(|byte| *byte == b'\n'),
            Look::EndLF => bytes.get(at).is_none_or(|byte| *byte == b'\n'),
            _ => is_word(before) != is_word(bytes.get(at)),
        }
    }

    fn run(&mut self, run: &Run, at: usize) -> Result<usize, Stop> {
        let is_counted = run.max != u32::MAX || run.min > 1;
        let (end, has_fewer) = if is_counted {
            let (end, count) = run.class.run_of(self.text, at, run.max);
            if count < run.min {
                return Err(Stop::Fails);
            }
            (end, count > run.min)
        } else {
            let end = run.class.run(self.text, at);
            if end == at && run.min > 0 {
                return Err(Stop::Fails);
            }
            (end, end > at)
        };
        self.burn(end - at)?;
        self.has_choice |= has_fewer && !run.decided;
        Ok(end)
    }

    fn lazy(&mut self, run: &Run, follow: &ByteSet, at: usize) -> Result<usize, Stop> {
        let (mut end, count) = run.class.run_of(self.text, at, run.min);
        if count < run.min {
            return Err(Stop::Fails);
        }
        loop {
            match self.text.as_bytes().get(end) {
                None => return Ok(end),
                Some(byte) if follow.contains(*byte) => break,
                Some(_) => match run.class.length_at(self.text, end) {
                    0 => return Err(Stop::Fails),
                    length => end += length,
                },
            }
            self.burn(1)?;
        }
        self.has_choice = true;
        Ok(end)
    }

    fn until(&mut self, run: &Run, literal: &Finder<'_>, at: usize) -> Result<usize, Stop> {
        let (from, count) = run.class.run_of(self.text, at, run.min);
        if count < run.min {
            return Err(Stop::Fails);
        }
        let found = literal.find(self.rest(from));
        self.burn(found.unwrap_or(self.text.len() - from))?;
        let end = from + found.ok_or(Stop::Fails)?;
        if !run.class.holds_all(self.text, from, end) {
            return Err(Stop::Fails);
        }
        self.has_choice = true;
        Ok(end)
    }

    fn alternation(&mut self, alternation: &Alternation, at: usize) -> Result<usize, Stop> {
        let next = self.text.as_bytes().get(at).copied();
        let (first, last) = alternation.range(next);
        let candidates = alternation.alternatives.get(first..=last).unwrap_or_default();
        let before = std::mem::take(&mut self.has_choice);
        for (index, alternative) in candidates.iter().enumerate() {
            if !alternative.can_begin(next) {
                continue;
            }
            match self.attempt(&alternative.node, &alternative.slots, at)? {
                Some(end) => {
                    self.has_choice |= before || first + index < last;
                    return Ok(end);
                }
                None => self.has_choice = false,
            }
        }
        self.has_choice = before;
        Err(Stop::Fails)
    }

    /// A part that may fail: `None` if it certainly does.
    fn attempt(&mut self, node: &Node, slots: &Range<usize>, at: usize) -> Result<Option<usize>, Stop> {
        match self.node(node, at) {
            Ok(end) => Ok(Some(end)),
            Err(Stop::Fails) if !self.has_choice => {
                if let Some(spans) = self.spans.get_mut(slots.clone()) {
                    spans.fill(Span::NONE);
                }
                Ok(None)
            }
            Err(_) => Err(Stop::Unsure),
        }
    }

    fn repeat(&mut self, repeat: &Node, at: usize) -> Result<usize, Stop> {
        let Node::Repeat {
            node,
            first,
            min,
            max,
            decided,
            slots,
        } = repeat
        else {
            return Err(Stop::Unsure);
        };
        let before = std::mem::take(&mut self.has_choice);
        let (mut end, mut count, mut had_choice) = (at, 0, before);
        while count < *max {
            let can_begin = self
                .text
                .as_bytes()
                .get(end)
                .is_some_and(|byte| first.contains(*byte));
            if !can_begin {
                break;
            }
            self.burn(1)?;
            match self.attempt(node, slots, end)? {
                None => break,
                Some(next) => end = next,
            }
            had_choice |= std::mem::take(&mut self.has_choice) || (count >= *min && !decided);
            count += 1;
        }
        self.has_choice = had_choice;
        if count < *min { Err(Stop::Fails) } else { Ok(end) }
    }
}
