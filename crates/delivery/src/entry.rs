//! An entry: the parts that leave together in one request, and what happened to it so far.

use std::sync::Arc;

use sidelight_component::Request;
use smallvec::SmallVec;

use crate::part::Position;
use crate::parts::{PartKey, Parts};

/// Keys of parts in the order of arrival.
pub(crate) type PartKeys = SmallVec<[PartKey; 4]>;

/// Parts that leave together. The acknowledgements stay in the store, so that nothing is lost with an
/// attempt that panics or is dropped.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Not empty. A part that was withdrawn meanwhile is no longer in the store.
    pub(crate) parts: PartKeys,
    /// Of the first part.
    pub(crate) position: Position,
    /// The encoded request, kept over retries for as long as it has exactly these parts.
    pub(crate) request: Option<Arc<Request>>,
    /// Attempts that failed and may be repeated.
    pub(crate) failures: u32,
    /// Attempts in which the exporter panicked.
    pub(crate) panics: u32,
    /// Refusals of a single item as too large.
    pub(crate) refused_as_too_large: u32,
    /// The queue's count of taken requests when this entry failed last.
    pub(crate) taken_before: u64,
    /// It fails while others are taken: it waits its own time and holds nobody up.
    pub(crate) is_culprit: bool,
    /// It started while the queue is drained: there is no further attempt.
    pub(crate) last_attempt: bool,
}

impl Entry {
    pub(crate) fn new(parts: PartKeys, position: Position) -> Self {
        Self {
            parts,
            position,
            request: None,
            failures: 0,
            panics: 0,
            refused_as_too_large: 0,
            taken_before: 0,
            is_culprit: false,
            last_attempt: false,
        }
    }

    /// Forgets the parts that have come to their end; a request that carries them is of no use any more.
    pub(crate) fn retain_living(&mut self, parts: &Parts) {
        let before = self.parts.len();
        self.parts.retain(|key| parts.get(*key).is_some());
        if self.parts.len() < before {
            self.request = None;
        }
    }

    /// Another entry with a share of the parts; it is no longer the one that failed before.
    pub(crate) fn with_parts(&self, parts: PartKeys, position: Position) -> Self {
        Self {
            panics: self.panics,
            ..Self::new(parts, position)
        }
    }
}
