//! Which file is which.
//!
//! Device and inode together with the content: a [`Mark`] of the first bytes, and one of the last bytes that were read.
//! The second tells two files with the same beginning apart, and a file that was cut and has grown past the old place.

use sha2::{Digest as _, Sha256};

/// Bytes before a place that mark it.
pub(super) const PLACE_BYTES: usize = 256;

/// Device and inode: what a name leads to, until the file is deleted and the number used again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct FileKey {
    pub(super) dev: u64,
    pub(super) ino: u64,
}

/// A digest of some bytes, with their number. That of no bytes says nothing: an empty file is nobody's twin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Mark {
    pub(super) len: u32,
    pub(super) digest: [u8; 16],
}

impl Mark {
    pub(super) fn of(bytes: &[u8]) -> Self {
        if bytes.is_empty() {
            return Self::default();
        }
        Self::finish(Sha256::new_with_prefix(bytes), bytes.len())
    }

    /// Of the place at the end of these bytes.
    pub(super) fn of_place(bytes: &[u8]) -> Self {
        Self::of(&bytes[bytes.len().saturating_sub(PLACE_BYTES)..])
    }

    /// Marks of several beginnings of a text in one pass; `lens` ascend. Those beyond its end are left out.
    pub(super) fn of_beginnings(bytes: &[u8], lens: impl IntoIterator<Item = u32>) -> Vec<Self> {
        let mut hasher = Sha256::new();
        let mut hashed = 0;
        let mut marks = Vec::new();
        for len in lens {
            let end = len as usize;
            let Some(next) = bytes.get(hashed..end).filter(|_| len > 0) else {
                break;
            };
            hasher.update(next);
            hashed = end;
            marks.push(Self::finish(hasher.clone(), end));
        }
        marks
    }

    fn finish(hasher: Sha256, len: usize) -> Self {
        let mut digest = [0; 16];
        let full = hasher.finalize();
        digest.iter_mut().zip(full).for_each(|(to, from)| *to = from);
        Self {
            len: u32::try_from(len).unwrap_or(u32::MAX),
            digest,
        }
    }

    /// Nothing was marked.
    pub(super) fn is_none(&self) -> bool {
        self.len == 0
    }

    /// Whether the bytes begin with those that were marked.
    pub(super) fn begins(&self, bytes: &[u8]) -> bool {
        bytes
            .get(..self.len as usize)
            .is_some_and(|beginning| Self::of(beginning) == *self)
    }

    /// Whether the bytes end with those that were marked.
    pub(super) fn ends(&self, bytes: &[u8]) -> bool {
        bytes.len() >= self.len as usize && Self::of(&bytes[bytes.len() - self.len as usize..]) == *self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_compared_over_the_length_that_was_marked() {
        let text = [b"2026-11-25 INFO begin ".repeat(20), b"the end".to_vec()].concat();
        for (len, other, begins) in [
            (10, text.clone(), true),
            (10, text[..10].to_vec(), true),
            (10, text[..9].to_vec(), false),
            (10, b"2026-11-2X INFO".to_vec(), false),
            (0, b"anything".to_vec(), true),
        ] {
            assert_eq!(Mark::of(&text[..len]).begins(&other), begins, "{len}");
        }
        assert!(Mark::of_place(&text).ends(&text));
        assert_eq!(Mark::of_place(&text).len as usize, PLACE_BYTES);
        assert!(!Mark::of_place(&text).ends(&text[1..text.len() - 1]));
        assert!(Mark::of(b"").is_none());
    }

    #[test]
    fn beginnings_are_marked_in_one_pass() {
        let text = b"abcdefghij";
        let marks = Mark::of_beginnings(text, [0, 1, 4, 10, 11].into_iter().skip(1));
        assert_eq!(marks, [Mark::of(b"a"), Mark::of(b"abcd"), Mark::of(text)]);
    }
}
