//! Data points that remote write has no words for.

use std::fmt;

use sidelight_component::ComponentId;
use sidelight_component::metrics::{Counter, Registry};

/// Why a point is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// Its value is relative to the point before, or it is not said to what.
    Temporality,
    /// Nothing is left of the metric's name.
    Name,
    /// It has no time.
    Time,
    /// It has neither a value nor the flag that says so.
    Value,
    /// An exponential histogram that is coarser than Prometheus takes.
    Scale,
    /// A histogram whose counts contradict each other: Prometheus would refuse the whole request.
    Malformed,
    /// Its series would make the request larger than anyone takes.
    TooLarge,
}

impl Reason {
    const ALL: [Self; 7] = [
        Self::Temporality,
        Self::Name,
        Self::Time,
        Self::Value,
        Self::Scale,
        Self::Malformed,
        Self::TooLarge,
    ];

    /// The `reason` label.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Temporality => "temporality",
            Self::Name => "name",
            Self::Time => "time",
            Self::Value => "value",
            Self::Scale => "scale",
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
        }
    }

    /// For people.
    const fn text(self) -> &'static str {
        match self {
            Self::Temporality => {
                "are no cumulative values (put a `delta_to_cumulative` processor before, or let the SDK send cumulative ones)"
            }
            Self::Name => "have a name without a letter or digit",
            Self::Time => "have no time",
            Self::Value => "have no value",
            Self::Scale => "are exponential histograms of a scale below -4",
            Self::Malformed => "are histograms whose buckets and count contradict each other",
            Self::TooLarge => "have too many buckets and labels for one request",
        }
    }
}

/// Points by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LeftOut([u64; Reason::ALL.len()]);

impl LeftOut {
    pub(super) fn add(&mut self, reason: Reason, points: usize) {
        self.0[reason as usize] += points as u64;
    }

    /// Points in all.
    pub(super) fn points(&self) -> u64 {
        self.0.iter().sum()
    }
}

/// `3 points are no cumulative values …; 1 points have no time`.
impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (reason, points) in Reason::ALL
            .into_iter()
            .zip(self.0)
            .filter(|(_, points)| *points > 0)
        {
            write!(f, "{separator}{points} data points {}", reason.text())?;
            separator = "; ";
        }
        Ok(())
    }
}

/// Counts them.
#[derive(Debug)]
pub(super) struct LeftOutCounters([Counter; Reason::ALL.len()]);

impl LeftOutCounters {
    pub(super) fn new(registry: &Registry, id: &ComponentId) -> Self {
        Self(Reason::ALL.map(|reason| {
            registry.counter(
                "sidelight_exporter_left_out_points",
                "Data points that the exporter's protocol has no words for, by reason",
                &[("exporter", id.as_str()), ("reason", reason.as_str())],
            )
        }))
    }

    pub(super) fn add(&self, left_out: &LeftOut) {
        self.0
            .iter()
            .zip(left_out.0)
            .for_each(|(counter, points)| counter.add(points));
    }
}
