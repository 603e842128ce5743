//! `/proc/swaps`.

use crate::fields::{lines, number, unescaped, words};

/// Most swaps that are read; the kernel allows 32.
const MAX_SWAPS: usize = 64;

/// One place to swap to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swap {
    /// Device or file.
    pub name: String,
    /// Its size in bytes.
    pub total: u64,
    /// What is used of it, in bytes.
    pub used: u64,
}

/// The swaps, in the file's order.
pub fn swaps(text: &[u8]) -> impl Iterator<Item = Swap> {
    lines(text).skip(1).take(MAX_SWAPS).filter_map(swap)
}

fn swap(line: &[u8]) -> Option<Swap> {
    let mut fields = words(line);
    let name = unescaped(fields.next()?);
    // Partition or file.
    fields.next()?;
    let mut kib = || fields.next().and_then(number)?.checked_mul(1024);
    Some(Swap {
        name,
        total: kib()?,
        used: kib()?,
    })
}
