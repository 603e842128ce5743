//! Parts that were not tried yet, first in, first out.

use std::collections::VecDeque;

use crate::part::{Place, Size};
use crate::parts::{PartKey, Parts};

/// The FIFO of keys. A part that is withdrawn leaves its key behind; dead keys are skipped, and cleared away
/// when they are more than the living.
#[derive(Debug, Default)]
pub(crate) struct Fresh {
    keys: VecDeque<PartKey>,
    /// Of the living parts.
    size: Size,
}

/// Below this number dead keys are not worth clearing away.
const FEW: usize = 64;

impl Fresh {
    pub(crate) fn push_back(&mut self, key: PartKey, size: Size) {
        self.keys.push_back(key);
        self.size.add(size);
    }

    /// Puts the rest of a part back where the part was.
    pub(crate) fn push_front(&mut self, key: PartKey, parts: &mut Parts) {
        if let Some(part) = parts.get_mut(key) {
            part.place = Place::Fresh;
            self.size.add(part.size);
            self.keys.push_front(key);
        }
    }

    /// The first living part; clears dead keys before it away.
    pub(crate) fn front(&mut self, parts: &Parts) -> Option<PartKey> {
        while let Some(key) = self.keys.front() {
            if parts.get(*key).is_some() {
                return Some(*key);
            }
            self.keys.pop_front();
        }
        None
    }

    /// Takes the first living part out.
    pub(crate) fn pop_front(&mut self, parts: &mut Parts) {
        if let Some(key) = self.front(parts)
            && let Some(part) = parts.get_mut(key)
        {
            part.place = Place::Entry;
            self.size.subtract(part.size);
            self.keys.pop_front();
        }
    }

    /// A part that waits here has come to its end.
    pub(crate) fn forget(&mut self, size: Size, parts: &Parts) {
        self.size.subtract(size);
        if self.keys.len() > 2 * self.size.parts + FEW {
            self.keys.retain(|key| parts.get(*key).is_some());
        }
    }

    /// How much waits here.
    pub(crate) fn size(&self) -> Size {
        self.size
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.size.parts == 0
    }
}
