//! Entries that wait for another attempt, and whose turn it is.
//!
//! Where order does not matter everything goes by due time, so that a poisoned entry waits its own time and
//! nobody waits for it. Where it matters (metrics) a failed entry keeps its place before everything that
//! arrived later; after every third failure one other entry is tried in its place. If that one is taken, the
//! failed entry is the culprit and not the destination: it then goes by due time and holds nobody back.

use std::collections::BTreeMap;

use tokio::time::Instant;

use crate::entry::Entry;
use crate::part::Position;
use crate::parts::Parts;

/// After this many failures another entry is tried in the place of the first one.
const FAILURES_BEFORE_STEPPING_ASIDE: u32 = 3;

/// The entries that wait for another attempt.
#[derive(Debug)]
pub(crate) struct Retrying {
    ordered: bool,
    /// Those that keep their place in the order of arrival, with their due time.
    in_order: BTreeMap<Position, (Instant, Entry)>,
    by_due: BTreeMap<(Instant, Position), Entry>,
    /// The entry of `in_order` that lets another go first, once.
    aside: Option<Position>,
}

/// Whose turn it is among the entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// None of them: fresh parts may leave.
    Nobody,
    /// Nothing leaves before this moment: an entry keeps the place of all later ones.
    HeldUntil(Instant),
    /// This one, which was due then.
    InOrder(Position, Instant),
    /// The first by due time, which was due then.
    ByDue(Instant),
}

impl Retrying {
    pub(crate) fn new(ordered: bool) -> Self {
        Self {
            ordered,
            in_order: BTreeMap::new(),
            by_due: BTreeMap::new(),
            aside: None,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.in_order.len() + self.by_due.len()
    }

    /// Takes an entry that failed in.
    pub(crate) fn insert(&mut self, entry: Entry, due: Instant) {
        let steps_aside = entry.failures > 0 && entry.failures.is_multiple_of(FAILURES_BEFORE_STEPPING_ASIDE);
        self.aside = steps_aside.then_some(entry.position);
        if self.ordered {
            self.in_order.insert(entry.position, (due, entry));
        } else {
            self.by_due.insert((due, entry.position), entry);
        }
    }

    /// Nothing waits for its time any longer.
    pub(crate) fn all_due(&mut self, now: Instant) {
        self.in_order
            .values_mut()
            .for_each(|(due, _)| *due = now.min(*due));
        let waiting = std::mem::take(&mut self.by_due).into_iter();
        self.by_due = waiting
            .map(|((due, position), entry)| ((now.min(due), position), entry))
            .collect();
    }

    /// What failed because nothing was taken goes on where it was: the oldest first.
    pub(crate) fn destination_is_back(&mut self, parts: &Parts) {
        let arrived = |entry: &Entry| Some(parts.get(*entry.parts.first()?)?.arrived);
        let waiting = std::mem::take(&mut self.by_due).into_iter();
        self.by_due = waiting
            .map(|((due, position), entry)| match arrived(&entry) {
                Some(arrived) if !entry.is_culprit && entry.refused_as_too_large == 0 => {
                    ((arrived.min(due), position), entry)
                }
                _ => ((due, position), entry),
            })
            .collect();
    }

    /// Forgets the parts that have come to their end, and entries without any.
    pub(crate) fn retain_living(&mut self, parts: &Parts) {
        let lives = |entry: &mut Entry| {
            entry.retain_living(parts);
            !entry.parts.is_empty()
        };
        self.in_order.retain(|_, (_, entry)| lives(entry));
        self.by_due.retain(|_, entry| lives(entry));
    }

    /// Takes an entry in that nobody waits for, order or not.
    pub(crate) fn insert_overtaken(&mut self, entry: Entry, due: Instant) {
        self.by_due.insert((due, entry.position), entry);
    }

    /// Something at `position` was taken by the destination: what stands before it has lost its place.
    pub(crate) fn overtaken_by(&mut self, position: Position) {
        while let Some(first) = self.in_order.first_entry() {
            if *first.key() >= position {
                break;
            }
            let (position, (due, entry)) = first.remove_entry();
            self.by_due.insert((due, position), entry);
        }
    }

    /// Whose turn it is. `hurry`: due times do not count any more. `others_wait`: there are fresh parts.
    pub(crate) fn turn(&self, now: Instant, hurry: bool, others_wait: bool) -> Turn {
        if let Some(((due, _), _)) = self.by_due.first_key_value()
            && (hurry || *due <= now)
        {
            return Turn::ByDue(*due);
        }
        match self.first_in_order(others_wait) {
            Some((position, due)) if hurry || due <= now => Turn::InOrder(position, due),
            Some((_, due)) => Turn::HeldUntil(due),
            None => Turn::Nobody,
        }
    }

    fn first_in_order(&self, others_wait: bool) -> Option<(Position, Instant)> {
        let mut entries = self.in_order.iter().map(|(position, (due, _))| (*position, *due));
        let first = entries.next()?;
        if self.aside != Some(first.0) {
            return Some(first);
        }
        entries.next().or((!others_wait).then_some(first))
    }

    /// Takes out the entry whose turn it is.
    pub(crate) fn take(&mut self, turn: Turn) -> Option<Entry> {
        match turn {
            Turn::ByDue(_) => self.by_due.pop_first().map(|(_, entry)| entry),
            Turn::InOrder(position, _) => self.in_order.remove(&position).map(|(_, entry)| entry),
            Turn::Nobody | Turn::HeldUntil(_) => None,
        }
    }

    /// When the next entry that is not held is due.
    pub(crate) fn next_due(&self, others_wait: bool) -> Option<Instant> {
        let by_due = self.by_due.first_key_value().map(|((due, _), _)| *due);
        let in_order = self.first_in_order(others_wait).map(|(_, due)| due);
        [by_due, in_order].into_iter().flatten().min()
    }
}
