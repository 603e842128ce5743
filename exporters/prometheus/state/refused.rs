//! What is not shown, and why.

use std::fmt;

/// Why a point is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Reason {
    /// Older than what is known of its series.
    Late,
    /// Its family has another type.
    Type,
    /// A later resource has a series with the same labels.
    Duplicate,
    /// There is no room for its series.
    Cap,
    /// It says what cannot be, or labels longer than are kept.
    Malformed,
    /// Nothing is left of the name of its metric.
    Name,
}

impl Reason {
    pub(in super::super) const ALL: [Self; 6] = [
        Self::Late,
        Self::Type,
        Self::Duplicate,
        Self::Cap,
        Self::Malformed,
        Self::Name,
    ];

    /// The word in the counter's label.
    pub(in super::super) const fn word(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::Type => "type_conflict",
            Self::Duplicate => "duplicate_series",
            Self::Cap => "no_room",
            Self::Malformed => "malformed",
            Self::Name => "unusable_name",
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::Late => "older than what is shown",
            Self::Type => "of another type than their family",
            Self::Duplicate => "of series that another resource has",
            Self::Cap => "of series that there is no room for",
            Self::Malformed => "malformed",
            Self::Name => "of metrics without a usable name",
        }
    }
}

/// Points that are not shown, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Refused([u64; Reason::ALL.len()]);

impl Refused {
    pub(super) fn add(&mut self, reason: Reason, points: u64) {
        self.0[reason as usize] += points;
    }

    pub(in super::super) fn of(&self, reason: Reason) -> u64 {
        self.0[reason as usize]
    }

    pub(in super::super) fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for reason in Reason::ALL.into_iter().filter(|reason| self.of(*reason) > 0) {
            write!(f, "{separator}{} {}", self.of(reason), reason.sentence())?;
            separator = ", ";
        }
        Ok(())
    }
}

impl std::ops::AddAssign for Refused {
    fn add_assign(&mut self, other: Self) {
        self.0
            .iter_mut()
            .zip(other.0)
            .for_each(|(sum, more)| *sum += more);
    }
}
