//! `/proc/vmstat`: what the memory management counted since the boot.

use crate::fields::{lines, number, words};

/// The counters about paging; 0 where a kernel was built without them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VmStat {
    /// Page faults, all.
    pub faults: u64,
    /// Page faults that needed a disk.
    pub major_faults: u64,
    /// KiB read from block devices, as pages were brought in.
    pub paged_in: u64,
    /// KiB written to block devices.
    pub paged_out: u64,
    /// Pages brought in from swap.
    pub swapped_in: u64,
    /// Pages written to swap.
    pub swapped_out: u64,
}

impl VmStat {
    /// Reads the file's text.
    pub fn parse(text: &[u8]) -> Self {
        let mut found = Self::default();
        for line in lines(text) {
            // The file has 150 lines; this turns away all but a few by their first byte.
            if !line.starts_with(b"p") {
                continue;
            }
            let mut fields = words(line);
            let slot = match fields.next() {
                Some(b"pgfault") => &mut found.faults,
                Some(b"pgmajfault") => &mut found.major_faults,
                Some(b"pgpgin") => &mut found.paged_in,
                Some(b"pgpgout") => &mut found.paged_out,
                Some(b"pswpin") => &mut found.swapped_in,
                Some(b"pswpout") => &mut found.swapped_out,
                _ => continue,
            };
            *slot = fields.next().and_then(number).unwrap_or(0);
        }
        found
    }
}
