//! Points that have no form in Prometheus.

/// Why a point was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// Of delta temporality, or of one that is not said.
    Delta,
    /// A metric without a name that Prometheus could have.
    Name,
    /// A metric without data, or of a type that is not known.
    Type,
    /// An exponential histogram coarser than native ones.
    Scale,
}

impl Reason {
    const ALL: [Reason; 4] = [Reason::Delta, Reason::Name, Reason::Type, Reason::Scale];

    /// The label of the counter.
    pub(super) fn label(self) -> &'static str {
        match self {
            Reason::Delta => "delta_temporality",
            Reason::Name => "unusable_name",
            Reason::Type => "unknown_type",
            Reason::Scale => "histogram_too_coarse",
        }
    }

    fn explained(self) -> &'static str {
        match self {
            Reason::Delta => {
                "points of delta temporality: Prometheus wants cumulative ones (SDKs: \
                 OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=cumulative)"
            }
            Reason::Name => "points of metrics without a letter or digit in their name",
            Reason::Type => "points of metrics of an unknown type",
            Reason::Scale => "points of exponential histograms coarser than scale -4",
        }
    }
}

/// How many points were left out, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Dropped([u32; 4]);

impl Dropped {
    pub(super) fn add(&mut self, reason: Reason, points: usize) {
        let count = &mut self.0[reason as usize];
        *count = count.saturating_add(u32::try_from(points).unwrap_or(u32::MAX));
    }

    pub(super) fn total(&self) -> u64 {
        self.0.iter().map(|count| u64::from(*count)).sum()
    }

    /// Those of which there are some.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Reason, u64)> {
        Reason::ALL
            .into_iter()
            .zip(self.0)
            .filter(|(_, count)| *count > 0)
            .map(|(reason, count)| (reason, u64::from(count)))
    }

    /// In words.
    pub(super) fn explained(&self) -> String {
        let one = |(reason, count): (Reason, u64)| format!("{count} {}", reason.explained());
        self.iter().map(one).collect::<Vec<_>>().join("; ")
    }

    /// As bytes, and back: see [`super::tally`].
    pub(super) fn counts(&self) -> [u32; 4] {
        self.0
    }

    pub(super) fn of_counts(counts: [u32; 4]) -> Self {
        Self(counts)
    }
}
