//! Forgetting what has had no point for too long.

use std::ops::Bound::{Excluded, Unbounded};
use std::sync::Arc;

use parking_lot::MutexGuard;

use super::room::Room;
use super::{Inner, Rules, State};

/// Series that are looked at under one lock: about 50 µs.
const SLICE: usize = 1024;

impl State {
    /// Takes out the series, families and sources that are over. Takes the lock for slices of work.
    pub(in super::super) fn sweep(&self, now: u32) {
        let mut family: Option<Arc<str>> = None;
        loop {
            let inner = self.lock();
            let after = family.as_deref().map_or(Unbounded, Excluded);
            let next = inner.families.range::<str, _>((after, Unbounded)).next();
            let Some(name) = next.map(|(name, _)| name.clone()) else {
                break;
            };
            MutexGuard::unlock_fair(inner);
            self.sweep_family(&name, now);
            family = Some(name);
        }
        let inner = &mut *self.lock();
        inner.sources.sweep(&self.rules, &mut inner.memory, now);
    }

    fn sweep_family(&self, name: &str, now: u32) {
        let mut from = Some(0);
        while let Some(at) = from {
            let mut inner = self.lock();
            from = inner.sweep_slice(name, at, &self.rules, now);
            MutexGuard::unlock_fair(inner);
        }
    }
}

impl Inner {
    /// Sweeps a slice of a family; the place to go on from. A family without a series goes.
    fn sweep_slice(&mut self, name: &str, from: u32, rules: &Rules, now: u32) -> Option<u32> {
        let family = self.families.get_mut(name)?;
        let mut room = Room {
            cap: &mut self.cap,
            overflow: &mut self.overflow,
            memory: &mut self.memory,
            told_source: &mut self.told_source,
        };
        let mut at = from;
        for _ in 0..SLICE {
            let Some((id, next)) = family.series.next_from(at) else {
                if family.series.is_empty() {
                    self.families.remove(name);
                }
                return None;
            };
            at = next;
            let seen = family.series.get(id).map_or(now, |series| series.seen);
            if rules.is_over(seen, now) {
                room.remove(&mut family.series, id);
            }
        }
        Some(at)
    }
}
