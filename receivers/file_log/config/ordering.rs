//! Settings that choose among files.

use std::time::Duration;

use sidelight_config::{setting_enum, settings};

setting_enum! {
    /// What files are sorted by.
    pub enum SortType {
        /// A number in the path.
        Numeric = "numeric",
        /// A text in the path.
        Alphabetical = "alphabetical",
        /// A time in the path.
        Timestamp = "timestamp",
        /// The time of the last change.
        Mtime = "mtime",
    }
}

settings! {
    /// One criterion.
    pub struct SortBy {
        /// What files are sorted by.
        required sort_type: SortType,
        /// Name of the group of `regex` that finds it in the path; not for `mtime`.
        regex_key: String = "",
        /// True: the smallest or oldest first; false: the largest or newest.
        ascending: bool = false,
        /// Layout of a `timestamp`, with the letters of strptime: `%Y%m%d%H`.
        layout: String = "",
        /// Time zone of a `timestamp`.
        location: String = "UTC",
        /// With `mtime`: files that are older are left out. 0: none is.
        max_time: Duration = Duration::ZERO,
    }
}

settings! {
    /// Which of many files are read.
    pub struct OrderingCriteria {
        /// Finds in a path, with named groups, what files are sorted by. A path that it does not match is left out.
        regex: String = "",
        /// Files that are read: the first so many, of each group.
        top_n: u32 [1..] = 1,
        /// Finds in a path, with its first named group, which files belong together.
        group_by: String = "",
        /// The criteria, the most important first.
        sort_by: Vec<SortBy>,
    }
}
