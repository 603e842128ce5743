//! `/proc/meminfo`.

use crate::fields::{lines, number, words};

macro_rules! meminfo {
    ($($(#[doc = $doc:literal])+ $field:ident: $name:literal,)+) => {
        /// The memory of the host, in bytes; what a kernel does not tell is `None`.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct MemInfo {
            $($(#[doc = $doc])+ pub $field: Option<u64>,)+
        }

        impl MemInfo {
            fn slot(&mut self, name: &[u8]) -> Option<&mut Option<u64>> {
                // The names are literals of different lengths: this is a jump, then one comparison or two.
                match name {
                    $($name => Some(&mut self.$field),)+
                    _ => None,
                }
            }
        }
    };
}

meminfo! {
    /// Usable memory.
    total: b"MemTotal",
    /// Unused memory.
    free: b"MemFree",
    /// What new programs could have without swapping; since Linux 3.14.
    available: b"MemAvailable",
    /// Buffers of block devices.
    buffers: b"Buffers",
    /// The page cache, shared memory included.
    cached: b"Cached",
    /// Shared memory and tmpfs.
    shmem: b"Shmem",
    /// Waits to be written.
    dirty: b"Dirty",
    /// Kernel structures that can be given back.
    slab_reclaimable: b"SReclaimable",
    /// Kernel structures that cannot.
    slab_unreclaimable: b"SUnreclaim",
    /// Memory not used lately.
    inactive: b"Inactive",
    /// All swap.
    swap_total: b"SwapTotal",
    /// Unused swap.
    swap_free: b"SwapFree",
    /// Swapped out and in memory as well.
    swap_cached: b"SwapCached",
    /// Huge pages, in pages.
    huge_total: b"HugePages_Total",
    /// Unused huge pages, in pages.
    huge_free: b"HugePages_Free",
    /// Huge pages promised and not yet used, in pages.
    huge_reserved: b"HugePages_Rsvd",
    /// Huge pages beyond the pool, in pages.
    huge_surplus: b"HugePages_Surp",
    /// Size of a huge page.
    huge_page_size: b"Hugepagesize",
}

impl MemInfo {
    /// Reads the file's text.
    pub fn parse(text: &[u8]) -> Self {
        let mut info = Self::default();
        for line in lines(text) {
            let mut fields = words(line);
            let Some(name) = fields.next().and_then(|name| name.strip_suffix(b":")) else {
                continue;
            };
            let Some(slot) = info.slot(name) else { continue };
            let Some(value) = fields.next().and_then(number) else {
                continue;
            };
            *slot = match fields.next() {
                Some(b"kB") => value.checked_mul(1024),
                // Huge pages are counted in pages.
                _ => Some(value),
            };
        }
        info
    }

    /// What is in use and could not be had without swapping: all but the available. Without that figure (before
    /// Linux 3.14) all but free memory, buffers and cache.
    pub fn used(&self) -> Option<u64> {
        let total = self.total?;
        let unused = self.available.unwrap_or_else(|| {
            [self.free, self.buffers, self.cached]
                .iter()
                .fold(0, |sum: u64, part| sum.saturating_add(part.unwrap_or(0)))
        });
        Some(total.saturating_sub(unused))
    }
}
