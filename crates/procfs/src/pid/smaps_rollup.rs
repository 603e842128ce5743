//! `/proc/<pid>/smaps_rollup`, proc_pid_smaps(5).

use crate::fields::number_after;

/// Memory with what is shared divided among those who share it. The kernel walks all page tables of the process for
/// it, holding its memory map: milliseconds per gigabyte. Not for every second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SmapsRollup {
    /// Proportional set size in bytes.
    pub proportional_bytes: u64,
    /// Resident and used by nobody else, in bytes: what ends with the process.
    pub private_bytes: u64,
}

impl SmapsRollup {
    /// Reads it.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let bytes = |key| number_after(text, key)?.checked_mul(1024);
        Some(Self {
            proportional_bytes: bytes("Pss:")?,
            private_bytes: bytes("Private_Clean:")?.checked_add(bytes("Private_Dirty:")?)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_is_clean_and_dirty() {
        let text = b"00400000-7fff ---p 00000000 00:00 0    [rollup]\nRss:     100 kB\nPss:      60 kB\nPss_Anon: 1 kB\n\
            Private_Clean:    4 kB\nPrivate_Dirty:   30 kB\n";
        let expected = SmapsRollup {
            proportional_bytes: 60 << 10,
            private_bytes: 34 << 10,
        };
        assert_eq!(SmapsRollup::parse(text), Some(expected));
        assert_eq!(SmapsRollup::parse(b""), None);
    }
}
