use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};

/// The file that is given up when the disk is full.
pub(crate) const RESERVE: &str = "reserve";

/// The file with which it is tried out whether syncs succeed again.
pub(crate) const PROBE: &str = "probe";

/// The name of a segment: files are read in the order of their numbers. The salt stands in each of its frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Name {
    pub(crate) number: u64,
    pub(crate) salt: u32,
}

impl Name {
    /// A name with a salt that nobody outside can know.
    pub(crate) fn new(number: u64) -> Self {
        // The keys of a `RandomState` come from the system's random numbers.
        let mut hasher = RandomState::new().build_hasher();
        hasher.write_u64(number);
        Self {
            number,
            salt: hasher.finish() as u32,
        }
    }

    /// `None` for what is no name of a segment, down to the case of its digits: such files are left alone.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::parse_stem(name.strip_suffix(".wal")?)
    }

    /// The segment that a marker speaks of.
    pub(crate) fn parse_marker(name: &str) -> Option<Self> {
        Self::parse_stem(name.strip_suffix(".poisoned")?)
    }

    fn parse_stem(stem: &str) -> Option<Self> {
        let (number, salt) = stem.split_once('-')?;
        let name_of = Self {
            number: hex(number, 16)?,
            salt: u32::try_from(hex(salt, 8)?).ok()?,
        };
        Some(name_of)
    }

    pub(crate) fn path(self, directory: &Path) -> PathBuf {
        directory.join(self.to_string())
    }

    /// An empty file that says that a sync of the segment failed: what can be read of it may not be on the disk, and a later sync would not
    /// change that. The next start, in the same run of the system, has to know.
    pub(crate) fn marker_path(self, directory: &Path) -> PathBuf {
        directory.join(self.to_string()).with_extension("poisoned")
    }
}

fn hex(digits: &str, len: usize) -> Option<u64> {
    let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let right = digits.len() == len && digits.bytes().all(lower);
    right.then(|| u64::from_str_radix(digits, 16).ok()).flatten()
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{:08x}.wal", self.number, self.salt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_back_across_the_borders_of_its_numbers() {
        for number in [0, 1, u64::from(u32::MAX), 1 << 32, u64::MAX] {
            let name = Name::new(number);
            assert_eq!(Name::parse(&name.to_string()), Some(name));
        }
        assert!(
            Name {
                number: 1 << 32,
                salt: 0
            } > Name {
                number: (1 << 32) - 1,
                salt: 9
            }
        );
    }

    #[test]
    fn salts_differ() {
        assert_ne!(Name::new(1).salt, Name::new(1).salt);
    }

    #[test]
    fn other_names_are_no_segments() {
        for name in [
            "",
            "reserve",
            "0000000000000001-0000000a.wal.tmp",
            "0000000000000001-0000000A.wal",
            "+000000000000001-0000000a.wal",
            "0000000000000001-000000a.wal",
            "000000000000001-0000000a.wal",
            "0000000000000001_0000000a.wal",
            "0000000000000001-0000000é.wal",
        ] {
            assert_eq!(Name::parse(name), None, "{name}");
        }
    }
}
