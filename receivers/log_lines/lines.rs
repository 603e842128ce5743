//! Bytes to requests.

use std::sync::Arc;

use bytes::Bytes;
use sidelight_component::{Budget, BuildContext, BuildError, Chunk, Now, Overloaded, Payload, Permit};
use sidelight_log_formats::{Map, Value};
use sidelight_log_framing::{Frame, Framer, Framing};
use sidelight_log_operators::{Chain, Line, Records, Source};

use super::LineSettings;

/// Records of one request. It is full with the first that reaches one of the two limits, and no more than the lines of
/// one [`LogLines::feed`] larger.
const FULL_RECORDS: usize = 2048;

/// Bytes of one request.
const FULL_BYTES: usize = 256 << 10;

/// Makes requests of the bytes of all sources of one receiver.
#[derive(Debug)]
pub(crate) struct LogLines {
    framing: Arc<Framing>,
    chain: Chain,
    records: Records,
    budget: Budget,
    /// For what is in `records`, and for what was reserved.
    charged: Option<Permit>,
    attributes: Map<'static>,
    resource: Map<'static>,
}

/// Where bytes come from, and what is held of it.
#[derive(Debug)]
pub(crate) struct LineSource {
    source: Source,
    framer: Framer,
    /// For what the framer holds.
    held: Option<Permit>,
    numbering: Numbering,
    records: u64,
}

/// Attributes that differ from record to record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Numbering {
    /// Under this name the number of the record in its source, from 1.
    pub(crate) number: Option<&'static str>,
    /// Under this name the offset of its first byte.
    pub(crate) offset: Option<&'static str>,
}

impl LogLines {
    pub(super) fn new(settings: &LineSettings, cx: &BuildContext) -> Result<Self, BuildError> {
        Ok(Self {
            framing: Arc::new(Framing::new(&settings.framing).map_err(BuildError::new)?),
            chain: Chain::build(&settings.operators, cx)?,
            records: Records::default(),
            budget: cx.budget.clone(),
            charged: None,
            attributes: settings.attributes(),
            resource: settings.resource(),
        })
    }

    /// A source whose first byte that is fed has the offset `at`. `id` is unique among the receiver's sources;
    /// `attributes` are its own, in addition to those of the settings.
    pub(crate) fn source(&self, id: u64, attributes: Map<'static>, at: u64) -> LineSource {
        let mut all = self.attributes.clone();
        for (key, value) in attributes {
            all.insert(key, value);
        }
        LineSource {
            source: Source {
                id,
                attributes: all,
                resource: self.resource.clone(),
            },
            framer: Framer::new(Arc::clone(&self.framing), at),
            held: None,
            numbering: Numbering::default(),
            records: 0,
        }
    }

    /// Room in the memory budget for so many bytes, to be asked for before they are read.
    ///
    /// # Errors
    /// [`Overloaded`]: nothing may be read now. What was made so far can be taken.
    pub(crate) fn reserve(&mut self, bytes: usize) -> Result<(), Overloaded> {
        match &mut self.charged {
            Some(charged) => charged.grow(bytes),
            none => self.budget.charge(bytes).map(|permit| *none = Some(permit)),
        }
    }

    /// Takes bytes that follow those before.
    pub(crate) fn feed(&mut self, from: &mut LineSource, bytes: &[u8], now: Now) {
        self.run(from, now, |framer, frames| framer.feed(bytes, frames));
    }

    /// Makes a record of what is held although its end has not come: the flush timeout passed.
    pub(crate) fn flush(&mut self, from: &mut LineSource, now: Now) {
        self.run(from, now, |framer, frames| framer.flush(frames));
    }

