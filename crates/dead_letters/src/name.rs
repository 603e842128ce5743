//! Names of files: they sort by time.

use std::fmt;
use std::str::FromStr;

const EXTENSION: &str = ".letter";
const UNFINISHED: &str = ".unfinished";

/// Which letter of a folder it is: `<Unix milliseconds>-<number>`. Sorts by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LetterId {
    /// When it was written.
    pub unix_ms: u64,
    /// Tells apart what was written within one millisecond.
    pub number: u64,
}

/// A text that is no [`LetterId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a dead letter's id is like 1764043200000-00000001")]
pub struct InvalidId;

impl LetterId {
    /// The name of its file.
    pub(crate) fn file_name(self) -> String {
        format!("{self}{EXTENSION}")
    }

    /// The name of its file while it is written.
    pub(crate) fn unfinished_name(self) -> String {
        format!("{self}{UNFINISHED}")
    }

    /// `None` for the name of anything else.
    pub(crate) fn of_file_name(name: &str) -> Option<Self> {
        name.strip_suffix(EXTENSION)?.parse().ok()
    }

    pub(crate) fn of_unfinished_name(name: &str) -> Option<Self> {
        name.strip_suffix(UNFINISHED)?.parse().ok()
    }
}

impl fmt::Display for LetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:013}-{:08}", self.unix_ms, self.number)
    }
}

impl FromStr for LetterId {
    type Err = InvalidId;

    /// Takes what [`LetterId`] shows, and nothing else.
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let (unix_ms, number) = text.split_once('-').ok_or(InvalidId)?;
        let id = Self {
            unix_ms: unix_ms.parse().map_err(|_| InvalidId)?,
            number: number.parse().map_err(|_| InvalidId)?,
        };
        // `+1`, and other ways to write the same number, would be two names of one letter.
        (id.to_string() == text).then_some(id).ok_or(InvalidId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_by_time_and_are_read_back() {
        let ids = [
            (0, 0),
            (999, 7),
            (1_764_043_200_000, 1),
            (1_764_043_200_000, 2),
            (1_764_043_200_001, 0),
        ]
        .map(|(unix_ms, number)| LetterId { unix_ms, number });
        assert!(ids.is_sorted() && ids.map(LetterId::file_name).is_sorted());
        let largest = LetterId {
            unix_ms: u64::MAX,
            number: u64::MAX,
        };
        for id in ids.into_iter().chain([largest]) {
            assert_eq!(LetterId::of_file_name(&id.file_name()), Some(id));
            assert_eq!(LetterId::of_unfinished_name(&id.unfinished_name()), Some(id));
            assert_eq!(LetterId::of_file_name(&id.unfinished_name()), None);
        }
    }

    #[test]
    fn other_names_are_no_letters() {
        for name in [
            "",
            ".letter",
            "-.letter",
            "1764043200000.letter",
            "1764043200000-1.letter",
            "+764043200000-00000001.letter",
            "1764043200000-00000001.letters",
            "1764043200000-00000001",
            "../1764043200000-00000001.letter",
            "99999999999999999999999-00000001.letter",
        ] {
            assert_eq!(LetterId::of_file_name(name), None, "{name}");
        }
    }
}
