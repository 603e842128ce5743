//! A record as its sender and its receiver know it.

use std::ops::Range;

use sidelight_wal::share;

/// Most items of a record here: one bit each.
pub(crate) const MOST_ITEMS: u32 = 63;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) items: u32,
    /// Bytes of its payload.
    pub(crate) len: usize,
    /// Its first ordinal, as far as the one who ends it knows.
    pub(crate) first: u64,
    pub(crate) written_ms: u64,
    /// Its sender was told that it is there.
    pub(crate) answered: bool,
    /// Is there after a power cut too.
    pub(crate) durable: bool,
    /// Was read or handed over since the start.
    pub(crate) out: bool,
    /// Items whose end was asked for.
    pub(crate) done: u64,
    /// Of those, items whose end was written.
    pub(crate) done_written: u64,
    /// Of those, items whose end is there after a power cut too.
    pub(crate) done_durable: u64,
}

impl Entry {
    pub(crate) fn new(items: u32, len: usize, first: u64, written_ms: u64) -> Self {
        Self {
            items,
            len,
            first,
            written_ms,
            answered: false,
            durable: false,
            out: false,
            done: 0,
            done_written: 0,
            done_durable: 0,
        }
    }

    pub(crate) fn all(&self) -> u64 {
        bits(0..self.items)
    }

    pub(crate) fn live(&self) -> u64 {
        self.all() & !self.done
    }

    /// What the ends of what is live must add up to.
    pub(crate) fn live_bytes(&self) -> u64 {
        if self.done == 0 {
            return self.len as u64;
        }
        let live = (0..self.items).filter(|item| self.live() >> item & 1 == 1);
        live.map(|item| self.share(item..item + 1)).sum()
    }

    /// The bytes of a part.
    pub(crate) fn share(&self, part: Range<u32>) -> u64 {
        share(
            self.len as u64,
            self.items.into(),
            part.start.into()..part.end.into(),
        )
    }
}

/// A set of items, one bit each.
pub(crate) fn bits(items: Range<u32>) -> u64 {
    // At most 63.
    (1 << items.end) - (1 << items.start)
}

/// The items of a record that are among the ordinals.
pub(crate) fn bits_of(ranges: &[Range<u64>], first: u64) -> u64 {
    let relative =
        |ordinal: u64| u32::try_from(ordinal.checked_sub(first).expect("within the record")).unwrap();
    ranges.iter().fold(0, |set, range| {
        set | bits(relative(range.start)..relative(range.end))
    })
}

/// The payload with this number: its number, where there is room for it, then bytes that follow from it.
pub(crate) fn payload(id: u64, len: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(len + 64);
    bytes.extend(id.to_le_bytes());
    // Markers of frames are in there as well: what a client sends must not be taken for one.
    let mut row = *b"SLW1\x02\x01\0\0................SLW1SLW1................................";
    let mut number = id;
    while bytes.len() < len {
        number = number
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        row[8..16].copy_from_slice(&number.to_le_bytes());
        row[40..48].copy_from_slice(&number.rotate_left(20).to_le_bytes());
        bytes.extend_from_slice(&row);
    }
    bytes.truncate(len);
    bytes
}

/// The number of a payload of 8 bytes or more.
pub(crate) fn id_of(payload: &[u8]) -> Option<u64> {
    Some(u64::from_le_bytes(*payload.first_chunk()?))
}
