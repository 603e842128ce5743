//! When the senders of parts stop waiting, soonest first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use tokio::time::Instant;

use crate::parts::{PartKey, Parts};

/// A heap of deadlines. Parts that ended earlier leave theirs behind; they are cleared away when they are
/// more than the living.
#[derive(Debug, Default)]
pub(crate) struct Deadlines(BinaryHeap<Reverse<(Instant, PartKey)>>);

/// Below this number leftovers are not worth clearing away.
const FEW: usize = 1024;

impl Deadlines {
    pub(crate) fn push(&mut self, deadline: Instant, key: PartKey, parts: &Parts) {
        if self.0.len() > 2 * parts.len() + FEW {
            self.0.retain(|Reverse((_, key))| parts.get(*key).is_some());
        }
        self.0.push(Reverse((deadline, key)));
    }

    /// The next living part whose deadline has passed.
    pub(crate) fn pop_overdue(&mut self, now: Instant, parts: &Parts) -> Option<PartKey> {
        while let Some(Reverse((deadline, key))) = self.0.peek() {
            let (deadline, key) = (*deadline, *key);
            if parts.get(key).is_some() && deadline > now {
                return None;
            }
            self.0.pop();
            if parts.get(key).is_some() {
                return Some(key);
            }
        }
        None
    }

    /// The next deadline of a part that has not come to its end.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.0.peek().map(|Reverse((deadline, _))| *deadline)
    }
}
