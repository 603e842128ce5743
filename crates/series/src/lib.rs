#![doc = include_str!("../README.md")]

mod cap;
mod exponential;
mod histogram;
mod identity;
mod number;
mod summary;
mod table;
mod timeline;

pub use cap::{Cap, OVERFLOW_KEY};
pub use exponential::{ExponentialBuckets, ExponentialState, MAX_BUCKETS, MAX_SCALE, MIN_SCALE};
pub use histogram::{HistogramState, MAX_BOUNDS, SharedBounds};
pub use identity::IdentityEncoder;
pub use number::sum_of;
pub use summary::{MAX_QUANTILES, SummaryState};
pub use table::{SeriesId, SeriesTable};
pub use timeline::{Step, Timeline};

/// A point that says things that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedPoint {
    /// It has neither a value nor the flag that says so.
    #[error("it has no value")]
    NoValue,
    /// The bounds of a histogram do not rise.
    #[error("its bounds do not rise")]
    Bounds,
    /// There must be one count more than bounds, or none of both.
    #[error("its counts do not fit its bounds")]
    Counts,
    /// More bounds or quantiles than are kept.
    #[error("it has too many buckets or quantiles")]
    TooMany,
    /// An exponential histogram that is coarser than any receiver takes.
    #[error("its scale is too coarse")]
    Scale,
}
