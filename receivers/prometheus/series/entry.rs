//! A series as the page writes it.

/// What a sample of an entry is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Nothing: relabelling dropped it.
    Dropped,
    /// `target_info` or `otel_scope_info`: its labels went to the resource or scope.
    Info,
    /// The value of a point of a gauge or sum.
    Value,
    /// The start of a point, in Unix seconds.
    Created,
    /// The count of a histogram or summary.
    Count,
    /// The sum of a histogram or summary.
    Sum,
    /// The bucket or quantile with this number in its point.
    Bound(u32),
    /// A bucket or quantile beyond the most that a point may have.
    Surplus,
    /// A native histogram.
    Native,
}

/// A series as the page writes it, and where its samples go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) part: Part,
    /// The point; without meaning for what goes nowhere.
    pub(super) point: u32,
    /// Its family and the version of it that this was made for.
    pub(super) family: u32,
    pub(super) version: u32,
    /// The scrape that it was on the page of.
    pub(super) seen: u32,
}

impl Part {
    /// True where its samples go to a point.
    pub(super) fn has_point(self) -> bool {
        !matches!(self, Self::Dropped | Self::Info)
    }
}
