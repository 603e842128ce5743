//! `/proc/<pid>/statm`, proc_pid_statm(5).

use crate::fields::{number, words};
use crate::host::page_size;

/// Memory of a process, in bytes. Cheap to read, and as exact as `status`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statm {
    /// Address space.
    pub virtual_bytes: u64,
    /// In physical memory: RSS.
    pub resident_bytes: u64,
    /// Of it backed by files or shared.
    pub shared_bytes: u64,
}

impl Statm {
    /// Reads it.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut bytes = words(text.trim_ascii_end()).map(|pages| number(pages)?.checked_mul(page_size()));
        Some(Self {
            virtual_bytes: bytes.next()??,
            resident_bytes: bytes.next()??,
            shared_bytes: bytes.next()??,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_become_bytes() {
        let page = page_size();
        let expected = Statm {
            virtual_bytes: 5608 * page,
            resident_bytes: 1234 * page,
            shared_bytes: 900 * page,
        };
        assert_eq!(Statm::parse(b"5608 1234 900 12 0 400 0\n"), Some(expected));
        for damaged in ["", "1 2", "1 2 x", "1 2 18446744073709551615"] {
            assert_eq!(Statm::parse(damaged.as_bytes()), None, "{damaged}");
        }
    }
}
