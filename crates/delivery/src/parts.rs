//! Where the parts of a queue are kept until each has come to its own end.
//!
//! Completion is per part and not a cursor: parts end in any order (one is poisoned, its neighbours are delivered),
//! and a part that was cut ends piece by piece.

use sidelight_component::Payload;

use crate::part::{Part, Size};

/// Names one part. A key is never given to a second part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PartKey {
    index: u32,
    generation: u32,
}

/// The parts that are in memory, with their data. The data are charged to the memory budget by the owners of their buffers.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    slots: Vec<Slot>,
    free: Vec<u32>,
    held: usize,
    /// Of slots that are made anew.
    first_generation: u32,
}

/// An empty store with more slots gives their memory back: it grew in an outage that is over.
const KEPT_SLOTS: usize = 1024;

#[derive(Debug)]
struct Slot {
    generation: u32,
    held: Option<(Part, Payload)>,
}

impl Parts {
    #[cfg(test)]
    pub(crate) fn slots(&self) -> usize {
        self.slots.len()
    }

    fn held(&self, key: PartKey) -> Option<&(Part, Payload)> {
        let slot = self.slots.get(key.index as usize)?;
        slot.held.as_ref().filter(|_| slot.generation == key.generation)
    }

    fn slot(&mut self, key: PartKey) -> Option<&mut Slot> {
        self.slots
            .get_mut(key.index as usize)
            .filter(|slot| slot.generation == key.generation)
    }

    fn remove(&mut self, key: PartKey) -> Option<(Part, Payload)> {
        let slot = self.slot(key)?;
        let held = slot.held.take()?;
        // A slot whose generations are used up is retired, so that no key is ever given twice.
        if let Some(next) = slot.generation.checked_add(1) {
            slot.generation = next;
            self.free.push(key.index);
        }
        self.held -= 1;
        if self.held == 0 && self.slots.len() > KEPT_SLOTS {
            self.shrink();
        }
        Some(held)
    }

    /// Gives the slots up. New ones begin behind the newest generation, so that no key is ever given twice; when
    /// generations run out, the slots stay.
    fn shrink(&mut self) {
        let newest = self.slots.iter().map(|slot| slot.generation).max();
        if let Some(next) = newest.unwrap_or(0).checked_add(1) {
            self.first_generation = next;
            (self.slots, self.free) = (Vec::new(), Vec::new());
        }
    }
}

impl Parts {
    /// Takes a part in.
    pub(crate) fn insert(&mut self, part: Part, payload: Payload) -> PartKey {
        self.held += 1;
        if let Some(index) = self.free.pop()
            && let Some(slot) = self.slots.get_mut(index as usize)
        {
            slot.held = Some((part, payload));
            return PartKey {
                index,
                generation: slot.generation,
            };
        }
        // The quota bounds the parts far below 2^32: each takes some hundred bytes.
        let index = self.slots.len() as u32;
        let generation = self.first_generation;
        self.slots.push(Slot {
            generation,
            held: Some((part, payload)),
        });
        PartKey { index, generation }
    }

    /// The part, while it has not come to its end.
    pub(crate) fn get(&self, key: PartKey) -> Option<&Part> {
        self.held(key).map(|(part, _)| part)
    }

    /// The same, to be changed.
    pub(crate) fn get_mut(&mut self, key: PartKey) -> Option<&mut Part> {
        self.slot(key)?.held.as_mut().map(|(part, _)| part)
    }

    /// The part's data; no copy.
    pub(crate) fn payload(&self, key: PartKey) -> Option<Payload> {
        self.held(key).map(|(_, payload)| payload.clone())
    }

    /// Puts pieces, which are all of its items in their order, in the place of a part.
    pub(crate) fn divide(&mut self, key: PartKey, pieces: Vec<Payload>) -> Vec<PartKey> {
        let Some((part, _)) = self.remove(key) else {
            return Vec::new();
        };
        let sizes: Vec<Size> = pieces.iter().map(Size::of).collect();
        part.divide(&sizes)
            .into_iter()
            .zip(pieces)
            .map(|(part, payload)| self.insert(part, payload))
            .collect()
    }

    /// The part has come to its end.
    pub(crate) fn complete(&mut self, key: PartKey) -> Option<(Part, Payload)> {
        self.remove(key)
    }

    /// Parts that have not come to their end.
    pub(crate) fn len(&self) -> usize {
        self.held
    }

    /// The keys of all of them.
    pub(crate) fn keys(&self) -> Vec<PartKey> {
        let key = |(index, slot): (usize, &Slot)| {
            slot.held.as_ref().map(|_| PartKey {
                index: index as u32,
                generation: slot.generation,
            })
        };
        self.slots.iter().enumerate().filter_map(key).collect()
    }
}
