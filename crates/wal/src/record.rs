//! What goes into a log and comes out of it.

use std::ops::Range;

use smallvec::SmallVec;

/// A record to be appended.
#[derive(Clone, Copy, Debug)]
pub struct NewRecord<'a> {
    /// Its payload in pieces, which are written one after another. Not empty; at most 2^32 - 1 bytes together.
    pub payload: &'a [&'a [u8]],
    /// Items in it, at least 1.
    pub items: u32,
}

/// A record that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The ordinal of its first item.
    pub first: u64,
    /// Items in it.
    pub items: u32,
    /// When it was written, in Unix milliseconds.
    pub written_ms: u64,
    /// Where its payload lies in the block's buffer.
    pub payload: Range<usize>,
    /// The ordinals that have not come to their end, not empty: all of them, unless the program was stopped in the middle of
    /// a record.
    pub live: SmallVec<[Range<u64>; 1]>,
    /// What [`End::bytes`](crate::End::bytes) of all its live parts must add up to.
    pub live_bytes: u64,
}

/// Records that lie in one buffer.
#[derive(Debug, Default)]
pub struct Block {
    /// The bytes.
    pub buffer: Vec<u8>,
    /// The records in order.
    pub records: Vec<Record>,
}

/// How much may be read at once.
#[derive(Clone, Copy, Debug)]
pub struct ReadLimit {
    /// Bytes; one record is read whatever its size.
    pub bytes: usize,
    /// Records, at least 1.
    pub records: usize,
}
