//! How items come to their end.

use std::ops::Range;

/// How items ended. The number of each stands in the files: never change one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Outcome {
    /// The destination took them.
    Delivered = 0,
    /// Their write failed: their sender was told to come back.
    Refused = 1,
    /// A damaged place has cost them.
    Lost = 2,
    /// They were appended again under other ordinals.
    Moved = 3,
    /// Their sender stopped waiting and was asked to repeat them.
    Withdrawn = 4,
    /// `max_elapsed_time` was over.
    MaxElapsedTime = 5,
    /// The one attempt failed and retries are switched off.
    RetryDisabled = 6,
    /// The program stopped before they were delivered, and their sender was asked to repeat them.
    Shutdown = 7,
    /// The destination refused the request.
    RejectedByDestination = 8,
    /// The destination took their request without them.
    RejectedInPart = 9,
    /// A single item is larger than the destination or its protocol takes.
    TooLarge = 10,
    /// The exporter cannot encode them.
    Encode = 11,
    /// The exporter panics on them.
    Panic = 12,
}

/// Items that came to their end together: a record, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// Their ordinals.
    pub items: Range<u64>,
    /// How they ended.
    pub outcome: Outcome,
    /// Their share of the record's payload in bytes, as [`share`] counts it; the shares of all parts add up to it.
    pub bytes: u64,
    /// Records that are given up with it: 1 for the whole record or the part of it that ends last, 0 for the other parts.
    pub records: u64,
}

/// What a log holds that has not come to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Live {
    /// Items.
    pub items: u64,
    /// Bytes of payload.
    pub bytes: u64,
    /// Records.
    pub records: u64,
}

/// Items that came to their end since the log began, over all starts, by outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals([u64; Outcome::ALL.len()]);

impl Outcome {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 13] = [
        Self::Delivered,
        Self::Refused,
        Self::Lost,
        Self::Moved,
        Self::Withdrawn,
        Self::MaxElapsedTime,
        Self::RetryDisabled,
        Self::Shutdown,
        Self::RejectedByDestination,
        Self::RejectedInPart,
        Self::TooLarge,
        Self::Encode,
        Self::Panic,
    ];

    /// The word for it: where there is a metric for the same, the word of its label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Refused => "refused",
            Self::Lost => "damaged",
            Self::Moved => "moved",
            Self::Withdrawn => "withdrawn",
            Self::MaxElapsedTime => "max_elapsed_time",
            Self::RetryDisabled => "retry_disabled",
            Self::Shutdown => "shutdown",
            Self::RejectedByDestination => "destination",
            Self::RejectedInPart => "partial",
            Self::TooLarge => "too_large",
            Self::Encode => "encode",
            Self::Panic => "panic",
        }
    }

    /// The outcome with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

impl Totals {
    /// Items with this outcome.
    pub fn of(&self, outcome: Outcome) -> u64 {
        self.0[outcome as usize]
    }

    /// Items with any outcome.
    pub fn sum(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Adds items to an outcome.
    pub fn add(&mut self, outcome: Outcome, items: u64) {
        let total = &mut self.0[outcome as usize];
        *total = total.saturating_add(items);
    }

    /// The same as [`Totals::sum`]; `None` where it is more than a number holds, which no log reaches.
    pub(crate) fn checked_sum(&self) -> Option<u64> {
        self.0
            .iter()
            .try_fold(0_u64, |sum, &items| sum.checked_add(items))
    }
}

/// The bytes of a part of a record, where `part` counts its items from 0. The shares of parts that make up the record add up to its bytes.
///
/// ```
/// # use sidelight_wal::share;
/// assert_eq!([share(10, 3, 0..1), share(10, 3, 1..2), share(10, 3, 2..3)], [3, 3, 4]);
/// ```
pub fn share(bytes: u64, items: u64, part: Range<u64>) -> u64 {
    let before = |item: u64| {
        let item = item.min(items);
        // The quotient is no larger than `bytes`.
        (u128::from(bytes) * u128::from(item) / u128::from(items.max(1))) as u64
    };
    before(part.end).saturating_sub(before(part.start))
}
