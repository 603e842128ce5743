//! The series of one metric, found by identity.
//!
//! ```text
//! identity ─hash─► index: which slot ─► slots: hash, identity, value     (in pages, so that growing copies nothing)
//! ```
//!
//! A series is found by the hash of its identity and then compared byte by byte, so two series never become one. The
//! hash has a random key: who chooses attributes cannot choose collisions.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

/// The place of a series in its table. It stays the same as long as the series is there; then another may get it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesId(u32);

/// Series in one page of slots.
const PAGE: usize = 64;

#[derive(Debug)]
struct Slot<V> {
    hash: u64,
    identity: Box<[u8]>,
    value: V,
}

/// Series with a value each. It has no limit of its own: see [`Cap`](crate::Cap).
#[derive(Debug)]
pub struct SeriesTable<V> {
    hasher: RandomState,
    index: HashTable<u32>,
    pages: Vec<Vec<Option<Slot<V>>>>,
    /// Slots that are empty again.
    free: Vec<u32>,
    /// Slots that were ever used.
    used: u32,
    identity_bytes: usize,
}

impl<V> Default for SeriesTable<V> {
    fn default() -> Self {
        Self {
            hasher: RandomState::new(),
            index: HashTable::new(),
            pages: Vec::new(),
            free: Vec::new(),
            used: 0,
            identity_bytes: 0,
        }
    }
}

/// Where slot `at` lies.
fn place(at: u32) -> (usize, usize) {
    (at as usize / PAGE, at as usize % PAGE)
}

impl<V> SeriesTable<V> {
    /// Series in it.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// True without a series.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// What one more series takes of memory, besides what its value keeps elsewhere; on the average, because tables
    /// grow in steps.
    pub const fn bytes_of(identity: &[u8]) -> usize {
        /// Allocators round up, and the index is half to nine tenths full.
        const INDEX_AND_ROUNDING: usize = 20;
        size_of::<Option<Slot<V>>>() + identity.len() + INDEX_AND_ROUNDING
    }

    fn slot(&self, at: u32) -> Option<&Slot<V>> {
        let (page, nth) = place(at);
        self.pages.get(page)?.get(nth)?.as_ref()
    }

    /// The series with this identity.
    pub fn find(&self, identity: &[u8]) -> Option<SeriesId> {
        let hash = self.hasher.hash_one(identity);
        let is_it = |at: &u32| {
            self.slot(*at)
                .is_some_and(|slot| slot.hash == hash && *slot.identity == *identity)
        };
        self.index.find(hash, is_it).copied().map(SeriesId)
    }

    /// Puts a series in. The caller has looked that it is not there, and keeps the table below 2^32 series, which is
    /// more than memory holds.
    pub fn insert(&mut self, identity: &[u8], value: V) -> SeriesId {
        let hash = self.hasher.hash_one(identity);
        let at = match self.free.pop() {
            Some(at) => at,
            None => {
                let at = self.used;
                self.used += 1;
                at
            }
        };
        let slot = Slot {
            hash,
            identity: identity.into(),
            value,
        };
        self.identity_bytes += identity.len();
        self.put(at, slot);
        let pages = &self.pages;
        let hash_of = |at: &u32| {
            let (page, nth) = place(*at);
            let slot = pages.get(page).and_then(|page| page.get(nth)?.as_ref());
            slot.map_or(0, |slot| slot.hash)
        };
        self.index.insert_unique(hash, at, hash_of);
        SeriesId(at)
    }

    fn put(&mut self, at: u32, slot: Slot<V>) {
        let (page, nth) = place(at);
        if page == self.pages.len() {
            // The first page grows with the table, which is often a small one; later ones are full soon.
            let room = if page == 0 { 0 } else { PAGE };
            self.pages.push(Vec::with_capacity(room));
        }
        let Some(page) = self.pages.get_mut(page) else {
            return;
        };
        match page.get_mut(nth) {
            Some(free) => *free = Some(slot),
            None => page.push(Some(slot)),
        }
    }

    /// The value of a series.
    pub fn get(&self, id: SeriesId) -> Option<&V> {
        self.slot(id.0).map(|slot| &slot.value)
    }

