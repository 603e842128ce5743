//! `/proc/diskstats` (Documentation/admin-guide/iostats.rst).

use crate::fields::{lines, number, words};

/// Bytes of a sector in this file, whatever the disk's own sectors are.
pub const SECTOR_BYTES: u64 = 512;

/// Most devices that are read.
const MAX_DISKS: usize = 10_000;

/// What a disk or a part of it did since the boot. Counters are 64 bits, on 32-bit kernels 32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Disk<'a> {
    /// `sda`, `nvme0n1p1`.
    pub name: &'a str,
    /// Finished reads.
    pub reads: u64,
    /// Reads that were merged with one beside them.
    pub reads_merged: u64,
    /// Sectors read.
    pub sectors_read: u64,
    /// Time that reads took, together.
    pub read_ms: u64,
    /// Finished writes.
    pub writes: u64,
    /// Writes that were merged with one beside them.
    pub writes_merged: u64,
    /// Sectors written.
    pub sectors_written: u64,
    /// Time that writes took, together.
    pub write_ms: u64,
    /// Requests under way now.
    pub in_progress: u64,
    /// Time with at least one request under way.
    pub busy_ms: u64,
    /// The same times the requests under way.
    pub weighted_ms: u64,
}

/// The devices, in the file's order.
pub fn disks(text: &[u8]) -> impl Iterator<Item = Disk<'_>> {
    lines(text).take(MAX_DISKS).filter_map(disk)
}

fn disk(line: &[u8]) -> Option<Disk<'_>> {
    // Major and minor number come first.
    let mut fields = words(line).skip(2);
    let name = std::str::from_utf8(fields.next()?).ok()?;
    let mut figures = [0; 11];
    for figure in &mut figures {
        *figure = number(fields.next()?)?;
    }
    let [
        reads,
        reads_merged,
        sectors_read,
        read_ms,
        writes,
        writes_merged,
        sectors_written,
        write_ms,
        in_progress,
        busy_ms,
        weighted_ms,
    ] = figures;
    Some(Disk {
        name,
        reads,
        reads_merged,
        sectors_read,
        read_ms,
        writes,
        writes_merged,
        sectors_written,
        write_ms,
        in_progress,
        busy_ms,
        weighted_ms,
    })
}
