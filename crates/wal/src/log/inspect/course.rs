//! Which frames the log would read, by the rules by which it reads: see `read.rs` beside this folder.

use std::ops::Range;

use super::super::state::{Parts, State};
use crate::format::{Header, Kind};

/// Goes over the frames of all files in order. Ordinals only grow on the way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Course<'a> {
    state: &'a State,
    /// Ordinals before it were met, or are known not to be there.
    met: u64,
}

/// What of a file is read.
#[derive(Clone, Debug)]
pub(super) struct Stretch {
    /// Bytes behind it say nothing.
    pub(super) readable: u64,
    /// Ordinals that may lie in it; later files know better than a frame that has others.
    pub(super) ordinals: Range<u64>,
}

/// What a frame is for the log.
pub(super) enum Met {
    /// None of its frames.
    Foreign,
    /// One of them.
    Frame {
        /// Items that should have been met before and have not come to their end.
        missing: u64,
        /// Its own items that have not come to their end.
        live: Parts,
    },
}

impl<'a> Course<'a> {
    pub(super) fn new(state: &'a State, met: u64) -> Self {
        Self { state, met }
    }

    pub(super) fn met(&self) -> u64 {
        self.met
    }

    /// False for a file with nothing in it that has not come to its end: the log does not look into it.
    pub(super) fn leads_through(&self, stretch: &Stretch) -> bool {
        let ordinals = &stretch.ordinals;
        let wanted = ordinals.start.max(self.met)..ordinals.end.min(self.state.next());
        !wanted.is_empty() && !self.state.live_in(wanted).is_empty()
    }

    pub(super) fn meet(&mut self, header: &Header, is_intact: bool, stretch: &Stretch) -> Met {
        if header.end() > stretch.ordinals.end.min(self.state.next()) {
            return Met::Foreign;
        }
        let missing = self.pass_to(header.first);
        let lies_across = header.first < self.met;
        if header.kind != Kind::Data || (is_intact && lies_across) {
            let live = Parts::new();
            return Met::Frame { missing, live };
        }
        let live = self.state.live_in(header.first.max(self.met)..header.end());
        self.met = self.met.max(header.end());
        Met::Frame { missing, live }
    }

    /// Something says that everything before this ordinal was there: what of it is missing.
    pub(super) fn pass_to(&mut self, ordinal: u64) -> u64 {
        let missing = self.state.live_in(self.met..ordinal.max(self.met));
        self.met = self.met.max(ordinal);
        items(&missing)
    }
}

pub(super) fn items(parts: &Parts) -> u64 {
    parts.iter().map(|part| part.end - part.start).sum()
}