    /// The value of a series.
    pub fn get_mut(&mut self, id: SeriesId) -> Option<&mut V> {
        let (page, nth) = place(id.0);
        let slot = self.pages.get_mut(page)?.get_mut(nth)?.as_mut();
        slot.map(|slot| &mut slot.value)
    }

    /// The identity of a series.
    pub fn identity(&self, id: SeriesId) -> Option<&[u8]> {
        self.slot(id.0).map(|slot| &*slot.identity)
    }

    /// Takes a series out.
    pub fn remove(&mut self, id: SeriesId) -> Option<V> {
        let (page, nth) = place(id.0);
        let slot = self.pages.get_mut(page)?.get_mut(nth)?.take()?;
        if let Ok(entry) = self.index.find_entry(slot.hash, |at| *at == id.0) {
            entry.remove();
        }
        self.identity_bytes -= slot.identity.len();
        self.free.push(id.0);
        if self.is_empty() {
            // A table that was large once does not stay so.
            *self = Self::default();
        }
        Some(slot.value)
    }

    /// The first series from place `from` on (0 is the beginning), and the place to go on from. Between two calls series
    /// may come and go: one that stays is met exactly once.
    pub fn next_from(&self, from: u32) -> Option<(SeriesId, u32)> {
        (from..self.used)
            .find(|at| self.slot(*at).is_some())
            .map(|at| (SeriesId(at), at + 1))
    }

    /// All series, in the order of their places.
    pub fn iter(&self) -> impl Iterator<Item = (SeriesId, &V)> {
        let slots = self.pages.iter().flatten();
        (0..)
            .zip(slots)
            .filter_map(|(at, slot)| Some((SeriesId(at), &slot.as_ref()?.value)))
    }

    /// Bytes of identities.
    pub fn identity_bytes(&self) -> usize {
        self.identity_bytes
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn series_that_stay_are_met_once_whatever_comes_and_goes_meanwhile() {
        let mut table = SeriesTable::default();
        let ids: Vec<_> = (0..200_u32).map(|n| table.insert(&n.to_be_bytes(), n)).collect();
        let (mut met, mut at) = (Vec::new(), 0);
        while let Some((id, next)) = table.next_from(at) {
            let value = *table.get(id).expect("there");
            met.push(value);
            if value % 3 == 0 {
                table.remove(id);
                table.insert(&(1000 + value).to_be_bytes(), 1000 + value);
            }
            at = next;
        }
        met.retain(|value| *value < 200);
        assert_eq!(met, (0..200).collect::<Vec<_>>());
        assert_eq!(table.len(), ids.len());
    }

    #[test]
    fn an_empty_table_keeps_no_memory() {
        let mut table = SeriesTable::default();
        let ids: Vec<_> = (0..1000_u32).map(|n| table.insert(&n.to_be_bytes(), n)).collect();
        ids.into_iter().for_each(|id| assert!(table.remove(id).is_some()));
        assert!(table.is_empty() && table.pages.is_empty() && table.next_from(0).is_none());
        assert_eq!(table.identity_bytes(), 0);
    }

    proptest! {
        #[test]
        fn it_is_a_map(steps in prop::collection::vec((prop::collection::vec(0..3_u8, 0..4), any::<bool>()), 0..200)) {
            let (mut table, mut model) = (SeriesTable::default(), BTreeMap::new());
            for (nth, (identity, comes)) in steps.into_iter().enumerate() {
                let found = table.find(&identity);
                prop_assert_eq!(found.and_then(|id| table.get(id)), model.get(&identity));
                match found {
                    Some(id) if !comes => {
                        prop_assert_eq!(table.remove(id), model.remove(&identity));
                    }
                    None if comes => {
                        table.insert(&identity, nth);
                        model.insert(identity, nth);
                    }
                    _ => {}
                }
                prop_assert_eq!(table.len(), model.len());
            }
            let mut all: Vec<_> = table.iter().map(|(id, value)| (table.identity(id).expect("there").to_vec(), *value)).collect();
            all.sort();
            prop_assert_eq!(all, model.into_iter().collect::<Vec<_>>());
        }
    }
}
