//! The files of a log.

use std::ops::Range;
use std::sync::Arc;

use crate::format::Name;

/// One file.
#[derive(Debug)]
pub(super) struct Segment<File> {
    pub(super) name: Name,
    /// The ordinals of its records. In the newest file the end is open.
    pub(super) ordinals: Range<u64>,
    /// Bytes of its head.
    pub(super) head_bytes: u64,
    /// Its length.
    pub(super) bytes: u64,
    /// Nothing behind it is read: what a crash left there says nothing.
    pub(super) readable: u64,
    /// Bytes from the start that are durable.
    pub(super) synced: u64,
    /// Its name is durable.
    pub(super) entry_synced: bool,
    /// A sync failed. What the kernel has of it may be marked clean without being on the disk, so it is never synced again.
    pub(super) poisoned: bool,
    /// What is live behind `synced` is to be appended again.
    pub(super) to_move: bool,
    /// What little was live in it was moved, as far as that was possible.
    pub(super) was_emptied: bool,
    /// What is damaged in it was counted at the start, but for payloads of records.
    pub(super) looked_at: bool,
    /// Open while it is written or not synced.
    pub(super) file: Option<Arc<File>>,
}

/// The end of the ordinals of the newest file.
pub(super) const OPEN_END: u64 = u64::MAX;

/// All of them, oldest first.
#[derive(Debug)]
pub(super) struct Segments<File> {
    list: Vec<Segment<File>>,
    bytes: u64,
}

impl<File> Segments<File> {
    pub(super) fn new() -> Self {
        Self {
            list: Vec::new(),
            bytes: 0,
        }
    }

    /// Adds the newest one; `next`: the next ordinal.
    pub(super) fn push(&mut self, segment: Segment<File>, next: u64) {
        if let Some(last) = self.list.last_mut()
            && last.ordinals.end == OPEN_END
        {
            last.ordinals.end = next;
        }
        self.bytes += segment.bytes;
        self.list.push(segment);
    }

    /// The newest one has become longer.
    pub(super) fn grow(&mut self, bytes: u64) {
        if let Some(last) = self.list.last_mut() {
            last.bytes += bytes;
            last.readable = last.bytes;
            self.bytes += bytes;
        }
    }

    pub(super) fn remove(&mut self, name: Name) -> Option<Segment<File>> {
        let index = self.index(name).ok()?;
        let removed = self.list.remove(index);
        self.bytes -= removed.bytes;
        Some(removed)
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Segment<File>> {
        self.list.iter()
    }

    pub(super) fn first(&self) -> Option<&Segment<File>> {
        self.list.first()
    }

    pub(super) fn last(&self) -> Option<&Segment<File>> {
        self.list.last()
    }

    pub(super) fn last_mut(&mut self) -> Option<&mut Segment<File>> {
        self.list.last_mut()
    }

    pub(super) fn get_mut(&mut self, name: Name) -> Option<&mut Segment<File>> {
        let index = self.index(name).ok()?;
        self.list.get_mut(index)
    }

    /// Those from this one on.
    pub(super) fn from(&self, name: Name) -> impl Iterator<Item = &Segment<File>> {
        let index = self.index(name).unwrap_or_else(|behind| behind);
        self.list.iter().skip(index)
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// Bytes of all files.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    fn index(&self, name: Name) -> Result<usize, usize> {
        self.list.binary_search_by_key(&name, |segment| segment.name)
    }
}

impl<File> Segment<File> {
    /// One that has just been begun and holds its head alone.
    pub(super) fn begun(name: Name, first: u64, head_bytes: u64, file: Arc<File>) -> Self {
        Self {
            name,
            ordinals: first..OPEN_END,
            head_bytes,
            bytes: head_bytes,
            readable: head_bytes,
            synced: 0,
            entry_synced: false,
            poisoned: false,
            to_move: false,
            was_emptied: false,
            looked_at: false,
            file: Some(file),
        }
    }

    /// One that was there before the start.
    pub(super) fn found(name: Name, ordinals: Range<u64>, bytes: u64, readable: u64) -> Self {
        Self {
            name,
            ordinals,
            head_bytes: 0,
            bytes,
            readable,
            // The program before may have been killed between a write and its sync.
            synced: 0,
            entry_synced: false,
            poisoned: false,
            to_move: false,
            was_emptied: false,
            looked_at: false,
            file: None,
        }
    }

    /// A sync failed; so much is durable.
    pub(super) fn poison(&mut self, durable: u64) {
        self.synced = self.synced.min(durable);
        self.poisoned = true;
        self.to_move = true;
    }

    pub(super) fn is_unsynced(&self) -> bool {
        !self.poisoned && (self.synced < self.bytes || !self.entry_synced)
    }
}
