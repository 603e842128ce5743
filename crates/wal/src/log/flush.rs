//! What makes things durable and takes them off the disk.

mod job;

pub(super) use job::sync_directories;
pub use job::{Flush, Flushed};
use job::{Removal, Unsynced};

use super::Log;
use super::segments::Segment;
use crate::format::Name;
use crate::fs::Fs;

/// When to flush.
#[derive(Debug, Default)]
pub(super) struct Pace {
    changed: bool,
    under_way: bool,
    /// The last one failed.
    troubled: bool,
}

impl<F: Fs> Log<F> {
    /// What a flush has to do now; `None` where nothing was written since the last one that succeeded, or one is under way.
    ///
    /// It runs anywhere, at any time; until [`Log::end_flush`] is called with what it brought there is no other.
    pub fn begin_flush(&mut self) -> Option<Flush<F>> {
        let has_something = self.pace.changed || !self.pending.is_empty();
        if self.pace.under_way || !has_something {
            return None;
        }
        self.write_ends();
        if self.segments.last().is_some_and(|last| last.poisoned) {
            // What ended is to be said where it can become durable. Without a new file nothing is removed.
            let _ = self.begin_segment();
        }
        self.pace.changed = false;
        self.pace.under_way = true;
        let (remove, remove_anyway) = self.what_can_be_removed();
        let is_kept = |name: Name| {
            !remove
                .iter()
                .chain(&remove_anyway)
                .any(|(removed, _)| *removed == name)
        };
        let sync: Vec<_> = self
            .segments
            .iter()
            .filter(|segment| segment.is_unsynced() && is_kept(segment.name))
            .map(|segment| Unsynced {
                name: segment.name,
                path: self.path_of(segment.name),
                before: segment.synced,
                bytes: segment.bytes,
                is_new: !segment.entry_synced,
            })
            .collect();
        Some(Flush {
            fs: self.fs.clone(),
            has_new_names: sync.iter().any(|file| file.is_new),
            with_parents: !self.parents_synced,
            probe: self.pace.troubled,
            directory: self.options.directory.clone(),
            sync,
            remove,
            remove_anyway,
        })
    }

    /// Files in which everything is done, as said in frames that are written: not in the newest one, which says it. First those that
    /// wait for that to be durable, then those of which nothing ever was, while everything has moved on.
    fn what_can_be_removed(&self) -> (Vec<Removal>, Vec<Removal>) {
        let says_it = self
            .segments
            .last()
            .filter(|last| last.file.is_some() && !last.poisoned);
        let Some(last) = says_it.filter(|_| self.pending.is_empty()) else {
            return Default::default();
        };
        let is_done = |segment: &&Segment<F::File>| {
            segment.name != last.name && self.state.is_done(segment.ordinals.clone())
        };
        let (anyway, durable): (Vec<_>, Vec<_>) = self
            .segments
            .iter()
            .filter(is_done)
            .partition(|segment| segment.poisoned && segment.synced == 0);
        let removal = |segment: &Segment<F::File>| (segment.name, self.path_of(segment.name));
        (
            durable.into_iter().map(removal).collect(),
            anyway.into_iter().map(removal).collect(),
        )
    }

    /// Enters what a flush did. Where a sync failed, what is live in the poisoned files is appended again.
    pub fn end_flush(&mut self, flushed: Flushed, now_ms: u64) {
        self.at(now_ms);
        self.pace.under_way = false;
        self.failed_syncs += flushed.failed_syncs;
        self.parents_synced |= flushed.parents;
        self.enter_synced(&flushed.synced);
        self.enter_failed(&flushed.failed);
        for name in &flushed.removed {
            if self
                .segments
                .remove(*name)
                .is_some_and(|removed| removed.poisoned)
            {
                self.forget_poison(*name);
            }
            self.reader.close(*name);
        }
        if !flushed.removed.is_empty() {
            // Where there is no room for it, the next append tries again.
            let _ = self.reserve.take(&self.fs);
        }
        // Where syncs fail there is no place to move to.
        let moved = !flushed.probe_failed && self.move_out_of_poisoned();
        let succeeded = moved && !flushed.again;
        if succeeded {
            self.empty_the_oldest();
        }
        self.moves.tidy(&self.state);
        self.pace.ended(succeeded);
    }

    fn enter_synced(&mut self, synced: &[Unsynced]) {
        let newest = self.segments.last().map(|last| last.name);
        for file in synced {
            let Some(segment) = self.segments.get_mut(file.name) else {
                continue;
            };
            if !segment.poisoned {
                segment.synced = segment.synced.max(file.bytes);
                segment.entry_synced = true;
            }
            if newest != Some(file.name) && !segment.is_unsynced() {
                segment.file = None;
            }
        }
    }

    fn enter_failed(&mut self, failed: &[Unsynced]) {
        for file in failed {
            // A sync that succeeded meanwhile may have overlooked what this one was told.
            self.poison(file.name, file.before);
        }
    }
}

impl Pace {
    /// Something was written.
    pub(super) fn changed(&mut self) {
        self.changed = true;
    }

    fn ended(&mut self, succeeded: bool) {
        self.troubled = !succeeded;
        self.changed |= !succeeded;
    }
}