    fn run(
        &mut self,
        from: &mut LineSource,
        now: Now,
        frame: impl FnOnce(&mut Framer, &mut dyn FnMut(Frame<'_>)),
    ) {
        let (chain, records) = (&mut self.chain, &mut self.records);
        let LineSource {
            source,
            framer,
            numbering,
            records: number,
            ..
        } = from;
        frame(framer, &mut |frame| {
            *number += 1;
            numbering.put(source, *number, frame.start);
            chain.run(line(frame, now), source, now.instant, records);
        });
        self.settle_charges(from);
    }

    /// As [`LogLines::flush`], and gives out what operators hold: the source has ended for good.
    pub(crate) fn end(&mut self, from: &mut LineSource, now: Now) {
        self.flush(from, now);
        self.chain.flush(Some(from.source.id), &mut self.records);
        self.settle_charges(from);
    }

    /// When [`LogLines::on_timer`] wants to be called: an operator holds something.
    pub(crate) fn next_timer(&self) -> Option<std::time::Instant> {
        self.chain.next_timer()
    }

    /// Gives out what operators have held for too long.
    pub(crate) fn on_timer(&mut self, now: Now) {
        self.chain.on_timer(now.instant, &mut self.records);
    }

    /// True where the request has its size and is to be taken.
    pub(crate) fn is_full(&self) -> bool {
        self.records.items() >= FULL_RECORDS || self.records.bytes() >= FULL_BYTES
    }

    /// Where reading of a source may begin again once everything that was taken is settled: nothing that is held by
    /// an operator lies before it, and `unframed` ([`LineSource::pending_from`]) is not passed.
    pub(crate) fn resume_at(&self, id: u64, unframed: u64) -> u64 {
        self.chain
            .oldest_held(id)
            .map_or(unframed, |held| held.min(unframed))
    }

    /// Takes out the request; `None` without a record.
    pub(crate) fn take(&mut self) -> Option<Payload> {
        let permit = self.charged.take();
        let items = self.records.items();
        if items == 0 {
            return None;
        }
        let bytes = self.records.take();
        let mut permit = permit.unwrap_or_else(|| self.budget.charge_anyway(0));
        permit.set(bytes.len());
        let bytes = Bytes::from_owner(Charged {
            bytes,
            _permit: permit,
        });
        Some(Payload::new(Chunk { bytes, items }))
    }

    /// What was reserved becomes what is there. Records of admitted bytes are never refused half way, so this may pass
    /// the limit of the budget.
    fn settle_charges(&mut self, source: &mut LineSource) {
        source.charge(&self.budget);
        let there = self.records.bytes();
        match &mut self.charged {
            Some(charged) => charged.set(there),
            None => self.charged = Some(self.budget.charge_anyway(there)),
        }
    }
}

impl Numbering {
    fn put(self, source: &mut Source, number: u64, offset: u64) {
        for (name, value) in [(self.number, number), (self.offset, offset)] {
            if let Some(name) = name {
                let value = i64::try_from(value).unwrap_or(i64::MAX);
                source.attributes.insert(name, Value::Int(value));
            }
        }
    }
}

impl LineSource {
    /// Its records get such attributes; `records` were counted before.
    #[must_use]
    pub(crate) fn numbered(mut self, numbering: Numbering, records: u64) -> Self {
        (self.numbering, self.records) = (numbering, records);
        self
    }

    /// Records counted so far, with those before.
    pub(crate) fn records(&self) -> u64 {
        self.records
    }

    /// Bytes that wait for the end of their line.
    pub(crate) fn pending_bytes(&self) -> usize {
        self.framer.pending_bytes()
    }

    /// Offset of the first byte that is in no line yet.
    pub(crate) fn pending_from(&self) -> u64 {
        self.framer.pending_from()
    }

    fn charge(&mut self, budget: &Budget) {
        match (self.framer.pending_bytes(), &mut self.held) {
            (0, held) => *held = None,
            (pending, Some(held)) => held.set(pending),
            (pending, none) => *none = Some(budget.charge_anyway(pending)),
        }
    }
}

fn line(frame: Frame<'_>, now: Now) -> Line<'_> {
    Line {
        text: frame.text,
        start: frame.start,
        observed_unix_nano: now.unix_nanos,
        cut: frame.cut,
    }
}

/// A request and its charge, which ends with its last slice.
struct Charged {
    bytes: Bytes,
    _permit: Permit,
}

impl AsRef<[u8]> for Charged {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
